"""A peer of SendGrid, Twilio, Google's sign-in, FCM and a user's webhook, as strict as their documents.

It refuses, with the vendor's own error body, whatever they document as refused: a wrong key, a missing or
unknown field, contents in the wrong order, a header they keep for themselves. ``answers`` are the next.
"""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SENDGRID_KEY = "SG.peer.key"
ACCOUNT, AUTH_TOKEN, SENDER = "AC" + "0" * 32, "twilio-auth-token", "+15005550006"
PROJECT, CLIENT = "peer-project", "sender@peer-project.iam.gserviceaccount.com"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MESSAGING = "https://www.googleapis.com/auth/firebase.messaging"
SENDGRID_FIELDS = {
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments",
    "template_id", "headers", "categories", "custom_args", "send_at", "batch_id", "asm",
    "ip_pool_name", "mail_settings", "tracking_settings",
}  # fmt: skip
SENDGRID_OWN_HEADERS = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
    "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
BYPASSES = {
    "bypass_bounce_management", "bypass_spam_management", "bypass_unsubscribe_management",
}  # fmt: skip
TWILIO_FIELDS = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback"}
Answer = tuple[int, object, dict[str, str]]


@dataclass
class Vendors:
    """What was taken, and what is answered next instead of judging."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, private=True))
    taken: dict[str, list[dict]] = field(
        default_factory=lambda: {"sendgrid": [], "twilio": [], "fcm": [], "webhook": []}
    )
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    unregistered: set[str] = field(default_factory=set)
    url: str = ""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v3/mail/send", self.sendgrid, methods=["POST"]),
                Route("/2010-04-01/Accounts/{sid}/Messages.json", self.twilio, methods=["POST"]),
                Route("/token", self.token, methods=["POST"]),
                Route("/v1/projects/{project}/messages:send", self.fcm, methods=["POST"]),
                Route("/hook", self.hook, methods=["POST"]),
                Route("/moved", self.moved, methods=["POST"]),
            ]
        )

    def credentials(self) -> str:
        return json.dumps(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": "k1",
                "private_key": self.key.as_pem(private=True).decode(),
                "client_email": CLIENT,
                "token_uri": f"{self.url}/token",
            }
        )

    def _next(self, vendor: str) -> Response | None:
        planned = self.answers.get(vendor)
        if not planned:
            return None
        status, body, headers = planned.pop(0)
        return JSONResponse(body, status, headers)

    async def sendgrid(self, request: Request) -> Response:
        if planned := self._next("sendgrid"):
            return planned
        if request.headers.get("authorization") != f"Bearer {SENDGRID_KEY}":
            return _sendgrid_fault(401, None, "authorization required")
        if request.headers["content-type"] != "application/json":
            return _sendgrid_fault(415, None, "unsupported media type")
        body = json.loads(await request.body())
        if fault := _sendgrid_judged(body):
            return _sendgrid_fault(400, *fault)
        self.taken["sendgrid"].append(body)
        return Response(status_code=202, headers={"x-message-id": "sg-1"})

    async def twilio(self, request: Request) -> Response:
        if planned := self._next("twilio"):
            return planned
        pair = base64.b64encode(f"{ACCOUNT}:{AUTH_TOKEN}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return _twilio_fault(401, 20003, "Authenticate")
        if request.path_params["sid"] != ACCOUNT:
            return _twilio_fault(404, 20404, "The requested resource was not found")
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        form = dict(parse_qsl((await request.body()).decode(), strict_parsing=True))
        if not set(form) <= TWILIO_FIELDS:
            return _twilio_fault(400, 20001, "Unknown parameters")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
            return _twilio_fault(400, 21211, "Invalid 'To' Phone Number")
        if "From" not in form and "MessagingServiceSid" not in form:
            return _twilio_fault(400, 21603, "A 'From' phone number is required")
        if not form.get("Body"):
            return _twilio_fault(400, 21602, "Message body is required")
        if len(form["Body"]) > 1600:
            return _twilio_fault(400, 21617, "The concatenated message body exceeds the limit")
        if form["To"] in self.unregistered:
            return _twilio_fault(400, 21610, "Attempt to send to unsubscribed recipient")
        self.taken["twilio"].append(form)
        sid = f"SM{len(self.taken['twilio']):032}"
        return JSONResponse({"sid": sid, "status": "queued"}, 201)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            assert form["grant_type"] == GRANT
            found = jwt.decode(form["assertion"], self.key, algorithms=["RS256"])
            claims = found.claims
            assert (claims["iss"], claims["scope"]) == (CLIENT, MESSAGING)
            assert claims["aud"] == f"{self.url}/token"
            assert found.header["kid"] == "k1"
            assert 0 < claims["exp"] - claims["iat"] <= 3600
            assert abs(claims["iat"] - time.time()) < 60
        except (AssertionError, KeyError, ValueError):
            return JSONResponse({"error": "invalid_grant", "error_description": "Bad JWT"}, 400)
        self.tokens.append(f"ya29.{len(self.tokens)}")
        said = {"access_token": self.tokens[-1], "expires_in": 3599, "token_type": "Bearer"}
        return JSONResponse(said)

    async def fcm(self, request: Request) -> Response:
        if planned := self._next("fcm"):
            return planned
        if request.headers.get("authorization") not in {f"Bearer {t}" for t in self.tokens}:
            return JSONResponse({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
        body = json.loads(await request.body())
        message = body["message"]
        if set(body) - {"message", "validate_only"} or not isinstance(message.get("token"), str):
            return fcm_fault(400, "INVALID_ARGUMENT")
        strings = [v for v in message["data"].values() if not isinstance(v, str)]
        if strings or len(json.dumps(message).encode()) > 4096:
            return fcm_fault(400, "INVALID_ARGUMENT")
        if not re.fullmatch(r"\d+s", message["android"]["ttl"]):
            return fcm_fault(400, "INVALID_ARGUMENT")
        if len(message["apns"]["headers"]["apns-collapse-id"].encode()) > 64:
            return fcm_fault(400, "INVALID_ARGUMENT")
        if message["token"] in self.unregistered:
            return fcm_fault(404, "UNREGISTERED")
        self.taken["fcm"].append(message)
        return JSONResponse({"name": f"projects/{PROJECT}/messages/{len(self.taken['fcm'])}"})

    async def hook(self, request: Request) -> Response:
        if planned := self._next("webhook"):
            return planned
        self.taken["webhook"].append(
            {"headers": dict(request.headers), "body": await request.body()}
        )
        return Response(status_code=204)

    async def moved(self, request: Request) -> Response:
        return Response(status_code=307, headers={"location": f"{self.url}/hook"})


def fcm_fault(status: int, code: str) -> Response:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": code}]
    return JSONResponse({"error": {"code": status, "status": code, "details": details}}, status)


def _sendgrid_judged(body: dict) -> tuple[str, str] | None:
    if unknown := set(body) - SENDGRID_FIELDS:
        return min(unknown), "Additional property is not allowed"
    [personalization] = body["personalizations"]
    [to] = personalization["to"]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", to["email"]):
        return "personalizations.0.to.0.email", "Does not contain a valid address."
    if body["from"]["email"] != "no-reply@taxlien.online":
        return "from.email", "The from address does not match a verified Sender Identity."
    if [part["type"] for part in body["content"]] != ["text/plain", "text/html"]:
        return "content", "text/plain must come first, followed by text/html"
    own = SENDGRID_OWN_HEADERS & {name.lower() for name in body["headers"]}
    if own or not all(isinstance(value, str) for value in body["headers"].values()):
        return "headers", "The header is reserved."
    if len(json.dumps(body["custom_args"])) > 10_000:
        return "custom_args", "too large"
    bypass = body.get("mail_settings", {})
    if set(bypass) - BYPASSES:
        return "mail_settings", "cannot be combined"
    return None


def _sendgrid_fault(status: int, name: str | None, message: str) -> Response:
    return JSONResponse({"errors": [{"message": message, "field": name, "help": None}]}, status)


def _twilio_fault(status: int, code: int, message: str) -> Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse(
        {"code": code, "message": message, "more_info": more, "status": status}, status
    )
