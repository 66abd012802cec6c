"""Auth with a database and a corner of Valkey of its own for every test, through its real HTTP door."""

from __future__ import annotations

import ipaddress
import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from kept_apps import kept_app
from taxlien.interfaces import auth as auth_events
from taxlien.interfaces import users as users_events
from taxlien.kit.database import Database
from taxlien.kit.events import Event, decode
from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.auth import service
from taxlien.services.auth.endpoints import router
from taxlien.services.auth.logic.access_tokens import verify_access_token

GATEWAY_SECRET = "a-gateway-secret-of-the-tests-alone-0123456789"
GATEWAY_URL = "https://taxlien.test"
PASSWORD = "violet harbour kettle 42"
EVENTS: dict[str, type[Event]] = {
    item.wire_type(): item
    for module in (auth_events, users_events)
    for item in vars(module).values()
    if isinstance(item, type) and issubclass(item, Event) and hasattr(item, "type")
}
_numbers = itertools.count(1)


class Person(NamedTuple):
    """Somebody who signed up and verified their address."""

    user_id: UUID
    email: str
    password: str


class Bearer(NamedTuple):
    """What a client keeps after signing in."""

    access_token: str
    refresh_token: str
    device_token: str
    session_id: UUID
    user_id: UUID


class AuthDatabase:
    """The service's database and what a test looks up in it."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self.database = database
        self.keyring = keyring

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return what a statement returns; ``query`` may also change rows and return nothing."""
        async with self.database.session() as session:
            found = await session.execute(text(query), values)
            return [tuple(row) for row in found] if found.returns_rows else []

    async def count(self, table: str) -> int:
        [(number,)] = await self.rows(f"SELECT count(*) FROM auth.{table}")
        return int(number)

    async def events(self) -> list[Event]:
        """Return the events waiting in the outbox, oldest first, and empty it."""
        found = await self.rows(
            "WITH gone AS (DELETE FROM auth.outbox RETURNING seq, body)"
            " SELECT body FROM gone ORDER BY seq"
        )
        envelopes = [decode(bytes(body)) for (body,) in found]
        return [envelope.event(EVENTS[envelope.type]) for envelope in envelopes]

    async def events_of(self, kind: type[Event]) -> list[Any]:
        """Return the waiting events of one kind and forget all others."""
        return [event for event in await self.events() if isinstance(event, kind)]

    async def mailed_token(self, kind: type[Event]) -> str:
        """Return the token in the newest mail of ``kind``, as its reader finds it."""
        newest = (await self.events_of(kind))[-1]
        context = f"{auth_events.TOKEN_CONTEXT}:{newest.user_id}"
        return self.keyring.open_text(newest.sealed_token, context)


