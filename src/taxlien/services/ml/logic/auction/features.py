"""What a sale's price is told by: one function for training and for serving.

Everything of other sales comes from a ``Level``, which answers only what was before the sale's day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from .columns import Columns, Floats
from .history import Level, Singles, known_before, level_of, names_of
from .keys import Part, group_codes
from .labels import AT_MOST, FLOOR_RATE, LEAST_VALUE, NOTHING_BID, Flags, Outcomes
from .methods import Method

Told = Literal["bids", "offered"]


@dataclass(frozen=True, slots=True)
class Memory:
    """A kind of group whose earlier sales are remembered: its bids, or all that was offered."""

    name: str
    parts: tuple[Part, ...]
    told: Told = "bids"


_PLACES = (
    Memory("state", ("state",)),
    Memory("county", ("county",)),
    Memory("parcel", ("county", "parcel")),
    Memory("block", ("county", "short4")),
    Memory("area", ("county", "short6")),
    Memory("district", ("county", "short8")),
    Memory("head", ("county", "head6")),
)
_FACES = (Memory("state_face", ("state", "face")), Memory("county_face", ("county", "face")))
_OFFERS = (
    Memory("county_offers", ("county",), "offered"),
    Memory("parcel_offers", ("county", "parcel"), "offered"),
    Memory("block_offers", ("county", "short4"), "offered"),
)
MEMORIES: Mapping[Method, tuple[Memory, ...]] = {
    "bid_down_rate": (*_PLACES, *_FACES),
    "property_bid": (
        *_PLACES[:5],
        Memory("state_value", ("state", "value")),
        Memory("value", ("county", "value")),
        Memory("value_home", ("county", "value", "homestead")),
        Memory("area_value", ("county", "short6", "value")),
        *_OFFERS,
        Memory("value_offers", ("county", "value"), "offered"),
    ),
    "premium": (
        *_PLACES[:5],
        *_FACES,
        *_OFFERS[:2],
        Memory("face_offers", ("county", "face"), "offered"),
    ),
}
_OWN = ("face", "log_face", "log_value", "face_to_value", "homestead", "cents", "most")
_COMPARED: Mapping[Method, tuple[str, ...]] = {
    "bid_down_rate": ("face_to_county", "face_to_last", "county_and_parcel", "county_and_block"),
    "property_bid": ("value_to_last", "face_to_last", "parcel_to_value", "block_to_value"),
    "premium": ("face_to_county", "face_to_last"),
}
Levels = Mapping[str, Level]


def feature_names(method: Method, levels: Levels) -> list[str]:
    """Return the names of the columns of the matrix."""
    return list(_places(method, _stats(method, levels)))


def _stats(method: Method, levels: Levels) -> tuple[tuple[str, ...], ...]:
    return tuple(levels[memory.name].stats for memory in MEMORIES[method])


@lru_cache(maxsize=64)
def _places(method: Method, stats: tuple[tuple[str, ...], ...]) -> dict[str, int]:
    """Return the column of every name."""
    memories = zip(MEMORIES[method], stats, strict=True)
    told = [name for memory, known in memories for name in names_of(memory.name, known)]
    return {name: n for n, name in enumerate([*told, *_OWN, *_COMPARED[method]])}


def remember(method: Method, outcomes: Outcomes) -> dict[str, Level]:
    """Return what these sales teach those that come after them."""
    values = {"bids": _bids_told(method, outcomes), "offered": _offers_told(outcomes)}
    levels = {}
    for memory in MEMORIES[method]:
        chosen, stats = values[memory.told]
        columns = outcomes.columns.only(chosen)
        levels[memory.name] = level_of(columns, memory.parts, stats)
    return levels


def features_of(method: Method, columns: Columns, levels: Levels) -> tuple[Singles, Floats]:
    """Return the matrix of these cases, and the logarithm their bids are measured from (0 for rates)."""
    told = known_before([levels[memory.name] for memory in MEMORIES[method]], columns)
    place = _places(method, _stats(method, levels))

    def past(name: str) -> Floats:
        return told[:, place[name]].astype(np.float64)

    face = np.where(columns.face > 0, columns.face, np.nan)
    log_face: Floats = np.log(face)
    log_value: Floats = np.log(np.maximum(columns.assessed, LEAST_VALUE))
    own = [face, log_face, log_value, log_face - log_value, columns.homestead,
           np.round(face * 100) % 100, columns.most]  # fmt: skip
    known: dict[str, Floats] = {
        "log_face": log_face,
        "log_value": log_value,
    }
    compared = [_compare(name, past, known) for name in _COMPARED[method]]
    matrix = np.concatenate([told, np.column_stack([*own, *compared]).astype(np.float32)], axis=1)
    return matrix, _measured_from(method, log_face, log_value, past)


def last_sales(method: Method, matrix: Singles, levels: Levels) -> tuple[Floats, Floats, Floats]:
    """Return the mean of the county's last sale, and what the parcel went for, and how long before."""
    place = _places(method, _stats(method, levels))
    stat = "last_rate" if method == "bid_down_rate" else "last_log_ratio"
    county, parcel, age = (
        matrix[:, place[name]].astype(np.float64)
        for name in (f"county.{stat}", f"parcel.{stat}", "parcel.last_age")
    )
    if method == "bid_down_rate":
        return county, parcel, age
    return np.exp(county), np.exp(parcel), age


