"""The features of redemption: one function for training and for serving.

Nothing here knows what happened on or after the day of a sale, but who else stands on its list.
"""

from __future__ import annotations

from collections.abc import Iterator

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
OF_A_SALE: tuple[str, ...] = ("year", "month")
"""Features that name one sale: they say nothing of the next."""

_PLACE = {name: place for place, name in enumerate(NAMES)}
_REACHES = (10.0, 100.0, 1000.0)
_NEIGHBOURS = (8, 40)
_FEWEST_EARLIER = 50
_FEWEST_LISTED = 30


def features_of(columns: Columns, history: History) -> Singles:
    """Return the features (``NAMES``) of ``columns``; what is not known is NaN."""
    matrix = np.full((len(columns), len(NAMES)), np.nan, np.float32)
    share = np.nan_to_num(columns.premium) / np.maximum(columns.face, 1.0)
    _put(matrix, "log_face", slice(None), log_face(columns.face))
    _put(matrix, "premium", slice(None), columns.premium)
    _put(
        matrix,
        "premium_share",
        slice(None),
        np.where(np.isnan(columns.premium), np.nan, np.log1p(100 * share)),
    )
    _put(matrix, "year", slice(None), columns.day / 365.25)
    _put(matrix, "month", slice(None), _month(columns.day))
    for rows, county in _by_sale(columns, history):
        part = columns.only(rows)
        listed = _list_of(part, county)
        if listed is not None:
            _put_list(matrix, rows, part, listed)
        if county is not None:
            _put(matrix, "parcel", rows, part.parcel)
            _put_earlier(matrix, rows, part, county.before(float(part.day[0])))
    return matrix


def _put(matrix: Singles, name: str, rows: Indices | slice, values: Floats | float) -> None:
    matrix[rows, _PLACE[name]] = values


def _month(day: Floats) -> Floats:
    known = np.isfinite(day)
    months = np.where(known, day, 0).astype("datetime64[D]").astype("datetime64[M]")
    return np.where(known, months.astype(np.int64) % 12 + 1.0, np.nan)


def _by_sale(columns: Columns, history: History) -> Iterator[tuple[Indices, County | None]]:
    """Yield the rows of each county's sale that lie somewhere, with the county where it is known."""
    placed = np.flatnonzero(
        np.isfinite(columns.day) & np.isfinite(columns.parcel) & (columns.county != b"")
    )
    if not len(placed):
        return
    order = placed[np.lexsort((columns.day[placed], columns.county[placed]))]
    county, day = columns.county[order], columns.day[order]
    cuts = np.flatnonzero((county[1:] != county[:-1]) | (day[1:] != day[:-1])) + 1
    for rows in np.split(order, cuts):
        yield rows, history.counties.get(bytes(columns.county[rows[0]]))


def _list_of(part: Columns, county: County | None) -> Sale | None:
    """Return the sale's list as it is known; of a sale nothing is known of, that of what is asked."""
    known = county.sale(float(part.day[0])) if county is not None else None
    if known is None and len(part) >= _FEWEST_LISTED:
        return sale_of(part.parcel, part.face, part.premium)
    return known


def _put_list(matrix: Singles, rows: Indices, part: Columns, sale: Sale) -> None:
    """Fill in what the list says of each lien among the others, whether it stands on it or not: the
    list that taught and the list that is asked may each lack some."""
    logs, count = log_face(part.face), len(sale.parcel)
    first = np.searchsorted(sale.parcel, part.parcel, "left")
    itself = (sale.parcel[np.minimum(first, count - 1)] == part.parcel).astype(np.int64)
    if len(sale.by_face):
        rank = np.searchsorted(sale.by_face, logs) / len(sale.by_face)
        _put(matrix, "face_rank", rows, np.where(np.isnan(logs), np.nan, rank))
        at = np.minimum(np.searchsorted(sale.faces, part.face), len(sale.faces) - 1)
        alike = np.where(sale.faces[at] == part.face, sale.same[at] - itself, 0.0)
        _put(matrix, "same_face", rows, np.where(np.isnan(logs), np.nan, np.maximum(alike, 0.0)))
    for reach in _REACHES:
        low = np.searchsorted(sale.parcel, part.parcel - reach, "left")
        high = np.searchsorted(sale.parcel, part.parcel + reach, "right")
        others = (high - low - itself).astype(np.float64)
        _put(matrix, f"near_{reach:.0f}", rows, others)
        if reach == _REACHES[1]:
            alone = others <= 0
            own = itself * np.nan_to_num(logs)
            around = (sale.face_sum[high] - sale.face_sum[low] - own) / np.maximum(others, 1)
            _put(matrix, "near_face", rows, np.where(alone, np.nan, around - logs))
            own = itself * (np.nan_to_num(part.premium) > 0)
            paid = (sale.premium_sum[high] - sale.premium_sum[low] - own) / np.maximum(others, 1)
            _put(matrix, "near_premium", rows, np.where(alone, np.nan, paid))
    if count < 3:
        return
    left = np.maximum(first - 1, 0)
    right = np.minimum(first + itself, count - 1)
    to_left = np.where(first > 0, part.parcel - sale.parcel[left], np.inf)
    to_right = np.where(first + itself < count, sale.parcel[right] - part.parcel, np.inf)
    nearest = np.where(to_left <= to_right, left, right)
    _put(matrix, "nearest", rows, np.log1p(np.minimum(to_left, to_right)))
    _put(matrix, "nearest_face", rows, logs - sale.log_face[nearest])


def _mean(sums: Floats, low: Indices, high: Indices) -> Floats:
    return np.asarray((sums[high] - sums[low]) / np.maximum(high - low, 1), np.float64)


def _put_earlier(matrix: Singles, rows: Indices, part: Columns, known: Before) -> None:
    """Fill in what earlier sales of the parcel and of those around it have shown."""
    low = np.searchsorted(known.parcel, part.parcel, "left")
    high = np.searchsorted(known.parcel, part.parcel, "right")
    paid = np.searchsorted(known.paid_parcel, part.parcel, "right") - np.searchsorted(
        known.paid_parcel, part.parcel, "left"
    )
    _put(matrix, "sold_before", rows, (high - low).astype(np.float64))
    _put(matrix, "taxes_paid", rows, paid.astype(np.float64))
    had = high > low
    if had.any():
        last = high[had] - 1
        seen = rows[had]
        _put(matrix, "years_since", seen, (part.day[had] - known.day[last]) / 365.25)
        _put(matrix, "days_then", seen, known.open_days[last])
        _put(matrix, "days_usual", seen, _mean(known.days_sum, low[had], high[had]))
        _put(matrix, "face_change", seen, log_face(part.face[had]) - known.log_face[last])
    count = len(known.parcel)
    if count < _FEWEST_EARLIER:
        return
    for width in _NEIGHBOURS:
        start = np.clip(low - width // 2, 0, count - 1)
        end = np.clip(low + width // 2, 1, count)
        _put(matrix, f"days_{width}", rows, _mean(known.days_sum, start, end))
        _put(matrix, f"open_{width}", rows, _mean(known.still_sum, start, end))
        if width == _NEIGHBOURS[0]:
            reach = known.parcel[np.minimum(end, count - 1)] - known.parcel[start]
            _put(matrix, "spread", rows, np.log1p(reach))
