"""A source mapping: which published column is which field, as data a person can read and edit.

A mapping says where a file comes from, how to recognise it, and how each row becomes a record.
It is written in YAML; ``parse_mapping`` checks it and names the key at fault.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec
import yaml

from taxlien.interfaces.liens import LienStatus

Parser = Literal[
    "text",
    "address",
    "parcel",
    "number",  # a certificate or advertising number: text, null when only zeros
    "money",
    "rate_pct",
    "decimal",
    "integer",
    "year",
    "boolean",
    "date",
    "coordinate",
    "zip",
    "code",
]
LegalStatus = Literal["open_data", "county_download", "permitted", "terms_forbid", "unknown"]
Yields = Literal["liens", "sales", "price_index"]


T = TypeVar("T")


class MappingError(ValueError):
    """A mapping that cannot be used. ``key`` is the path of the key at fault, e.g. columns.sale_date."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message


class _Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What every part of a mapping is: immutable, and an unknown key is an error."""


class Column(_Part, frozen=True, kw_only=True, rename={"sources": "from"}):
    """How one field is read. ``sources`` are the names its column goes by, the first found wins.

    ``join`` lists further columns whose cells are appended; ``split`` cuts one cell into parts;
    ``pad`` fills each part with zeros on the left. ``nulls`` are cells that mean unknown.
    ``values`` translates codes (``otherwise`` is for codes not listed; without it they are
    rejected). ``commas`` says that unquoted commas are part of the value. ``late`` marks a column
    that was read after the outcome was known: good to show, poison for a model.
    """

    sources: tuple[str, ...]
    parse: Parser = "text"
    required: bool = False
    join: tuple[tuple[str, ...], ...] = ()
    split: str | None = None
    pad: tuple[int, ...] = ()
    formats: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    zero_is_null: bool = False
    values: dict[str, str] = {}
    otherwise: str | None = None
    pattern: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    commas: bool = False
    late: bool = False


class Personal(_Part, frozen=True, kw_only=True, rename={"sources": "from"}):
    """A column about a person. It is never emitted; its shape only proves that a row is not shifted.

    ``number`` is one id. ``name`` is free text that may hold unquoted commas. ``account`` is an id that
    names may follow, with unquoted commas.
    """

    sources: tuple[str, ...]
    shape: Literal["number", "name", "account"] = "name"


class Test(_Part, frozen=True, kw_only=True):
    """What a cell must be for a rule to hold: exactly one of these. Text compares without case."""

    among: tuple[str, ...] | None = None
    equals: Decimal | None = None
    above: Decimal | None = None
    state: Literal["empty", "present", "zero", "absent"] | None = None

    __test__ = False


class StatusRule(_Part, frozen=True, kw_only=True, rename={"status": "is"}):
    """Rules are tried in order, the first whose every test holds gives the status.

    ``when`` names fields, signals, personal columns or attributes of the mapping. A test on a column
    the file lacks never holds, except ``absent``. ``unless_file_lacks`` names a column that must hold
    a value other than zero in the file's first rows, or else the rule is off. ``clear`` sets fields to
    unknown, ``attributes`` adds remarks.
    """

    status: LienStatus
    when: dict[str, Test] = {}
    unless_file_lacks: str | None = None
    clear: tuple[str, ...] = ()
    attributes: dict[str, str] = {}


class HistoryStep(_Part, frozen=True, kw_only=True, rename={"status": "is"}):
    """One dated status: ``is`` is a status or ``{column}``, ``on`` the column of its date."""

    on: str
    status: str
    values: dict[str, LienStatus] = {}


class Sale(_Part, frozen=True, kw_only=True):
    """When the sale was, where no column says it.

    ``year`` is ``{year}`` (from the file's path) or a column. ``days`` are known days by year,
    ``usual_day`` (MM-DD) stands in for any other year; both are ``assumed``.
    ``tax_year_offset`` gives the tax year: sale year plus this.
    """

    year: str
    days: dict[int, date] = {}
    usual_day: str | None = None
    tax_year_offset: int | None = None


class County(_Part, frozen=True, kw_only=True):
    """Which county: a constant ``fips``, a ``column`` (FIPS or name), or ``{county}`` of the path.
    Names are looked for in ``state``, or in the state that ``state_column`` says."""

    state: str | None = None
    state_column: str | None = None
    fips: str | None = None
    column: str | None = None
    parameter: str | None = None
    names: dict[str, str] = {}


class Source(_Part, frozen=True, kw_only=True):
    """Who publishes this, and on what terms it may be used."""

    legal_status: LegalStatus
    licence: str
    platform: str | None = None
    url: str | None = None


class Recognise(_Part, frozen=True, kw_only=True):
    """How a file is known for this source: path patterns, and/or columns its header must have.

    Patterns are matched against the end of the path; ``*`` stands for anything within a name and
    ``{name}`` for a value the mapping needs. ``header`` lists columns that must all be there.
    ``headerless`` lists the columns of files without a header ("-" for a column to leave).
    """

    paths: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    headerless: tuple[tuple[str, ...], ...] = ()


class Expect(_Part, frozen=True, kw_only=True):
    """What a whole file of this source should hold; a file that does not is held back."""

    min_rows: int = 1
    max_reject_share: Decimal = Decimal("0.05")


class Mapping(_Part, frozen=True, kw_only=True):
    """A whole source mapping. ``skip`` leaves out rows by a cell (totals, notes)."""

    name: str
    title: str
    version: int = 1
    yields: Yields = "liens"
    source: Source
    recognise: Recognise = Recognise()
    county: County
    constants: dict[str, str] = {}
    sale: Sale | None = None
    columns: dict[str, Column]
    attributes: dict[str, tuple[str, ...]] = {}
    signals: dict[str, tuple[str, ...]] = {}
    personal: dict[str, Personal] = {}
    ignore: tuple[str, ...] = ()
    status: tuple[StatusRule, ...] = ()
    history: tuple[HistoryStep, ...] = ()
    skip: dict[str, Test] = {}
    expect: Expect = Expect()

    @property
    def late_fields(self) -> tuple[str, ...]:
        """Fields whose values were read after the outcome was known."""
        return tuple(name for name, column in self.columns.items() if column.late)


def column_key(name: str) -> str:
    """A column's name as it is compared: lower case, letters, digits and ``%$#`` only."""
    return re.sub(r"[^a-z0-9%$#]", "", name.lower())


def parse_mapping(text: str) -> Mapping:
    """Read and check a YAML mapping. Raises ``MappingError`` with the key at fault."""
    try:
        # Every scalar stays text until a key says what it is: a code `No` or `on` is no truth value.
        document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  (builds only text)
    except yaml.YAMLError as error:
        raise MappingError("(file)", f"not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise MappingError("(file)", "a mapping is a list of keys with values")
    _check_names(document, "", Mapping)
    for section, kind in (("columns", Column), ("personal", Personal), ("skip", Test)):
        entries = document.get(section) or {}
        if not isinstance(entries, dict):
            raise MappingError(section, "names with values are expected here")
        for name, entry in entries.items():
            _convert(f"{section}.{name}", entry, kind)
    mapping = _convert("", document, Mapping)
    check_mapping(mapping)
    return mapping


def dump_mapping(mapping: Mapping) -> str:
    """Write a mapping as YAML that ``parse_mapping`` reads back to an equal one."""
    plain = msgspec.to_builtins(mapping, str_keys=True)
    return yaml.safe_dump(_lists(plain), sort_keys=False, allow_unicode=True, width=100)


def _lists(value: object) -> object:
    if isinstance(value, dict):
        return {key: _lists(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(entry) for entry in value]
    return value


def _check_names(entry: dict[object, object], path: str, kind: type[msgspec.Struct]) -> None:
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    for key in entry:
        if key not in known:
            raise MappingError(
                f"{path}{key}", f"unknown key; known here: {', '.join(sorted(known))}"
            )


def _convert(path: str, entry: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(entry, kind, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        inner = re.search(r"\$([^`]*)", where)
        key = f"{path}{inner[1] if inner else ''}".lstrip(".") or "(file)"
        raise MappingError(key, message) from error


_LIEN_FIELDS = """
    kind parcel_id tax_year certificate_number advertising_number sale_date face_amount bid_rate_pct
    premium opening_bid winning_bid amount_due bid_count assessed_value market_value situs_address
    city zip_code property_type acres building_sqft year_built latitude longitude homestead vacant
    paid_on redeemed_on interest_paid ended_on
"""
LIEN_FIELDS = frozenset(_LIEN_FIELDS.split())
FIELDS: dict[str, frozenset[str]] = {
    "liens": LIEN_FIELDS,
    "sales": frozenset({"sale_date", "kind", "label", "tax_year"}),
    "price_index": frozenset({"year", "index", "change_pct", "index_1990", "index_2000"}),
}
REQUIRED: dict[str, frozenset[str]] = {
    "liens": frozenset({"parcel_id"}),
    "sales": frozenset({"sale_date", "kind"}),
    "price_index": frozenset({"year"}),
}
_KINDS = frozenset({"certificate", "subsequent_tax", "deed_sale", "delinquency", "summary"})
_PARSERS: dict[str, tuple[str, ...]] = {
    "parcel_id": ("parcel",),
    "tax_year": ("year",),
    "year": ("year",),
    "year_built": ("year",),
    "sale_date": ("date",),
    "paid_on": ("date",),
    "redeemed_on": ("date",),
    "ended_on": ("date",),
    "bid_count": ("integer",),
    "bid_rate_pct": ("rate_pct",),
    "latitude": ("coordinate",),
    "longitude": ("coordinate",),
    "homestead": ("boolean",),
    "vacant": ("boolean",),
    "kind": ("code",),
    "acres": ("decimal",),
    "building_sqft": ("decimal",),
    "zip_code": ("zip", "text"),
    **dict.fromkeys(("certificate_number", "advertising_number"), ("number", "text")),
    **dict.fromkeys(
        ("situs_address", "city", "property_type", "label"), ("text", "address", "code")
    ),
    **dict.fromkeys(("index", "index_1990", "index_2000", "change_pct"), ("decimal", "rate_pct")),
}


def check_mapping(mapping: Mapping) -> None:
    """Refuse a mapping whose parts do not fit together. Raises ``MappingError``."""
    known = FIELDS[mapping.yields]
    for field, column in mapping.columns.items():
        path = f"columns.{field}"
        if field not in known:
            raise MappingError(path, f"no such field; there are: {', '.join(sorted(known))}")
        allowed = _PARSERS.get(field, ("money",))
        if column.parse not in allowed:
            raise MappingError(f"{path}.parse", f"{field} is read by {' or '.join(allowed)}")
        if not column.sources:
            raise MappingError(f"{path}.from", "at least one column name is needed")
        if column.parse == "date":
            _check_formats(f"{path}.formats", column.formats)
        if column.pattern is not None:
            _check_pattern(f"{path}.pattern", column.pattern)
    for field in sorted(REQUIRED[mapping.yields] - set(mapping.columns) - set(mapping.constants)):
        raise MappingError(f"columns.{field}", "this field is required")
    _check_kind(mapping)
    _check_county(mapping.county)
    _check_rules(mapping)


def _check_formats(key: str, formats: tuple[str, ...]) -> None:
    if not formats:
        raise MappingError(key, "a date needs its formats, such as MM/DD/YYYY")
    for text in formats:
        for part, signs in (("day", "DD"), ("month", "MM MON"), ("year", "YY")):
            if not any(sign in text for sign in signs.split()):
                raise MappingError(key, f"{text!r} does not say the {part}")


def _check_pattern(key: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise MappingError(key, f"not a regular expression: {error}") from error


def _check_kind(mapping: Mapping) -> None:
    for name in mapping.constants:
        if name not in FIELDS[mapping.yields]:
            raise MappingError(f"constants.{name}", "no such field")
    if mapping.yields != "liens":
        return
    column = mapping.columns.get("kind")
    kinds = set(column.values.values()) if column else {mapping.constants.get("kind", "")}
    if not kinds or not kinds <= _KINDS:
        where = "columns.kind.values" if column else "constants.kind"
        raise MappingError(where, f"a kind is one of: {', '.join(sorted(_KINDS))}")
    if not mapping.status or mapping.status[-1].when:
        raise MappingError("status", "the last rule must hold for every row (no `when`)")


def _check_county(county: County) -> None:
    if sum(map(bool, (county.fips, county.column, county.parameter))) != 1:
        raise MappingError("county", "give exactly one of fips, column, parameter")
    if county.state_column and not county.column:
        raise MappingError("county.state_column", "only says the state of a county's column")
    for name, fips in {**county.names, **({"fips": county.fips} if county.fips else {})}.items():
        if not re.fullmatch(r"\d{5}", fips):
            raise MappingError(f"county.{name}", f"{fips!r} is not a five-digit FIPS code")


def _check_rules(mapping: Mapping) -> None:
    known = {*mapping.columns, *mapping.attributes, *mapping.signals, *mapping.personal}
    tests = [(f"status[{n}].when", rule.when) for n, rule in enumerate(mapping.status)]
    for path, when in [*tests, ("skip", mapping.skip)]:
        for name, test in when.items():
            if name not in known:
                raise MappingError(f"{path}.{name}", "no column, signal or attribute of that name")
            given = [
                f for f in ("among", "equals", "above", "state") if getattr(test, f) is not None
            ]
            if len(given) != 1:
                raise MappingError(f"{path}.{name}", "give one of among, equals, above, state")
    for n, step in enumerate(mapping.history):
        if step.on not in known:
            raise MappingError(f"history[{n}].on", "no column, signal or attribute of that name")
    for n, rule in enumerate(mapping.status):
        for name in rule.clear:
            if name not in LIEN_FIELDS:
                raise MappingError(f"status[{n}].clear", f"no field {name!r}")
