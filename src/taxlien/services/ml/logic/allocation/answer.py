"""What is answered: which liens to buy, what is expected of them, and why this choice and no other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from .candidate import Wishes
from .choosing import NOTHING, PROGRAM_CANDIDATES, Plan
from .judging import Figures
from .scenarios import COUNTY_SHARE, NATIONAL_SHARE
from .valuing import Book, Valued

_CENT = Decimal("0.01")
_MOST_NAMED = 20
_WORDS: Mapping[str, str] = {
    "greedy": "lien by lien, always the one that adds most per dollar",
    "program": "a mixed-integer program",
    "policy": "the learned policy",
    NOTHING: "buying nothing",
}


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """A lien to buy. ``expected_profit`` is within the horizon, ``p_redeem`` the chance of redemption by
    then; ``terms`` says where price and rate come from."""

    lien_id: str
    state: str
    county_fips: str
    parcel_key: str
    certificate_number: str | None
    amount: Decimal
    expected_profit: Decimal
    expected_return_pct: float
    p_redeem: float
    expected_months: float | None
    risk_score: int | None
    flags: tuple[str, ...]
    terms: str
    rate_pct: float | None
    basis: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a choice. US dollars; ``cvar_95`` is the mean loss of the worst twentieth of the futures,
    below zero a gain even then; ``value`` is what choosing maximises."""

    liens: int
    amount: Decimal
    expected_profit: Decimal
    expected_return_pct: float | None
    cvar_95: Decimal
    p_loss: float
    value: Decimal


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What is back by the end of a month: US dollars expected, and the share of the outlay redeemed."""

    month: int
    cash: Decimal
    redeemed_share: float


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer."""

    basis: str
    method: str
    why: str
    allocation: tuple[Bought, ...]
    totals: Told
    unspent: Decimal
    by_county: dict[str, Decimal]
    timeline: tuple[Month, ...]
    methods: dict[str, Told]
    considered: int
    left_out: dict[str, int]
    assumptions: dict[str, float]
    model_versions: dict[str, str | None]
    seed: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Heard:
    """What is said of a question besides its plan."""

    considered: int
    left_out: Mapping[str, int]
    versions: Mapping[str, str | None]
    seed: int
    warnings: Sequence[str] = ()


def told(plan: Plan, book: Book, wishes: Wishes, heard: Heard) -> Allocation:
    """Return the answer that a plan comes to."""
    of = {each.offer.lien_id: each for each in book.valued}
    bought = [of[lien_id] for lien_id in plan.bought]
    by_county: dict[str, float] = defaultdict(float)
    for each in bought:
        by_county[each.offer.county_fips] += each.candidate.cost
    judged = bought or book.valued
    doubtful = any(each.redemption.basis == "insufficient_data" for each in judged)
    return Allocation(
        basis="insufficient_data" if doubtful else "model",
        method=plan.method,
        why=why(plan, wishes),
        allocation=tuple(_bought(each, wishes) for each in bought),
        totals=_told(plan.figures),
        unspent=dollars(wishes.budget - plan.figures.cost),
        by_county={fips: dollars(spent) for fips, spent in sorted(by_county.items())},
        timeline=tuple(
            Month(month=number, cash=dollars(cash), redeemed_share=round(share, 4))
            for number, (cash, share) in enumerate(
                zip(plan.figures.timeline, plan.shares, strict=True), 1
            )
        ),
        methods={name: _told(figures) for name, figures in sorted(plan.methods.items())},
        considered=heard.considered,
        left_out={reason: n for reason, n in sorted(heard.left_out.items()) if n},
        assumptions={
            "national_share_of_variance": NATIONAL_SHARE,
            "county_share_of_variance": COUNTY_SHARE,
            "open_haircut_pct": wishes.open_haircut_pct,
            "weight_of_risk": wishes.weight_of_risk,
        },
        model_versions=dict(heard.versions),
        seed=heard.seed,
        warnings=(*heard.warnings, *_warnings(bought, plan, book)),
    )


def nothing(why: str, wishes: Wishes, heard: Heard) -> Allocation:
    """Return the answer where there is nothing to choose from."""
    empty = Figures(0, 0.0, 0.0, 0.0, 0.0, 0.0, (0.0,) * wishes.horizon_months)
    plan = Plan(NOTHING, (), (), {NOTHING: empty}, None, shares=empty.timeline)
    answer = told(plan, Book([], Counter()), wishes, heard)
    return msgspec.structs.replace(answer, why=why, basis="insufficient_data")


