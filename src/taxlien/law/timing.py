"""When owners redeem: a cumulative curve and what it means for the holder of a premium lien."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from taxlien.law.errors import InvalidCase
from taxlien.law.money import CENT, ZERO, percent_of, to_cents


@dataclass(frozen=True, slots=True)
class RedemptionCurve:
    """Cumulative share redeemed (percent) by month after the sale, in rising order.

    ``sample`` says what it was seen on; a prior from one investor's record is only used until a
    county has its own data, and a reader must see which it is.
    """

    points: tuple[tuple[int, Decimal], ...]
    sample: str

    def __post_init__(self) -> None:
        if not self.points:
            raise InvalidCase("points", "a curve needs at least one point")
        for (month, share), (later, more) in pairwise(((0, ZERO), *self.points)):
            if later <= month or not share <= more <= 100:
                raise InvalidCase("points", "months and shares must rise, shares up to 100")

    @property
    def redeemed_pct(self) -> Decimal:
        """Share that redeems at all."""
        return self.points[-1][1]

    def redeemed_by(self, month: Decimal) -> Decimal:
        """Cumulative percent by a month, linear between points, flat after the last."""
        before, share = Decimal(0), ZERO
        for later, more in self.points:
            if month <= later:
                return share + (more - share) * (month - before) / (later - before)
            before, share = Decimal(later), more
        return share

    def mean_months(self) -> Decimal:
        """Mean months to redemption, given redemption, each band at its midpoint. Unrounded."""
        total = ZERO
        for (start, share), (end, more) in pairwise(((0, ZERO), *self.points)):
            total += (more - share) * (start + end) / 2
        if not self.redeemed_pct:
            raise InvalidCase("points", "nobody redeems on this curve")
        return total / self.redeemed_pct


COLORADO_PRIOR = RedemptionCurve(
    (
        (6, Decimal(33)),
        (9, Decimal(60)),
        (12, Decimal(70)),
        (24, Decimal(85)),
        (36, Decimal(95)),
        (42, Decimal(98)),
    ),
    "Colorado, one investor's record (size not stated)",
)


@dataclass(frozen=True, slots=True)
class CurveReturn:
    """Expected result of a simple-interest lien on a curve. Months, dollars, percent."""

    mean_months: Decimal
    interest: Decimal
    net: Decimal
    roi_pct: Decimal | None
    simple_annual_pct: Decimal | None


def return_on_curve(
    curve: RedemptionCurve, face: Decimal, lost_premium: Decimal, annual_rate_pct: Decimal
) -> CurveReturn:
    """Interest at the mean time of the curve, less a premium that is lost."""
    months = curve.mean_months()
    interest = face * annual_rate_pct * months / 1200
    net = interest - lost_premium
    outlay = face + lost_premium
    annual = None
    if outlay and months:
        annual = (net * 1200 / (outlay * months)).quantize(CENT, ROUND_HALF_UP)
    return CurveReturn(
        months.quantize(CENT, ROUND_HALF_UP),
        to_cents(interest),
        to_cents(net),
        percent_of(net, outlay),
        annual,
    )
