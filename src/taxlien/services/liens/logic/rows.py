"""Read one row after another through a bound mapping: the hot loop, and the reasons when it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Values
from operator import itemgetter
from typing import Any

from . import repairing
from .binding import CountyLookup, Layout, Step, bind_county, bind_sale, fits, lay_out
from .cells import quoted_cells
from .mapping import Column, Mapping, Personal
from .normalising import cell_parser, parse_text
from .records import LienRecord, PriceIndexRecord, Record, Reject, SaleRecord, UnreadableFile
from .rules import Memo, bind_history, bind_rules, bind_tests

RAW_LIMIT = 2_000
_SPLIT_HEAD = re.compile(r"\(?-?\$\d{1,3}").fullmatch
_SPLIT_TAIL = re.compile(r"\d{3}(?:\.\d\d)?\)?").fullmatch
_NUMERIC = frozenset({"money", "rate_pct", "decimal", "integer", "year", "boolean", "coordinate"})
# Cells of these parsers hardly repeat within a file: remembering them costs more than parsing.
_UNIQUE = frozenset({"parcel", "number", "money"})
_RECORDS: dict[str, Callable[..., Record]] = {
    "liens": LienRecord,
    "sales": SaleRecord,
    "price_index": PriceIndexRecord,
}


_PERSON_CHECKS = {
    "name": repairing.looks_like_person,
    "account": repairing.looks_like_account,
    "number": repairing.looks_like_number,
}


class Duplicate:
    """A row that says again, word for word, what an earlier row said."""


class Skipped:
    """A row the mapping leaves out."""


DUPLICATE = Duplicate()
SKIPPED = Skipped()


class RowReader:
    """Reads the rows of one file. ``sample`` are its first rows, to see what the file publishes."""

    def __init__(
        self,
        mapping: Mapping,
        layout: Layout,
        *,
        values: Values[str, str],
        county_fips: CountyLookup | None = None,
        sample: Sequence[Sequence[str]] = (),
        delimiter: str = ",",
    ) -> None:
        self.repaired = 0
        self.width = len(layout.header)
        self._header = layout.header
        self._mapping = mapping
        self._positions = layout.positions
        self._delimiter = delimiter
        self._record = _RECORDS[mapping.yields]
        self._liens = mapping.yields == "liens"
        self._base: dict[str, Any] = dict(mapping.constants)
        self._steps: list[Step] = []
        for facts, step in (
            bind_county(mapping, layout, values, county_fips),
            bind_sale(mapping, layout, values),
        ):
            self._base |= facts
            if step is not None:
                self._steps.append(step)
        self._bind_columns(mapping, layout)
        self._rules = bind_rules(mapping.status, layout.index_of, sample)
        self._history = bind_history(mapping.history, layout.index_of)
        self._skips = [
            tests
            for name, test in mapping.skip.items()
            if (tests := bind_tests({name: test}, layout.index_of)) is not None
        ]
        self._attributes = [
            (name, index, Memo(parse_text).__getitem__)
            for name in mapping.attributes
            if (index := layout.index_of(name)) is not None
        ]
        self._seen: dict[int, int] = {}

    def _bind_columns(self, mapping: Mapping, layout: Layout) -> None:
        self._plan: list[tuple[str, int, Callable[[str], Any]]] = []
        self._joins: list[tuple[str, tuple[int, ...], str, Callable[[str], Any]]] = []
        self._parcel: tuple[int, Callable[[str], tuple[str, str]]] | None = None
        shapes = [repairing.Shape(lambda cell: True, mapped=False) for _ in layout.header]
        numeric: set[int] = set()
        for name, column in mapping.columns.items():
            index = layout.index_of(name)
            if index is None:
                continue
            parse = cell_parser(column)
            read = parse if column.parse in _UNIQUE else Memo(parse).__getitem__
            if name in layout.joined:
                places = (index, *layout.joined[name])
                self._joins.append((name, places, column.split or "", parse))
                continue
            if name == "parcel_id":
                self._parcel = (index, read)
            else:
                self._plan.append((name, index, read))
            shapes[index] = repairing.Shape(_accepts(read), _joins_by(column))
            if column.parse in _NUMERIC:
                numeric.add(index)
        self._checks: list[tuple[int, Callable[[str], bool]]] = []
        for name, personal in mapping.personal.items():
            index = layout.index_of(name)
            if index is None or any(index == place for _, place, _ in self._plan):
                continue
            fits = person_check(personal)
            joins = personal.shape if personal.shape != "number" else None
            shapes[index] = repairing.Shape(fits, joins, mapped=False)
            self._checks.append((index, Memo(fits).__getitem__))
        self._shapes = shapes
        self._guards = [
            index
            for name, index, _ in self._plan
            if mapping.columns[name].parse == "money"
            and index + 1 < self.width
            and index + 1 not in numeric
        ]
        self._bind_content(mapping, layout)

    def _bind_content(self, mapping: Mapping, layout: Layout) -> None:
        people = {layout.index_of(name) for name in mapping.personal}
        places = {index for _, index, _ in self._plan}
        places |= {index for _, many, _, _ in self._joins for index in many}
        places |= {i for name in mapping.attributes if (i := layout.index_of(name)) is not None}
        places |= {i for name in mapping.signals if (i := layout.index_of(name)) is not None}
        if self._parcel is not None:
            places.add(self._parcel[0])
        chosen = sorted(places - people)
        self._content = itemgetter(*chosen) if chosen else tuple

    def read(
        self, line: int, cells: Sequence[str], raw: str
    ) -> Record | Reject | Duplicate | Skipped:
        """One row as a record, a rejection, or word that it adds nothing."""
        if len(cells) != self.width:
            cells_or_reject = self._refit(line, cells, raw)
            if isinstance(cells_or_reject, Reject):
                return cells_or_reject
            cells = cells_or_reject
        if self._skips and any(all(t(cells[i]) for i, t in tests) for tests in self._skips):
            return SKIPPED
        fields = self._base.copy()
        try:
            if self._parcel is not None:
                index, parse = self._parcel
                fields["parcel_id"], fields["parcel_key"] = parse(cells[index])
            for name, index, parse in self._plan:
                value = parse(cells[index])
                if value is not None:
                    fields[name] = value
            for step in self._steps:
                step(cells, fields)
        except ValueError:
            return self._explain(line, cells, raw)
        for index, check in self._checks:
            if not check(cells[index]):
                return self._shifted(line, index, raw)
        for index in self._guards:
            if _SPLIT_HEAD(cells[index]) and _SPLIT_TAIL(cells[index + 1]):
                return self._shifted(line, index, raw)
        if self._joins:
            reject = self._join(line, cells, fields, raw)
            if reject is not None:
                return reject
        if self._liens:
            self._finish_lien(cells, fields)
            return self._first_time(line, cells, fields, raw)
        return self._first_time(line, cells, fields, raw)

    def _finish_lien(self, cells: Sequence[str], fields: dict[str, Any]) -> None:
        if self._attributes:
            fields["attributes"] = {
                name: text
                for name, index, parse in self._attributes
                if (text := parse(cells[index])) is not None
            }
        for tests, status, clear, remarks in self._rules:
            for index, test in tests:
                if not test(cells[index]):
                    break
            else:
                fields["status"] = status
                for name in clear:
                    fields.pop(name, None)
                if remarks:
                    fields["attributes"] = {**fields.get("attributes", {}), **remarks}
                break
        if "sale_date" in fields and "sale_date_basis" not in fields:
            fields["sale_date_basis"] = "published"
            fields.setdefault("sale_year", fields["sale_date"].year)
        if self._history is not None:
            fields["status_history"] = self._history(cells)

    def _first_time(
        self, line: int, cells: Sequence[str], fields: dict[str, Any], raw: str
    ) -> Record | Reject | Duplicate:
        key = hash(self._key(fields))
        stamp = (line << 64) | (hash(self._content(cells)) & 0xFFFFFFFFFFFFFFFF)
        known = self._seen.setdefault(key, stamp)
        if known is not stamp:
            if (known ^ stamp) & 0xFFFFFFFFFFFFFFFF == 0:
                return DUPLICATE
            return Reject(
                line=line,
                reason=f"the same key as line {known >> 64}, with other values",
                raw=raw[:RAW_LIMIT],
            )
        try:
            return self._record(line=line, **fields)
        except TypeError:
            missing = "a value that every record needs is empty"
            return Reject(line=line, reason=missing, raw=raw[:RAW_LIMIT])

    def _key(self, fields: dict[str, Any]) -> tuple[object, ...]:
        get = fields.get
        if self._liens:
            number = get("certificate_number")
            if number is None and (advertised := get("advertising_number")) is not None:
                number = f"adv {advertised}"
            return (fields["county_fips"], fields["parcel_key"], get("tax_year"), number)
        return (fields["county_fips"], get("sale_date"), get("kind"), get("year"))

    def _refit(self, line: int, cells: Sequence[str], raw: str) -> Sequence[str] | Reject:
        count, width = len(cells), self.width
        if count < width:
            reason = f"the row has {count} cells, the header {width}"
            return Reject(line=line, reason=reason, raw=raw[:RAW_LIMIT])
        quoted = quoted_cells(raw, self._delimiter) if '"' in raw else None
        put_back = repairing.regroup(cells, self._shapes, quoted)
        if put_back is not None:
            self.repaired += 1
            return put_back
        if not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        reason = (
            f"column shift: the row has {count} cells, the header {width},"
            " and there is no single way to put them back"
        )
        return Reject(line=line, reason=reason, raw=raw[:RAW_LIMIT])

    def _join(
        self, line: int, cells: Sequence[str], fields: dict[str, Any], raw: str
    ) -> Reject | None:
        for name, places, separator, parse in self._joins:
            try:
                value = parse(separator.join(cells[index].strip() for index in places))
            except ValueError as error:
                column = self._header[places[0]]
                return Reject(line=line, column=column, reason=str(error), raw=raw[:RAW_LIMIT])
            if name == "parcel_id":
                fields["parcel_id"], fields["parcel_key"] = value
            elif value is not None:
                fields[name] = value
        return None

    def _shifted(self, line: int, index: int, raw: str) -> Reject:
        return Reject(
            line=line,
            column=self._header[index],
            reason="column shift: a comma seems to have split a cell",
            raw=raw[:RAW_LIMIT],
        )

    def _explain(self, line: int, cells: Sequence[str], raw: str) -> Reject | Skipped:
        """Read the row again, to name the column that failed. A header said again is left out."""
        if fits(self._mapping, cells):
            if lay_out(self._mapping, cells).positions == self._positions:
                return SKIPPED
            raise UnreadableFile(
                "another header, with other columns, in the middle of the file", line
            )
        plan = [(index, parse) for _, index, parse in self._plan]
        for index, parse in ([self._parcel] if self._parcel else []) + plan:
            try:
                parse(cells[index])
            except ValueError as error:
                column = self._header[index]
                return Reject(line=line, column=column, reason=str(error), raw=raw[:RAW_LIMIT])
        for step in self._steps:
            try:
                step(cells, {})
            except ValueError as error:
                return Reject(line=line, reason=str(error), raw=raw[:RAW_LIMIT])
        return Reject(line=line, reason="the row cannot be read", raw=raw[:RAW_LIMIT])


def person_check(personal: Personal) -> Callable[[str], bool]:
    """Whether a cell may stand in a column about a person."""
    return _PERSON_CHECKS[personal.shape]


def _accepts(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def accepts(cell: str) -> bool:
        try:
            parse(cell)
        except ValueError:
            return False
        return True

    return accepts


def _joins_by(column: Column) -> Any:
    if column.parse in ("money", "decimal", "integer"):
        return "amount"
    return "words" if column.commas else None
