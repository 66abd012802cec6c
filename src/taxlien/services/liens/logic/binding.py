"""Fit a mapping to one file: where each column stands, which county and sale the rows belong to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Values
from datetime import date
from typing import Any

import msgspec

from .mapping import Column, County, Mapping, Sale, column_key
from .normalising import parse_year
from .records import UnreadableFile
from .rules import Memo
from .states import fips_in, state_code, state_of

CountyLookup = Callable[[str, str], str | None]
ORDINAL = re.compile(r"column (\d+)").fullmatch


class Layout(msgspec.Struct, frozen=True):
    """Where the columns of a mapping stand in a file. ``unread`` columns the mapping says nothing of."""

    header: tuple[str, ...]
    positions: dict[str, int]
    joined: dict[str, tuple[int, ...]]
    unread: tuple[str, ...]

    def index_of(self, name: str) -> int | None:
        return self.positions.get(name)


def entries(mapping: Mapping) -> dict[str, tuple[str, ...]]:
    """Every name of a mapping that stands for a column, with the columns' own names."""
    return {
        **{name: column.sources for name, column in mapping.columns.items()},
        **mapping.attributes,
        **mapping.signals,
        **{name: personal.sources for name, personal in mapping.personal.items()},
    }


def headerless_header(mapping: Mapping, names: Sequence[str]) -> list[str]:
    """A header for a file that has none, from the mapping's list of its columns."""
    known = entries(mapping)
    return [known[name][0] if name in known else "" for name in names]


def lay_out(mapping: Mapping, header: Sequence[str]) -> Layout:
    """Find the mapping's columns. Raises ``UnreadableFile`` naming what is missing or twice there."""
    keys = [column_key(name) for name in header]
    first: dict[str, int] = {}
    for place, key in enumerate(keys):
        first.setdefault(key, place)
    positions = {
        name: index
        for name, sources in entries(mapping).items()
        if (index := _find(sources, first, len(header))) is not None
    }
    joined = {
        name: _find_joined(name, column, first, len(header))
        for name, column in mapping.columns.items()
        if column.join and name in positions
    }
    _check_required(mapping, positions)
    read = {*positions.values(), *(i for more in joined.values() for i in more)}
    _check_doubles(header, keys, read - _numbered(mapping))
    other_names = (name for sources in entries(mapping).values() for name in sources)
    ignored = {column_key(name) for name in (*mapping.ignore, *other_names)}
    unread = tuple(
        name
        for i, name in enumerate(header)
        if i not in read and keys[i] and keys[i] not in ignored
    )
    return Layout(tuple(header), positions, joined, unread)


def _find(sources: Sequence[str], first: dict[str, int], width: int) -> int | None:
    for source in sources:
        ordinal = ORDINAL(source)
        if ordinal and 0 < int(ordinal[1]) <= width:
            return int(ordinal[1]) - 1
        index = first.get(column_key(source))
        if index is not None:
            return index
    return None


def _find_joined(name: str, column: Column, first: dict[str, int], width: int) -> tuple[int, ...]:
    found = []
    for sources in column.join:
        index = _find(sources, first, width)
        if index is None:
            raise UnreadableFile(f"no column for {name} (looked for {', '.join(sources)})", 1)
        found.append(index)
    return tuple(found)


def _check_required(mapping: Mapping, positions: dict[str, int]) -> None:
    known = entries(mapping)
    needed = {name for name, column in mapping.columns.items() if column.required}
    if mapping.yields == "liens":
        needed |= {"parcel_id"} & set(mapping.columns)
    for name in (*known, *mapping.recognise.header):
        if (name in needed or name in mapping.recognise.header) and name not in positions:
            looked = ", ".join(known.get(name, (name,)))
            raise UnreadableFile(
                f"the header does not fit the mapping {mapping.name}:"
                f" no column for {name} (looked for {looked})"
            )


def _numbered(mapping: Mapping) -> set[int]:
    """The columns that the mapping names by their number, whatever their title."""
    sources = (name for names in entries(mapping).values() for name in names)
    return {int(match[1]) - 1 for name in sources if (match := ORDINAL(name))}


def _check_doubles(header: Sequence[str], keys: Sequence[str], read: set[int]) -> None:
    for index in sorted(read):
        if keys[index] and keys.count(keys[index]) > 1:
            where = [str(i + 1) for i, key in enumerate(keys) if key == keys[index]]
            raise UnreadableFile(
                f"the header has {header[index].strip()!r} more than once (columns {', '.join(where)}):"
                f" a mapping can name one of them as `column {where[0]}`"
            )


def fits(mapping: Mapping, header: Sequence[str]) -> bool:
    """Whether the header has every column the mapping needs."""
    try:
        lay_out(mapping, header)
    except UnreadableFile:
        return False
    return True


Step = Callable[[Sequence[str], dict[str, Any]], None]


