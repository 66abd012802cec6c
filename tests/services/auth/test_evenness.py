"""Nobody learns from the clock whether an address has an account. The one place where time is compared.

Hashes cost here what makes them dominate, and medians of interleaved samples are compared as a ratio.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from taxlien.services.auth import service

SAMPLES = 9
FURTHEST = 1.4
ROUNDS = 4
PASSWORD = "violet harbour kettle 42"


@pytest.fixture
async def realistic(auth_settings: Any) -> None:
    """Hashes of some milliseconds, the shortest answers as in the product, no limits in the way."""
    for name, value in {
        "ARGON2_MEMORY_KIB": "19456",
        "ARGON2_PASSES": "2",
        "EVEN_ANSWER_MS": "60",
        "MAILS_PER_HOUR": "1000",
        "MAILS_PER_HOUR_AND_ADDRESS": "1000",
        "THROTTLE_PER_ACCOUNT": "1000",
        "THROTTLE_PER_ADDRESS": "1000",
    }.items():
        auth_settings.setenv(f"TAXLIEN_AUTH_{name}", value)
    await service.close()


async def medians(*sorts: Callable[[int], Awaitable[Any]]) -> list[float]:
    """Return the median seconds of each sort of request, asked in turns."""
    taken: list[list[float]] = [[] for _ in sorts]
    for sample in range(SAMPLES + 2):
        for seconds, ask in zip(taken, sorts, strict=True):
            started = time.perf_counter()
            await ask(sample)
            if sample >= 2:  # the first of each warm up what is opened once
                seconds.append(time.perf_counter() - started)
    return [statistics.median(seconds) for seconds in taken]


async def assert_even(*sorts: Callable[[int], Awaitable[Any]]) -> None:
    """Fail when one sort is slower every time: a busy machine slows any of them, a leak always the same."""
    rounds: list[list[float]] = []
    for _ in range(ROUNDS):
        found = await medians(*sorts)
        rounds.append(found)
        if max(found) / min(found) < FURTHEST:
            return
    raise AssertionError(rounds)


async def test_login_takes_as_long_for_an_unknown_address_and_one_without_a_password(
    realistic: None, app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person, without = await sign_up_verified(), await sign_up_verified()
    await auth_database.rows(
        "UPDATE auth.accounts SET password_hash = NULL WHERE user_id = :id", id=without.user_id
    )

    def log_in(email: str) -> Callable[[int], Awaitable[Any]]:
        body = {"email": email, "password": "wrong password entirely"}
        return lambda _: app_client.post("/v1/auth/login", json=body)

    await assert_even(log_in(person.email), log_in("nobody@example.com"), log_in(without.email))


async def test_sign_up_takes_as_long_for_a_known_address(
    realistic: None, app_client: Any, sign_up_verified: Any
) -> None:
    person, numbers = await sign_up_verified(), itertools.count()

    def sign_up(email: str) -> Callable[[int], Awaitable[Any]]:
        return lambda _: app_client.post(
            "/v1/auth/signup", json={"email": email.format(next(numbers)), "password": PASSWORD}
        )

    await assert_even(sign_up(person.email), sign_up("new{}@example.com"))


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
async def test_mail_is_asked_for_as_long_for_an_unknown_address(
    realistic: None, app_client: Any, sign_up_verified: Any, path: str
) -> None:
    person = await sign_up_verified()
    body = {"email": "waiting@example.com", "password": PASSWORD}
    await app_client.post("/v1/auth/signup", json=body)

    def ask(email: str) -> Callable[[int], Awaitable[Any]]:
        return lambda _: app_client.post(f"/v1/auth/{path}", json={"email": email})

    await assert_even(ask(person.email), ask("waiting@example.com"), ask("nobody@example.com"))
