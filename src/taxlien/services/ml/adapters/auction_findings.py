"""What a model of prices is worth: on the frozen parcels, and on the last year of sales as told before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from taxlien.services.ml.logic import findings, peers
from taxlien.services.ml.logic.auction.answer import PriceAnswer
from taxlien.services.ml.logic.auction.columns import Floats, day_of
from taxlien.services.ml.logic.auction.features import feature_names, features_of
from taxlien.services.ml.logic.auction.history import YEAR
from taxlien.services.ml.logic.auction.labels import FLOOR_RATE, Outcomes
from taxlien.services.ml.logic.auction.methods import Method
from taxlien.services.ml.logic.findings import Findings

from .auction_model import AuctionModel
from .auction_trainer import outcomes_by_method, teaching_from, train
from .auction_training import FIELDS, cases_of

POINTS, PERCENT = "mean miss in points", "median miss in parts of the bid"
MIDDLE: Mapping[Method, str] = {
    "bid_down_rate": "the county's middle rate",
    "property_bid": "the county's middle share of the value",
    "premium": "the county's middle share of the face",
}
OLD = "sales too old to teach trees"
_SAMPLE = 20_000
_Ends = tuple[float, float] | None


def findings_of(
    model: AuctionModel, taught: pl.DataFrame, judged: pl.DataFrame, seed: int
) -> Findings:
    """Return what the frozen rows ``judged`` tell of ``model``, and a model taught on all but the last
    year of that year."""
    known = outcomes_by_method(taught)
    found = [
        _of(method, _called(method), known[method], tested, model)
        for method, tested in outcomes_by_method(judged).items()
        if method in known
    ]
    shift = [_shift(model, method, outcomes) for method, outcomes in known.items()]
    return findings.joined(*found, *_ahead(taught, seed), *shift)


def _called(method: Method) -> str:
    return method.replace("_", " ")


def _ahead(taught: pl.DataFrame, seed: int) -> list[Findings]:
    found = []
    for method, outcomes in outcomes_by_method(taught).items():
        years = _years(outcomes.columns.day)
        # The last year of the state with most sales: a lone late sale elsewhere is told by nothing.
        names, sales = np.unique(outcomes.columns.state, return_counts=True)
        last = int(years[outcomes.columns.state == names[sales.argmax()]].max())
        states = sorted({state.decode() for state in outcomes.columns.state.tolist()})
        early = taught.filter(pl.col("state").is_in(states), pl.col("sale_date").dt.year() < last)
        before = outcomes_by_method(early).get(method)
        if before is None:
            continue
        model = train(early, seed)
        later = _only(outcomes, years == last)
        found.append(_of(method, f"{_called(method)}, sales of {last}", before, later, model))
    return found


def _of(
    method: Method, what: str, taught: Outcomes, tested: Outcomes, model: AuctionModel
) -> Findings:
    tested = _only(tested, slice(None, None, max(1, len(tested.columns) // _SAMPLE)))
    answers = model.predict(cases_of(tested.columns), explain=False)
    said = _told(answers, FIELDS[method])
    guess = _guess(method, taught, tested)
    miss, other = _miss(method, said, tested.bid), _miss(method, guess, tested.bid)
    both = np.isfinite(miss) & np.isfinite(other)
    found = [Findings()]
    if both.any():
        measure = POINTS if method == "bid_down_rate" else PERCENT
        years = _years(tested.columns.day)
        peer = (MIDDLE[method], other[both])
        found.append(
            Findings(
                (findings.compared(what, measure, miss[both], dict([peer])),),
                by_year=(findings.by_year(what, measure, years[both], miss[both], peer),)
                if "sales of" not in what
                else (),
            )
        )
    trees = model.methods[method].trees
    old = tested.columns.day <= (teaching_from(taught.columns, trees.states) if trees else 0)
    for of, came, ends in _promised(method, tested, answers):
        low, high = _ends(ends)
        inside = np.isfinite(low) & np.isfinite(came)
        for title, rows in ((what + of, inside & ~old), (f"{what}{of}, {OLD}", inside & old)):
            if rows.any():
                told = findings.held(title, low[rows], high[rows], came[rows])
                found.append(Findings(held=(told,)))
    chances = [(f"{what}: no bid", _told(answers, "p_no_bid"), tested.struck)]
    if method == "bid_down_rate":
        floor = np.where(np.isfinite(tested.bid), tested.bid <= FLOOR_RATE, np.nan)
        chances.append((f"{what}: floor rate", _told(answers, "p_floor"), floor))
    for title, chance, came in chances:
        known = np.isfinite(chance) & np.isfinite(came)
        if known.any():
            told_by = findings.honesty(title, chance[known], came[known])
            found.append(Findings(honesty=(told_by,)))
    return findings.joined(*found)


def _guess(method: Method, taught: Outcomes, tested: Outcomes) -> Floats:
    """Return the middle bid of the county, as a share of the value or of the face where that is known."""
    measures = {"bid_down_rate": None, "property_bid": "assessed", "premium": "face"}
    name = measures[method]
    of, to = (
        (np.ones(len(one.columns)) if name is None else getattr(one.columns, name))
        for one in (taught, tested)
    )
    good = np.isfinite(taught.bid) & (of > 0)
    ratio = taught.bid[good] / of[good]
    return peers.middle_of(taught.columns.county[good], ratio, tested.columns.county) * to


def _miss(method: Method, said: Floats, bid: Floats) -> Floats:
    if method == "bid_down_rate":
        return np.abs(said - bid)
    return np.where(bid > 0, np.abs(said - bid) / np.where(bid > 0, bid, 1.0), np.nan)


def _shift(model: AuctionModel, method: Method, outcomes: Outcomes) -> Findings:
    known = model.methods[method]
    if known.trees is None:
        return Findings()
    columns = outcomes.columns
    mine = np.isin(columns.state, [state.encode() for state in known.trees.states])
    columns = columns.only(mine)
    columns = columns.only(slice(None, None, max(1, len(columns) // _SAMPLE)))
    matrix, _ = features_of(method, columns, known.levels)
    late = columns.day > columns.day.max() - YEAR
    if late.all():
        return Findings()
    names = [f"{method}.{name}" for name in feature_names(method, known.levels)]
    return Findings(shifted=findings.shifted(names, matrix[~late], matrix[late]))


def _told(answers: list[PriceAnswer], name: str) -> Floats:
    values = (getattr(one, name) for one in answers)
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _promised(
    method: Method, tested: Outcomes, answers: list[PriceAnswer]
) -> list[tuple[str, Floats, list[_Ends]]]:
    """Return what intervals are of, what came of it, and the intervals: a property goes for the lien where
    nobody bids."""
    of_outcomes = [one.interval for one in answers]
    if method != "property_bid":
        return [("", tested.bid, of_outcomes)]
    went = np.where(tested.struck == 1, tested.columns.face, tested.bid)
    of_bids = [one.interval_if_sold or one.interval for one in answers]
    return [("", went, of_outcomes), (", if sold", tested.bid, of_bids)]


def _ends(intervals: list[_Ends]) -> tuple[Floats, Floats]:
    ends = [one or (np.nan, np.nan) for one in intervals]
    both = np.array(ends, np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _years(days: NDArray[np.int64]) -> NDArray[np.int64]:
    numbers, where = np.unique(days, return_inverse=True)
    return np.array([day_of(int(one)).year for one in numbers], np.int64)[where]


def _only(outcomes: Outcomes, chosen: slice | NDArray[np.bool_]) -> Outcomes:
    return Outcomes(
        outcomes.columns.only(chosen),
        outcomes.bid[chosen],
        outcomes.struck[chosen],
        outcomes.bidders[chosen],
    )
