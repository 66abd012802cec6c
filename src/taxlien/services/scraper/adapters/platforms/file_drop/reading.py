"""What a folder of files says: which of them are lists, and which mapping reads each.

A site's ``start`` names the catalogue's ``mapping``, the ``folder`` under the root of all drops, and the
``files`` that count, as a pattern: ``*`` is anything within a name, ``{year}`` a value for the mapping.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from urllib.parse import quote

import msgspec

from taxlien.services.scraper.logic.lists import ListPart, header_and_rows
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading
from taxlien.services.scraper.logic.sites import Site

MAX_FILES = 10_000


class DroppedFile(msgspec.Struct, frozen=True):
    """One file of a listing: its name in the folder, its size in bytes, and a mark that changes with it."""

    name: str
    size: int
    mark: str


def read(page: Page, site: Site) -> Reading:
    """Read a listing or a file; raises nothing."""
    mapping = site.start.get("mapping")
    if not isinstance(mapping, str) or not mapping:
        return Reading(verdict="unrecognised", reason="the site file names no mapping")
    pattern = str(site.start.get("files", "*"))
    if page.request.kind == "listing":
        return _listing(page, pattern)
    name = page.request.context.get("name", "")
    found = _matcher(pattern).fullmatch(name)
    if found is None:
        return Reading(verdict="not_found", reason=f"{name} is no file of this source")
    if not page.text:
        return Reading(verdict="truncated", reason="the file is empty")
    given = site.start.get("parameters", {})
    fixed = {k: str(v) for k, v in given.items()} if isinstance(given, dict) else {}
    part = ListPart(
        file_name=name,
        url=page.url,
        mapping=mapping,
        parameters={**fixed, **found.groupdict()},
        parts=1,
        rows=_rows(name, page.text),
    )
    return Reading(lists=(part,))


def _rows(name: str, text: str) -> int | None:
    """Count the rows of a file that is plain text; null where it is packed or no CSV."""
    if not name.lower().endswith((".csv", ".txt")):
        return None
    try:
        return header_and_rows(text)[1]
    except csv.Error:
        return None


def request_of(name: str) -> PageRequest:
    """Return the request for a file of the folder."""
    path = f"/{quote(name)}"
    return PageRequest(key=f"file {name}", kind="file", path=path, context={"name": name})


def _listing(page: Page, pattern: str) -> Reading:
    try:
        files = msgspec.json.decode(page.text, type=list[DroppedFile])
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return Reading(verdict="unrecognised", reason="no listing of files")
    if len(files) > MAX_FILES:
        reason = f"more than {MAX_FILES:,} files in one folder"
        return Reading(verdict="unrecognised", reason=reason)
    wanted = [file for file in files if _matcher(pattern).fullmatch(file.name)]
    others = len(files) - len(wanted)
    notes = (f"{others} files whose name does not fit {pattern}",) if others else ()
    if not wanted:
        return Reading(verdict="empty", reason="no file lies there", notes=notes)
    return Reading(follow=tuple(request_of(file.name) for file in wanted), notes=notes)


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"(\*|\{[a-z_]+\})", pattern)
    return re.compile(
        "".join(
            "[^/]*"
            if piece == "*"
            else f"(?P<{piece[1:-1]}>[^/]+?)"
            if piece.startswith("{") and piece.endswith("}")
            else re.escape(piece)
            for piece in pieces
        )
    )
