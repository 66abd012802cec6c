"""The features of redemption: one function for training and for serving.

Nothing here knows what happened on or after the day of a sale, but who else stands on its list.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .columns import Columns, Floats
from .history import Before, County, History, Sale, log_face, sale_of

Singles = NDArray[np.float32]
Indices = NDArray[np.int64]

NAMES: tuple[str, ...] = (
    "log_face", "premium", "premium_share", "parcel", "face_rank", "near_10", "near_100", "near_1000",
    "nearest", "same_face", "near_face", "near_premium", "nearest_face", "sold_before", "years_since",
    "days_then", "days_usual", "taxes_paid", "face_change", "days_8", "open_8", "days_40", "open_40",
    "spread", "year", "month",
)  # fmt: skip
OF_A_PLACE: tuple[str, ...] = NAMES[NAMES.index("parcel") : NAMES.index("year")]
"""Features that only a county with a history, or a whole list, can fill."""
OF_A_FACE: tuple[str, ...] = (
    "log_face", "premium_share", "face_rank", "same_face", "near_face", "nearest_face", "face_change",
)  # fmt: skip
"""Features that only a known amount can fill."""
OF_A_SALE: tuple[str, ...] = ("year", "month")
"""Features that name one sale: they say nothing of the next."""

_PLACE = {name: place for place, name in enumerate(NAMES)}
_OF_PLACE = slice(_PLACE[OF_A_PLACE[0]], _PLACE[OF_A_PLACE[-1]] + 1)
_REACHES = (10.0, 100.0, 1000.0)
_NEIGHBOURS = (8, 40)
_FEW = 24
"""Of so many days the months are remembered: cases that are asked together are mostly of few sales."""
_FEWEST_EARLIER = 50
_FEWEST_LISTED = 30


def features_of(columns: Columns, history: History) -> Singles:
    """Return the features (``NAMES``) of ``columns``; what is not known is NaN."""
    matrix = _unknown(len(columns))
    known = ~np.isnan(columns.premium)
    premium = np.where(known, columns.premium, 0.0)
    share = np.log1p(100 * (premium / np.maximum(columns.face, 1.0)))
    _put(matrix, "log_face", log_face(columns.face))
    _put(matrix, "premium", columns.premium)
    _put(matrix, "premium_share", np.where(known, share, np.nan))
    _put(matrix, "year", columns.day / 365.25)
    _put(matrix, "month", _month(columns.day))
    for rows, county in _by_sale(columns, history):
        part = columns if rows is None else columns.only(rows)
        block = matrix if rows is None else _unknown(len(part))
        if county is not None:
            _put(block, "parcel", part.parcel)
        if county is None or not county.has_taxes(float(part.day[0])):
            listed = _list_of(part, county)
            if listed is not None:
                _put_list(block, part, listed)
            if county is not None:
                _put_earlier(block, part, county.before(float(part.day[0])))
        if rows is not None:
            matrix[rows, _OF_PLACE] = block[:, _OF_PLACE]
    return matrix


def _unknown(count: int) -> Singles:
    return np.full((count, len(NAMES)), np.nan, np.float32)


def _put(block: Singles, name: str, values: Floats) -> None:
    block[:, _PLACE[name]] = values


def _month(day: Floats) -> Floats:
    if len(day) > _FEW:
        return _months(day)
    return np.array([_month_of(one) for one in day.tolist()], np.float64)


@lru_cache(maxsize=4096)
def _month_of(day: float) -> float:
    return float(_months(np.array([day]))[0])


def _months(day: Floats) -> Floats:
    known = np.isfinite(day)
    months = np.where(known, day, 0).astype("datetime64[D]").astype("datetime64[M]")
    return np.where(known, months.astype(np.int64) % 12 + 1.0, np.nan)


def _by_sale(columns: Columns, history: History) -> Iterator[tuple[Indices | None, County | None]]:
    """Yield the rows of each county's sale that lie somewhere, with the county where it is known; None
    for the rows of a single sale, which are all there are."""
    known = np.isfinite(columns.day) & np.isfinite(columns.parcel) & (columns.county != b"")
    placed = np.flatnonzero(known)
    if not len(placed):
        return
    if len(placed) == len(known) and _is_one_sale(columns):
        yield None, history.counties.get(bytes(columns.county[0]))
        return
    order = placed[np.lexsort((columns.day[placed], columns.county[placed]))]
    county, day = columns.county[order], columns.day[order]
    cuts = np.flatnonzero((county[1:] != county[:-1]) | (day[1:] != day[:-1])) + 1
    for rows in np.split(order, cuts):
        yield rows, history.counties.get(bytes(columns.county[rows[0]]))


def _is_one_sale(columns: Columns) -> bool:
    county, day = columns.county, columns.day
    return len(day) == 1 or bool((day == day[0]).all() and (county == county[0]).all())


def _list_of(part: Columns, county: County | None) -> Sale | None:
    """Return the sale's list as it is known; of a sale nothing is known of, that of what is asked."""
    known = county.sale(float(part.day[0])) if county is not None else None
    if known is None and len(part) >= _FEWEST_LISTED:
        return sale_of(part.parcel, part.face, part.premium)
    return known


