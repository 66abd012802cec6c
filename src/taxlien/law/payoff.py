"""From a case to its payoff: every line with its amount and its statute.

What the owner pays and what the holder receives are separate sums over the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from taxlien.law import subsequent
from taxlien.law.accrual import charge_for, interest
from taxlien.law.admission import Admitted, admit
from taxlien.law.facts import Case, Cost
from taxlien.law.lines import Line
from taxlien.law.money import TENTH, ZERO, plain, to_cents
from taxlien.law.months import add_months
from taxlien.law.rulebook import RuleBook
from taxlien.law.rules import Rule
from taxlien.law.yields import Flow, roi_pct, xirr_pct


class Outlay(NamedTuple):
    """Money the holder laid out, and when."""

    paid_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Payoff:
    """The answer to a case. ``lines`` sum to the totals; ``outlays`` are what the holder paid."""

    rule: Rule
    lines: tuple[Line, ...]
    outlays: tuple[Outlay, ...]
    redeemed_on: date
    unrecovered_costs: Decimal
    warnings: tuple[str, ...]
    interest: Decimal
    penalty: Decimal
    owner_payoff: Decimal
    holder_proceeds: Decimal
    outlay: Decimal

    @property
    def roi_pct(self) -> Decimal | None:
        return roi_pct(self.holder_proceeds, self.outlay)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """Signed cash flows of the holder, for XIRR."""
        return (
            *((outlay.paid_on, -outlay.amount) for outlay in self.outlays),
            (self.redeemed_on, self.holder_proceeds),
        )

    @property
    def xirr_pct(self) -> Decimal | None:
        """One decimal: dates are days, so a second decimal would promise what is not known."""
        return xirr_pct(self.flows, TENTH)


def payoff(case: Case, rulebook: RuleBook) -> Payoff:
    """Pay off a case. Raises NoRule, NotRedeemable or InvalidCase; never returns a guess as zero."""
    terms = rulebook.terms(case.state, case.sale_date, case.county_fips, case.homestead, case.track)
    admitted = admit(case, terms)
    rule = admitted.rule
    lines: list[Line] = [_principal(admitted)]
    outlays = [Outlay(case.sale_date, admitted.price)]
    warnings = list(admitted.warnings)

    base_costs, own_costs, unrecovered = _sort_costs(case, rule)
    base = admitted.base + sum((cost.amount for cost in base_costs), ZERO)
    taxes = [tax for tax in case.subsequent_taxes if tax.paid_on <= case.redeemed_on]
    if rule.subsequent == "base":
        base += sum((tax.amount for tax in taxes), ZERO)
    lines += _interest(case, admitted, base, bool(base_costs))
    lines += _penalty(admitted)
    lines += _overbid(case, admitted)
    for cost in (*base_costs, *own_costs):
        outlays.append(Outlay(cost.paid_on or case.sale_date, cost.amount))
        lines += _cost(case, admitted, cost)
    if rule.subsequent in {"none", "unknown"} and taxes:
        warnings.append(subsequent.left_out(rule, taxes))
    else:
        lines += subsequent.lines(rule, admitted.rate_pct, admitted.face, taxes, case.redeemed_on)
        outlays += [Outlay(tax.paid_on, tax.amount) for tax in taxes]
    lines += _premium(case, admitted, outlays, warnings)
    if rule.collector_fee:
        lines.append(
            Line("fee", "redemption fee to the collector", rule.collector_fee, None, None,
                 rule.statute_for("fee"), True, False)
        )  # fmt: skip
    if rule.subsequent == "bands" and taxes:
        warnings.append(
            "a year-end penalty that a municipality may add to later taxes is not included"
        )
    return _total(case, rule, lines, outlays, unrecovered, warnings)


def _total(
    case: Case,
    rule: Rule,
    lines: list[Line],
    outlays: list[Outlay],
    unrecovered: Decimal,
    warnings: list[str],
) -> Payoff:
    """Add up the lines once; every total is a sum of lines that are already rounded."""
    interest_sum = penalty = owner = holder = outlay = ZERO
    for line in lines:
        amount = line.amount
        if line.kind == "interest":
            interest_sum += amount
        elif line.kind == "penalty":
            penalty += amount
        if line.owner_pays:
            owner += amount
        if line.holder_receives:
            holder += amount
    for paid in outlays:
        outlay += paid.amount
    return Payoff(
        rule=rule,
        lines=tuple(lines),
        outlays=tuple(outlays),
        redeemed_on=case.redeemed_on,
        unrecovered_costs=unrecovered,
        warnings=tuple(warnings),
        interest=interest_sum,
        penalty=penalty,
        owner_payoff=owner,
        holder_proceeds=holder,
        outlay=outlay,
    )


def _principal(admitted: Admitted) -> Line:
    """The lien or the price. Where the law returns the price from elsewhere, the owner pays less."""
    return Line("principal", "principal", admitted.owner_principal, None, None,
                admitted.rule.statute_for("principal"), True, True)  # fmt: skip


def _interest(case: Case, admitted: Admitted, base: Decimal, with_costs: bool) -> list[Line]:
    rule = admitted.rule
    owed = charge_for(rule, admitted.rate_pct, case.sale_date, case.redeemed_on)
    amount = interest(rule, base, owed)
    on = "face" if rule.interest_base == "face" else "price"
    label = f"interest on {on}" + (" and costs" if with_costs else "")
    statute = rule.statute + (f"; {admitted.local_statute}" if admitted.local_statute else "")
    found = Line("interest", label, amount, owed.months, plain(owed.applied_pct), statute,
                 True, True)  # fmt: skip
    if rule.minimum_pct is not None and admitted.rate_pct > 0:
        least = to_cents(base * rule.minimum_pct / 100)
        if amount < least:
            found = Line("interest", f"minimum interest on {on}", least, owed.months,
                         plain(rule.minimum_pct), rule.statute_for("minimum"), True, True)  # fmt: skip
    if rule.interest_cap == "face" and case.face_amount is not None and amount > case.face_amount:
        found = found._replace(label=f"{label}, capped", amount=to_cents(case.face_amount))
    return [found]


def _penalty(admitted: Admitted) -> list[Line]:
    """The highest tier that the amount strictly exceeds."""
    rule, face = admitted.rule, admitted.base
    reached = [percent for above, percent in rule.penalties if face > above]
    if not reached:
        return []
    return [Line("penalty", "penalty", to_cents(face * reached[-1] / 100), None, plain(reached[-1]),
                 rule.statute_for("penalty"), True, True)]  # fmt: skip


def _overbid(case: Case, admitted: Admitted) -> list[Line]:
    """What was bid above the part the owner repays comes back from the county's fund."""
    rule, overbid = admitted.rule, admitted.price - admitted.owner_principal
    if not overbid:
        return []
    statute = rule.statute_for("overbid" if rule.premium == "overbid" else "principal")
    lines = [Line("returned", "bid above the amount due, returned", overbid, None, None, statute,
                  False, True)]  # fmt: skip
    if rule.overbid_rate_pct is not None:
        owed = subsequent.annual_line(
            "interest on overbid", rule, overbid, rule.overbid_rate_pct, case.sale_date,
            case.redeemed_on, rule.statute_for("overbid"),
        )  # fmt: skip
        lines.append(owed)
    return lines


