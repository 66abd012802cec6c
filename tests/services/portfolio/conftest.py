"""A portfolio with a database of its own, a catalogue to ask, and people who watch."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest
from sqlalchemy import text

from kept_apps import kept_app
from taxlien.interfaces.liens import Lien
from taxlien.interfaces.portfolio import AuctionNeared, WatchTriggered
from taxlien.kit.database import Database
from taxlien.kit.events import decode
from taxlien.kit.ids import new_id
from taxlien.services.portfolio import events, service
from taxlien.services.portfolio.endpoints import router

SECRET = "the gateway's own word, 32 characters and more"
PATH = "/v1/portfolio/watches"


class Catalogue:
    """A liens service that is asked for a lien or a parcel: a real HTTP server with the agreed shape."""

    def __init__(self) -> None:
        self.liens: dict[str, Lien] = {}
        catalogue = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = catalogue.answer(self.path.split("/"))
                body = msgspec.json.encode(found)
                self.send_response(200 if found else 404)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, *liens: Lien) -> None:
        self.liens |= {str(lien.lien_id): lien for lien in liens}

    def answer(self, path: list[str]) -> object:
        if path[:4] != ["", "v1", "liens", "parcels"]:
            lien = self.liens.get(path[-1])
            return lien and {name: getattr(lien, name) for name in lien.__struct_fields__}
        liens = [lien for lien in self.liens.values() if lien.parcel_key == path[-1]]
        if not liens:
            return None
        names = ("county_fips", "parcel_key", "parcel_id", "situs_address")
        return {name: getattr(liens[0], name) for name in names} | {"liens": liens, "flags": None}


@pytest.fixture(scope="session")
def served() -> Iterator[Catalogue]:
    served = Catalogue()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def catalogue(served: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """The catalogue, empty."""
    served.liens = {}
    monkeypatch.setenv("TAXLIEN_PORTFOLIO_LIENS_URL", served.url)
    return served


@pytest.fixture(scope="session")
def make_lien() -> Callable[..., Lien]:
    """Build a lien; ``n`` gives its id and parcel. By default a sold certificate of Polk, Florida."""

    def make(n: int, **fields: object) -> Lien:
        values: dict[str, object] = {
            "lien_id": UUID(int=n),
            "version": 1,
            "kind": "certificate",
            "status": "advertised",
            "state": "FL",
            "county_fips": "12105",
            "county": "Polk",
            "parcel_id": f"24-29-09-{n:06d}",
            "parcel_key": f"242909{n:06d}",
            "source": "test",
            "first_seen_at": datetime(2025, 1, 1, tzinfo=UTC),
            "last_changed_at": datetime(2025, 1, 1, tzinfo=UTC),
            "tax_year": 2023,
            "sale_date": date(2030, 6, 1),
            "sale_date_basis": "published",
            "face_amount": Decimal("2400.00"),
            "situs_address": f"{n} ARMSTRONG AV",
        }
        return Lien(**{**values, **fields})

    return make


class Watching:
    """The service, and an app before it."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self.database = database
        self.catalogue = catalogue
        self.app = kept_app(router, {"portfolio": database}, gateway_secret=SECRET)

    def client(self, user_id: UUID | None, tier: str = "free") -> httpx2.AsyncClient:
        headers = {"x-gateway-secret": SECRET, "x-roles": "investor", "x-tier": tier}
        if user_id is not None:
            headers["x-user-id"] = str(user_id)
        transport = httpx2.ASGITransport(self.app)
        return httpx2.AsyncClient(transport=transport, base_url="http://portfolio", headers=headers)

    async def liens(self, *happened: Any) -> list[WatchTriggered]:
        """Hand in a batch; returns what was told by it."""
        await self.forget_said()
        async with self.database.session() as session:
            await events.hear_liens(session, list(happened))
        return await self.said(WatchTriggered)

    async def user(self, event: Any) -> None:
        async with self.database.session() as session:
            await events.follow_users(session, event)

    async def remind(self, now: datetime) -> list[AuctionNeared]:
        await self.forget_said()
        async with self.database.session() as session:
            await service.remind(session, now)
        return await self.said(AuctionNeared)

    async def forget_said(self) -> None:
        async with self.database.session() as session:
            await session.execute(text("DELETE FROM portfolio.outbox"))

    async def said(self, kind: Any) -> list[Any]:
        async with self.database.session() as session:
            bodies = await session.scalars(
                text("SELECT body FROM portfolio.outbox WHERE type = :type ORDER BY seq"),
                {"type": kind.wire_type()},
            )
            return [decode(bytes(body)).event(kind) for body in bodies]


@pytest.fixture
async def watching(database_for, catalogue) -> Watching:
    return Watching(await database_for("portfolio"), catalogue)


@pytest.fixture
async def ann(watching) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody on the free tier."""
    async with watching.client(new_id()) as client:
        yield client
