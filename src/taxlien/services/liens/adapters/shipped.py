"""The mappings that come with the program, and a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from taxlien.services.liens.logic.locating import recognise
from taxlien.services.liens.logic.mapping import Mapping, MappingError, parse_mapping

_FOLDER = Path(__file__).parent / "mappings"


def mapping_names() -> list[str]:
    """The names of the mappings that come with the program."""
    return sorted(path.stem for path in _FOLDER.glob("*.yml"))


@cache
def load_mapping(name: str) -> Mapping:
    """A mapping that comes with the program. Raises ``KeyError`` where there is none of that name."""
    path = _FOLDER / f"{name}.yml"
    if name not in mapping_names():
        raise KeyError(name)
    return parse_mapping(path.read_text(encoding="utf-8"))


def read_mapping(path: Path) -> Mapping:
    """A user's own mapping file. Raises ``MappingError``."""
    try:
        return parse_mapping(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise MappingError("(file)", f"cannot be read: {reason}") from error


def mappings_for(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]] = ()
) -> list[Mapping]:
    """The mappings a file may be for: one is an answer, several are a question to the user."""
    return recognise(map(load_mapping, mapping_names()), path.as_posix(), header, rows)


def mapping_for(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]] = ()
) -> Mapping | None:
    """The one mapping this file is for, or null. ``rows`` help to know files without a header."""
    found = mappings_for(path, header, rows)
    return found[0] if len(found) == 1 else None
