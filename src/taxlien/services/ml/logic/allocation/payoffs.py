"""What law lets a lien pay, month by month: laid out by the buyer, and back at a redemption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.pricing import LienPrice, Pricer
from taxlien.law.rules import Rule

from .offers import Offer, Terms


@dataclass(frozen=True)
class Paid:
    """US dollars: ``outlay`` of the buyer, ``proceeds`` in each month that was asked for."""

    outlay: float
    proceeds: tuple[float, ...]
    rule_id: str
    warnings: tuple[str, ...]


class Payoffs:
    """Asks law about the liens of one question. What sales have in common is worked out once."""

    def __init__(self) -> None:
        book = load_rulebook()
        self._rules: dict[str, Rule] = {
            rule.rule_id: rule for state in book.states() for rule in book.rules_of(state)
        }
        self._pricers: dict[int, Pricer] = {}

    def paid(self, offer: Offer, terms: Terms, age: int, months: Sequence[int]) -> Paid | str:
        """Return what ``offer`` pays so many months from now, ``age`` months after its sale.

        A lien that the county sells on is bought for what is due, or else for what law lets its owner
        owe by then. Where redemption is over in a month, the last payoff before it stands. Returns law's
        reason where there is no figure.
        """
        first = self._at(offer, terms, age + 1)
        if first.reason is not None:
            return first.reason
        if first.holder_proceeds is None or first.outlay is None or first.rule_id is None:
            return "no_premium"
        outlay = float(first.outlay) if age == 0 else self._owed(offer, terms, age)
        proceeds, last = [], float(first.holder_proceeds)
        for month in months:
            found = self._at(offer, terms, age + month)
            if found.holder_proceeds is not None:
                last = float(found.holder_proceeds)
            proceeds.append(last)
        return Paid(outlay, tuple(proceeds), first.rule_id, first.warnings)

    def _owed(self, offer: Offer, terms: Terms, age: int) -> float:
        if offer.amount_due:
            return offer.amount_due
        return float(self._at(offer, terms, age).owner_payoff or 0)

    def _at(self, offer: Offer, terms: Terms, months: int) -> LienPrice:
        pricer = self._pricers.get(months)
        if pricer is None:
            pricer = self._pricers[months] = Pricer(load_rulebook(), months)
        found = _ask(pricer, offer, terms, terms.rate_pct)
        if found.reason == "no_rate" and terms.basis == "opening":
            rule = self._rules.get(found.rule_id or "")
            if rule is not None and rule.max_rate_pct is not None:
                return _ask(pricer, offer, terms, float(rule.max_rate_pct))
        return found


def _ask(pricer: Pricer, offer: Offer, terms: Terms, rate: float | None) -> LienPrice:
    deed = offer.kind == "deed_sale"
    face = offer.opening_bid if deed and offer.face_amount is None else offer.face_amount
    return pricer.price(
        offer.state,
        offer.county_fips,
        offer.kind,
        offer.sale_date,
        _dollars(face),
        None if rate is None else Decimal(str(rate)),
        _dollars(terms.premium),
        _dollars(terms.price) if deed else None,
        offer.homestead,
    )


def _dollars(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(round(value, 2)))