def why(plan: Plan, wishes: Wishes) -> str:
    """Say why this choice is served, with the figures of the others."""
    best = plan.methods[plan.method]
    others = sorted(
        ((name, each) for name, each in plan.methods.items() if name != plan.method),
        key=lambda pair: (-pair[1].value, pair[0]),
    )
    parts = [
        f"Judged in futures that none of them chose in, {_WORDS[plan.method]} is worth most:"
        f" {_sum(best.value)} = {_sum(best.expected_profit)} of expected profit less"
        f" {wishes.weight_of_risk:g} x {_sum(best.cvar)}, the mean loss of the worst twentieth."
    ]
    if others:
        said = "; ".join(f"{_WORDS[name]} {_sum(each.value)}" for name, each in others)
        parts.append(f"Beside it: {said}.")
    if plan.out_of_time:
        parts.append("The program found no answer in the time it has and is left out.")
    elif plan.gap is not None:
        parts.append(
            f"Of the {PROGRAM_CANDIDATES} most promising liens at most, no choice is more than"
            f" {plan.gap:.1%} better than the program's in the futures it chose in."
        )
    if "policy" not in plan.methods:
        parts.append("No policy has been taught here.")
    return " ".join(parts)


def dollars(value: float) -> Decimal:
    """Return dollars to the cent."""
    return Decimal(str(round(value, 2))).quantize(_CENT)


def _told(figures: Figures) -> Told:
    rate = figures.expected_return_pct
    return Told(
        liens=figures.liens,
        amount=dollars(figures.cost),
        expected_profit=dollars(figures.expected_profit),
        expected_return_pct=None if rate is None else round(rate, 2),
        cvar_95=dollars(figures.cvar),
        p_loss=round(figures.p_loss, 4),
        value=dollars(figures.value),
    )


def _bought(each: Valued, wishes: Wishes) -> Bought:
    offer, candidate = each.offer, each.candidate
    return Bought(
        lien_id=offer.lien_id,
        state=offer.state,
        county_fips=offer.county_fips,
        parcel_key=offer.parcel_key,
        certificate_number=offer.certificate_number,
        amount=dollars(candidate.cost),
        expected_profit=dollars(each.rough * candidate.cost),
        expected_return_pct=round(100 * each.rough, 2),
        p_redeem=round(float(candidate.redeemed_by[wishes.horizon_months - 1]), 4),
        expected_months=each.redemption.expected_months if each.age == 0 else None,
        risk_score=each.risk_score,
        flags=each.flags,
        terms=each.terms.basis,
        rate_pct=each.terms.rate_pct,
        basis=each.redemption.basis,
    )


def _warnings(bought: Sequence[Valued], plan: Plan, book: Book) -> list[str]:
    found = []
    without: Counter[str] = Counter(
        each.offer.county_fips
        for each in book.valued
        if each.redemption.basis == "insufficient_data"
    )
    for fips, number in sorted(without.items())[:_MOST_NAMED]:
        found.append(
            f"insufficient data: no outcome of county {fips} or its state is known; for the {number}"
            " liens there that could be chosen the prior of other states stands in"
        )
    opening = sum(each.terms.basis == "opening" and each.age == 0 for each in bought)
    if opening:
        found.append(
            f"{opening} liens are counted at the opening terms of their sale: bidding may make them"
            " dearer or pay less"
        )
    held = sum(each.age > 0 for each in bought)
    if held:
        found.append(
            f"{held} liens are held by their county; that it sells them for what is due is assumed"
        )
    if any(each.offer.synthetic for each in bought):
        found.append("the liens are made up: they are here for trying out")
    if any(getattr(each.redemption, "trained_on", None) == "synthetic" for each in book.valued):
        found.append("the redemption model learned from made-up liens: it is here for trying out")
    laws = {warning for each in bought for warning in each.warnings}
    found += sorted(laws)[:10]
    if book.valued and len(plan.bought) == len(book.valued):
        found.append("everything that could be chosen from was bought: the budget asks for more")
    return found


def _sum(value: float) -> str:
    return f"-${-value:,.2f}" if value < -0.005 else f"${abs(value):,.2f}"
