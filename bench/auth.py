"""What a login costs, and how quickly ``/v1/auth/me`` answers.

    python bench/auth.py [--seconds 5] [--requests 2000]

The app runs in this process over ASGI, with embedded PostgreSQL and Valkey that live for the run. Logins
are bound by Argon2: their rate is compared with bare ``argon2.verify`` of the same parameters in the same
number of threads.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import os
import resource
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
from argon2 import PasswordHasher
from rich.console import Console
from rich.table import Table

from taxlien.kit.database import Database
from taxlien.kit.http.app import create_app
from taxlien.kit.migrations import prepare_service, upgrade
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import Policy
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.run.stack import Stack
from taxlien.services.auth import service
from taxlien.services.auth.endpoints import router

SECRET = "the gateway secret of this benchmark, no other"
PASSWORD = "violet harbour kettle 42"
PEOPLE = 50


def memory_mb() -> float:
    """Return the most memory this process held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bare_verify_rate(seconds: float) -> float:
    """Return verifications a second of argon2 alone, in as many threads as auth uses."""
    settings = service.settings()
    hasher = PasswordHasher(
        settings.argon2_passes, settings.argon2_memory_kib, settings.argon2_lanes
    )
    hashed = hasher.hash(PASSWORD)
    deadline = time.perf_counter() + seconds

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < deadline:
            hasher.verify(hashed, PASSWORD)
            done += 1
        return done

    started = time.perf_counter()
    with ThreadPoolExecutor(settings.argon2_at_once) as pool:
        total = sum(pool.map(work, range(settings.argon2_at_once)))
    return total / (time.perf_counter() - started)


async def rate(seconds: float, clients: int, ask: Callable[[int], Awaitable[Any]]) -> float:
    """Return requests a second of ``clients`` that ask one after the other."""
    deadline = time.perf_counter() + seconds
    done = 0

    async def one(number: int) -> None:
        nonlocal done
        while time.perf_counter() < deadline:
            await ask(number)
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(clients)))
    return done / (time.perf_counter() - started)


async def latencies(requests: int, ask: Callable[[], Awaitable[Any]]) -> list[float]:
    """Return milliseconds of each request, sorted."""
    for _ in range(100):
        await ask()
    taken = []
    for _ in range(requests):
        started = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken)


async def measure(database: Database, seconds: float, requests: int, console: Console) -> None:
    app = create_app(
        title="bench",
        routers=[router],
        databases={"auth": database},
        gateway_secret=SECRET,
        policy=Policy.parse(reference_text("policy.txt")),
    )
    async with database.session() as session:
        for number in range(PEOPLE):
            email = f"person{number}@example.com"
            await service.ensure_account(session, email, PASSWORD, ["investor"])
    gateway = {"x-gateway-secret": SECRET}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://auth.bench", headers=gateway
    ) as http:

        async def log_in(number: int) -> dict[str, Any]:
            body = {"email": f"person{number % PEOPLE}@example.com", "password": PASSWORD}
            answer = await http.post("/v1/auth/login", json=body)
            answer.raise_for_status()
            return dict(answer.json())

        found = await log_in(0)
        before = memory_mb()
        at_once = service.settings().argon2_at_once
        logins = await rate(seconds, at_once * 4, log_in)
        after = memory_mb()
        bare = bare_verify_rate(seconds)
        me_headers = {
            "x-user-id": found["user_id"],
            "x-session-id": found["session_id"],
            "x-roles": "investor",
        }

        async def me() -> None:
            (await http.get("/v1/auth/me", headers=me_headers)).raise_for_status()

        async def health() -> None:
            (await http.get("/health")).raise_for_status()

        gc.collect()
        asked, floor = await latencies(requests, me), await latencies(requests, health)
    show(console, logins, bare, at_once, before, after)
    show_latencies(console, asked, floor)


def show(
    console: Console, logins: float, bare: float, at_once: int, before: float, after: float
) -> None:
    settings = service.settings()
    cores = min(at_once, os.cpu_count() or 1)
    table = Table(title="Logins, bound by Argon2id", title_justify="left")
    for column in ("figure", "value"):
        table.add_column(column, justify="right" if column == "value" else "left")
    cost = f"{settings.argon2_memory_kib // 1024} MiB, {settings.argon2_passes} passes"
    table.add_row(f"one hash ({cost}, {settings.argon2_lanes} lane), hashes at once", str(at_once))
    table.add_row("logins/s", f"{logins:.1f}")
    table.add_row("logins/s per core", f"{logins / cores:.1f}")
    table.add_row("bare argon2.verify/s, same threads", f"{bare:.1f}")
    table.add_row("login : bare verify", f"{logins / bare:.2f}")
    table.add_row("most memory before and after, MB", f"{before:.0f}, {after:.0f}")
    console.print(table)


def show_latencies(console: Console, me: list[float], floor: list[float]) -> None:
    table = Table(title="GET /v1/auth/me over ASGI, ms", title_justify="left")
    for column in ("endpoint", "p50", "p95", "p99"):
        table.add_column(column, justify="left" if column == "endpoint" else "right")
    for name, taken in (("/v1/auth/me", me), ("/health (the framework alone)", floor)):
        cuts = statistics.quantiles(taken, n=100)
        table.add_row(name, *(f"{cuts[n - 1]:.2f}" for n in (50, 95, 99)))
    console.print(table)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--requests", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="taxlien-bench-") as folder:
        stack = Stack(Path(folder), parts=("postgres", "valkey"), settings={})
        await stack.start()
        try:
            os.environ.update(stack.environment())
            os.environ["TAXLIEN_LOG_LEVEL"] = "warning"
            os.environ.setdefault(
                "TAXLIEN_SEALING_KEYS",
                f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            )
            settings = KitSettings()
            configure_logs(settings, process="bench")
            owner = settings.require("database_url").replace("+psycopg", "")
            await prepare_service(owner, "auth", settings.database_password_for("auth"))
            url = settings.database_url_for("auth")
            await upgrade(url, "auth")
            database = Database(url, service="auth", pool_size=10)
            await measure(database, arguments.seconds, arguments.requests, Console())
            await database.close()
            await service.close()
        finally:
            await stack.stop()


if __name__ == "__main__":
    asyncio.run(main())
