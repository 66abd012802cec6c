"""Which columns of an unknown file say a row's county: a FIPS code, or a name with its state beside it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .mapping import County, column_key
from .states import STATE_OF_FIPS, state_code

_CODES = frozenset(
    ("fips", "fipscode", "countyfips", "countyfipscode", "fipscounty", "stcofips", "geoid")
)
_NAMES = frozenset(("county", "countyname", "parish", "parishname"))
# Not `st`, nor the state of a mailing address: owners live elsewhere.
_STATES = frozenset(
    ("state", "statename", "statecode", "countystate", "situsstate", "propertystate")
)


class ProposedCounty(msgspec.Struct, frozen=True, kw_only=True):
    """The places of the columns in the header, and whether the state is known with the county."""

    county: int
    state: int | None
    complete: bool

    def entry(self) -> County:
        """How a mapping says it; the columns are its signals ``county`` and ``county_state``."""
        return County(column="county", state_column=None if self.state is None else "county_state")


def find_county(header: Sequence[str], cells: Sequence[Sequence[str]]) -> ProposedCounty | None:
    """Find them by their titles and cells; null where no column says a county."""
    keys = [column_key(title) for title in header]
    for index, key in enumerate(keys):
        if key in _CODES and _filled(cells[index]) and all(map(_is_code, _filled(cells[index]))):
            return ProposedCounty(county=index, state=None, complete=True)
    for index, key in enumerate(keys):
        if key in _NAMES and _filled(cells[index]):
            if all(map(_is_code, _filled(cells[index]))):
                return ProposedCounty(county=index, state=None, complete=True)
            state = next((i for i, k in enumerate(keys) if k in _STATES), None)
            if state is None or not _one_state_each(cells[index], cells[state]):
                return ProposedCounty(county=index, state=None, complete=False)
            return ProposedCounty(county=index, state=state, complete=True)
    return None


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def _is_code(text: str) -> bool:
    return text.isdigit() and len(text) in (4, 5) and text.zfill(5)[:2] in STATE_OF_FIPS


def _one_state_each(names: Sequence[str], states: Sequence[str]) -> bool:
    """Whether every state is one, and no county lies in two: else it is where the owners live."""
    of_county: dict[str, str] = {}
    for name, text in zip(names, states, strict=False):
        state = state_code(text)
        if state is None or of_county.setdefault(name.strip().lower(), state) != state:
            return False
    return bool(of_county)