def _sort_costs(case: Case, rule: Rule) -> tuple[list[Cost], list[Cost], Decimal]:
    """Costs that join the base, costs repaid on their own, and the sum of all others."""
    base: list[Cost] = []
    own: list[Cost] = []
    unrecovered = ZERO
    for cost in case.costs:
        paid_on = cost.paid_on or case.sale_date
        if paid_on > case.redeemed_on:
            continue
        treatment = rule.costs.get(cost.kind)
        # a cost that bears interest and was paid at the sale is part of what the sale cost
        if treatment == "base" or (treatment == "interest" and paid_on <= case.sale_date):
            base.append(cost)
        elif treatment:
            own.append(cost)
        else:
            unrecovered += cost.amount
    return base, own, unrecovered


def _cost(case: Case, admitted: Admitted, cost: Cost) -> list[Line]:
    rule = admitted.rule
    statute = rule.statute_for("costs")
    lines = [Line("repaid", cost.kind, cost.amount, None, None, statute, True, True)]
    later = cost.paid_on is not None and cost.paid_on > case.sale_date
    if later and cost.paid_on and rule.costs[cost.kind] == "interest":
        owed = charge_for(rule, admitted.rate_pct, cost.paid_on, case.redeemed_on)
        lines.append(Line("interest", f"interest on {cost.kind}", interest(rule, cost.amount, owed),
                          owed.months, plain(owed.applied_pct), statute, True, True))  # fmt: skip
    return lines


def _premium(
    case: Case, admitted: Admitted, outlays: list[Outlay], warnings: list[str]
) -> list[Line]:
    rule, premium = admitted.rule, admitted.premium
    if rule.premium in {"lost", "refunded", "refunded_60"} and not case.premium_known:
        warnings.append("the premium is not known: outlay and returns take it as zero")
    if not premium or rule.premium == "deferred":
        return []
    outlays.append(Outlay(case.sale_date, premium))
    within = rule.premium == "refunded_60" and case.redeemed_on <= add_months(case.sale_date, 60)
    if rule.premium == "refunded" or within:
        return [Line("returned", "premium returned", premium, None, None,
                     rule.statute_for("premium"), False, True)]  # fmt: skip
    return []
