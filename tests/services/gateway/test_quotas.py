"""Quotas at the gateway: two real Envoys, the real service that counts, and one real Valkey."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil
import pytest

from taxlien.kit.http.app import create_app
from taxlien.run.stack import Stack, State
from taxlien.services.gateway.endpoints import router, shortcuts
from taxlien.services.gateway.logic.envoy import Doors, Upstream
from taxlien.services.gateway.logic.envoy_identity import Tokens
from taxlien.services.gateway.logic.envoy_quotas import LIMIT_PATH, Quotas
from taxlien.services.gateway.logic.limits import Limit
from taxlien.services.gateway.logic.routes import Route

pytestmark = pytest.mark.stack

SECRET = "q" * 32
ROUTES = (
    Route(path="/v1/liens", service="things"),
    Route(path="/v1/liens/payoff", service="things", methods=("POST",)),
    Route(path="/v1/auth", service="things", methods=("GET", "POST")),
    Route(path="/v1/auth/login", service="things", methods=("POST",)),
)
WIDE = {
    name: f"{count}/600"
    for name, count in {
        "anonymous": 7, "free": 9, "premium": 11, "enterprise": 13, "sign_in": 3,
        "costly-anonymous": 2, "costly-premium": 4,
    }.items()
}  # fmt: skip

StartCounter = Callable[..., Awaitable[str]]
StartEnvoy = Callable[..., Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def valkey() -> AsyncIterator[Stack]:
    """A Valkey of one's own."""
    folder = Path(tempfile.mkdtemp(prefix="tlq-"))
    stack = Stack(folder / "home", ["valkey"], ports={"valkey": 0}, settings={})
    await stack.start()
    yield stack
    await stack.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def start_counter(monkeypatch: pytest.MonkeyPatch, serve: Any) -> AsyncIterator[StartCounter]:
    """``await start_counter(cache_url, limits)`` serves the gateway service and returns its address."""
    async with AsyncExitStack() as running:

        async def start(cache_url: str, limits: dict[str, str]) -> str:
            monkeypatch.setenv("TAXLIEN_CACHE_URL", cache_url)
            monkeypatch.setenv("TAXLIEN_GATEWAY_SECRET", SECRET)
            monkeypatch.setenv("TAXLIEN_GATEWAY_LIMITS", json.dumps(limits))
            app = create_app(title="gateway", routers=[router], shortcuts=shortcuts)
            await running.enter_async_context(app.router.lifespan_context(app))
            url: str = await serve(app)
            return url

        yield start


@pytest.fixture
async def start_envoy(
    run_envoy: Any, running_backend: Any, running_signer: Any
) -> AsyncIterator[StartEnvoy]:
    """``await start_envoy(counter_url)`` runs an Envoy that asks there, and returns a client of it."""
    async with AsyncExitStack() as running:

        async def start(counter: str, **options: Any) -> httpx2.AsyncClient:
            things = Upstream("127.0.0.1", running_backend[1])
            port = int(counter.rpartition(":")[2])
            upstreams = {
                "things": things,
                "auth": Upstream("127.0.0.1", running_signer[1]),
                "gateway": Upstream("127.0.0.1", port),
            }
            quotas = Quotas(seconds=5.0, **options.pop("quotas", {}))
            doors = Doors(gateway_secret=SECRET, tokens=Tokens(), quotas=quotas, **options)
            envoy = await run_envoy(upstreams=upstreams, routes=ROUTES, doors=doors)
            client = httpx2.AsyncClient(base_url=envoy.url, trust_env=False, timeout=20)
            return await running.enter_async_context(client)

        yield start


def cache_url(stack: Stack) -> str:
    return stack.environment()["TAXLIEN_CACHE_URL"]


async def test_two_gateways_share_one_count_and_a_flood_gets_exactly_the_limit(
    kit_settings: Any, start_counter: StartCounter, start_envoy: StartEnvoy, signer: Any,
    backend: Any,
) -> None:  # fmt: skip
    counter = await start_counter(kit_settings.cache_url, {"premium": "50/600"})
    gateways = [await start_envoy(counter), await start_envoy(counter)]
    headers = {"authorization": f"Bearer {signer.token()}"}
    answers = await asyncio.gather(
        *(gateways[n % 2].get("/v1/liens/1", headers=headers) for n in range(200))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 50, 429: 150}
    assert len(backend.seen) == 50


