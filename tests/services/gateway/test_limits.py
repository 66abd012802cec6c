"""Quotas as data: whose a request is, what an answer says; and the sliding window, in a real Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from taxlien.kit.security.identity import TIERS
from taxlien.kit.settings import KitSettings, SettingsError
from taxlien.services.gateway import service
from taxlien.services.gateway.adapters.windows import CELLS, CountsAway, SlidingWindows
from taxlien.services.gateway.logic.limits import (
    LIMITS,
    Limit,
    Verdict,
    headers_of,
    network_of,
    quota_of,
)
from taxlien.services.gateway.settings import GatewaySettings

MINUTE = 60_000
CELL = MINUTE // CELLS


@pytest.fixture
async def windows(kit_settings: KitSettings) -> AsyncIterator[SlidingWindows]:
    made = SlidingWindows(kit_settings.require("cache_url"))
    yield made
    await made.close()


async def admitted(windows: SlidingWindows, key: str, limit: Limit, now_ms: int, tries: int) -> int:
    verdicts = [await windows.count(key, limit, now_ms=now_ms) for _ in range(tries)]
    return sum(verdict.allowed for verdict in verdicts)


def key() -> str:
    return f"limit:test:{uuid4()}"


async def test_a_window_holds_its_limit_and_not_one_more(windows: SlidingWindows) -> None:
    name, limit = key(), Limit(10, 60)
    verdicts = [await windows.count(name, limit, now_ms=0) for _ in range(12)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 10 + [False] * 2
    assert [verdict.remaining for verdict in verdicts] == [*range(9, -1, -1), 0, 0]


async def test_no_window_of_the_full_length_ever_holds_more(windows: SlidingWindows) -> None:
    """A burst at the end of one minute and another at the start of the next are one minute's."""
    name, limit = key(), Limit(10, 60)
    counted: list[int] = []
    for now in range(0, 4 * MINUTE, 1_700):
        counted += [now] * await admitted(windows, name, limit, now, 4)
    for begin in counted:
        assert len([moment for moment in counted if begin <= moment < begin + MINUTE]) <= 10
    assert len(counted) >= 35  # four minutes give nearly four times ten


async def test_room_returns_as_cells_leave_and_the_wait_said_is_enough(
    windows: SlidingWindows,
) -> None:
    name, limit = key(), Limit(2, 60)
    assert await admitted(windows, name, limit, 0, 1) == 1
    assert await admitted(windows, name, limit, 30_000, 1) == 1
    refused = await windows.count(name, limit, now_ms=40_000)
    assert not refused.allowed
    assert refused.wait_ms <= MINUTE + CELL - 40_000
    early = await windows.count(name, limit, now_ms=40_000 + refused.wait_ms - CELL - 1)
    assert not early.allowed
    assert await admitted(windows, name, limit, 40_000 + refused.wait_ms, 3) == 1


async def test_refusals_do_not_count(windows: SlidingWindows) -> None:
    name, limit = key(), Limit(1, 60)
    for second in range(0, 60, 5):
        await windows.count(name, limit, now_ms=second * 1000)
    assert await admitted(windows, name, limit, MINUTE + CELL, 1) == 1


async def test_a_flood_at_once_is_counted_exactly(windows: SlidingWindows) -> None:
    name, limit = key(), Limit(37, 60)
    verdicts = await asyncio.gather(*(windows.count(name, limit) for _ in range(500)))
    assert sum(verdict.allowed for verdict in verdicts) == 37


async def test_a_count_takes_little_room_and_goes_away(
    windows: SlidingWindows, kit_settings: KitSettings
) -> None:
    name, limit = key(), Limit(100_000, 1)
    for now in range(0, 20_000, 7):
        await windows.count(name, limit, now_ms=now)
    redis: Any = windows._redis
    assert await redis.hlen(name) <= CELLS + 2
    assert 0 < await redis.pttl(name) <= 1_200


async def test_while_the_server_is_away_the_answer_comes_at_once(unused_port: int) -> None:
    windows = SlidingWindows(f"redis://127.0.0.1:{unused_port}/0")
    for _ in range(3):
        with pytest.raises(CountsAway):
            await windows.count("limit:x", Limit(1, 60))
    await windows.close()


def test_every_tier_has_a_limit_and_more_for_more() -> None:
    for prefix in ("", "costly-"):
        stranger, *tiers = [LIMITS[f"{prefix}{name}"].requests for name in ("anonymous", *TIERS)]
        assert tiers == sorted(set(tiers))
        assert stranger <= tiers[0]
    assert LIMITS["sign_in"].requests < LIMITS["anonymous"].requests


@pytest.mark.parametrize(
    ("kind", "user_id", "tier", "expected"),
    [
        ("default", "", "", "limit:anonymous:9.9.9.9"),
        ("default", "", "enterprise", "limit:anonymous:9.9.9.9"),
        ("default", "u1", "premium", "limit:premium:u1"),
        ("default", "u1", "", "limit:free:u1"),
        ("default", "u1", "sign_in", "limit:free:u1"),
        ("costly", "", "", "limit:costly-anonymous:9.9.9.9"),
        ("costly", "u1", "enterprise", "limit:costly-enterprise:u1"),
        ("sign_in", "u1", "enterprise", "limit:sign_in:9.9.9.9"),
        ("light", "u1", "enterprise", "limit:light:u1"),
        ("light", "", "", "limit:light:9.9.9.9"),
    ],
)
def test_a_request_counts_for_its_user_or_its_address(
    kind: Any, user_id: str, tier: str, expected: str
) -> None:
    quota = quota_of(kind, user_id=user_id, tier=tier, address="9.9.9.9")
    assert quota.key == expected
    assert quota.name in LIMITS


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:DB8:1:3::9", "2001:db8:1:3::/64"),
        ("::ffff:9.9.9.9", "9.9.9.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("9.9.9.9, 8.8.8.8", "unknown"),
        ("evil:key", "unknown"),
    ],
)
def test_an_address_counts_as_one_household(address: str, expected: str) -> None:
    assert network_of(address) == expected


def test_what_an_answer_says() -> None:
    room = dict(headers_of("free", Limit(300, 60), Verdict(True, 299, 62_999)))
    assert room == {
        b"ratelimit-policy": b'"free";q=300;w=60',
        b"ratelimit": b'"free";r=299;t=63',
        b"ratelimit-limit": b"300",
        b"ratelimit-remaining": b"299",
        b"ratelimit-reset": b"63",
    }
    refusal = dict(headers_of("free", Limit(300, 60), Verdict(False, 0, 1)))
    assert refusal[b"retry-after"] == b"1"


def test_settings_replace_lines_and_nothing_else(kit_settings: KitSettings) -> None:
    limiter = service.open_limiter(kit_settings, GatewaySettings(limits={"free": "5/1"}))
    assert limiter is not None
    with pytest.raises(SettingsError, match="there is no limit gold"):
        service.open_limiter(kit_settings, GatewaySettings(limits={"gold": "5/1"}))
    assert service.open_limiter(KitSettings(cache_url=None), GatewaySettings()) is None


@pytest.mark.parametrize("text", ["", "5", "0/60", "5/0", "-1/60", "5/60/1", "many/60", "5 / 60"])
def test_a_limit_that_says_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="limits"):
        GatewaySettings(limits={"free": text})
    with pytest.raises(ValueError, match="is not requests/seconds"):
        Limit.parse(text)
