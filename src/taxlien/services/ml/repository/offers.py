"""Which liens can be bought now, of those that ml keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from taxlien.kit.database import Session
from taxlien.services.ml.logic.allocation.offers import COLUMNS, KINDS, ON_OFFER, Offer, offer_of

# Made-up liens are offered only where there are no real ones: nobody buys the two together.
_FOUND = """
    SELECT *, CASE
        WHEN status = 'advertised' AND sale_date < :today THEN 'sale_over'
        WHEN status <> 'advertised' AND sale_date < :oldest THEN 'too_old'
    END AS reason
    FROM ml.liens
    WHERE status = ANY(:statuses) AND kind = ANY(:kinds)
        AND ((:everywhere) OR county_fips = ANY(:counties) OR state = ANY(:states))
        AND synthetic = (NOT EXISTS (SELECT FROM ml.liens WHERE NOT synthetic))
"""
_COUNTED = text(f"SELECT reason, count(*) AS n FROM ({_FOUND}) AS found GROUP BY reason")  # noqa: S608 - our own words
# A sample that is fair and the same again: neither by age of the row nor by size.
_READ = text(
    f"SELECT {', '.join(COLUMNS)} FROM ({_FOUND}) AS found WHERE reason IS NULL"  # noqa: S608 - our own names
    " ORDER BY md5(lien_id::text || :seed) LIMIT :most"
)


async def count(
    session: Session, counties: Sequence[str], states: Sequence[str], *, today: date, oldest: date
) -> dict[str | None, int]:
    """Return how many liens are on offer there (None), and how many are not for which reason."""
    rows = await session.execute(_COUNTED, _named(counties, states, today, oldest))
    return {row.reason: row.n for row in rows}


async def read(
    session: Session, counties: Sequence[str], states: Sequence[str], *, today: date, oldest: date,
    seed: int, most: int,
) -> list[Offer]:  # fmt: skip
    """Return at most so many liens on offer in these counties or states; without either, anywhere."""
    named = _named(counties, states, today, oldest) | {"seed": str(seed), "most": most}
    rows = await session.execute(_READ, named)
    return [offer_of(dict(row)) for row in rows.mappings()]


def _named(
    counties: Sequence[str], states: Sequence[str], today: date, oldest: date
) -> dict[str, Any]:
    return {
        "statuses": list(ON_OFFER),
        "kinds": list(KINDS),
        "counties": list(counties),
        "states": list(states),
        "everywhere": not counties and not states,
        "today": today,
        "oldest": oldest,
    }
