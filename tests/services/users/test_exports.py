"""Exports: parts in any order and number become one ZIP that only its person gets, for a while."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest
from sqlalchemy import text

from taxlien.interfaces.users import (
    EXPORT_CONTEXT,
    PERSONAL_DATA_SERVICES,
    UserDataExported,
    UserExportReady,
    UserExportRequested,
)
from taxlien.kit.blobs import Blobs
from taxlien.kit.ids import new_id
from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings
from taxlien.services.users import events, service
from taxlien.services.users.adapters.uploads import Objects
from taxlien.services.users.service import export_making

Client = Callable[..., httpx2.AsyncClient]

AUTH = {"accounts": [{"email": "ann@example.org", "roles": ["investor"]}]}
NOTES = {"outgoing": [{"subject": "=HYPERLINK(1)", "sent_at": "2026-11-01T00:00:00Z"}]}


class Exporting:
    """One person's export, and the services that answer."""

    def __init__(self, people: Any, user_id: UUID, client: httpx2.AsyncClient) -> None:
        self.people = people
        self.user_id = user_id
        self.client = client
        self.export_id = UUID(int=0)
        self.settings = KitSettings()

    async def ask(self) -> httpx2.Response:
        answer = await self.client.post("/v1/users/me/exports")
        if answer.status_code == 202:
            self.export_id = UUID(answer.json()["export_id"])
            others = set(PERSONAL_DATA_SERVICES) - {"auth", "notifications", "users"}
            await self.hear(*[await self.seal(name, {}) for name in sorted(others)])
        return answer

    async def seal(self, name: str, tables: object) -> UserDataExported:
        """Store a part as its service does, and return what that service says."""
        context = f"{EXPORT_CONTEXT}:{self.export_id}:{name}"
        body = json.dumps(tables).encode()
        sealed = Keyring.from_settings(self.settings).seal(body, context)
        stored = await Blobs.from_settings(self.settings).put_if_absent(sealed)
        return UserDataExported(
            user_id=self.user_id,
            at=datetime.now(UTC),
            export_id=self.export_id,
            service=name,
            sha256=stored.sha256,
            rows=1,
        )

    async def hear(self, *parts: UserDataExported) -> None:
        for part in parts:
            async with self.people.database.session() as session:
                await events.collect_exports(session, part)

    async def whole(self) -> None:
        """Bring an export to its ZIP."""
        await self.hear(await self.seal("auth", AUTH), await self.seal("notifications", NOTES))
        assert await export_making.make_own_part(self.people.database)
        assert await export_making.assemble(self.people.database)

    async def state(self) -> dict[str, Any]:
        return (await self.client.get(f"/v1/users/me/exports/{self.export_id}")).json()

    async def download(self) -> httpx2.Response:
        return await self.client.get(f"/v1/users/me/exports/{self.export_id}/download")

    async def archive(self) -> zipfile.ZipFile:
        answer = await self.download()
        assert answer.status_code == 200, answer.text
        return zipfile.ZipFile(io.BytesIO(answer.content))

    async def deadline_passes(self) -> None:
        await self.people.rows("UPDATE users.exports SET deadline_at = now() RETURNING 1")

    async def remove_due(self, later: timedelta = timedelta()) -> None:
        async with self.people.database.session() as session:
            await service.remove_objects(session, datetime.now(UTC) + later)


@pytest.fixture
async def exporting(people: Any, app_client: Client) -> Exporting:
    user_id = await people.sign_up("ann@example.org", full_name="Ann Lee")
    await people.events()
    return Exporting(people, user_id, app_client(user_id))


async def test_request_is_told_to_every_service(exporting: Exporting) -> None:
    answer = await exporting.ask()
    assert answer.status_code == 202
    assert answer.json()["status"] == "collecting"
    [event] = await exporting.people.events()
    assert isinstance(event, UserExportRequested)
    assert (event.user_id, event.export_id) == (exporting.user_id, exporting.export_id)


