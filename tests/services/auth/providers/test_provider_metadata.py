"""Discovery documents and key sets: found, kept, fetched again when keys rotate, refused when wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug import Request, Response

from taxlien.services.auth.adapters.oidc_metadata import Metadata, ProviderFailed


class Publisher:
    """A provider's public documents, as a test wants them."""

    def __init__(self) -> None:
        self.url = ""
        self.keys: list[dict[str, Any]] = []
        self.overrides: dict[str, Any] = {}
        self.asked: list[str] = []
        self.fail = 0
        self.body: bytes | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        self.asked.append(request.path)
        if self.fail > 0:
            self.fail -= 1
            return Response(status=503)(environ, start_response)
        document = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint": f"{self.url}/token",
            **self.overrides,
        }
        found = {"keys": self.keys} if request.path == "/keys" else document
        body = self.body or json.dumps(found).encode()
        return Response(body, content_type="application/json")(environ, start_response)


@pytest.fixture
def publisher(serve: Any) -> Iterator[Publisher]:
    with serve(Publisher()) as found:
        yield found


def public(key: Any) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


async def test_documents_are_fetched_once_and_kept(publisher: Publisher) -> None:
    publisher.keys = [public(RSAKey.generate_key(2048, {"kid": "a"}))]
    metadata = Metadata(publisher.url)
    for _ in range(3):
        assert await metadata.endpoint("token_endpoint") == f"{publisher.url}/token"
        assert (await metadata.key("a")).kid == "a"
    assert publisher.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_a_key_that_is_new_is_fetched(publisher: Publisher) -> None:
    publisher.keys = [public(RSAKey.generate_key(2048, {"kid": "a"}))]
    metadata = Metadata(publisher.url, again_seconds=0)
    await metadata.key("a")
    publisher.keys = [public(ECKey.generate_key("P-256", {"kid": "b"}))]
    assert (await metadata.key("b")).kid == "b"
    with pytest.raises(ProviderFailed):
        await metadata.key("a")


async def test_tokens_with_made_up_keys_do_not_make_us_ask_each_time(publisher: Publisher) -> None:
    publisher.keys = [public(RSAKey.generate_key(2048, {"kid": "a"}))]
    metadata = Metadata(publisher.url)
    for name in ("x", "y", "z"):
        with pytest.raises(ProviderFailed):
            await metadata.key(name)
    assert publisher.asked.count("/keys") == 1


async def test_a_token_without_a_key_name_needs_a_set_of_one(publisher: Publisher) -> None:
    publisher.keys = [public(RSAKey.generate_key(2048, {"kid": "a"}))]
    assert (await Metadata(publisher.url).key(None)).kid == "a"
    publisher.keys.append(public(RSAKey.generate_key(2048, {"kid": "b"})))
    with pytest.raises(ProviderFailed):
        await Metadata(publisher.url).key(None)


async def test_keys_that_cannot_sign_are_left_out(publisher: Publisher) -> None:
    good = public(RSAKey.generate_key(2048, {"kid": "good"}))
    encrypts = {**public(RSAKey.generate_key(2048, {"kid": "enc"})), "use": "enc"}
    shared = dict(OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True))
    broken = {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"}
    unknown = {"kty": "LATTICE", "kid": "future"}
    publisher.keys = [encrypts, shared, broken, unknown, good, "text"]  # type: ignore[list-item]
    metadata = Metadata(publisher.url)
    assert (await metadata.key("good")).kid == "good"
    for name in ("enc", "shared", "broken", "future"):
        with pytest.raises(ProviderFailed):
            await metadata.key(name)


async def test_a_document_of_another_issuer_is_refused(publisher: Publisher) -> None:
    publisher.overrides = {"issuer": "https://evil.example"}
    with pytest.raises(ProviderFailed):
        await Metadata(publisher.url).endpoint("token_endpoint")


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"issuer": ' + b"[" * 100_000])
async def test_what_is_no_document_is_refused(publisher: Publisher, body: bytes) -> None:
    publisher.body = body or b" "
    with pytest.raises(ProviderFailed):
        await Metadata(publisher.url).endpoint("token_endpoint")


async def test_one_failure_is_made_up_for_and_two_are_told(publisher: Publisher) -> None:
    publisher.fail = 1
    assert await Metadata(publisher.url).endpoint("token_endpoint")
    publisher.fail = 2
    metadata = Metadata(publisher.url)
    with pytest.raises(ProviderFailed):
        await metadata.endpoint("token_endpoint")
    assert await metadata.endpoint("token_endpoint"), "a failure is not kept"


async def test_a_provider_that_is_away_is_told() -> None:
    with pytest.raises(ProviderFailed):
        await Metadata("http://127.0.0.1:9").endpoint("token_endpoint")
