"""HTTP bodies of ml. What a case says is read forgivingly: any value is taken, an absurd one is named."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from taxlien.services.ml.logic.allocation.wanted import Wanted

MOST_CASES = 1_000
MOST_BUDGET = 10**9
MOST_PLACES = 200


class Asked(BaseModel):
    """One case, or ``cases``. Money in US dollars. Everything may be missing; null is unknown."""

    model_config = ConfigDict(extra="ignore")

    cases: list[Any] | None = Field(
        default=None, max_length=MOST_CASES, description="many cases, each with the fields of one"
    )
    reasons: bool | None = Field(
        default=None,
        description="false answers without reasons where they cost more than the answer, which is"
        " several times as quick; true tells them of up to 16 cases; unset does so of few cases",
    )
    id: Any = Field(default=None, description="comes back with the answer")
    state: Any = Field(default=None, description="two letters")
    county_fips: Any = Field(default=None, description="five digits")
    sale_date: Any = Field(default=None, description="YYYY-MM-DD, the county's date")
    face_amount: Any = Field(default=None, description="US dollars")
    premium: Any = Field(default=None, description="US dollars bid above the face")
    parcel_id: Any = Field(default=None, description="as the county writes it")
    assessed_value: Any = Field(default=None, description="US dollars")
    market_value: Any = Field(default=None, description="US dollars")
    property_class: Any = Field(default=None, description="such as residential")
    homestead: Any = Field(default=None, description="true or false")


class Predictions(BaseModel):
    """Answers in the order of the cases. Their fields depend on what was asked; null is unknown."""

    predictions: list[dict[str, Any]]


class RedFlag(BaseModel):
    """A rule that a score may not hide. ``field`` is the evidence, ``floor`` the least score beside it."""

    kind: str
    field: str
    text: str
    floor: int | None


class Score(BaseModel):
    """How risky a lien of the catalogue is. Null is unknown: it ended, or nothing teaches about it."""

    lien_id: UUID
    version: int = Field(description="of the lien, when it was scored")
    score: int | None = Field(description="1 to 100, about half a dollar expected to be lost each")
    safety_score: int | None = Field(description="101 less the score")
    p_unredeemed: float | None = Field(
        description="chance to be neither redeemed within 60 months nor refunded as void"
    )
    model_version: int
    scored_at: datetime
    flags: list[RedFlag] = Field(description="by what the catalogue knows of it now")
    not_checked: list[str] = Field(description="flags that nothing is known about")


class ModelCheck(BaseModel):
    """What the last check of a champion found."""

    kind: str = Field(
        description="features: what it is told beside what taught it;"
        " outcomes: what it said beside what came of it; loading: whether it can be loaded, where it"
        " could not once"
    )
    state: str = Field(description="stable, watch, drifted, unfit, or unknown: too little to tell")
    version: int = Field(description="of the model, when it was checked")
    rows: int = Field(description="liens looked at")
    detail: str
    at: datetime


class ModelTrial(BaseModel):
    """A challenger answers a share of the users."""

    number: int
    champion: int = Field(description="version it is compared with")
    challenger: int
    share_pct: float
    started_at: datetime
    ends_at: datetime


class Model(BaseModel):
    """A version of a model that serves (champion) or may come to (challenger)."""

    name: str
    alias: str
    version: int
    artifact: str = Field(description="SHA-256 of its manifest")
    reason: str = Field(description="first, trained, promoted, remembered or rolled_back")
    synthetic: bool = Field(description="liens that were made up taught it: for trying out")
    at: datetime
    age_days: float = Field(description="in office")
    checks: list[ModelCheck] = Field(description="of a champion; empty before the first")
    trial: ModelTrial | None = Field(description="under way now")


class Models(BaseModel):
    """Who is in office."""

    models: list[Model]


_Dollars = Annotated[Decimal, Field(gt=0, le=MOST_BUDGET, max_digits=14, decimal_places=2)]


class PortfolioAsked(BaseModel):
    """What may be bought. Money in US dollars; null is no limit. Without counties and states: anywhere."""

    model_config = ConfigDict(extra="forbid")

    budget: _Dollars = Field(description="US dollars to lay out at most")
    risk_tolerance: float = Field(
        default=0.5,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="0: a dollar of CVaR weighs as two of expected profit; 1: only the profit counts",
    )
    counties: list[str] = Field(default=[], max_length=MOST_PLACES, description="five digits each")
    states: list[str] = Field(default=[], max_length=56, description="two letters each")
    min_per_lien: _Dollars | None = Field(default=None, description="US dollars")
    max_per_lien: _Dollars | None = Field(default=None, description="US dollars")
    max_per_county: _Dollars | None = Field(default=None, description="US dollars")
    max_risk_score: int | None = Field(
        default=None, ge=1, le=100, description="liens of a higher or unknown score are left out"
    )
    horizon_months: int = Field(
        default=36,
        ge=1,
        le=60,
        description="when the money is wanted back; what is open then counts at its cost less 25 %",
    )
    seed: int = Field(default=1, ge=0, lt=2**31, description="equal seeds draw equal futures")

    def wanted(self) -> Wanted:
        """Return it as the service takes it."""
        return Wanted(
            budget=float(self.budget),
            risk_tolerance=self.risk_tolerance,
            counties=tuple(self.counties),
            states=tuple(state.upper() for state in self.states),
            min_per_lien=_plain(self.min_per_lien),
            max_per_lien=_plain(self.max_per_lien),
            max_per_county=_plain(self.max_per_county),
            max_risk_score=self.max_risk_score,
            horizon_months=self.horizon_months,
            seed=self.seed,
        )


class PortfolioLien(BaseModel):
    """A lien to buy. Money in US dollars."""

    lien_id: UUID
    state: str
    county_fips: str
    parcel_key: str
    certificate_number: str | None
    amount: Decimal = Field(description="what it costs")
    expected_profit: Decimal = Field(
        description="within the horizon; they add up to that of the totals but for the futures' noise"
    )
    expected_return_pct: float = Field(description="of the amount, over the horizon, not a year")
    p_redeem: float = Field(description="chance of redemption within the horizon")
    expected_months: float | None = Field(description="to redemption; null of liens already open")
    risk_score: int | None = Field(description="1 to 100, null where no model serves")
    flags: list[str] = Field(description="red flags, which no score hides")
    terms: str = Field(
        description="predicted: by the price model; opening: where the bidding starts"
    )
    rate_pct: float | None = Field(description="percent of the terms; null where law sets it")
    basis: str = Field(description="model, or insufficient_data where the prior stands in")


class PortfolioFigures(BaseModel):
    """What a choice comes to in the futures. Money in US dollars."""

    liens: int
    amount: Decimal
    expected_profit: Decimal
    expected_return_pct: float | None = Field(description="over the horizon, not a year")
    cvar_95: Decimal = Field(
        description="mean loss of the worst twentieth; below zero a gain even then"
    )
    p_loss: float = Field(description="share of the futures that lose money")
    value: Decimal = Field(description="expected profit less the weight of risk times CVaR")


class PortfolioMonth(BaseModel):
    """What is expected to be back by the end of a month."""

    month: int
    cash: Decimal = Field(description="US dollars so far")
    redeemed_share: float = Field(description="of what was laid out")


class Portfolio(BaseModel):
    """Which liens to buy, what is expected of them, and why these. Money in US dollars."""

    basis: str = Field(
        description="insufficient_data where the prior stands in for some or no model serves"
    )
    method: str = Field(description="whose choice is served: greedy, program, policy or none")
    why: str
    allocation: list[PortfolioLien]
    totals: PortfolioFigures
    unspent: Decimal
    by_county: dict[str, Decimal] = Field(description="US dollars by FIPS code")
    timeline: list[PortfolioMonth]
    methods: dict[str, PortfolioFigures] = Field(description="every way, in the same futures")
    considered: int = Field(description="liens known there with a status of being on offer")
    left_out: dict[str, int] = Field(description="how many could not be chosen, by reason")
    assumptions: dict[str, float] = Field(description="what was chosen, not learned")
    model_versions: dict[str, str | None] = Field(description="null where no such model serves")
    seed: int
    warnings: list[str]


def _plain(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