async def test_parts_become_a_zip_with_json_csv_manifest_and_readme(exporting: Exporting) -> None:
    await exporting.ask()
    await exporting.whole()
    state = await exporting.state()
    assert (state["status"], state["missing"]) == ("ready", [])
    archive = await exporting.archive()
    names = set(archive.namelist())
    assert {
        "README.txt",
        "manifest.json",
        "auth/accounts.json",
        "auth/accounts.csv",
        "users/users.json",
        "users/access_log.csv",
        "notifications/outgoing.csv",
    } <= names
    assert json.loads(archive.read("auth/accounts.json")) == AUTH["accounts"]
    [me] = json.loads(archive.read("users/users.json"))
    assert (me["email"], me["full_name"]) == ("ann@example.org", "Ann Lee")
    manifest = json.loads(archive.read("manifest.json"))
    assert set(manifest["files"]) == names - {"manifest.json"}
    for name, file in manifest["files"].items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == file["sha256"]
    assert "Public records" in archive.read("README.txt").decode("utf-8-sig")


async def test_own_part_is_answered_as_every_service_answers(exporting: Exporting) -> None:
    await exporting.ask()
    await exporting.people.events()
    assert await export_making.make_own_part(exporting.people.database)
    [event] = await exporting.people.events()
    assert isinstance(event, UserDataExported)
    context = f"{EXPORT_CONTEXT}:{exporting.export_id}:users"
    content = await Blobs.from_settings(exporting.settings).get(event.sha256)
    tables = json.loads(Keyring.from_settings(exporting.settings).open(content, context))
    assert sum(len(rows) for rows in tables.values()) == event.rows
    await exporting.hear(event)
    assert not await export_making.make_own_part(exporting.people.database)


async def test_ready_event_names_when_it_ends(exporting: Exporting) -> None:
    await exporting.ask()
    await exporting.whole()
    ready = (await exporting.people.events())[-1]
    assert isinstance(ready, UserExportReady)
    state = await exporting.state()
    assert ready.expires_at == datetime.fromisoformat(state["expires_at"])
    assert ready.expires_at - datetime.fromisoformat(state["finished_at"]) == timedelta(days=7)


async def test_readme_is_in_the_language_of_the_person(people: Any, app_client: Client) -> None:
    user_id = await people.sign_up(language="ru")
    exporting = Exporting(people, user_id, app_client(user_id))
    await exporting.ask()
    await exporting.whole()
    assert "Публичных записей" in (await exporting.archive()).read("README.txt").decode("utf-8-sig")


async def test_tax_number_and_check_of_identity_are_readable_for_their_person(
    exporting: Exporting,
) -> None:
    client = exporting.client
    body = {"country": "US", "form_kind": "W-9", "tin_kind": "ssn", "tin": "078-05-1121"}
    answer = await client.put("/v1/users/me/tax-residency", json=body)
    assert answer.status_code == 200, answer.text
    details = {
        "legal_name": "Ann Lee",
        "birth_date": "1980-02-03",
        "citizenship": "US",
        "residence": "US",
    }
    answer = await client.put("/v1/users/me/kyc/details", json=details)
    assert answer.status_code == 200, answer.text
    await exporting.ask()
    await exporting.whole()
    archive = await exporting.archive()
    [residency] = json.loads(archive.read("users/tax_residencies.json"))
    assert residency["tin"].replace("-", "") == "078051121"
    [case] = json.loads(archive.read("users/kyc_cases.json"))
    assert case["details"]["legal_name"] == "Ann Lee"


async def test_parts_that_come_twice_and_in_any_order_count_once(exporting: Exporting) -> None:
    await exporting.ask()
    assert await export_making.make_own_part(exporting.people.database)
    notes = await exporting.seal("notifications", NOTES)
    again = await exporting.seal("notifications", {"other": []})
    auth = await exporting.seal("auth", AUTH)
    await exporting.hear(notes, notes, again)
    assert not await export_making.assemble(exporting.people.database)
    await exporting.hear(auth, notes)
    assert await export_making.assemble(exporting.people.database)
    archive = await exporting.archive()
    assert "notifications/outgoing.json" in archive.namelist()
    assert "notifications/other.json" not in archive.namelist()
    await exporting.hear(notes, auth)  # and once more when all is done
    assert (await exporting.state())["status"] == "ready"


