"""A database of people for every test, the app before it, and callers as the gateway announces them."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from kept_apps import kept_app
from taxlien.interfaces import auth as auth_events
from taxlien.interfaces import users as users_events
from taxlien.interfaces.auth import UserSignedUp
from taxlien.kit.database import Database
from taxlien.kit.events import Event, decode
from taxlien.kit.ids import new_id
from taxlien.kit.security.identity import Caller
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.users import endpoints, service

GATEWAY_SECRET = "the gateway's own word, 32 characters and more"

EVENTS: dict[str, type[Event]] = {
    kind.wire_type(): kind
    for module in (auth_events, users_events)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Event) and hasattr(kind, "type")
}


class People:
    """The service with a database of its own, and an app before it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.app = kept_app(endpoints.router, {"users": database}, gateway_secret=GATEWAY_SECRET)
        self.anonymous = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app), base_url="http://users"
        )

    def client(self, user_id: UUID, *roles: str, tier: str = "free") -> httpx2.AsyncClient:
        """A client that the gateway says is ``user_id`` with ``roles`` (none named: investor)."""
        headers = {
            "x-gateway-secret": GATEWAY_SECRET,
            "x-user-id": str(user_id),
            "x-roles": ",".join(roles or ("investor",)),
            "x-tier": tier,
            "x-session-id": str(new_id()),
        }
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app), base_url="http://users", headers=headers
        )

    async def sign_up(self, email: str | None = None, **fields: Any) -> UUID:
        """Let somebody sign up, as auth says it; returns the user id."""
        user_id: UUID = fields.pop("user_id", None) or new_id()
        event = UserSignedUp(
            **{
                "user_id": user_id,
                "at": datetime.now(UTC),
                "email": email or f"{user_id.hex}@example.org",
                "email_verified": True,
                "method": "password",
                **fields,
            }
        )
        async with self.database.session() as session:
            await service.create_profile(session, event)
        return user_id

    async def events(self) -> list[Event]:
        """Return the events waiting in the outbox, oldest first, and empty it."""
        async with self.database.session() as session:
            rows = await session.execute(
                text("WITH gone AS (DELETE FROM users.outbox RETURNING seq, body)"
                     " SELECT body FROM gone ORDER BY seq")
            )  # fmt: skip
            envelopes = [decode(bytes(body)) for (body,) in rows]
        return [envelope.event(EVENTS[envelope.type]) for envelope in envelopes]

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        async with self.database.session() as session:
            return [tuple(row) for row in await session.execute(text(query), values)]


@pytest.fixture
async def users_database(database_for: Callable[..., Awaitable[Database]]) -> Database:
    """An empty database of users."""
    return await database_for("users", pool_size=5)


@pytest.fixture
def process_settings(kit_settings: KitSettings, monkeypatch: pytest.MonkeyPatch) -> KitSettings:
    """What this process reads of its environment: object store with a prefix of its own, sealing keys."""
    prefix = f"{kit_settings.require('objects_url').rstrip('/')}/{new_id().hex}"
    key = base64.b64encode(os.urandom(32)).decode()
    for name, value in {
        "OBJECTS_URL": prefix,
        "OBJECTS_ENDPOINT": kit_settings.objects_endpoint,
        "OBJECTS_ACCESS_KEY": kit_settings.require("objects_access_key"),
        "OBJECTS_SECRET_KEY": kit_settings.require("objects_secret_key"),
        "SEALING_KEYS": f"first:{key}",
    }.items():
        monkeypatch.setenv(f"TAXLIEN_{name}", str(value))
    return read_settings(KitSettings)


@pytest.fixture
async def people(users_database: Database, process_settings: KitSettings) -> AsyncIterator[People]:
    """The service, empty, with the real object store behind it."""
    found = People(users_database)
    yield found
    await found.anonymous.aclose()


@pytest.fixture
def app_client(people: People) -> Callable[..., httpx2.AsyncClient]:
    """``app_client(user_id, "admin")``: a client that acts as a caller with roles."""
    return people.client


@pytest.fixture
def caller() -> Callable[..., Caller]:
    """``caller(user_id, "admin")``: somebody who calls the service directly."""

    def make(user_id: UUID, *roles: str, tier: str = "free") -> Caller:
        return Caller(user_id, None, tier, frozenset(roles or ("investor",)))

    return make


@pytest.fixture
def access_of(people: People) -> Callable[[UUID], Awaitable[list[Any]]]:
    """``await access_of(user_id)``: the audit log's rows about somebody, the first one first."""

    async def read(user_id: UUID) -> list[Any]:
        async with people.database.session() as session:
            found = await service.audit.access_log(session, user_id, before=None, limit=1000)
        return found[::-1]

    return read
