"""Find where the table begins in the first rows of a file, and which mapping a file is for."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence

import msgspec

from .binding import ORDINAL, Layout, entries, fits, headerless_header, lay_out
from .mapping import Mapping
from .normalising import cell_parser
from .records import UnreadableFile
from .rows import person_check

HEADER_WITHIN = 30
SHAPE_ROWS = 50


class Start(msgspec.Struct, frozen=True):
    """Where the rows begin: after ``header_line``, which is null in a file without a header."""

    layout: Layout
    header_line: int | None


SampleRow = tuple[int, list[str], str]


def locate(mapping: Mapping, sample: Sequence[SampleRow]) -> Start:
    """Find the header the mapping needs, or know the headerless shape. Raises ``UnreadableFile``."""
    for line, cells, _ in () if _by_place_alone(mapping) else sample[:HEADER_WITHIN]:
        if fits(mapping, cells):
            return Start(lay_out(mapping, [cell.strip() for cell in cells]), line)
    rows = [cells for _, cells, _ in sample[:SHAPE_ROWS]]
    names = headerless_names(mapping, rows)
    if names is not None:
        return Start(lay_out(mapping, headerless_header(mapping, names)), None)
    if not sample:
        raise UnreadableFile("the file holds no rows")
    line, cells, _ = sample[0]
    try:
        lay_out(mapping, cells)
    except UnreadableFile as error:
        raise UnreadableFile(error.reason, line or None) from error
    raise UnreadableFile("no header was found", line or None)


def _by_place_alone(mapping: Mapping) -> bool:
    """Whether no column goes by a title, so that any row would pass for a header."""
    titles = [name for names in entries(mapping).values() for name in names if not ORDINAL(name)]
    return bool(mapping.recognise.headerless) and not titles


def headerless_names(mapping: Mapping, rows: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """The mapping's headerless variant whose every column has the shape of the rows' cells."""
    if not rows:
        return None
    for names in mapping.recognise.headerless:
        good = sum(1 for row in rows if _has_shapes(mapping, names, row))
        if good >= 0.9 * len(rows):
            return names
    return None


def _has_shapes(mapping: Mapping, names: Sequence[str], row: Sequence[str]) -> bool:
    if len(row) != len(names):
        return False
    for name, cell in zip(names, row, strict=True):
        column = mapping.columns.get(name)
        personal = mapping.personal.get(name)
        if column is not None:
            if not cell.strip():
                return False
            try:
                cell_parser(column)(cell)
            except ValueError:
                return False
        elif personal is not None and not person_check(personal)(cell):
            return False
    return True


def path_values(mapping: Mapping, path: str) -> dict[str, str] | None:
    """The values the path gives by one of the mapping's patterns, or null where none matches."""
    parts = path.replace("\\", "/").split("/")
    for pattern in mapping.recognise.paths:
        wanted = pattern.split("/")
        found: dict[str, str] = {}
        if len(parts) >= len(wanted) and all(
            _match_part(want, part, found)
            for want, part in zip(wanted, parts[-len(wanted) :], strict=True)
        ):
            return found
    return None


def _match_part(pattern: str, part: str, found: dict[str, str]) -> bool:
    pieces = re.split(r"(\{\w+\})", pattern)
    text = ""
    for piece in pieces:
        if piece == "{year}":
            text += r"(?P<year>(?:19|20)\d\d)"
        elif piece.startswith("{"):
            text += f"(?P<{piece[1:-1]}>[^/]+?)"
        else:
            text += (
                fnmatch.translate(piece)
                .removeprefix("(?s:")
                .removesuffix(")\\Z")
                .removesuffix(")\\z")
            )
    match = re.fullmatch(text, part, re.IGNORECASE)
    if match:
        found.update(match.groupdict())
    return match is not None


def recognise(
    mappings: Iterable[Mapping],
    path: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]] = (),
) -> list[Mapping]:
    """The mappings this file may be for, best first; more than one where they are equally likely."""
    scored: list[tuple[int, int, Mapping]] = []
    for mapping in mappings:
        by_path = path_values(mapping, path) is not None
        by_header = fits(mapping, header)
        named = bool(mapping.recognise.header) and by_header
        bare = headerless_names(mapping, [header, *rows]) is not None
        if (by_path and (by_header or bare)) or named or bare:
            read = len(lay_out(mapping, header).positions) if by_header else 0
            scored.append((2 if by_path else 1, read, mapping))
    if not scored:
        return []
    best = max(score[:2] for score in scored)
    return [mapping for by_path, read, mapping in scored if (by_path, read) == best]
