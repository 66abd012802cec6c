"""Bodies of the catalogue's HTTP answers and questions. Money and rates are strings of decimals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from taxlien.interfaces.liens import Lien, LienStatus

from .logic.coverage import CoverageStatus

DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["2104.88"])]


def _as_json(kind: Any) -> Any:
    """Return the type a field has in JSON: decimals are strings there."""
    if kind is Decimal:
        return DecimalText
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(_as_json(part) for part in get_args(kind))]  # noqa: UP007
    return kind


_LIEN_FIELDS: dict[str, Any] = {
    name: (_as_json(kind), ...)
    for name, kind in get_type_hints(Lien).items()
    if name in Lien.__struct_fields__
}
LienBody: type[BaseModel] = create_model(
    "Lien", __doc__="One lien as the catalogue knows it now; null is unknown.", **_LIEN_FIELDS
)


class LienPage(BaseModel):
    """Liens by county, or by time of last change when ``updated_since`` was given."""

    items: list[LienBody]
    next_cursor: str | None


class OriginBody(BaseModel):
    """Who said a current value. Null ``observation``: it comes from the county's list of sales."""

    value: Any
    observation: int | None
    source: str | None
    observed_at: datetime | None


class ObservationBody(BaseModel):
    """What one source said at one time, word for word after parsing.

    ``content_sha256`` is the hash of what was said, ``page_sha256`` that of the page it stood on.
    """

    number: int
    source: str
    source_title: str
    legal_status: str
    file: str | None
    line: int | None
    url: str | None
    fetched_at: datetime
    parser_version: str
    content_sha256: str
    values: dict[str, Any]
    page_sha256: str | None


class ObservationPage(BaseModel):
    """Observations of a lien, latest first, and the origin of each of its current values."""

    lien_id: UUID
    fields: dict[str, OriginBody]
    items: list[ObservationBody]
    next_cursor: str | None


class StatusBody(BaseModel):
    """A status; ``seen_on`` is the source's own date where it gives one."""

    number: int
    status: LienStatus
    seen_on: date | None
    observed_at: datetime
    source: str


class HistoryPage(BaseModel):
    """Statuses of a lien in the order they were learned."""

    lien_id: UUID
    items: list[StatusBody]
    next_cursor: str | None


class CountyBody(BaseModel):
    """A county or county equivalent; coordinates are those of its centroid, in degrees."""

    fips: str
    name: str
    full_name: str
    state: str
    state_fips: str
    time_zone: str
    latitude: float
    longitude: float


class CountyPage(BaseModel):
    """Counties by FIPS code."""

    items: list[CountyBody]
    next_cursor: str | None


class ParcelBody(BaseModel):
    """A parcel as it is known now; null is unknown. ``observed_at`` is when an assessor's page last
    spoke of it. ``other_keys`` are further numbers that were found to be this parcel."""

    county_fips: str
    parcel_key: str
    parcel_id: str
    situs_address: str | None
    city: str | None
    zip_code: str | None
    property_type: str | None
    property_class: str | None
    land_use: str | None
    acres: DecimalText | None
    building_sqft: DecimalText | None
    year_built: int | None
    latitude: float | None
    longitude: float | None
    homestead: bool | None
    flags: list[str] | None
    market_value: DecimalText | None
    market_value_year: int | None
    assessed_value: DecimalText | None
    assessed_value_year: int | None
    first_seen_at: datetime
    observed_at: datetime | None
    other_keys: list[str]
    liens: list[LienBody]


class SourceCoverageBody(BaseModel):
    """One source in one county. Null is unknown; ages in hours, percentages 0 to 100.

    ``properties`` and ``liens`` count what this source spoke of, each once; ``not_recorded`` the items
    that are no tax liens or name no parcel. ``confidence``, 0 to 1, is complete x (0.5 + 0.5 x filled)
    x fresh x legal: unknown shares count a half, ``fresh`` is fresh_hours / age once data is older,
    ``legal`` 1, 0.8 (terms unknown) or 0.5 (forbidden); what a simulator plays has confidence 0.
    """

    source: str
    title: str
    platform: str | None
    legal_status: str
    synthetic: bool
    url: str | None
    status: CoverageStatus
    reason: str
    last_fetched_at: datetime | None
    last_success_at: datetime | None
    last_run_at: datetime | None
    last_run_state: str | None
    age_hours: float | None
    fresh_hours: float
    properties: int
    liens: int
    not_recorded: int
    complete_pct: float | None
    filled_pct: float | None
    confidence: float


class CountyCoverageBody(BaseModel):
    """A county that has sources; its status is that of the worst of them that brings data."""

    county_fips: str
    state: str
    county: str
    status: CoverageStatus
    sources: list[SourceCoverageBody]


