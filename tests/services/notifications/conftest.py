"""A real mail server for each test, a database of its own, and the job that sends."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID

import httpx2
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from granian.constants import Interfaces
from granian.server.embed import Server
from sqlalchemy import text

import notification_peers
from kept_apps import kept_app
from listening import wait_for_port
from taxlien.interfaces import auth, users
from taxlien.interfaces.liens import Lien
from taxlien.interfaces.portfolio import WatchTriggered
from taxlien.interfaces.search import SearchMatched
from taxlien.kit.database import Database
from taxlien.kit.events import Event
from taxlien.kit.ids import new_id
from taxlien.kit.security.sealing import Keyring, parse_keys
from taxlien.services.notifications import endpoints, events, tasks
from taxlien.services.notifications.adapters import current

from .killed import start_worker

__all__ = ["start_worker"]

DEADLINE = 30.0
WEB_URL = "https://taxlien.example"
GATEWAY_SECRET = "the gateway's own word, 32 characters and more"
KEYS = f"test:{base64.b64encode(bytes(32)).decode()}"
NOW = datetime.now(UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class MailServer:
    """An SMTP server that answers what a test tells it to, and keeps what it took."""

    port: int = field(default_factory=free_port)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    data_answers: list[str] = field(default_factory=list)
    recipient_answers: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    quit_gate: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    options: dict[str, object] = field(default_factory=dict)
    implicit_tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.recipient_answers.pop(0) if self.recipient_answers else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK"
        self.reached.set()
        if self.gate is not None:
            await self.gate.wait()
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            self.recipients += envelope.rcpt_tos
        return answer

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.quit_gate is not None:
            await self.quit_gate.wait()
        return "221 bye"

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, hostname="mail.test", **self.options),  # type: ignore[arg-type]
            "127.0.0.1",
            self.port,
            ssl=self.implicit_tls,
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def vendors() -> AsyncIterator[notification_peers.Vendors]:
    """SendGrid, Twilio, FCM and a webhook on a socket, as strict as their documents."""
    peer, port = notification_peers.Vendors(), free_port()
    peer.url = f"http://127.0.0.1:{port}"
    server = Server(
        peer.app(), address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False
    )
    task = asyncio.create_task(server.serve())
    await wait_for_port(port, DEADLINE)
    yield peer
    server.stop()
    await asyncio.wait_for(task, DEADLINE)


@pytest.fixture
def settings_of(
    monkeypatch: pytest.MonkeyPatch, stack_environment: dict[str, str]
) -> Callable[..., None]:
    """Set ``TAXLIEN_NOTIFICATIONS_*`` for this process, beside what every test here needs."""

    def choose(**values: object) -> None:
        for name in [n for n in os.environ if n.startswith("TAXLIEN_NOTIFICATIONS_")]:
            monkeypatch.delenv(name)
        for name, value in stack_environment.items():
            if name.startswith("TAXLIEN_OBJECTS_"):
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("TAXLIEN_SEALING_KEYS", KEYS)
        defaults = {
            "web_url": WEB_URL,
            "first_pause": 0.05,
            "longest_pause": 0.2,
            "provider_rest": 0.05,
        }
        for name, value in (defaults | values).items():
            monkeypatch.setenv(f"TAXLIEN_NOTIFICATIONS_{name.upper()}", str(value))
        current.forget()

    return choose


@pytest.fixture
def mail_settings(mail_server: MailServer, settings_of: Callable[..., None]) -> None:
    settings_of(smtp_url=f"smtp://127.0.0.1:{mail_server.port}")


@pytest.fixture
async def database(
    database_for: Callable[..., Awaitable[Database]], mail_settings: None
) -> Database:
    return await database_for("notifications")


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(parse_keys(KEYS))


@pytest.fixture
def hear(database: Database) -> Callable[..., Awaitable[None]]:
    """Hand events to the handler, each in a transaction of its own."""

    async def hand_in(*heard: Event) -> None:
        for event in heard:
            async with database.session() as session:
                if isinstance(event, SearchMatched | WatchTriggered):
                    await events.gather_news(session, [event])
                else:
                    await events.take_note(session, event)  # type: ignore[arg-type]

    return hand_in


@asynccontextmanager
async def job_on(database: Database) -> AsyncIterator[None]:
    stop = asyncio.Event()
    job = asyncio.create_task(tasks.send_messages(database, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(job, DEADLINE)


@pytest.fixture
def sending() -> Callable[[Database], AbstractAsyncContextManager[None]]:
    """Run the job that sends, for the time of a block."""
    return job_on


@pytest.fixture
def until() -> Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]:
    """Wait for something to become true, with a deadline."""

    async def wait(true: Callable[[], Awaitable[bool] | bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while True:
                found = true()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def client_of(database: Database) -> Callable[..., httpx2.AsyncClient]:
    """A client that the gateway says is a user; nobody where none is named."""
    app = kept_app(endpoints.router, {"notifications": database}, gateway_secret=GATEWAY_SECRET)

    def make(user_id: UUID | None = None) -> httpx2.AsyncClient:
        known = {"x-user-id": str(user_id), "x-roles": "investor", "x-tier": "free"}
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app),
            base_url=WEB_URL,
            headers={"x-gateway-secret": GATEWAY_SECRET, **(known if user_id else {})},
        )

    return make


@pytest.fixture
def rows(database: Database) -> Callable[..., Awaitable[list[dict[str, object]]]]:
    """Read a table of notifications, as it is committed."""

    async def read(table: str = "messages", order: str = "created_at") -> list[dict[str, object]]:
        async with database.session() as session:
            found = await session.execute(
                text(f"SELECT * FROM notifications.{table} ORDER BY {order}")
            )
            return [dict(row) for row in found.mappings()]

    return read


@pytest.fixture
def every_event(keyring: Keyring) -> Callable[..., list[Event]]:
    """One of each event that makes a mail, for a user who signed up before."""

    def make(
        user_id: UUID | None = None, email: str = "ann@example.com", language: str = "en"
    ) -> list[Event]:
        user = user_id or new_id()
        who = {"user_id": user, "at": NOW}
        told = {**who, "email": email, "language": language}
        later = NOW + timedelta(hours=1)
        token = keyring.seal_text("tok-1_A", f"{auth.TOKEN_CONTEXT}:{user}")
        return [
            auth.UserSignedUp(**told, email_verified=False, method="password"),
            auth.EmailVerificationRequested(**told, sealed_token=token, expires_at=later),
            auth.SignUpRepeated(**told),
            auth.EmailVerified(**who, email=email),
            auth.PasswordResetRequested(**told, sealed_token=token, expires_at=later),
            auth.PasswordChanged(**told),
            auth.DeviceAdded(**told, device_name="Firefox on Linux", address="203.0.113.7"),
            auth.RefreshTokenReused(**told, device_name="Firefox on Linux"),
            auth.SecondFactorChanged(**told, factor="totp", change="added"),
            auth.IdentityLinked(**told, provider="google"),
            users.UserExportReady(**who, export_id=new_id(), expires_at=later),
            users.UserDeletionRequested(**who, erase_after=later),
            users.UserDeletionCancelled(**who),
        ]

    return make


@pytest.fixture
def user_id() -> UUID:
    return new_id()


@pytest.fixture
async def known(hear, user_id: UUID) -> UUID:
    """A user who signed up and confirmed their address, whose clock shows UTC and who sleeps never."""
    who = {"user_id": user_id, "at": NOW}
    await hear(
        auth.UserSignedUp(
            **who, email="ann@example.com", language="en", email_verified=True,
            method="google", synthetic=True,
        ),
        preferences_of(user_id),
    )  # fmt: skip
    return user_id


def preferences_of(user_id: UUID, **changes: object) -> users.PreferencesChanged:
    told = {
        "user_id": user_id, "at": NOW, "language": "en", "currency": "USD", "time_zone": "UTC",
        "email_notifications": True, "push_notifications": True, "sms_notifications": False,
    }  # fmt: skip
    return users.PreferencesChanged(**{**told, **changes})


def match_of(
    user_id: UUID,
    search_id: UUID,
    number: int = 1,
    *,
    name: str = "Near the lake",
    pace: str = "instant",
    lien_id: UUID | None = None,
    **money: object,
) -> SearchMatched:
    lien = Lien(
        lien_id=lien_id or new_id(), version=1, kind="certificate", status="advertised", state="FL",
        county_fips="12083", county="Marion", parcel_id=f"12-{number:04}", parcel_key=f"12{number:04}",
        source="test", first_seen_at=NOW, last_changed_at=NOW, city="Ocala",
        situs_address=f"{number} Example St",
    )  # fmt: skip
    worth = {
        "price": Decimal(1000 + number),
        "rate_pct": Decimal(18),
        "payoff": Decimal(1180 + number),
        "roi_pct": Decimal(number),
    }
    return SearchMatched(
        user_id=user_id, search_id=search_id, search_name=name, pace=pace, cause="created",
        lien=lien, at=NOW, **{**worth, **money},
    )  # fmt: skip


@asynccontextmanager
async def telling_on(database: Database):
    stop = asyncio.Event()
    job = asyncio.create_task(tasks.tell_gathered(database, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(job, DEADLINE)


@pytest.fixture
def telling() -> Callable[[Database], AbstractAsyncContextManager[None]]:
    return telling_on


@pytest.fixture
def make_due(database: Database) -> Callable[[], Awaitable[None]]:
    """Let the time pass until everything gathered is due."""

    async def pass_time() -> None:
        async with database.session() as session:
            await session.execute(
                text("UPDATE notifications.gathered SET due_at = now() WHERE told_at IS NULL")
            )

    return pass_time


@pytest.fixture
def preferences() -> Callable[..., users.PreferencesChanged]:
    """Make the event of a user's preferences."""
    return preferences_of


@pytest.fixture
def match() -> Callable[..., SearchMatched]:
    """Make the event of a lien that met a saved search."""
    return match_of
