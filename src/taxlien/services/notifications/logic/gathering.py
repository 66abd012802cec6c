"""Many facts, one message: what of an event is kept until it is told, and how what was kept is told.

An item is one fact for one user: its id is made from what makes it the same fact, so that however often an
event comes, it is told once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from taxlien.interfaces.liens import Lien
from taxlien.interfaces.portfolio import WatchTriggered
from taxlien.interfaces.search import SearchMatched

from .pacing import Pace
from .wording import harmless

MOST_SHOWN = 20
MOST_SECTIONS = 10
SHOWN_OF_SEVERAL = 5
LIEN_PATH = "/v1/liens/{lien_id}"
"""Where a lien is shown, under the address that links lead to."""

ONE_TOPIC = UUID(int=0)
"""The topic of messages without sections."""

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """A fact to be told. Items of one ``gathering`` of a kind make one message, with a section a ``topic``.

    ``rank`` orders items of a section, the highest first, None last. ``facts`` are what the message says.
    """

    item_id: UUID
    kind: str
    pace: Pace
    gathering: str
    topic: UUID
    rank: Decimal | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Section:
    """What was gathered about one topic: how many items there are, and the facts of the first of them."""

    total: int
    items: Sequence[Facts]


def match_of(event: SearchMatched) -> Item | None:
    """Return what a match is told as; None where its user asked for silence.

    The same lien in the same search is told once. What is instant is gathered for each search, what comes
    daily or weekly for all searches together.
    """
    if event.pace == "off":
        return None
    instant = event.pace == "instant"
    return Item(
        item_id=fact_id("match", event.user_id, event.search_id, event.lien.lien_id),
        kind="saved_search_matches",
        pace=event.pace,
        gathering=f"instant:{event.search_id}" if instant else event.pace,
        topic=event.search_id,
        rank=event.roi_pct,
        facts={
            "search": harmless(event.search_name),
            **lien_facts(event.lien),
            "price": _text(event.price),
            "rate_pct": _text(event.rate_pct),
            "payoff": _text(event.payoff),
            "months": event.payoff_months,
        },
    )


def watch_of(event: WatchTriggered) -> Item | None:
    """Return what a change of something watched is told as; None where its user asked for silence.

    A price, a redemption and other changes are alerts, gathered for a moment, a day or a week as the watch
    asks. What is new in a week is a digest. The same version of a lien is told once for a watch.
    """
    if event.pace == "off":
        return None
    digest = event.reason == "new_lien" and event.pace == "weekly"
    kinds = {"price_dropped": "price_drop", "redeemed": "redemption_update"}
    lien = event.lien
    fell = None
    if event.previous_price is not None and event.price is not None:
        fell = event.previous_price - event.price
    return Item(
        item_id=fact_id(
            "watch", event.user_id, event.watch_id, lien.lien_id, lien.version, event.reason
        ),
        kind="weekly_digest" if digest else kinds.get(event.reason, "watch_changed"),
        pace=event.pace,
        gathering=event.pace,
        topic=event.watch_id if digest else ONE_TOPIC,
        rank=event.price if digest else fell,
        facts={
            "label": harmless(event.label),
            **lien_facts(lien),
            "reason": event.reason,
            "status": lien.status,
            "previous_status": event.previous_status,
            "price": _text(event.price),
            "previous_price": _text(event.previous_price),
            "redeemed_on": lien.redeemed_on.isoformat() if lien.redeemed_on else None,
            "rate_pct": _text(lien.bid_rate_pct),
            "payoff": None,
            "months": None,
        },
    )


def told_of(kind: str, pace: Pace, sections: Sequence[Section]) -> Facts:
    """Return the parameters of the one message of ``kind`` about ``sections``."""
    match kind:
        case "saved_search_matches":
            return {"pace": pace, **_in_sections(sections, "searches", named_by="search")}
        case "weekly_digest":
            return _in_sections(sections, "watches", named_by="label")
        case _:
            [section] = sections
            shown = section.items[:MOST_SHOWN]
            return {"total": section.total, "more": section.total - len(shown), "liens": shown}


def _in_sections(sections: Sequence[Section], name: str, *, named_by: str) -> Facts:
    shown = MOST_SHOWN if len(sections) == 1 else SHOWN_OF_SEVERAL
    return {
        "total": sum(section.total for section in sections),
        name: [
            {
                "name": section.items[0][named_by],
                "total": section.total,
                "more": section.total - min(shown, len(section.items)),
                "liens": [_without(facts, named_by) for facts in section.items[:shown]],
            }
            for section in sections[:MOST_SECTIONS]
        ],
    }


def lien_facts(lien: Lien) -> Facts:
    """Return how a lien is named in a message; its parcel stands in for an address nobody published."""
    county = f"{lien.county}, {lien.state}"
    return {
        "path": LIEN_PATH.format(lien_id=lien.lien_id),
        "title": harmless(lien.situs_address or lien.parcel_id),
        "place": harmless(f"{lien.city}, {county}" if lien.city else county),
        "parcel_id": harmless(lien.parcel_id),
    }


def path_of(told: Facts) -> str | None:
    """Return where a message leads that tells of one lien; None where it tells of more, or of none."""
    if told.get("total", 1) != 1:
        return None
    sections = told.get("searches") or told.get("watches") or [told]
    liens = [lien for section in sections for lien in section.get("liens", [])]
    return liens[0]["path"] if liens else told.get("path")


def fact_id(*parts: object) -> UUID:
    """Return an id made from what makes a fact this fact."""
    joined = "\n".join(map(str, parts))
    return UUID(bytes=hashlib.sha256(joined.encode()).digest()[:16])


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _without(facts: Facts, name: str) -> Facts:
    return {key: value for key, value in facts.items() if key != name}
