"""Other providers, real and strict, on loopback: a public OpenID server behind a front that checks more.

The server (``oidc-provider-mock``) issues codes, ID tokens and keys. It knows no PKCE and asks for no client
secret, so the front refuses what a strict provider would; and on demand it forges the ID token.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import io
import json
import re
import secrets
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import oidc_provider_mock
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from oidc_provider_mock._storage import jose
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

from taxlien.services.auth import service

CLIENT_SECRETS = {
    "google": "a-secret-that-google-gave",
    "facebook": "a-secret-that-facebook-gave",
}
TEAM_ID, KEY_ID = "TEAM123456", "KEY1234567"
Forge = Callable[[dict[str, Any]], str]


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


@cache
def front_key() -> RSAKey:
    """The key that forges: the same for a whole run, for making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": "front", "use": "sig"})


@cache
def provider_key() -> Any:
    """The key of every provider behind the front, made once for the same reason."""
    return jose.RSAKey.generate_key(is_private=True)


def refusal(error: str) -> Response:
    return Response(json.dumps({"error": error}), status=400, content_type="application/json")


class StrictOpenId:
    """The front. ``forge`` makes the ID token out of the right claims, ``key`` signs for it."""

    def __init__(self, provider: str, apple_key: ECKey | None = None) -> None:
        self.provider = provider
        self.client_id = f"{provider}-client"
        self.key: Any = front_key()
        self.forge: Forge | None = None
        self.url = ""
        self.verifiers: list[str] = []
        self._apple_key = apple_key
        key = provider_key()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(jose.RSAKey, "generate_key", lambda **_: key)
            self._server = oidc_provider_mock.app(require_nonce=True)
        self._challenges: dict[str, str] = {}
        self._named: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        handlers = {"/oauth2/authorize": self._authorize, "/oauth2/token": self._token}
        handle = handlers.get(request.path)
        if request.path == "/jwks" and self.forge is not None:
            response = Response(json.dumps({"keys": [self.key.as_dict(private=False)]}))
        else:
            response = handle(request) if handle else self._ask(request.environ)
        return response(environ, start_response)

    def _ask(self, environ: dict[str, Any]) -> Response:
        body, status, headers = run_wsgi_app(self._server, environ)
        return Response(b"".join(body), status=status, headers=headers)

    def _authorize(self, request: Request) -> Response:
        query = request.args
        if query.get("client_id") != self.client_id:
            return refusal("invalid_client")
        challenge = query.get("code_challenge", "")
        if query.get("code_challenge_method") != "S256" or len(challenge) != 43:
            return refusal("invalid_request")
        if len(query.get("state", "")) < 32:
            return refusal("invalid_request")
        wanted = "form_post" if self._apple_key else None
        if query.get("response_mode") != wanted:
            return refusal("invalid_request")
        person = request.form.get("sub", "")  # reading it empties the body, so it is written again
        request.environ["wsgi.input"] = _stream(urlencode(list(request.form.items())))
        answer = self._ask(request.environ)
        fields = dict(parse_qsl(urlsplit(answer.headers.get("location", "")).query))
        if code := fields.get("code"):
            self._challenges[code] = challenge
        if wanted is None or not fields:
            return answer
        if person not in self._named:  # Apple says the name once
            self._named.add(person)
            name = {"firstName": "Ann", "lastName": "Apple"}
            fields["user"] = json.dumps({"name": name, "email": "forged@evil.example"})
        return _auto_form(query["redirect_uri"], fields)

    def _token(self, request: Request) -> Response:
        form = dict(request.form.items())
        if form.get("client_id") != self.client_id or not self._knows(form):
            return refusal("invalid_client")
        challenge = self._challenges.get(form.get("code", ""))
        verifier = form.get("code_verifier", "")
        if challenge is None or challenge_of(verifier) != challenge:
            return refusal("invalid_grant")
        self.verifiers.append(verifier)
        request.environ["wsgi.input"] = _stream(urlencode(form))
        answer = self._ask(request.environ)
        if self.forge is None or answer.status_code != 200:
            return answer
        found = json.loads(answer.get_data())
        payload = found["id_token"].split(".")[1]
        claims = json.loads(_unb64(payload))
        found["id_token"] = self.forge(claims)
        return Response(json.dumps(found), content_type="application/json")

    def _knows(self, form: dict[str, str]) -> bool:
        secret = form.get("client_secret", "")
        if self._apple_key is None:
            return secret == CLIENT_SECRETS[self.provider]
        token = jwt.decode(secret, self._apple_key, algorithms=["ES256"])
        claims = token.claims
        jwt.JWTClaimsRegistry().validate(claims)
        return bool(
            token.header["kid"] == KEY_ID
            and claims["iss"] == TEAM_ID
            and claims["sub"] == self.client_id
            and claims["aud"] == self.url
            and claims["exp"] - claims["iat"] <= 15_777_000
        )

    def sign(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        """Return an ID token of ``claims``, signed with the front's key unless told otherwise."""
        head = {"alg": "RS256", "kid": "front", **header}
        return jwt.encode(head, claims, key or self.key, algorithms=[head["alg"]])

    def person(self, sub: str, **claims: Any) -> None:
        """Make or change somebody who has an account at this provider."""
        answer = httpx2.put(f"{self.url}/users/{sub}", json=claims, trust_env=False)
        assert answer.status_code == 204, answer.text


class StrictGraph:
    """Facebook's dialog and Graph API, as far as signing in goes: OAuth 2 with PKCE, and ``/me``."""

    def __init__(self) -> None:
        self.client_id = "facebook-client"
        self.url = ""
        self.people: dict[str, dict[str, str]] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        handlers = {
            "/dialog/oauth": self._dialog,
            "/oauth/access_token": self._token,
            "/me": self._me,
        }
        return handlers[request.path](request)(environ, start_response)

    def person(self, sub: str, **fields: str) -> None:
        self.people[sub] = fields

    def _dialog(self, request: Request) -> Response:
        query = request.args
        if query.get("client_id") != self.client_id or query.get("code_challenge_method") != "S256":
            return refusal("invalid_request")
        answer = {"state": query["state"]}
        if request.form.get("action") == "deny":
            answer |= {"error": "access_denied", "error_reason": "user_denied"}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = {
                "sub": request.form["sub"],
                "challenge": query["code_challenge"],
                "redirect_uri": query["redirect_uri"],
            }
            answer["code"] = code
        location = f"{query['redirect_uri']}?{urlencode(answer)}"
        return Response(status=302, headers={"location": location})

    def _token(self, request: Request) -> Response:
        form = request.form
        known = self._codes.pop(form.get("code", ""), None)
        if form.get("client_secret") != CLIENT_SECRETS["facebook"] or known is None:
            return refusal("invalid_client")
        if challenge_of(form.get("code_verifier", "")) != known["challenge"]:
            return refusal("invalid_grant")
        if form.get("redirect_uri") != known["redirect_uri"]:
            return refusal("invalid_grant")
        token = secrets.token_urlsafe(24)
        self._tokens[token] = known["sub"]
        found = {"access_token": token, "token_type": "bearer", "expires_in": 5_000_000}
        return Response(json.dumps(found), content_type="application/json")

    def _me(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        sub = self._tokens.get(token)
        key = CLIENT_SECRETS["facebook"].encode()
        proof = hmac.new(key, token.encode(), hashlib.sha256).hexdigest()
        if sub is None or request.args.get("appsecret_proof") != proof:
            return refusal("invalid_token")
        if "access_token" in request.args:
            return refusal("token_in_url")
        wanted = request.args["fields"].split(",")
        person = {"id": sub, **self.people.get(sub, {})}
        found = {name: value for name, value in person.items() if name in wanted}
        return Response(json.dumps(found), content_type="application/json")


def _stream(text: str) -> Any:
    return io.BytesIO(text.encode())


def _unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _auto_form(action: str, fields: dict[str, str]) -> Response:
    inputs = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    page = f'<form method="post" action="{html.escape(action)}">{inputs}</form>'
    return Response(page, content_type="text/html")


class QuietHandler(WSGIRequestHandler):
    """Logs nothing, so that the log of a test is ours alone."""

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Leave it out."""


@contextmanager
def served(app: Any) -> Iterator[Any]:
    """Serve a WSGI app on a free loopback port; ``app.url`` says where."""
    server = make_server("localhost", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    app.url = f"http://localhost:{server.server_port}"
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def serve() -> Callable[..., Any]:
    """``with serve(app)``: a WSGI app on loopback; ``app.url`` says where."""
    return served


class Browser:
    """Somebody's browser: it follows redirects between us and a provider, and keeps cookies of ours."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def start(self, provider: str, **query: str) -> str:
        """Begin a sign-in and return the provider's address that the browser is sent to."""
        path = f"/v1/auth/oauth/{provider}/start"
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 303, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return str(answer.headers["location"])

    async def consent(self, url: str, sub: str, *, deny: bool = False) -> dict[str, str]:
        """Sign in at the provider as ``sub`` and return the parameters it sends back."""
        form = {"sub": sub, **({"action": "deny"} if deny else {})}
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.post(url, data=form)
        if answer.status_code == 302:
            return dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        assert answer.status_code == 200, answer.text
        found = re.findall(r'name="([^"]+)" value="([^"]*)"', answer.text)
        return {name: html.unescape(value) for name, value in found}

    async def return_with(self, provider: str, parameters: dict[str, str]) -> Any:
        """Bring the provider's answer back, by query or, from Apple, by form."""
        path = f"/v1/auth/oauth/{provider}/callback"
        if provider == "apple":
            return await self.client.post(path, data=parameters)
        return await self.client.get(path, params=parameters)

    async def land(self, provider: str, sub: str, **query: str) -> dict[str, str]:
        """Go there and back; return what the fragment of the landing page says."""
        answer = await self.return_with(
            provider, await self.consent(await self.start(provider, **query), sub)
        )
        return self.fragment(answer)

    @staticmethod
    def fragment(answer: Any) -> dict[str, str]:
        assert answer.status_code == 303, answer.text
        location = urlsplit(answer.headers["location"])
        assert not location.query, "nothing secret travels in a query"
        return {name: values[0] for name, values in parse_qs(location.fragment).items()}

    async def exchange(self, code: str, **fields: Any) -> Any:
        """Exchange a landing's code."""
        return await self.client.post("/v1/auth/oauth/exchange", json={"code": code, **fields})

    async def sign_in(self, provider: str, sub: str) -> Any:
        """Go all the way and return the answer of the exchange."""
        landed = await self.land(provider, sub)
        assert "code" in landed, landed
        return await self.exchange(landed["code"])


OpenBrowser = Callable[[], Browser]


@pytest.fixture
def browser(new_client: Callable[[], Any]) -> OpenBrowser:
    """``browser()``: one more browser, with no cookies."""
    return lambda: Browser(new_client())


@pytest.fixture
async def google(auth_settings: pytest.MonkeyPatch) -> Any:
    """Google, as far as signing in goes, and this deployment set up for it."""
    auth_settings.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with served(StrictOpenId("google")) as found:
        auth_settings.setenv("TAXLIEN_AUTH_GOOGLE_CLIENT_ID", found.client_id)
        auth_settings.setenv("TAXLIEN_AUTH_GOOGLE_CLIENT_SECRET", CLIENT_SECRETS["google"])
        auth_settings.setenv("TAXLIEN_AUTH_GOOGLE_ISSUER", found.url)
        await service.close()
        yield found


@pytest.fixture
async def apple(auth_settings: pytest.MonkeyPatch) -> Any:
    """Apple: answers by form, client secrets that we sign, a name said once."""
    auth_settings.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    key = ECKey.generate_key("P-256")
    with served(StrictOpenId("apple", key)) as found:
        auth_settings.setenv("TAXLIEN_AUTH_APPLE_CLIENT_ID", found.client_id)
        auth_settings.setenv("TAXLIEN_AUTH_APPLE_TEAM_ID", TEAM_ID)
        auth_settings.setenv("TAXLIEN_AUTH_APPLE_KEY_ID", KEY_ID)
        pem = key.as_pem(private=True).decode()
        auth_settings.setenv("TAXLIEN_AUTH_APPLE_PRIVATE_KEY", pem.replace("\n", "\\n"))
        auth_settings.setenv("TAXLIEN_AUTH_APPLE_ISSUER", found.url)
        await service.close()
        yield found


@pytest.fixture
async def facebook(auth_settings: pytest.MonkeyPatch) -> Any:
    """Facebook's dialog and Graph API."""
    with served(StrictGraph()) as found:
        auth_settings.setenv("TAXLIEN_AUTH_FACEBOOK_CLIENT_ID", found.client_id)
        auth_settings.setenv("TAXLIEN_AUTH_FACEBOOK_CLIENT_SECRET", CLIENT_SECRETS["facebook"])
        auth_settings.setenv("TAXLIEN_AUTH_FACEBOOK_DIALOG_URL", f"{found.url}/dialog/oauth")
        auth_settings.setenv("TAXLIEN_AUTH_FACEBOOK_GRAPH_URL", found.url)
        await service.close()
        yield found


@pytest.fixture
def make_account(sign_up_verified: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """``await make_account(email)``: somebody with a password and a verified address."""
    return sign_up_verified
