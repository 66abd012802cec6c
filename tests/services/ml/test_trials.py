"""A challenger on trial: the same people see it everywhere, each is counted once, a bad one is stopped."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from taxlien.kit.database import Database
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.services.ml.endpoints import at_stop
from taxlien.services.ml.models import Trial
from taxlien.services.ml.service import serving, trials
from taxlien.services.ml.service.answering import Unanswered
from taxlien.services.ml.service.serving import Champions
from taxlien.services.ml.service.trying import Trials

PEOPLE = [
    UUID(bytes=bytes(row)) for row in np.random.default_rng(8).integers(0, 256, (2_000, 16), "u1")
]
FINE = (object(),)
BROKEN = (Unanswered(),)


@pytest.fixture
async def on_trial(office) -> Trial:
    """Version 2 against 1, for a fifth of the users."""
    await office.appoint(701)
    await office.appoint(702, alias="challenger", reason="trained")
    async with office.database.session() as session:
        return await trials.start(session, office.name, 20, 14)


async def process(office) -> Trials:
    """The trials of a process that has looked and loaded."""
    made = Trials(lambda: office.blobs, refresh_seconds=1e-9)
    async with office.database.session() as session:
        await made.look(session, office.name)
    await asyncio.gather(*made._loading.values())
    return made


async def written(office, *processes: Trials) -> None:
    for one in processes:
        async with office.database.session() as session:
            await one.write(session)


async def rows(database: Database, query: str) -> Sequence[Any]:
    async with database.session() as session:
        return (await session.execute(text(query))).all()


async def events(database: Database, kind: str) -> list[dict[str, Any]]:
    found = await rows(database, f"SELECT body FROM ml.outbox WHERE type = '{kind}' ORDER BY id")
    return [msgspec.json.decode(bytes(row.body))["data"] for row in found]


async def test_people_see_the_same_model_in_every_process_and_the_share_holds(
    office, on_trial: Trial
) -> None:
    one, other = await process(office), await process(office)
    seats = [one.seat(office.name, 1, person) for person in PEOPLE]
    again = [other.seat(office.name, 1, person) for person in PEOPLE]
    arms = [seat.arm for seat in seats if seat]
    assert arms == [seat.arm for seat in again if seat]
    assert len(arms) == len(PEOPLE)
    four_sigmas = 4 * math.sqrt(len(PEOPLE) * 0.2 * 0.8)
    assert abs(arms.count("challenger") - 0.2 * len(PEOPLE)) < four_sigmas
    assert one.seat(office.name, 1, None) is None  # nobody is signed in
    assert one.seat(office.name, 3, PEOPLE[0]) is None  # another champion serves


async def test_a_person_is_counted_once_a_day_whatever_is_told_twice(
    office, on_trial: Trial
) -> None:
    one, other = await process(office), await process(office)
    for person in PEOPLE[:30] + PEOPLE[:5]:
        for each in (one, other):
            seat = each.seat(office.name, 1, person)
            assert seat is not None
            each.note(seat, FINE, 0.001)
    await written(office, one, other, one, other, one, other)
    counted = await rows(
        office.database,
        "SELECT metric, sum(count)::int AS n FROM ml.trial_measures GROUP BY 1 ORDER BY 1",
    )
    assert [tuple(row) for row in counted] == [
        ("errors", 70), ("exposed", 30), ("insufficient", 70), ("seconds", 70),
    ]  # fmt: skip
    told = await events(office.database, "model.exposed")
    assert len(told) == 30
    assert {UUID(event["user_id"]) for event in told} == set(PEOPLE[:30])
    assert {(e["arm"], e["model_version"]) for e in told} == {("champion", 1), ("challenger", 2)}
    kept = await rows(office.database, "SELECT person FROM ml.exposures")
    assert len(kept) == 30


async def test_what_a_lost_transaction_took_is_written_by_the_next(office, on_trial: Trial) -> None:
    one = await process(office)
    seat = one.seat(office.name, 1, PEOPLE[0])
    assert seat is not None
    one.note(seat, FINE, 0.001)
    with suppress(RuntimeError):
        async with office.database.session() as session:
            await one.write(session)
            raise RuntimeError("lost")
    await written(office, one)
    assert len(await events(office.database, "model.exposed")) == 1


async def test_a_challenger_that_fails_is_stopped_once_and_the_champion_answers_everybody(
    office, on_trial: Trial
) -> None:
    one = await process(office)
    for person in PEOPLE[:400]:
        seat = one.seat(office.name, 1, person)
        assert seat is not None
        one.note(seat, BROKEN if seat.arm == "challenger" else FINE, 0.001)
    await written(office, one)
    stopped = []
    for _ in range(2):  # the job may come twice
        async with office.database.session() as session:
            stopped += await trials.guard(session)
    assert stopped == [office.name]
    (alert,) = await events(office.database, "model.alerted")
    assert (alert["kind"], alert["state"], alert["model_version"]) == ("trial", "raised", 2)
    async with office.database.session() as session:
        await one.look(session, office.name)
        (status,) = await trials.status(session, office.name)
    assert one.seat(office.name, 1, PEOPLE[0]) is None
    assert "errors: 1 against 0" in str(status.trial.reason)


async def test_a_trial_ends_with_its_time_or_its_champion_and_forgets_people(
    office, on_trial: Trial
) -> None:
    await rows(office.database, "UPDATE ml.trials SET ends_at = now() RETURNING number")
    old = datetime.now(UTC).date() - timedelta(days=3)
    await rows(office.database, f"INSERT INTO ml.exposures VALUES (1, '{old}', 1) RETURNING person")
    async with office.database.session() as session:
        assert await trials.guard(session) == []
        with pytest.raises(NotFound):
            await trials.stop(session, office.name)
    assert await rows(office.database, "SELECT * FROM ml.exposures") == []
    async with office.database.session() as session:
        await trials.start(session, office.name, 50, 1)
    await office.appoint(3)
    async with office.database.session() as session:
        await trials.guard(session)
        (status,) = await trials.status(session)
    assert status.trial.reason == "another champion came into office"
    assert await events(office.database, "model.alerted") == []


async def test_what_makes_no_trial_is_refused(office) -> None:
    async with office.database.session() as session:
        for name, percent, days in (("nobody", 10, 1), (office.name, 0, 1), (office.name, 5, 400)):
            with pytest.raises(InvalidInput):
                await trials.start(session, name, percent, days)
        with pytest.raises(NotFound):
            await trials.start(session, office.name, 10, 1)
    await office.appoint(1)
    await office.appoint(2, alias="challenger", synthetic=True)
    async with office.database.session() as session:
        with pytest.raises(Conflict, match="made-up"):
            await trials.start(session, office.name, 10, 1)
    await office.appoint(3, alias="challenger")
    async with office.database.session() as session:
        await trials.start(session, office.name, 10, 1)
        with pytest.raises(Conflict, match="under way"):
            await trials.start(session, office.name, 10, 1)


async def test_who_is_asked_says_so_and_a_damaged_challenger_answers_nobody(
    office, on_trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    champions = Champions(office.blobs, refresh_seconds=1e-9)
    one = await process(office)
    monkeypatch.setattr(serving, "_champions", lambda: champions)
    monkeypatch.setattr(serving, "_trials", lambda: one)
    versions = set()
    async with office.database.session() as session:
        for person in PEOPLE[:40]:
            (told,) = await serving.predict(session, office.name, [{}], None, person)
            seat = one.seat(office.name, 1, person)
            assert seat is not None
            assert told.model_version == str(seat.model_version)
            versions.add(told.model_version)
        assert versions == {"1", "2"}
    office.damage(on_trial.artifact)
    begun_later = await process(office)
    assert begun_later.seat(office.name, 1, PEOPLE[0]) is None


async def test_stopping_without_a_database_is_not_an_error_of_others(
    office, on_trial: Trial, monkeypatch: pytest.MonkeyPatch, unused_database
) -> None:
    one = await process(office)
    made = cache(lambda: one)
    monkeypatch.setattr(serving, "_trials", made)
    app = FastAPI()
    app.state.databases = {"ml": unused_database}
    await at_stop(app)  # nobody asked yet: nothing to write, nobody is asked
    made()
    seat = one.seat(office.name, 1, PEOPLE[0])
    assert seat is not None
    one.note(seat, FINE, 0.001)
    await at_stop(app)
    assert one.is_noted
    app.state.databases = {"ml": office.database}
    await at_stop(app)
    assert len(await events(office.database, "model.exposed")) == 1


@pytest.fixture
async def unused_database() -> AsyncIterator[Database]:
    """A database whose server is away."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = Database(f"postgresql+psycopg://ml:x@127.0.0.1:{port}/nothing", service="ml")
    yield database
    await database.close()
