"""What auth hears from users: through the real bus, every event twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from taxlien.interfaces.users import (
    EXPORT_CONTEXT,
    PreferencesChanged,
    TierChanged,
    UserDataErased,
    UserDataExported,
    UserDeletionCancelled,
    UserDeletionRequested,
    UserErasureDue,
    UserExportRequested,
)
from taxlien.kit.blobs import Blobs
from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.events import Event, encode, wrap
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings
from taxlien.services.auth import events
from taxlien.services.auth.repository import personal_data

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HANDLERS = (
    events.change_tier,
    events.change_language,
    events.note_deletion,
    events.erase,
    events.export,
)
Tell = Callable[..., Awaitable[None]]


@pytest.fixture
async def tell(auth_database: Any, bus_url: str) -> AsyncIterator[Tell]:
    """``await tell(event)``: users says it, twice; returns when auth has taken in both."""
    bus = connect_bus(bus_url)
    stop = asyncio.Event()
    consumers = [
        Consumer(auth_database.database, bus, handler, service="auth", backoff=0.01)
        for handler in HANDLERS
    ]
    jobs = [asyncio.create_task(consumer.run(stop)) for consumer in consumers]
    told = 0

    async def publish(event: Event) -> None:
        nonlocal told
        envelope = wrap(event, source="users")
        body = encode(envelope)
        # To the bus these are different messages: the id inside them is what counts.
        twice = [Outgoing(new_id(), envelope.type, envelope.subject, body) for _ in range(2)]
        await bus.publish(twice)
        told += 1
        deadline = time.monotonic() + 30
        while await auth_database.count("inbox") < told:
            assert time.monotonic() < deadline, [job for job in jobs if job.done()]
            await asyncio.sleep(0.01)
        # A reader of its own that begins after both were handled: nothing of it is left to come.
        groups = [f"auth.{handler.__name__}" for handler in HANDLERS]
        while any([await bus.lag(group) for group in groups]):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)

    yield publish
    stop.set()
    await asyncio.gather(*jobs)
    await bus.close()


async def test_tier_that_changed_is_in_the_next_access_token(
    app_client: Any, signed_in: Any, tell: Tell
) -> None:
    await tell(
        TierChanged(
            user_id=signed_in.user_id,
            at=NOW,
            tier="premium",
            previous_tier="free",
            reason="subscription",
        )
    )
    assert (await app_client.get("/v1/auth/me")).json()["tier"] == "premium"
    body = {"refresh_token": signed_in.refresh_token}
    answer = await app_client.post("/v1/auth/refresh", json=body)
    app_client.access_token = answer.json()["access_token"]
    assert (await app_client._identity())["x-tier"] == "premium"


async def test_language_of_mails_follows_the_preferences(
    app_client: Any, auth_database: Any, signed_in: Any, tell: Tell
) -> None:
    await tell(
        PreferencesChanged(
            user_id=signed_in.user_id,
            at=NOW,
            language="ru",
            currency="USD",
            time_zone="America/New_York",
            email_notifications=True,
            push_notifications=True,
            sms_notifications=False,
        )
    )
    assert (await app_client.get("/v1/auth/me")).json()["language"] == "ru"


async def test_deletion_that_was_asked_for_is_shown_and_locks_nobody_out(
    new_client: Any, sign_up_verified: Any, tell: Tell
) -> None:
    person = await sign_up_verified()
    after = NOW + timedelta(days=30)
    await tell(UserDeletionRequested(user_id=person.user_id, at=NOW, erase_after=after))
    client = new_client()
    await client.sign_in(person)
    found = (await client.get("/v1/auth/me")).json()
    assert datetime.fromisoformat(found["erase_after"]) == after
    await tell(UserDeletionCancelled(user_id=person.user_id, at=NOW))
    assert (await client.get("/v1/auth/me")).json()["erase_after"] is None


async def test_event_about_a_user_that_auth_does_not_know_changes_nothing(
    auth_database: Any, signed_in: Any, tell: Tell
) -> None:
    stranger = new_id()
    await tell(
        TierChanged(
            user_id=stranger,
            at=NOW,
            tier="enterprise",
            previous_tier="free",
            reason="admin",
        )
    )
    assert await auth_database.rows("SELECT user_id, tier FROM auth.accounts") == [
        (signed_in.user_id, "free")
    ]


async def test_export_hands_over_everything_but_secrets_sealed_and_once(
    app_client: Any, auth_database: Any, sign_up_verified: Any, tell: Tell
) -> None:
    person = await sign_up_verified()
    other = await sign_up_verified()
    await app_client.sign_in(person)
    await app_client.post("/v1/auth/forgot-password", json={"email": person.email})
    await auth_database.events()
    export_id = new_id()
    await tell(UserExportRequested(user_id=person.user_id, at=NOW, export_id=export_id))
    [event] = await auth_database.events()
    assert isinstance(event, UserDataExported)
    assert (event.export_id, event.service) == (export_id, "auth")
    sealed = await Blobs.from_settings(KitSettings()).get(event.sha256)
    context = f"{EXPORT_CONTEXT}:{export_id}:auth"
    tables = msgspec.json.decode(auth_database.keyring.open(sealed, context))
    [account] = tables["accounts"]
    assert account["email"] == person.email
    assert len(tables["sessions"]) == len(tables["devices"]) == len(tables["mail_tokens"]) == 1
    assert event.rows == sum(len(rows) for rows in tables.values())
    whole = msgspec.json.encode(tables).decode()
    assert other.email not in whole
    for secret in ("password_hash", "sha256", "argon2", "sealed"):
        assert secret not in whole


async def test_every_table_with_a_user_is_exported_and_erased(auth_database: Any) -> None:
    """A table that is added later must not be forgotten when people are."""
    tables = await auth_database.rows(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'auth' AND column_name = 'user_id'"
    )
    listed = {table.model.__tablename__ for table in personal_data.TABLES}
    assert {name for (name,) in tables} <= listed | {"accounts"}


async def test_erasure_leaves_an_id_that_nobody_gets_again_and_tells_once(
    app_client: Any, new_client: Any, auth_database: Any, sign_up_verified: Any, tell: Tell
) -> None:
    person, other = await sign_up_verified("ada@example.com"), await sign_up_verified()
    stays = new_client()
    await stays.sign_in(other)
    bearer = await app_client.sign_in(person)
    await app_client.get("/v1/auth/me")
    await app_client.post("/v1/auth/forgot-password", json={"email": person.email})
    await auth_database.events()
    erasure_id = new_id()
    await tell(UserErasureDue(user_id=person.user_id, at=NOW, erasure_id=erasure_id))
    [event] = await auth_database.events()
    assert isinstance(event, UserDataErased)
    assert (event.erasure_id, event.service, event.kept) == (erasure_id, "auth", ("user_id",))
    # account, device, sign-in, refresh token, reset token, and the mails counted for the address
    assert event.rows >= 5
    [(status, *rest)] = await auth_database.rows(
        "SELECT status, email, email_key, password_hash, email_verified_at, roles, erase_after"
        " FROM auth.accounts WHERE user_id = :id",
        id=person.user_id,
    )
    assert (status, rest) == ("erased", [None, None, None, None, [], None])
    for table in ("devices", "sessions", "mail_tokens", "login_challenges"):
        left = await auth_database.rows(
            f"SELECT 1 FROM auth.{table} WHERE user_id = :id", id=person.user_id
        )
        assert left == [], table
    assert (await app_client.get("/v1/auth/me")).status_code == 401
    body = {"refresh_token": bearer.refresh_token}
    assert (await app_client.post("/v1/auth/refresh", json=body)).status_code == 401
    assert (await stays.get("/v1/auth/me")).status_code == 200
    again = await sign_up_verified("ada@example.com")
    assert again.user_id != person.user_id