async def test_missing_service_is_named_when_the_time_is_over(exporting: Exporting) -> None:
    await exporting.ask()
    assert await export_making.make_own_part(exporting.people.database)
    await exporting.hear(await exporting.seal("auth", AUTH))
    assert not await export_making.assemble(exporting.people.database)
    await exporting.deadline_passes()
    assert await export_making.assemble(exporting.people.database)
    state = await exporting.state()
    assert (state["status"], state["missing"]) == ("partial", ["notifications"])
    readme = (await exporting.archive()).read("README.txt").decode("utf-8-sig")
    assert "INCOMPLETE" in readme
    assert "notifications" in readme
    late = await exporting.seal("notifications", NOTES)
    await exporting.hear(late)
    await exporting.remove_due()
    assert not await Blobs.from_settings(exporting.settings).exists(late.sha256)


@pytest.mark.parametrize("tables", [[1], {"../escape": []}, {"rows": [1]}, {"rows": {}}])
async def test_part_that_is_no_tables_of_rows_counts_as_missing(
    exporting: Exporting, tables: object
) -> None:
    await exporting.ask()
    await exporting.hear(await exporting.seal("auth", tables))
    await exporting.hear(await exporting.seal("notifications", NOTES))
    assert await export_making.make_own_part(exporting.people.database)
    assert await export_making.assemble(exporting.people.database)
    assert (await exporting.state())["missing"] == ["auth"]


async def test_part_sealed_for_another_export_counts_as_missing(exporting: Exporting) -> None:
    await exporting.ask()
    mine, exporting.export_id = exporting.export_id, new_id()
    foreign = await exporting.seal("auth", AUTH)
    exporting.export_id = mine
    await exporting.hear(
        UserDataExported(
            user_id=exporting.user_id,
            at=foreign.at,
            export_id=mine,
            service="auth",
            sha256=foreign.sha256,
            rows=1,
        )
    )
    await exporting.hear(await exporting.seal("notifications", NOTES))
    assert await export_making.make_own_part(exporting.people.database)
    assert await export_making.assemble(exporting.people.database)
    assert (await exporting.state())["missing"] == ["auth"]


async def test_part_that_names_no_object_is_as_if_it_never_came(exporting: Exporting) -> None:
    await exporting.ask()
    part = await exporting.seal("auth", AUTH)
    await exporting.hear(msgspec.structs.replace(part, sha256="../../elsewhere"), part)
    rows = await exporting.people.rows(
        "SELECT service, sha256 FROM users.export_parts WHERE service = 'auth'"
    )
    assert rows == [("auth", part.sha256)]
    await exporting.remove_due(later=timedelta(hours=2))


async def test_parts_are_removed_once_the_zip_is_there(exporting: Exporting) -> None:
    await exporting.ask()
    part = await exporting.seal("auth", AUTH)
    await exporting.hear(part)
    await exporting.whole()
    await exporting.remove_due()
    assert not await Blobs.from_settings(exporting.settings).exists(part.sha256)
    assert (await exporting.download()).status_code == 200


async def test_zip_lies_sealed_in_the_store(exporting: Exporting) -> None:
    await exporting.ask()
    await exporting.whole()
    [(key,)] = await exporting.people.rows("SELECT object_key FROM users.exports")
    stored = await Objects.from_environment().read(key, at_most=10**7)
    assert b"PK" not in stored[:4]
    assert b"ann@example.org" not in stored


async def test_one_export_runs_and_one_a_day_is_made(exporting: Exporting) -> None:
    await exporting.ask()
    assert (await exporting.ask()).status_code == 409
    await exporting.whole()
    refused = await exporting.ask()
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 86_000
    await exporting.people.rows(
        "UPDATE users.exports SET requested_at = now() - interval '25 hours' RETURNING 1"
    )
    assert (await exporting.ask()).status_code == 202


async def test_partial_export_may_be_repeated_at_once(exporting: Exporting) -> None:
    await exporting.ask()
    await exporting.deadline_passes()
    assert await export_making.assemble(exporting.people.database)
    assert (await exporting.ask()).status_code == 202


async def test_same_idempotency_key_is_one_export(exporting: Exporting) -> None:
    headers = {"idempotency-key": "once"}
    first, second = [
        await exporting.client.post("/v1/users/me/exports", headers=headers) for _ in range(2)
    ]
    assert first.json() == second.json()