def _put_list(block: Singles, part: Columns, sale: Sale) -> None:
    """Fill in what the list says of each lien among the others, whether it stands on it or not: the
    list that taught and the list that is asked may each lack some."""
    logs, count = log_face(part.face), len(sale.parcel)
    unknown = np.isnan(logs)
    first = sale.parcel.searchsorted(part.parcel, "left")
    itself = (sale.parcel[np.minimum(first, count - 1)] == part.parcel).astype(np.int64)
    if len(sale.by_face):
        rank = sale.by_face.searchsorted(logs) / len(sale.by_face)
        _put(block, "face_rank", np.where(unknown, np.nan, rank))
        at = np.minimum(sale.faces.searchsorted(part.face), len(sale.faces) - 1)
        alike = np.where(sale.faces[at] == part.face, sale.same[at] - itself, 0.0)
        _put(block, "same_face", np.where(unknown, np.nan, np.maximum(alike, 0.0)))
    for reach in _REACHES:
        low = sale.parcel.searchsorted(part.parcel - reach, "left")
        high = sale.parcel.searchsorted(part.parcel + reach, "right")
        others = (high - low - itself).astype(np.float64)
        _put(block, f"near_{reach:.0f}", others)
        if reach == _REACHES[1]:
            alone = others <= 0
            own = itself * np.where(unknown, 0.0, logs)
            around = (sale.face_sum[high] - sale.face_sum[low] - own) / np.maximum(others, 1)
            _put(block, "near_face", np.where(alone, np.nan, around - logs))
            own = itself * (part.premium > 0)
            paid = (sale.premium_sum[high] - sale.premium_sum[low] - own) / np.maximum(others, 1)
            _put(block, "near_premium", np.where(alone, np.nan, paid))
    if count < 3:
        return
    left = np.maximum(first - 1, 0)
    right = np.minimum(first + itself, count - 1)
    to_left = np.where(first > 0, part.parcel - sale.parcel[left], np.inf)
    to_right = np.where(first + itself < count, sale.parcel[right] - part.parcel, np.inf)
    nearest = np.where(to_left <= to_right, left, right)
    _put(block, "nearest", np.log1p(np.minimum(to_left, to_right)))
    _put(block, "nearest_face", logs - sale.log_face[nearest])


def _mean(sums: Floats, low: Indices, high: Indices) -> Floats:
    return np.asarray((sums[high] - sums[low]) / np.maximum(high - low, 1), np.float64)


def _put_earlier(block: Singles, part: Columns, known: Before) -> None:
    """Fill in what earlier sales of the parcel and of those around it have shown."""
    low = known.parcel.searchsorted(part.parcel, "left")
    high = known.parcel.searchsorted(part.parcel, "right")
    paid = known.paid_parcel.searchsorted(part.parcel, "right") - known.paid_parcel.searchsorted(
        part.parcel, "left"
    )
    _put(block, "sold_before", (high - low).astype(np.float64))
    _put(block, "taxes_paid", paid.astype(np.float64))
    had = np.flatnonzero(high > low)
    if len(had):
        last = high[had] - 1
        block[had, _PLACE["years_since"]] = (part.day[had] - known.day[last]) / 365.25
        block[had, _PLACE["days_then"]] = known.open_days[last]
        block[had, _PLACE["days_usual"]] = _mean(known.days_sum, low[had], high[had])
        block[had, _PLACE["face_change"]] = log_face(part.face[had]) - known.log_face[last]
    count = len(known.parcel)
    if count < _FEWEST_EARLIER:
        return
    for width in _NEIGHBOURS:
        start = np.minimum(np.maximum(low - width // 2, 0), count - 1)
        end = np.minimum(np.maximum(low + width // 2, 1), count)
        _put(block, f"days_{width}", _mean(known.days_sum, start, end))
        _put(block, f"open_{width}", _mean(known.still_sum, start, end))
        if width == _NEIGHBOURS[0]:
            reach = known.parcel[np.minimum(end, count - 1)] - known.parcel[start]
            _put(block, "spread", np.log1p(reach))