async def test_a_body_over_the_limit_is_refused_at_once_while_the_quota_is_asked(
    kit_settings: Any, start_counter: StartCounter, start_envoy: StartEnvoy, backend: Any,
) -> None:  # fmt: skip
    counter = await start_counter(kit_settings.cache_url, {})
    gateway = await start_envoy(counter)
    for size in (100_000, 3_000_000):  # less and more than a connection may hold
        answer = await gateway.post("/v1/liens/payoff", content=b"x" * size)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert backend.seen == []


async def test_a_refusal_says_when_to_come_back_and_an_answer_how_much_is_left(
    kit_settings: Any, start_counter: StartCounter, start_envoy: StartEnvoy, signer: Any,
) -> None:  # fmt: skip
    counter = await start_counter(kit_settings.cache_url, {"premium": "2/600"})
    gateway = await start_envoy(counter, cors_origins=["https://app.example.com"])
    headers = {
        "authorization": f"Bearer {signer.token()}",
        "origin": "https://app.example.com",
    }
    answers = [await gateway.get("/v1/liens/1", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    refusal = answers[2]
    wait = int(refusal.headers["retry-after"])
    assert 0 < wait <= 630
    assert refusal.headers["ratelimit-policy"] == '"premium";q=2;w=600'
    assert refusal.headers["ratelimit"] == f'"premium";r=0;t={wait}'
    assert refusal.headers["ratelimit-limit"] == "2"
    assert refusal.headers["content-type"] == "application/problem+json"
    assert refusal.headers["cache-control"] == "no-store"
    assert refusal.json()["code"] == "too_many_requests"
    assert refusal.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "ratelimit" in refusal.headers["access-control-expose-headers"]


async def test_each_tier_has_its_own_limit_and_each_user_a_count_of_their_own(
    kit_settings: Any, start_counter: StartCounter, start_envoy: StartEnvoy, signer: Any,
) -> None:  # fmt: skip
    gateway = await start_envoy(await start_counter(kit_settings.cache_url, WIDE))

    async def admitted(method: str, path: str, tier: str) -> int:
        token = signer.token(signer.claims(tier=tier))
        headers = {"authorization": f"Bearer {token}", "x-tier": "enterprise"}
        answers = [await gateway.request(method, path, headers=headers) for _ in range(16)]
        return sum(answer.status_code == 200 for answer in answers)

    for tier, count in {"free": 9, "premium": 11, "enterprise": 13, "golden": 9}.items():
        assert await admitted("GET", "/v1/liens/1", tier) == count, tier
    assert await admitted("GET", "/v1/liens/1", "free") == 9
    assert await admitted("POST", "/v1/liens/payoff", "premium") == 4


async def test_strangers_are_counted_by_the_address_that_envoy_sees(
    valkey: Stack, start_counter: StartCounter, start_envoy: StartEnvoy
) -> None:
    gateway = await start_envoy(await start_counter(cache_url(valkey), WIDE))
    answers = [
        await gateway.get(
            "/v1/liens/1",
            headers={"x-forwarded-for": f"9.9.9.{n}", "x-real-ip": f"9.9.9.{n}",
                     "forwarded": f"for=9.9.9.{n}", "x-user-id": str(uuid4())},
        )
        for n in range(9)
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200] * 7 + [429] * 2


async def test_behind_our_own_proxies_the_address_they_saw_counts(
    valkey: Stack, start_counter: StartCounter, start_envoy: StartEnvoy
) -> None:
    gateway = await start_envoy(await start_counter(cache_url(valkey), WIDE), trusted_hops=1)

    async def status(said: str) -> int:
        answer = await gateway.get("/v1/liens/1", headers={"x-forwarded-for": said})
        return answer.status_code

    for n in range(7):
        assert await status(f"8.8.8.{n}, 9.9.9.9") == 200  # what the client itself said is ignored
    assert await status("9.9.9.9") == 429
    assert await status("9.9.9.8") == 200
    # One IPv6 household is one /64.
    assert [await status(f"2001:db8:1:2::{n}") for n in range(8)] == [200] * 7 + [429]
    assert await status("2001:db8:1:3::1") == 200


@pytest.mark.parametrize(
    "path", ["/v1/auth/login", "/v1/auth/login/second-factor", "/v1/auth/log%69n"]
)
async def test_signing_in_is_counted_by_address_whoever_asks(
    valkey: Stack, start_counter: StartCounter, start_envoy: StartEnvoy, signer: Any, path: str
) -> None:
    gateway = await start_envoy(await start_counter(cache_url(valkey), WIDE))
    statuses = []
    for _ in range(4):
        headers = {"authorization": f"Bearer {signer.token()}"}
        statuses.append((await gateway.post(path, headers=headers)).status_code)
    assert statuses == [200, 200, 200, 429]


async def test_a_window_slides(
    kit_settings: Any, start_counter: StartCounter, start_envoy: StartEnvoy, signer: Any,
) -> None:  # fmt: skip
    gateway = await start_envoy(await start_counter(kit_settings.cache_url, {"premium": "3/2"}))
    headers = {"authorization": f"Bearer {signer.token()}"}
    statuses = [(await gateway.get("/v1/liens/1", headers=headers)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    async with asyncio.timeout(20):
        while (await gateway.get("/v1/liens/1", headers=headers)).status_code == 429:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_while_valkey_is_away_requests_pass_down_to_each_gateway_s_own_floor(
    valkey: Stack, start_counter: StartCounter, start_envoy: StartEnvoy, signer: Any
) -> None:
    counter = await start_counter(cache_url(valkey), {"anonymous": "3/600", "premium": "3/600"})
    gateway = await start_envoy(counter, quotas={"floor": Limit(20, 3600)}, trusted_hops=1)

    async def statuses(count: int, address: str, **headers: str) -> Counter[int]:
        said = {"x-forwarded-for": address, **headers}
        answers = [await gateway.get("/v1/liens/1", headers=said) for _ in range(count)]
        return Counter(answer.status_code for answer in answers)

    assert await statuses(5, "9.9.9.1") == {200: 3, 429: 2}
    await valkey.stop_part("valkey")
    assert await statuses(25, "9.9.9.1") == {200: 20, 429: 5}
    assert await statuses(25, "9.9.9.2") == {200: 20, 429: 5}
    assert await statuses(25, "2001:db8::1") == {200: 20, 429: 5}
    assert await statuses(1, "2001:db8::2") == {429: 1}


async def test_after_a_restart_of_valkey_requests_are_counted_again(
    valkey: Stack, start_counter: StartCounter, start_envoy: StartEnvoy, signer: Any
) -> None:
    gateway = await start_envoy(await start_counter(cache_url(valkey), {"premium": "50000/600"}))
    headers = {"authorization": f"Bearer {signer.token()}"}

    async def remaining() -> int | None:
        answer = await gateway.get("/v1/liens/1", headers=headers)
        assert answer.status_code == 200
        found = answer.headers.get("ratelimit-remaining")
        return None if found is None else int(found)

    assert await remaining() == 49_999
    (status,) = valkey.status()
    assert status.pid is not None
    psutil.Process(status.pid).kill()
    async with asyncio.timeout(30):
        while not valkey.status()[0].restarts or valkey.status()[0].state is not State.READY:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        while await remaining() is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_counter_that_is_gone_closes_nothing(
    start_envoy: StartEnvoy, unused_port: int, signer: Any
) -> None:
    gateway = await start_envoy(f"http://127.0.0.1:{unused_port}")
    answer = await gateway.get("/v1/liens/1")
    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers


async def test_only_the_gateway_is_told_about_quotas(
    kit_settings: Any, start_counter: StartCounter
) -> None:
    counter = await start_counter(kit_settings.cache_url, {})
    async with httpx2.AsyncClient(base_url=counter, trust_env=False) as client:
        for headers in (
            {},
            {"x-gateway-secret": "q" * 31},
            {"x-gateway-secret": "ſ".encode() * 16},
        ):
            answer = await client.get(f"{LIMIT_PATH}/v1/liens", headers=headers)
            assert (answer.status_code, answer.content) == (404, b"")
        known = {"x-gateway-secret": SECRET, "x-forwarded-for": "9.9.9.9"}
        answer = await client.get(f"{LIMIT_PATH}/v1/liens", headers=known)
        assert answer.status_code == 200
        elsewhere = await client.get(f"{LIMIT_PATH}ed/v1/liens", headers=known)
        assert elsewhere.headers["content-type"] == "application/problem+json"


async def test_what_the_gateway_answers_itself_costs_no_quota(
    valkey: Stack, start_counter: StartCounter, start_envoy: StartEnvoy
) -> None:
    gateway = await start_envoy(await start_counter(cache_url(valkey), {"anonymous": "1/600"}))
    for path, status in (("/healthz", 200), ("/nothing", 404), ("/internal/x", 404)):
        answer = await gateway.get(path)
        assert answer.status_code == status
        assert "ratelimit" not in answer.headers
    asks = {"origin": "https://a.example", "access-control-request-method": "GET"}
    assert (await gateway.options("/v1/liens/1", headers=asks)).status_code == 200
    assert (await gateway.get("/v1/liens/1")).headers["ratelimit-remaining"] == "0"
