"""Which liens to buy with a budget: what is on offer is read here, and worked on beside the loop.

What works on it is named and loaded when somebody asks, with its engines: most processes never do.
"""

from __future__ import annotations

import asyncio
import pkgutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from taxlien.interfaces.users import TierAllowsLess, allowance_of
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, TooManyAttempts
from taxlien.services.ml.adapters.family import Model
from taxlien.services.ml.logic.allocation.offers import DAYS_A_MONTH, OLDEST_MONTHS, Offer
from taxlien.services.ml.logic.allocation.wanted import Wanted
from taxlien.services.ml.logic.case import read_case
from taxlien.services.ml.repository import offers

from . import serving

MOST_OFFERS = 3_000
MOST_AT_ONCE = 4
"""One that is worked out and those that wait for it."""
RETRY_SECONDS = 15
FIPS_DIGITS = 5
ASKED = ("redemption", "price", "risk", "allocation")
"""The models that are asked where they serve; without the first nothing can be said."""
_WORK = "taxlien.services.ml.service.allocation_work:work"


@dataclass(frozen=True)
class Market:
    """What is on offer today, and who is asked about it."""

    offers: Sequence[Offer]
    counted: Mapping[str | None, int]
    models: Mapping[str, Model]
    versions: Mapping[str, str | None]
    today: date


class _Places:
    """One at a time, and few who wait: each takes a core for seconds."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()
        self._here = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for the place. Raises ``TooManyAttempts`` where too many wait already."""
        if self._here >= MOST_AT_ONCE:
            raise TooManyAttempts("other portfolios are being worked out", RETRY_SECONDS)
        self._here += 1
        try:
            async with self._one:
                yield
        finally:
            self._here -= 1


_places = _Places()


async def look(session: Session, wanted: Wanted, *, tier: str, today: date | None = None) -> Market:
    """Return what is on offer where ``wanted`` says, and the models that serve.

    Raises ``TierAllowsLess`` where ``tier`` has no optimizer, ``InvalidInput``.
    """
    if not allowance_of(tier).portfolio_optimizer:
        raise TierAllowsLess(f"The {tier} tier has no portfolio optimizer: enterprise has.")
    _check(wanted)
    day = today or datetime.now(UTC).date()
    oldest = day - timedelta(days=int(OLDEST_MONTHS * DAYS_A_MONTH))
    where = (wanted.counties, wanted.states)
    counted = await offers.count(session, *where, today=day, oldest=oldest)
    found = await offers.read(
        session, *where, today=day, oldest=oldest, seed=wanted.seed, most=MOST_OFFERS
    )
    serve = {name: await serving.who_serves(session, name) for name in ASKED}
    return Market(
        found,
        counted,
        {name: one.model for name, one in serve.items() if one is not None},
        {name: None if one is None else str(one.version) for name, one in serve.items()},
        day,
    )


async def allocate(market: Market, wanted: Wanted) -> Any:
    """Return the best choice found (``logic.allocation.answer.Allocation``). Needs no session.

    Raises ``TooManyAttempts`` where too many others wait for theirs.
    """
    async with _places.one():
        return await asyncio.to_thread(_work, market, wanted)


def _work(market: Market, wanted: Wanted) -> Any:
    return cast(Any, pkgutil.resolve_name(_WORK))(market, wanted)


def _check(wanted: Wanted) -> None:
    """Raise ``InvalidInput`` for what no lien can fulfil."""
    for number, fips in enumerate(wanted.counties):
        if len(fips) != FIPS_DIGITS or read_case({"county_fips": fips}).problems:
            raise InvalidInput(f"counties.{number}", f"{fips} is no county's five digits")
    for number, state in enumerate(wanted.states):
        if read_case({"state": state}).problems:
            raise InvalidInput(f"states.{number}", f"{state} is not the two letters of a state")
    least, most = wanted.min_per_lien, wanted.max_per_lien
    if least is not None and most is not None and least > most:
        raise InvalidInput("min_per_lien", "is above max_per_lien")
