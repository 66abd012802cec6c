"""The mailbox as a part of the stack: two ports, a setting for those who send, replaced by a URL."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import psutil
import pytest

from taxlien.run.mailbox.program import (
    MAILBOX,
    MAILBOX_HTTP,
    PAGE,
    SETTING,
    SMTP_URL,
    mailbox_program,
)
from taxlien.run.stack import Program, Stack, StackError, State
from taxlien.run.stack.checkup import examine
from taxlien.services.notifications.adapters.messages import Mail
from taxlien.services.notifications.adapters.smtp import SmtpMailer, SmtpServer

pytestmark = pytest.mark.stack
ANY = {MAILBOX: 0, MAILBOX_HTTP: 0, "valkey": 0, "reader": 0, "more": 0}
SHOW = "import os, time; print(os.environ['FOUND'], flush=True); time.sleep(1000)"


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tlm-"))
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture
async def stack(home: Path) -> AsyncIterator[Stack]:
    made = Stack(home, ["valkey"], ports=ANY, settings={})
    await made.start()
    yield made
    await made.stop()


async def test_mail_of_the_product_is_shown_by_its_mailbox(stack: Stack) -> None:
    await stack.start_program(mailbox_program())
    settings = stack.environment()
    mailer = SmtpMailer(SmtpServer.parse(settings[SETTING]), "T <t@taxlien.example>")
    written = datetime.now(UTC)
    await mailer.send(Mail("01", "ann@example.com", "Тема", "text", "<p>x</p>", "ru", written))
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(
            f"{settings[PAGE]}/api/messages", params={"to": "ann@example.com"}
        )
    [message] = answer.json()["messages"]
    assert (message["subject"], message["message_id"]) == ("Тема", "<01@taxlien.example>")


async def test_both_ports_are_labelled_remembered_and_kept_after_a_crash(
    stack: Stack, until
) -> None:
    await stack.start_program(mailbox_program())
    ports = json.loads((stack.home.root / "stack.json").read_text())["parts"][MAILBOX]["ports"]
    assert list(ports) == [MAILBOX, MAILBOX_HTTP]
    assert stack.environment()[SETTING] == f"smtp://127.0.0.1:{ports[MAILBOX]}"
    before = next(status for status in stack.status() if status.name == MAILBOX)
    psutil.Process(before.pid).kill()

    def is_back() -> bool:
        now = next(status for status in stack.status() if status.name == MAILBOX)
        return now.restarts == 1 and now.state is State.READY

    await until(is_back)
    assert (await_get(ports[MAILBOX_HTTP])).status_code == 200


def await_get(port: int) -> httpx2.Response:
    return httpx2.get(f"http://127.0.0.1:{port}/ready", trust_env=False)


async def test_program_begun_later_knows_every_port_of_those_before_it(stack: Stack, until) -> None:
    await stack.start_program(mailbox_program())
    reader = Program(
        "reader",
        [sys.executable, "-c", SHOW],
        environment_of_its_own={"FOUND": f"{SMTP_URL} {{port of {MAILBOX_HTTP}}}"},
    )
    await stack.start_program(reader)
    ports = json.loads((stack.home.root / "stack.json").read_text())["parts"][MAILBOX]["ports"]
    wanted = f"smtp://127.0.0.1:{ports[MAILBOX]} {ports[MAILBOX_HTTP]}"
    await until(lambda: wanted in stack.home.log("reader").read_text())


async def test_mail_server_from_outside_replaces_it(home: Path, stack: Stack) -> None:
    await stack.start_program(mailbox_program())
    url = stack.environment()[SETTING]
    other = Stack(home.parent / "other", ["valkey"], ports=ANY, settings={SETTING: url})
    try:
        await other.start()
        await other.start_program(mailbox_program())
        [status] = [s for s in other.status() if s.name == MAILBOX]
        assert status.state is State.EXTERNAL
        assert other.environment()[SETTING] == url
        assert PAGE not in other.environment()
    finally:
        await other.stop()


async def test_mail_server_from_outside_that_is_away_is_said_in_words(home: Path) -> None:
    url = "smtp://ann:hidden@127.0.0.1:9"
    stack = Stack(home, ["valkey"], ports=ANY, settings={SETTING: url})
    try:
        await stack.start()
        with pytest.raises(StackError, match=SETTING) as caught:
            await stack.start_program(mailbox_program())
        assert "hidden" not in str(caught.value)
    finally:
        await stack.stop()


async def test_doctor_knows_the_mailbox_running_or_not(home: Path, stack: Stack) -> None:
    await stack.start_program(mailbox_program())
    running = await examine(home, {})
    assert running.problems == []
    [report] = [part for part in running.parts if part.name == MAILBOX]
    assert report.state == "ready"
    assert set(report.ports) == {MAILBOX, MAILBOX_HTTP}
    await stack.stop()
    stopped = await examine(home, {})
    [report] = [part for part in stopped.parts if part.name == MAILBOX]
    assert (report.state, stopped.problems) == ("not running", [])
    assert report.version