def resolve_value(text: str, values: Values[str, str], what: str, mapping: Mapping) -> str:
    """``{year}`` as the value the path or the user gave. Raises ``UnreadableFile`` if nobody did."""
    name = text.strip("{}")
    if not values.get(name):
        raise UnreadableFile(
            f"the mapping {mapping.name} needs {what}: neither the file's path"
            f" nor the options say {name}"
        )
    return values[name]


def bind_county(
    mapping: Mapping, layout: Layout, values: Values[str, str], lookup: CountyLookup | None
) -> tuple[dict[str, Any], Step | None]:
    """What every row has in common (state, county_fips), or a step that reads it from each row."""
    county = mapping.county
    if county.column is not None:
        return {}, _county_of_each_row(county, layout, values.get("county", "").strip(), lookup)
    name = values.get("county") or county.fips
    if county.parameter is not None:
        name = resolve_value(county.parameter, values, "a county", mapping)
    assert name is not None
    try:
        fips, state = _place(name, county, lookup)
    except ValueError as error:
        raise UnreadableFile(str(error)) from error
    return {"county_fips": fips, "state": state}, None


def _county_of_each_row(
    county: County, layout: Layout, given: str, lookup: CountyLookup | None
) -> Step:
    """A step that reads a row's county; ``given`` is the user's, for rows that name none or no state."""
    index, beside = (
        None if name is None else layout.index_of(name)
        for name in (county.column, county.state_column)
    )
    for name, place in ((county.column, index), (county.state_column, beside)):
        if name is not None and place is None:
            raise UnreadableFile(f"no column for the county (looked for {name})")
    if given.isdigit() and county.state is None:
        county = msgspec.structs.replace(county, state=_state_given(given))

    def place_of(said: str) -> tuple[str, str]:
        name, _, state = said.partition("\n")
        return _place(name if name.strip() else given, county, lookup, state)

    places = Memo(place_of)

    def read_county(cells: Sequence[str], fields: dict[str, Any]) -> None:
        said = cells[index]  # type: ignore[index]
        if beside is not None:
            said = f"{said}\n{cells[beside]}"
        fields["county_fips"], fields["state"] = places[said]

    return read_county


def _state_given(fips: str) -> str:
    try:
        return state_of(fips.zfill(5))
    except ValueError as error:
        raise UnreadableFile(str(error)) from error


def _place(
    cell: str, county: County, lookup: CountyLookup | None, state: str = ""
) -> tuple[str, str]:
    """FIPS code and state of a county by its code, its name, or ``Larimer, CO``. Raises ``ValueError``."""
    text = cell.strip()
    if text.isdigit() and 4 <= len(text) <= 5:
        return text.zfill(5), state_of(text.zfill(5))
    name = text.lower().replace("_", " ").removesuffix(" county")
    fips = county.names.get(name)
    within = county.state
    if fips is None:
        name, _, after = name.partition(",")
        said = state.strip() or after.strip()
        within = state_code(said) if said else within
        if within is None and said:
            raise ValueError(f"no state {said!r} is known")
        if within and text.isdigit():
            fips = fips_in(within, text)
        elif within and lookup is not None:
            fips = lookup(within, name.strip().removesuffix(" county"))
    if fips is None:
        hint = (
            f" in {within}" if within else ": say its FIPS code, or its state, as in `Larimer, CO`"
        )
        raise ValueError(f"no county {text!r} is known{hint}")
    return fips, state_of(fips)


def bind_sale(
    mapping: Mapping, layout: Layout, values: Values[str, str]
) -> tuple[dict[str, Any], Step | None]:
    """The sale's year, day and the tax year, the same for all rows or read from each row."""
    sale = mapping.sale
    if sale is None:
        return {}, None
    index = layout.index_of(sale.year)
    if index is None:
        text = sale.year
        if text.startswith("{"):
            text = resolve_value(text, values, "the year of the sale", mapping)
        try:
            year = parse_year(text)
        except ValueError as error:
            raise UnreadableFile(f"the year of the sale is {text!r}: {error}") from error
        return _sale_facts(sale, year), None
    facts = Memo(lambda cell: _sale_facts(sale, parse_year(cell)))

    def read_sale(cells: Sequence[str], fields: dict[str, Any]) -> None:
        for name, value in facts[cells[index]].items():
            fields.setdefault(name, value)

    return {}, read_sale


def _sale_facts(sale: Sale, year: int | None) -> dict[str, Any]:
    if year is None:
        return {}
    facts: dict[str, Any] = {"sale_year": year}
    day = sale.days.get(year)
    if day is None and sale.usual_day is not None:
        month, day_of_month = sale.usual_day.split("-")
        day = date(year, int(month), int(day_of_month))
    if day is not None:
        facts |= {"sale_date": day, "sale_date_basis": "assumed"}
    if sale.tax_year_offset is not None:
        facts["tax_year"] = year + sale.tax_year_offset
    return facts
