"""Being forgotten: slept on, done everywhere, proved, and nobody comes back by a late event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from taxlien.interfaces.auth import EmailVerified, UserSignedUp
from taxlien.interfaces.users import (
    PERSONAL_DATA_SERVICES,
    UserDataErased,
    UserDeletionCancelled,
    UserDeletionRequested,
    UserErased,
    UserErasureDue,
)
from taxlien.kit.ids import new_id
from taxlien.services.users import events, service
from taxlien.services.users.adapters.uploads import Objects
from taxlien.services.users.models import metadata
from taxlien.services.users.repository import holdings
from taxlien.services.users.service import export_making

Client = Callable[..., httpx2.AsyncClient]
EMAIL = "ann@example.org"


class Leaving:
    """One person who wants to be forgotten, and the services that answer."""

    def __init__(self, people: Any, user_id: UUID, client: httpx2.AsyncClient) -> None:
        self.people = people
        self.user_id = user_id
        self.client = client

    async def ask(self, confirm: str = EMAIL) -> httpx2.Response:
        return await self.client.post("/v1/users/me/deletion", json={"confirm": confirm})

    async def begin(self) -> UserErasureDue:
        """Let the grace period pass; return what services hear then."""
        async with self.people.database.session() as session:
            await service.deletions.begin_due(session, datetime.now(UTC) + timedelta(days=31))
        found = [e for e in await self.people.events() if isinstance(e, UserErasureDue)]
        assert len(found) == 1
        return found[0]

    async def erase(self, due: UserErasureDue) -> UserDataErased:
        """Let users erase its own; return its answer."""
        async with self.people.database.session() as session:
            await events.erase_own_data(session, due)
        [answer] = [e for e in await self.people.events() if isinstance(e, UserDataErased)]
        return answer

    def answer(self, due: UserErasureDue, name: str) -> UserDataErased:
        return UserDataErased(
            user_id=self.user_id,
            at=datetime.now(UTC),
            erasure_id=due.erasure_id,
            service=name,
            rows=3,
        )

    async def hear(self, *answers: UserDataErased) -> None:
        for answer in answers:
            async with self.people.database.session() as session:
                await events.collect_erasures(session, answer)

    async def everything(self) -> UserErasureDue:
        await self.ask()
        due = await self.begin()
        own = await self.erase(due)
        others = [self.answer(due, n) for n in PERSONAL_DATA_SERVICES if n != "users"]
        await self.hear(own, *others)
        return due


@pytest.fixture
async def leaving(people: Any, app_client: Client) -> Leaving:
    user_id = await people.sign_up(EMAIL, full_name="Ann Lee")
    await people.events()
    return Leaving(people, user_id, app_client(user_id))


async def test_request_says_when_it_will_be_done_and_tells_others(leaving: Leaving) -> None:
    answer = await leaving.ask(" ANN@example.org ")
    assert answer.status_code == 202
    body = answer.json()
    asked, after = (datetime.fromisoformat(body[n]) for n in ("requested_at", "erase_after"))
    assert (body["status"], after - asked) == ("waiting", timedelta(days=30))
    [event] = await leaving.people.events()
    assert isinstance(event, UserDeletionRequested)
    assert event.erase_after == after


@pytest.mark.parametrize("confirm", ["yes please", "bob@example.org", EMAIL + "x"])
async def test_request_without_ones_own_address_is_refused(leaving: Leaving, confirm: str) -> None:
    answer = await leaving.ask(confirm)
    assert answer.status_code == 422
    assert EMAIL not in answer.text
    assert (await leaving.client.get("/v1/users/me/deletion")).status_code == 404


async def test_second_request_changes_nothing(leaving: Leaving) -> None:
    first, second = [(await leaving.ask()).json() for _ in range(2)]
    assert first == second
    assert len(await leaving.people.events()) == 1


async def test_wish_can_be_taken_back_until_it_is_done(leaving: Leaving) -> None:
    await leaving.ask()
    answer = await leaving.client.delete("/v1/users/me/deletion")
    assert answer.json()["status"] == "cancelled"
    assert [type(e) for e in await leaving.people.events()] == [
        UserDeletionRequested,
        UserDeletionCancelled,
    ]
    async with leaving.people.database.session() as session:
        late = datetime.now(UTC) + timedelta(days=99)
        assert await service.deletions.begin_due(session, late) == 0
    assert (await leaving.client.delete("/v1/users/me/deletion")).status_code == 404
    assert (await leaving.ask()).json()["status"] == "waiting"


async def test_erasure_that_has_begun_cannot_be_taken_back(leaving: Leaving) -> None:
    await leaving.ask()
    await leaving.begin()
    assert (await leaving.client.delete("/v1/users/me/deletion")).status_code == 409


async def test_nothing_is_erased_before_its_time(leaving: Leaving) -> None:
    await leaving.ask()
    async with leaving.people.database.session() as session:
        early = datetime.now(UTC) + timedelta(days=29)
        assert await service.deletions.begin_due(session, early) == 0
    assert (await leaving.client.get("/v1/users/me")).json()["email"] == EMAIL


async def fill(leaving: Leaving, decided: bool) -> list[str]:
    """Let the person leave something in every table. Returns keys of their stored objects."""
    client, user_id = leaving.client, leaving.user_id
    body = {"country": "US", "form_kind": "W-9", "tin_kind": "ssn", "tin": "078-05-1121"}
    assert (await client.put("/v1/users/me/tax-residency", json=body)).status_code == 200
    details = {
        "legal_name": "Ann Lee",
        "birth_date": str(date(1980, 2, 3)),
        "citizenship": "US",
        "residence": "US",
    }
    assert (await client.put("/v1/users/me/kyc/details", json=details)).status_code == 200
    consent = {"purpose": "analytics", "given": True, "document_version": "2026-11-01"}
    await client.post("/v1/users/me/consents", json={"decisions": [consent]})
    assert (
        await client.post("/v1/users/me/exports", headers={"idempotency-key": "k"})
    ).status_code == 202
    assert await export_making.make_own_part(leaving.people.database)
    objects = Objects.from_environment()
    keys = [f"avatars/{new_id().hex}", f"avatars/{new_id().hex}", f"documents/{new_id().hex}"]
    for key in keys:
        await objects.write(key, b"of a person", "image/webp")
    async with leaving.people.database.session() as session:
        for statement in (
            "INSERT INTO users.avatars (user_id, avatar_id, large_key, small_key, sha256)"
            " VALUES (:user_id, gen_random_uuid(), :large, :small, '')",
            "INSERT INTO users.kyc_documents (document_id, case_id, user_id, kind, media_type,"
            " size_bytes, object_key, key_name) SELECT gen_random_uuid(), case_id, user_id,"
            " 'passport', 'image/png', 11, :document, 'first' FROM users.kyc_cases",
            "INSERT INTO users.kyc_transitions (transition_id, case_id, from_status, to_status,"
            " action) SELECT gen_random_uuid(), case_id, 'in_review', 'approved', 'approve'"
            " FROM users.kyc_cases",
            "UPDATE users.kyc_cases SET status = 'approved', decided_at = now() WHERE :decided",
        ):
            wanted = {
                "user_id": user_id,
                "large": keys[0],
                "small": keys[1],
                "document": keys[2],
                "decided": decided,
            }
            named = {n: v for n, v in wanted.items() if f":{n}" in statement}
            await session.execute(text(statement), named)
    await leaving.people.events()
    return keys


async def left_of(leaving: Leaving) -> dict[str, int]:
    """Count the rows that are left of the person in each table."""
    found: dict[str, int] = {}
    for model, condition in holdings.whose(leaving.user_id).items():
        async with leaving.people.database.session() as session:
            rows = (await session.execute(model.__table__.select().where(condition))).all()
        if rows:
            found[model.__tablename__] = len(rows)
    return found


async def test_erasure_leaves_ids_only(leaving: Leaving) -> None:
    keys = await fill(leaving, decided=False)
    await leaving.everything()
    assert set(await left_of(leaving)) == {"users", "deletions", "audit_log"}
    [person] = await leaving.people.rows("SELECT email, full_name, phone FROM users.users")
    assert person == (f"{leaving.user_id}@erased.invalid", None, None)
    for table in metadata.sorted_tables:
        rows = await leaving.people.rows(f"SELECT t::text FROM {table.fullname} t")
        for (row,) in rows:
            assert EMAIL not in row
            assert "Ann" not in row
    assert await leaving.people.rows("SELECT 1 FROM users.idempotency_keys") == []
    async with leaving.people.database.session() as session:
        await service.remove_objects(session, datetime.now(UTC))
    objects = Objects.from_environment()
    stored = [key for folder in ("avatars", "documents") for key in await objects.keys(folder)]
    assert set(stored).isdisjoint(keys)
    assert (
        await leaving.people.rows("SELECT 1 FROM users.object_removals WHERE due_at < now()") == []
    )


async def test_decisions_that_law_demands_are_kept_without_details(leaving: Leaving) -> None:
    await fill(leaving, decided=True)
    await leaving.ask()
    answer = await leaving.erase(await leaving.begin())
    assert answer.kept == (
        "audit_log",
        "deletions",
        "kyc_cases",
        "kyc_transitions",
        "screenings",
    )
    assert answer.rows > 5
    [case] = await leaving.people.rows("SELECT status, details, message FROM users.kyc_cases")
    assert case == ("expired", None, None)
    moves = await leaving.people.rows("SELECT to_status FROM users.kyc_transitions ORDER BY at")
    assert moves[-1] == ("expired",)
    assert await leaving.people.rows("SELECT 1 FROM users.kyc_documents") == []


async def test_kept_decisions_go_when_their_years_are_over(leaving: Leaving) -> None:
    await fill(leaving, decided=True)
    await leaving.everything()
    for years, gone in ((4, 0), (6, 1), (6, 0)):
        async with leaving.people.database.session() as session:
            later = datetime.now(UTC) + timedelta(days=366 * years)
            assert await service.deletions.forget_decisions(session, later) == gone
    assert set(await left_of(leaving)) == {"users", "deletions", "audit_log"}


async def test_whole_erasure_ends_with_a_proof_from_the_audit_log(leaving: Leaving) -> None:
    due = await leaving.everything()
    [done] = [e for e in await leaving.people.events() if isinstance(e, UserErased)]
    assert (done.user_id, done.erasure_id) == (leaving.user_id, due.erasure_id)
    [row] = await leaving.people.rows(
        "SELECT action, subject_id FROM users.audit_log WHERE hash = :proof",
        proof=bytes.fromhex(done.proof),
    )
    assert row == ("user.erased", leaving.user_id)
    async with leaving.people.database.session() as session:
        assert (await service.audit.verify(session)).broken is None


async def test_every_answer_delivered_twice_and_in_any_order_ends_once(leaving: Leaving) -> None:
    await leaving.ask()
    due = await leaving.begin()
    own = await leaving.erase(due)
    again = await leaving.erase(due)
    assert again.rows == 0
    answers = [leaving.answer(due, n) for n in PERSONAL_DATA_SERVICES if n != "users"]
    first, *others = answers
    twice = [answer for answer in reversed(others) for _ in range(2)]
    await leaving.hear(*twice, own, again, first, first, own)
    erased = [e for e in await leaving.people.events() if isinstance(e, UserErased)]
    assert len(erased) == 1


async def test_answers_at_once_end_once(leaving: Leaving) -> None:
    await leaving.ask()
    due = await leaving.begin()
    own = await leaving.erase(due)
    answers = [leaving.answer(due, n) for n in PERSONAL_DATA_SERVICES if n != "users"]
    await asyncio.gather(*(leaving.hear(answer) for answer in (own, *answers, *answers)))
    erased = [e for e in await leaving.people.events() if isinstance(e, UserErased)]
    assert len(erased) == 1


async def test_two_workers_begin_an_erasure_once(leaving: Leaving) -> None:
    await leaving.ask()
    later = datetime.now(UTC) + timedelta(days=31)

    async def work() -> int:
        async with leaving.people.database.session() as session:
            return await service.deletions.begin_due(session, later)

    assert sum(await asyncio.gather(*(work() for _ in range(4)))) == 1


async def test_late_events_bring_nobody_back(leaving: Leaving) -> None:
    await leaving.everything()
    now = datetime.now(UTC)
    signed_up = UserSignedUp(
        user_id=leaving.user_id, at=now, email=EMAIL, email_verified=True, method="password",
        full_name="Ann Lee",
    )  # fmt: skip
    verified = EmailVerified(user_id=leaving.user_id, at=now, email=EMAIL)
    for event in (signed_up, verified, signed_up):
        async with leaving.people.database.session() as session:
            await events.follow_accounts(session, event)
    assert set(await left_of(leaving)) == {"users", "deletions", "audit_log"}
    [person] = await leaving.people.rows("SELECT email, full_name FROM users.users")
    assert person == (f"{leaving.user_id}@erased.invalid", None)
    assert (await leaving.client.get("/v1/users/me")).status_code == 404


async def test_sign_up_that_is_heard_after_the_erasure_makes_nobody(
    people: Any, leaving: Leaving
) -> None:
    """Erasure can come for somebody whose sign-up was never heard of."""
    stranger = new_id()
    erasure_id = new_id()
    await people.rows(
        "INSERT INTO users.deletions (erasure_id, user_id, status, requested_at, erase_after)"
        " VALUES (:erasure_id, :user_id, 'erasing', now(), now()) RETURNING 1",
        erasure_id=erasure_id,
        user_id=stranger,
    )
    due = UserErasureDue(user_id=stranger, at=datetime.now(UTC), erasure_id=erasure_id)
    await leaving.erase(due)
    await people.sign_up("late@example.org", user_id=stranger)
    [(email,)] = await people.rows("SELECT email FROM users.users WHERE id = :id", id=stranger)
    assert email.endswith("@erased.invalid")


async def test_address_of_the_erased_is_free_for_a_new_account(
    leaving: Leaving, people: Any, app_client: Client
) -> None:
    await leaving.everything()
    again = await people.sign_up(EMAIL)
    assert (await app_client(again).get("/v1/users/me")).json()["email"] == EMAIL


async def test_erasure_that_nobody_began_erases_nothing(leaving: Leaving) -> None:
    await leaving.ask()
    forged = UserErasureDue(user_id=leaving.user_id, at=datetime.now(UTC), erasure_id=new_id())
    async with leaving.people.database.session() as session:
        await events.erase_own_data(session, forged)
    assert (await leaving.client.get("/v1/users/me")).json()["email"] == EMAIL


async def test_service_that_does_not_answer_is_asked_again_after_a_day(leaving: Leaving) -> None:
    await leaving.ask()
    due = await leaving.begin()
    began = datetime.now(UTC) + timedelta(days=31)
    for hours, asked in ((1, 0), (25, 1), (26, 0)):
        async with leaving.people.database.session() as session:
            at = began + timedelta(hours=hours)
            assert await service.deletions.ask_again(session, at) == asked
    [event] = await leaving.people.events()
    assert event.erasure_id == due.erasure_id


async def test_admin_sees_who_answered_and_leaves_a_row(
    leaving: Leaving, app_client: Client
) -> None:
    await leaving.ask()
    due = await leaving.begin()
    await leaving.hear(leaving.answer(due, "auth"))
    admin = app_client(new_id(), "admin")
    body = (await admin.get(f"/v1/users/{leaving.user_id}/deletion")).json()
    assert (body["status"], body["waiting_for"]) == (
        "erasing",
        [name for name in PERSONAL_DATA_SERVICES if name != "auth"],
    )
    assert [(a["service"], a["rows"]) for a in body["answers"]] == [("auth", 3)]
    support = app_client(new_id(), "support")
    assert (await support.get(f"/v1/users/{leaving.user_id}/deletion")).status_code == 403
    log = (await admin.get(f"/v1/users/{leaving.user_id}/access-log")).json()["items"]
    assert log[0]["action"] == "deletion.read"


def test_every_table_with_something_of_a_person_is_handed_out_and_erased() -> None:
    """A new table belongs into ``holdings.whose``, or here with the reason."""
    of_nobody = {
        "object_removals": "keys of objects alone",
        "sanctions_lists": "what was loaded, not about whom",
        "audit_pending": "empty outside of a transaction",
        "export_parts": "goes with its export; its contents are the export",
        "erasure_answers": "counts of what is gone",
        "screenings": "of whom the law forbids to tell; erased with its case",
    }
    known = {model.__tablename__ for model in holdings.whose(UUID(int=0))}
    assert {table.name for table in metadata.sorted_tables} == known | set(of_nobody)