async def test_two_requests_at_once_are_one_export(exporting: Exporting) -> None:
    answers = await asyncio.gather(*(exporting.ask() for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]


async def test_another_persons_export_is_not_found(
    exporting: Exporting, people: Any, app_client: Client
) -> None:
    await exporting.ask()
    await exporting.whole()
    other = app_client(await people.sign_up(), "admin")
    for path in ("", "/download"):
        answer = await other.get(f"/v1/users/me/exports/{exporting.export_id}{path}")
        assert answer.status_code == 404


async def test_download_before_the_end_is_a_conflict(exporting: Exporting) -> None:
    await exporting.ask()
    assert (await exporting.download()).status_code == 409


async def test_download_is_audited_and_never_cached(exporting: Exporting) -> None:
    await exporting.ask()
    await exporting.whole()
    answer = await exporting.download()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/zip"
    items = (await exporting.client.get("/v1/users/me/access-log")).json()["items"]
    assert items[0]["action"] == "export.downloaded"


async def test_expired_export_is_given_out_no_more_and_its_object_goes(
    exporting: Exporting,
) -> None:
    await exporting.ask()
    await exporting.whole()
    [(key,)] = await exporting.people.rows("SELECT object_key FROM users.exports")
    await exporting.people.rows("UPDATE users.exports SET expires_at = now() RETURNING 1")
    assert (await exporting.download()).status_code == 404
    async with exporting.people.database.session() as session:
        assert await service.exports.expire_exports(session, datetime.now(UTC)) == 1
    await exporting.remove_due()
    assert (await exporting.state())["status"] == "expired"
    assert key not in await Objects.from_environment().keys("exports")
    assert (await exporting.download()).status_code == 404


async def test_two_workers_make_one_part_and_one_zip(exporting: Exporting) -> None:
    await exporting.ask()
    database = exporting.people.database
    made = await asyncio.gather(*(export_making.make_own_part(database) for _ in range(4)))
    assert sum(made) == 1
    await exporting.hear(
        await exporting.seal("auth", AUTH), await exporting.seal("notifications", NOTES)
    )
    made = await asyncio.gather(*(export_making.assemble(database) for _ in range(4)))
    assert sum(made) == 1
    kinds = [type(event) for event in await exporting.people.events()]
    assert kinds.count(UserExportReady) == 1
    assert len(await Objects.from_environment().keys("exports")) == 1


async def test_crash_between_store_and_commit_leaves_nothing_behind(exporting: Exporting) -> None:
    """The transaction fails at its commit, after the object was stored: as if the process had died."""
    await exporting.ask()
    await exporting.hear(
        await exporting.seal("auth", AUTH), await exporting.seal("notifications", NOTES)
    )
    database = exporting.people.database
    assert await export_making.make_own_part(database)
    async with database.session() as session:
        await session.execute(
            text(
                "CREATE FUNCTION users.fall_over() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'the lights went out'; END $$"
            )
        )
        await session.execute(
            text(
                "CREATE CONSTRAINT TRIGGER dark AFTER UPDATE ON users.exports DEFERRABLE"
                " INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'ready')"
                " EXECUTE FUNCTION users.fall_over()"
            )
        )
    with pytest.raises(Exception, match="the lights went out"):
        await export_making.assemble(database)
    [orphan] = await Objects.from_environment().keys("exports")
    assert (await exporting.state())["status"] == "collecting"
    async with database.session() as session:
        await session.execute(text("DROP TRIGGER dark ON users.exports"))
    assert not await export_making.assemble(database)  # others get their turn first
    await exporting.people.rows("UPDATE users.exports SET attempt_after = now() RETURNING 1")
    assert await export_making.assemble(database)
    await exporting.remove_due(later=timedelta(hours=2))
    [left] = await Objects.from_environment().keys("exports")
    assert left != orphan
    assert (await exporting.download()).status_code == 200


async def test_csv_of_the_zip_runs_no_formula(exporting: Exporting) -> None:
    await exporting.ask()
    await exporting.whole()
    body = (await exporting.archive()).read("notifications/outgoing.csv").decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(body, newline=""))
    assert row["subject"] == "'=HYPERLINK(1)"