class Client(httpx2.AsyncClient):
    """A client behind a gateway: it checks access tokens as the real one and says who asks."""

    def __init__(self, app: Any) -> None:
        super().__init__(transport=httpx2.ASGITransport(app=app), base_url=GATEWAY_URL)
        self.app = app
        self.address = next_address()
        self.access_token: str | None = None

    async def request(self, method: str, url: Any, **options: Any) -> httpx2.Response:  # type: ignore[override]
        headers = {
            "x-gateway-secret": GATEWAY_SECRET,
            "x-forwarded-for": self.address,
            **(await self._identity() if self.access_token else {}),
            **(options.pop("headers", None) or {}),
        }
        return await super().request(method, url, headers=headers, **options)

    async def _identity(self) -> dict[str, str]:
        key_set = (await super().request("GET", "/v1/auth/.well-known/jwks.json")).json()
        settings = service.settings()
        assert self.access_token is not None
        claims = verify_access_token(
            self.access_token,
            key_set,
            issuer=settings.issuer,
            audience=settings.audience,
            now=auth_now(),
        )
        return {
            "x-user-id": claims["sub"],
            "x-session-id": claims["sid"],
            "x-tier": claims["tier"],
            "x-roles": ",".join(claims["roles"]),
        }

    async def sign_in(self, person: Person, **fields: Any) -> Bearer:
        """Sign in with a password and use the access token from then on."""
        body = {"email": person.email, "password": person.password, **fields}
        answer = await self.post("/v1/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        self.access_token = found["access_token"]
        return Bearer(
            found["access_token"],
            found["refresh_token"] or "",
            found["device_token"] or "",
            UUID(found["session_id"]),
            UUID(found["user_id"]),
        )


def auth_now() -> datetime:
    return datetime.now(UTC)


def next_address() -> str:
    """Return an address that no other client of this run has: failures are counted per address."""
    return str(ipaddress.ip_address("10.0.0.0") + next(_numbers))


@pytest.fixture
async def auth_settings(
    stack_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[pytest.MonkeyPatch]:
    """The environment of auth: the run's servers, cheap hashes, names of its own in Valkey.

    A test that sets more variables calls ``await service.close()`` for them to be read.
    """
    for name, value in stack_environment.items():
        monkeypatch.setenv(name, value)
    own = {
        "TAXLIEN_GATEWAY_URL": GATEWAY_URL,
        "TAXLIEN_GATEWAY_SECRET": GATEWAY_SECRET,
        "TAXLIEN_SEALING_KEYS": "tests:" + "A" * 43 + "=",
        "TAXLIEN_AUTH_CACHE_NAMESPACE": f"auth-test-{secrets.token_hex(6)}",
        "TAXLIEN_AUTH_ARGON2_MEMORY_KIB": "256",
        "TAXLIEN_AUTH_ARGON2_PASSES": "1",
        "TAXLIEN_AUTH_EVEN_ANSWER_MS": "0",
        "TAXLIEN_AUTH_MAILS_PER_HOUR": "100",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    await service.close()
    yield monkeypatch
    await service.close()


@pytest.fixture
async def auth_database(
    database_for: Callable[..., Awaitable[Database]], auth_settings: pytest.MonkeyPatch
) -> AuthDatabase:
    """An empty, migrated database of auth."""
    keyring = Keyring.from_settings(read_settings(KitSettings))
    return AuthDatabase(await database_for("auth"), keyring)


@pytest.fixture
def auth_app(auth_database: AuthDatabase) -> Any:
    """The application with auth's routes, the policy table and the gateway's secret."""
    return kept_app(router, {"auth": auth_database.database}, gateway_secret=GATEWAY_SECRET)


@pytest.fixture
async def new_client(auth_app: Any) -> AsyncIterator[Callable[[], Client]]:
    """``new_client()``: one more browser or program, with an address of its own."""
    opened: list[Client] = []

    def make() -> Client:
        opened.append(Client(auth_app))
        return opened[-1]

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
def app_client(new_client: Callable[[], Client]) -> Client:
    """A client that nobody is signed in on."""
    return new_client()


SignUp = Callable[..., Awaitable[Person]]


@pytest.fixture
def sign_up_verified(auth_database: AuthDatabase, app_client: Client) -> SignUp:
    """``await sign_up_verified(email=..., password=...)``: sign up over HTTP and open the mail."""

    async def sign_up(email: str | None = None, password: str = PASSWORD) -> Person:
        address = email or f"person{next(_numbers)}@example.com"
        body = {"email": address, "password": password}
        assert (await app_client.post("/v1/auth/signup", json=body)).status_code == 202
        token = await auth_database.mailed_token(auth_events.EmailVerificationRequested)
        verified = await app_client.post("/v1/auth/verify-email", json={"token": token})
        assert verified.status_code == 200, verified.text
        [event] = await auth_database.events_of(auth_events.EmailVerified)
        return Person(event.user_id, address, password)

    return sign_up


@pytest.fixture
async def signed_in(app_client: Client, sign_up_verified: SignUp) -> Bearer:
    """A new person, signed in on ``app_client``."""
    return await app_client.sign_in(await sign_up_verified())
