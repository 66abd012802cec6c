"""Mailboxes in folders of their own: as a store, as a process, as a part of a stack."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP

import httpx2
import pytest

PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def written(
    subject: str = "Hello", text: str = "Hi there", html: str | None = None
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "TAXLIEN.online <no-reply@taxlien.example>"
    mail["To"] = "ann@example.com"
    mail["Subject"] = subject
    mail["Message-ID"] = "<1@taxlien.example>"
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    return mail


@dataclass
class RunningMailbox:
    """The mailbox as a process."""

    home: Path
    smtp_port: int
    process: subprocess.Popen[bytes]
    http: httpx2.Client

    def send(self, mail: EmailMessage, *to: str) -> None:
        with SMTP("127.0.0.1", self.smtp_port, timeout=PATIENCE) as client:
            client.send_message(mail, to_addrs=list(to or ("ann@example.com",)))

    def messages(self, **params: object) -> list[dict[str, object]]:
        answer = self.http.get("/dev/mail/api/messages", params=params)
        assert answer.status_code == 200, answer.text
        return list(json.loads(answer.content)["messages"])


@pytest.fixture
def start_mailbox(tmp_path: Path) -> Iterator[Callable[[], RunningMailbox]]:
    """Start the mailbox of this test's folder; it is ended with the test."""
    started: list[RunningMailbox] = []

    def start() -> RunningMailbox:
        smtp, http = free_port(), free_port()
        command = [sys.executable, "-m", "taxlien.run", "mailbox"]
        ports = ["--smtp-port", str(smtp), "--http-port", str(http)]
        environment = {**os.environ, "TAXLIEN_HOME": str(tmp_path)}
        process = subprocess.Popen([*command, *ports], env=environment)
        client = httpx2.Client(base_url=f"http://127.0.0.1:{http}", trust_env=False)
        running = RunningMailbox(tmp_path, smtp, process, client)
        started.append(running)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if client.get("/ready").status_code == 200:
                    return running
            except httpx2.TransportError:
                assert process.poll() is None, "it ended by itself"
                assert time.monotonic() < deadline
                time.sleep(0.02)

    yield start
    for running in started:
        running.http.close()
        running.process.kill()
        running.process.wait()


@pytest.fixture
def write() -> Callable[..., EmailMessage]:
    return written


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], object]:
    async def wait(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - it looks at another process
                await asyncio.sleep(0.02)

    return wait