class CoverageSummary(BaseModel):
    """Counties in all and those with a source, by status: green is fresh, amber old or troubled,
    red both or never published, grey not collected."""

    counties: int
    covered: int
    uncovered: int
    green: int
    amber: int
    red: int
    grey: int


class StateCoverageBody(CoverageSummary):
    """The same of one state."""

    state: str


class CoveragePage(BaseModel):
    """What is covered, judged by the clock at ``as_of``."""

    as_of: datetime
    summary: CoverageSummary
    states: list[StateCoverageBody]
    items: list[CountyCoverageBody]
    next_cursor: str | None


class SaleBody(BaseModel):
    """A day on which a county sold; ``kind`` is the source's word."""

    id: UUID
    county_fips: str
    state: str
    county: str
    sale_date: date
    kind: str
    label: str | None
    tax_year: int | None
    source: str


class SalePage(BaseModel):
    """Sales by county and day."""

    items: list[SaleBody]
    next_cursor: str | None


class Component(BaseModel):
    """One line of a payoff, with the law it follows."""

    model_config = ConfigDict(extra="allow")

    label: str
    amount: DecimalText
    months: int | None = None
    rate_pct: DecimalText | None = None
    statute: str | None


class CaseError(BaseModel):
    """Why a case has no payoff."""

    code: Literal["no_rule", "not_redeemable", "invalid_case"]
    message: str
    field: str | None = None


class Answer(BaseModel):
    """A payoff, or ``error``. ``interest`` is that on the face and every subsequent tax."""

    id: str | int | float | bool | None
    error: CaseError | None = None
    rule: str | None = None
    interest: DecimalText | None = None
    penalty: DecimalText | None = None
    owner_payoff: DecimalText | None = None
    holder_proceeds: DecimalText | None = None
    outlay: DecimalText | None = None
    roi_pct: DecimalText | None = None
    xirr_pct: DecimalText | None = None
    components: list[Component] | None = None
    repaid: list[Component] | None = None
    unrecovered_costs: DecimalText | None = None
    warnings: list[str] | None = None


class LienAnswer(Answer):
    """The payoff of a lien, and the case that was made of it."""

    lien_id: UUID
    case: dict[str, Any]


class Answers(BaseModel):
    """Answers in the order of the cases."""

    answers: list[Answer]


Amount = DecimalText | int
"""What a case takes: a string of a decimal, or a whole number. A fraction in a JSON number is refused."""


class PaymentBody(BaseModel):
    """A later tax that the holder paid."""

    paid_on: date
    amount: Amount
    tax_year: Any = Field(default=None, description="for people: not read")
    note: Any = Field(default=None, description="for people: not read")


class CostBody(BaseModel):
    """A cost of the holder; without ``paid_on`` it was paid at the sale."""

    kind: str
    amount: Amount
    paid_on: date | None = None
    note: Any = Field(default=None, description="for people: not read")


class CaseBody(BaseModel):
    """One case. Keys that begin with ``expected_`` are ignored."""

    state: str = Field(examples=["FL"])
    sale_date: date
    redeemed_on: date
    id: str | int | None = None
    county_fips: str | None = Field(default=None, examples=["12105"])
    face_amount: Amount | None = None
    bid_rate_pct: Amount | None = None
    premium: Amount | None = None
    price: Amount | None = None
    homestead: bool | None = None
    track: Literal["lien", "redeemable_deed", "deed"] | None = None
    property_class: Literal["homestead", "agricultural", "mineral", "other"] | None = None
    deed_recorded_on: date | None = None
    subsequent_taxes: list[PaymentBody] | None = None
    costs: list[CostBody] | None = None


class CasesBody(BaseModel):
    """Several cases at once. One that is not as it should be is answered with its ``error``."""

    cases: list[CaseBody | dict[str, Any]] = Field(min_length=1, max_length=1000)


class RulesBody(BaseModel):
    """Rules of law as rows; the fields are explained in docs/law.md."""

    on: date | None
    rules: list[dict[str, Any]]


class StateRulesBody(BaseModel):
    """A state's rules and the rates its counties or sale years add."""

    state: str
    on: date | None
    rules: list[dict[str, Any]]
    local_rates: list[dict[str, Any]]


def request_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON schema of a body that a door reads itself, without references outward."""
    schema = TypeAdapter(kind).json_schema()
    definitions = schema.pop("$defs", {})

    def inline(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return inline(definitions[part["$ref"].rpartition("/")[2]])
            return {name: inline(value) for name, value in part.items()}
        return [inline(item) for item in part] if isinstance(part, list) else part

    found: dict[str, Any] = inline(schema)
    return found
