"""A site of every platform, collected day after day while its county lives on: which runs are held back.

    python bench/collecting_days.py [--days 30] [--from 2026-11-20] [--parcels 150]

Nothing goes wrong at the sites: every run that is quarantined is a false alarm, and is shown with its
reasons. Warnings are counted too. Starts its own PostgreSQL, Valkey, object store and simulator.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from taxlien.kit.database import Database
from taxlien.kit.migrations import prepare_service, upgrade
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.run.stack import Stack
from taxlien.services.scraper import service
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.logic.sites import site_of

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Tally:
    """What came of the runs of one source."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.changed: list[int] = []
        self.warnings: Counter[str] = Counter()
        self.reasons: list[str] = []


@contextmanager
def simulator(day: date, parcels: int, counties: int) -> Iterator[str]:
    """Yield the address of a simulator that runs meanwhile."""
    options = {"port": 0, "counties": counties, "parcels": parcels * counties, "day": day}
    command = [sys.executable, "-m", "taxlien.run", "simulate"]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            if found is None:
                raise SystemExit("the simulator did not start")
            yield found[0]
        finally:
            process.terminate()
            process.wait(10)


def ask(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with _DIRECT.open(urllib.request.Request(url, data), timeout=60) as answer:
        return json.load(answer)


def chosen(sites: list[dict[str, Any]]) -> list[str]:
    """One site of every platform and kind of host, and every list."""
    found: dict[str, str] = {}
    for site in sites:
        kind = site["base_url"].rsplit(".", 1)[-1]
        one_of = site["name"] if site["platform"] == "open_data" else kind
        found.setdefault(f"{site['platform']} {one_of}", f"{site['platform']}/{site['name']}")
    return sorted(found.values())


async def collect(database: Database, name: str, today: date, tally: Tally) -> None:
    async with database.session() as session:
        run_id = await service.start_run(session, name, today=today)
    await service.drive(database, run_id, stop=asyncio.Event())
    async with database.session() as session:
        run = await service.run_named(session, run_id)
        query = text("SELECT findings FROM scraper.runs WHERE id = :id")
        findings = (await session.execute(query, {"id": run_id})).scalar_one() or []
        await session.execute(text("TRUNCATE scraper.outbox"))
    tally.states[run.state] += 1
    tally.changed.append(run.changed)
    for finding in findings:
        if finding["severity"] == "warns":
            tally.warnings[f"{finding['check']} {finding['field'] or ''}".strip()] += 1
    if run.state != "published":
        tally.reasons.append(f"{name} on {today}: {run.state}: {run.reason}")
    if run.state == "quarantined":
        async with database.session() as session:
            await service.release_quarantine(session, name)
        await service.drive(database, run_id, stop=asyncio.Event())


async def live(url: str, since: date, days: int) -> dict[str, Tally]:
    """Collect on every day, in the order of the days."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    settings = read_settings(KitSettings)
    await prepare_service(
        settings.require("database_url"), "scraper", settings.database_password_for("scraper")
    )
    await upgrade(settings.database_url_for("scraper"), "scraper")
    database = Database(settings.database_url_for("scraper"), service="scraper", pool_size=4)
    try:
        for today in (since + timedelta(n) for n in range(days)):
            ask(f"{url}/simulator/day", {"day": today.isoformat()})
            sites = ask(f"{url}/sites.json")
            names = chosen(sites)
            async with database.session() as session:
                await service.record_sites(session, [site_of(s) for s in sites], shipped=False)
            for name in names:
                await collect(database, name, today, tallies[name])
            held = sum(tally.states["quarantined"] for tally in tallies.values())
            print(f"{today}: {held} held back so far", file=sys.stderr)
    finally:
        await current.close()
        await database.close()
    return tallies


def show(tallies: dict[str, Tally]) -> None:
    table = Table(title="Days in a row without a fault")
    for title in ("source", "published", "held back", "changed a day", "warnings"):
        table.add_column(title, justify="left" if title in {"source", "warnings"} else "right")
    for name, tally in sorted(tallies.items()):
        later = tally.changed[1:]
        bad = sum(tally.states.values()) - tally.states["published"]
        mean = sum(later) / len(later) if later else 0
        warned = ", ".join(f"{what} {count}" for what, count in tally.warnings.most_common(6))
        table.add_row(name, str(tally.states["published"]), str(bad), f"{mean:.1f}", warned)
    console = Console(width=150)
    console.print(table)
    for tally in tallies.values():
        for reason in tally.reasons:
            console.print(reason, markup=False, highlight=False)


async def run(since: date, days: int, parcels: int, counties: int) -> dict[str, Tally]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "home", parts=["postgres", "valkey", "objects"], settings={})
        await stack.start()
        try:
            os.environ.update(stack.environment())
            os.environ["TAXLIEN_SCRAPER_PUBLISH_PAGES"] = "500"
            with simulator(since, parcels, counties) as url:
                return await live(url, since, days)
        finally:
            await stack.stop()


def main() -> None:
    """Collect, and show what was held back; ends with 1 where anything was."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--from", dest="since", type=date.fromisoformat, default=date(2026, 11, 20))
    parser.add_argument("--parcels", type=int, default=150, help="parcels of each county")
    parser.add_argument("--counties", type=int, default=24)
    options = parser.parse_args()
    configure_logs(read_settings(KitSettings), process="bench")
    tallies = asyncio.run(run(options.since, options.days, options.parcels, options.counties))
    show(tallies)
    sys.exit(any(tally.reasons for tally in tallies.values()))


if __name__ == "__main__":
    main()
