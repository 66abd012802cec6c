"""``taxlien users`` as an operator runs it, against real servers; once in a process of its own."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from commands_in_process import Ended, run_command
from taxlien.interfaces.auth import UserSignedUp
from taxlien.kit.database import Database
from taxlien.kit.events import decode
from taxlien.kit.ids import new_id
from taxlien.services.users import service
from taxlien.services.users.logic import kyc as logic
from taxlien.services.users.models import KycCase

HEAD = "id,schema,name,aliases,birth_date,countries\n"
LIST = HEAD + "NK-1,Person,Viktor Petrov,,1961-03-14,ru\n"


Run = Callable[..., Awaitable[Ended]]


def url_of(database: Database) -> str:
    url = database.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


@pytest.fixture
def settings(people: Any, stack_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """What a command finds in its environment: the run's servers, and this test's database."""
    return {
        **{name: value for name, value in stack_environment.items() if name not in os.environ},
        "TAXLIEN_HOME": str(tmp_path),
        "TAXLIEN_USERS_DATABASE_URL": url_of(people.database),
    }


@pytest.fixture
def taxlien(settings: dict[str, str]) -> Run:
    """``await taxlien("reseal")``: run a command of ``taxlien users`` on this test's database."""

    async def run(*arguments: str, **environment: str) -> Ended:
        return await run_command("users", *arguments, environment={**settings, **environment})

    return run


@pytest.fixture
def process(settings: dict[str, str]) -> Run:
    """The same in a process of its own."""

    async def run(*arguments: str, **environment: str) -> Ended:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "taxlien.run", "users", *arguments,
            env={**os.environ, **settings, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await started.communicate()
        return Ended(started.returncode or 0, out.decode(), err.decode())

    return run


async def approved(people: Any, name: str) -> None:
    """Somebody whose check was approved, under the list that is current."""
    user_id = await people.sign_up()
    async with people.database.session() as session:
        case = KycCase(
            case_id=new_id(), user_id=user_id, number=1, status="approved",
            submitted_at=datetime.now(UTC), decided_at=datetime.now(UTC), cleared_matches={},
        )  # fmt: skip
        details = logic.Details(name, date(1961, 3, 14), "RU", "RU")
        service.kyc.seal_details(case, details, service.kyc.keyring())
        session.add(case)


async def test_a_list_is_loaded_and_everybody_compared_with_it(
    people: Any, taxlien: Run, tmp_path: Path
) -> None:
    for number in range(3):
        await approved(people, f"Somebody Else {'abc'[number]}")
    await approved(people, "Viktor Petrov")
    file = tmp_path / "targets.simple.csv"
    file.write_text(LIST)
    loaded = await taxlien("load-sanctions", str(file), "--date", "2026-11-20")
    assert loaded.status == 0, loaded.err
    assert "OpenSanctions of 2026-11-20 names 1 people and is current now" in loaded.out
    again = await taxlien("load-sanctions", str(file))
    assert "was current before" in again.out
    screened = await taxlien("screen")
    assert screened.status == 0, screened.err
    assert "Compared 4 checks with the current list; 1 wait" in screened.out
    states = await people.rows("SELECT status, count(*) FROM users.kyc_cases GROUP BY 1 ORDER BY 1")
    assert states == [("approved", 3), ("in_review", 1)]
    assert "Compared 0 checks" in (await taxlien("screen", "--list", str(file))).out
    assert "Petrov" not in screened.out + screened.err


@pytest.mark.parametrize(
    ("content", "options", "status"),
    [("no,list\n1,2\n", (), 1), (LIST, ("--date", "yesterday"), 2)],
)
async def test_what_is_no_list_is_said_in_words(
    people: Any, taxlien: Run, tmp_path: Path, content: str, options: tuple[str, ...], status: int
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(content)
    ended = await taxlien("load-sanctions", str(file), *options)
    assert ended.status == status
    assert ended.err
    assert "Traceback" not in ended.err
    assert await people.rows("SELECT count(*) FROM users.sanctions_lists") == [(0,)]


async def test_keys_are_rotated(people: Any, taxlien: Run) -> None:
    for number in range(5):
        await approved(people, f"Somebody Else {'abcde'[number]}")
    key = base64.b64encode(os.urandom(32)).decode()
    ring = f"newer:{key},{os.environ['TAXLIEN_SEALING_KEYS']}"
    ended = await taxlien("reseal", "--batch", "2", TAXLIEN_SEALING_KEYS=ring)
    assert ended.status == 0, ended.err
    assert ended.out.splitlines() == ["Sealed 5 values again.", "Key newer seals 5 values."]
    assert key not in ended.out + ended.err


async def test_an_account_is_made_with_a_password_shown_once(
    taxlien: Run, process: Run, database_for: Callable[..., Awaitable[Database]]
) -> None:
    auth = await database_for("auth")
    own = {"TAXLIEN_AUTH_DATABASE_URL": url_of(auth)}
    made = await process("create", "Root@Example.org", "--role", "admin", **own)
    assert made.status == 0, made.err
    assert len(made.out.strip().rpartition(" ")[2]) >= 24
    again = await taxlien("create", "root@example.org", "--role", "support", **own)
    assert "its password stays" in again.out

    async with auth.session() as session:
        bodies = (await session.scalars(text("SELECT body FROM auth.outbox ORDER BY seq"))).all()
    heard = [e for e in map(decode, map(bytes, bodies)) if e.type == UserSignedUp.wire_type()]
    assert [envelope.event(UserSignedUp).email_verified for envelope in heard] == [True]
    refused = await taxlien("create", "no address", **own)
    assert refused.status == 2
    assert "Traceback" not in refused.err


async def test_without_servers_it_says_how_to_start_them(taxlien: Run) -> None:
    ended = await taxlien("reseal", TAXLIEN_USERS_DATABASE_URL="", TAXLIEN_DATABASE_URL="")
    assert ended.status == 3
    assert "taxlien up" in ended.err
