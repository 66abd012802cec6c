"""Lists of people that nobody may deal with, behind one question: whom on it is this person like?

The list kept here is a file in the format ``targets.simple.csv`` of OpenSanctions. Lists are stored
under the hash of their content, so that what a screening names can be read again years later.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Protocol

from taxlien.kit.blobs import Blobs
from taxlien.kit.errors import InvalidInput
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.users.logic.matching import Entry, Index, Match, Person

COLUMNS = ("id", "schema", "name", "aliases", "birth_date", "countries")
PEOPLE_SCHEMAS = frozenset({"Person", "LegalEntity"})
_MAX_CELL = 1_000_000


class Screen(Protocol):
    """A list that can be asked. ``sha256`` and ``method`` name exactly what answered."""

    sha256: str
    method: str

    async def find(self, person: Person, threshold: float) -> Sequence[Match]:
        """Return whom ``person`` is like by at least ``threshold`` percent, the likest first."""
        ...


class FileScreen:
    """A list held in memory; asked in a thread, since comparing with every name takes a while."""

    method = "rapidfuzz-token-sort/1"

    def __init__(self, sha256: str, entries: Sequence[Entry]) -> None:
        self.sha256 = sha256
        self._index = Index(entries)

    async def find(self, person: Person, threshold: float) -> Sequence[Match]:
        """See ``Screen``."""
        return await asyncio.to_thread(self._index.find, person, threshold)


def read_entries(content: bytes) -> list[Entry]:
    """Read the people of a list. Raises ``InvalidInput`` where it is not such a file, or holds nobody."""
    csv.field_size_limit(_MAX_CELL)
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        lacking = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if lacking:
            raise InvalidInput("file", f"has no column {', '.join(lacking)}")
        entries = [_entry(row, rows.line_num) for row in rows if row["schema"] in PEOPLE_SCHEMAS]
    except UnicodeDecodeError:
        raise InvalidInput("file", "is not UTF-8 text") from None
    except csv.Error as error:
        raise InvalidInput("file", f"is not CSV: {error}") from None
    if not entries:
        raise InvalidInput("file", "names no person")
    return entries


def _entry(row: dict[str, str | None], line: int) -> Entry:
    if not row["id"] or not row["name"]:
        raise InvalidInput("file", f"line {line} has no id or no name")
    return Entry(
        entry_id=row["id"],
        name=row["name"],
        aliases=_parts(row["aliases"]),
        birth_dates=_parts(row["birth_date"]),
        countries=tuple(code.upper() for code in _parts(row["countries"])),
    )


def _parts(cell: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (cell or "").split(";") if part.strip())


async def keep_list(content: bytes) -> tuple[str, int]:
    """Store a list. Returns its hash and how many people it names. Raises ``InvalidInput``."""
    entries = await asyncio.to_thread(read_entries, content)
    stored = await Blobs.from_settings(read_settings(KitSettings)).put_if_absent(content)
    return stored.sha256, len(entries)


async def open_list(sha256: str) -> Screen:
    """Return a list that was kept, from memory where it was opened before."""
    async with _opening:  # seconds for a list of 200,000 names: once, however many wait for it
        found = _opened.get(sha256)
        if found is None:
            content = await Blobs.from_settings(read_settings(KitSettings)).get(sha256)
            found = await asyncio.to_thread(_screen_of, content)
            _opened.clear()  # one list at a time: the current one
            _opened[sha256] = found
        return found


_opening = asyncio.Lock()
_opened: dict[str, Screen] = {}


def _screen_of(content: bytes) -> FileScreen:
    return FileScreen(hashlib.sha256(content).hexdigest(), read_entries(content))