def outcome_values(method: Method, outcomes: Outcomes, measure: Floats) -> Floats:
    """Return bids as the model learns them: rates, or logarithms above what they are measured from."""
    bid = outcomes.bid
    if method == "bid_down_rate":
        return np.where(bid >= outcomes.columns.most, AT_MOST, bid)
    if method == "premium":
        return np.where(bid <= 0, NOTHING_BID, np.log(bid + 1) - measure)
    return np.log(bid) - measure


def bids_of_values(method: Method, values: Floats, measure: Floats, columns: Columns) -> Floats:
    """Return learned values as rates in percent or dollars: what ``outcome_values`` undoes."""
    if method == "bid_down_rate":
        return np.clip(values, 0.0, columns.most)
    dollars = np.exp(np.clip(values + measure, -50.0, 30.0))
    if method == "premium":
        return np.where(values <= NOTHING_BID, 0.0, np.maximum(dollars - 1, 0.0))
    return np.fmax(dollars, columns.face)


def _measured_from(method: Method, log_face: Floats, log_value: Floats, past: object) -> Floats:
    if method == "bid_down_rate":
        return np.zeros(len(log_face))
    assert callable(past)
    if method == "premium":
        # One sale says little of where the next one is: half of its level, half of all before.
        county = (past("county.last_log_ratio") + past("county.log_ratio")) / 2
        usual = _first(county, past("state.last_log_ratio"), -3.0)
        return _first(log_face, past("county.last_log_face"), 6.5) + usual
    return _first(
        log_value, past("block.log_bid"), past("county.log_bid"), past("state.log_bid"), 10.0
    )


def _first(*values: Floats | float) -> Floats:
    """Return the first of these that is known, case by case."""
    found = np.asarray(values[0], np.float64)
    for value in values[1:]:
        found = np.where(np.isfinite(found), found, value)
    return found


def _compare(name: str, past: object, known: Mapping[str, Floats]) -> Floats:
    assert callable(past)
    if name == "face_to_county":
        return np.asarray(known["log_face"] - past("county.last_log_face"))
    if name == "face_to_last":
        return np.asarray(known["log_face"] - past("parcel.last_log_face"))
    if name == "value_to_last":
        return np.asarray(known["log_value"] - past("parcel.last_log_value"))
    if name == "county_and_parcel":
        return np.asarray(past("county.last_rate") + past("parcel.above"))
    if name == "county_and_block":
        return np.asarray(past("county.last_rate") + past("block.above"))
    if name == "parcel_to_value":
        return np.asarray(past("parcel.log_bid") - known["log_value"])
    return np.asarray(past("block.log_bid") - known["log_value"])


def _bids_told(method: Method, outcomes: Outcomes) -> tuple[Flags, dict[str, Floats]]:
    columns, bid = outcomes.columns, outcomes.bid
    log_face: Floats = np.log(np.where(columns.face > 0, columns.face, np.nan))
    stats: dict[str, Floats]
    if method == "bid_down_rate":
        chosen = np.isfinite(bid)
        bid, most = bid[chosen], columns.most[chosen]
        sale = level_of(columns.only(chosen), ("county",), {"rate": bid})
        day_after = columns.only(chosen)
        day_after.day[:] += 1
        level = sale.before(day_after)[:, 1].astype(np.float64)
        stats = {
            "rate": bid,
            "top": (bid >= most).astype(np.float64),
            "low": (bid <= FLOOR_RATE).astype(np.float64),
            "above": np.asarray(bid - level),
        }
    elif method == "premium":
        chosen = (bid > 0) & np.isfinite(log_face)
        ratio = np.log(bid[chosen] + 1) - log_face[chosen]
        stats = {"log_ratio": _near_the_middle(columns.only(chosen), ratio)}
    else:
        chosen = np.isfinite(bid) & (columns.assessed > 0)
        log_value: Floats = np.log(np.maximum(columns.assessed[chosen], LEAST_VALUE))
        log_bid: Floats = np.log(bid[chosen])
        stats = {
            "log_ratio": np.asarray(log_bid - log_value, np.float64),
            "log_bid": log_bid,
            "log_value": log_value,
            "bidders": outcomes.bidders[chosen],
        }
    return chosen, {**stats, "log_face": np.asarray(log_face[chosen], np.float64)}


def _offers_told(outcomes: Outcomes) -> tuple[Flags, dict[str, Floats]]:
    chosen = np.isfinite(outcomes.struck)
    return chosen, {
        "struck": outcomes.struck[chosen],
        "zero": (outcomes.bid[chosen] <= 0).astype(np.float64),
    }


def without_levels(columns: Columns, values: Floats) -> Floats:
    """Return learned values above the middle of their county's sale; nothing bid stays what it is."""
    told = values > NOTHING_BID
    found = values.copy()
    found[told] -= _middles(columns.only(told), values[told])
    return found


def _near_the_middle(columns: Columns, values: Floats) -> Floats:
    """Return values held near the middle of their county's sale, so that a mean of them is as steady."""
    middle = _middles(columns, values)
    return np.asarray(np.clip(values, middle - 0.25, middle + 0.25), np.float64)


def _middles(columns: Columns, values: Floats) -> Floats:
    codes, _ = group_codes(columns, ("county",))
    sales, number = np.unique(
        codes << np.uint64(16) | columns.day.astype(np.uint64), return_inverse=True
    )
    middles = np.array([np.median(values[number == sale]) for sale in range(len(sales))])
    return np.asarray(middles[number] if len(sales) else values, np.float64)
