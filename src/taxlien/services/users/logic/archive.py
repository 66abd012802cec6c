"""The ZIP of an export: JSON for machines and CSV for people, of every table of every service.

Names inside come from other services' parts, so they are checked; cells come from people, so a
spreadsheet must not take them for formulas.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from .readme import readme

Rows = Sequence[Mapping[str, Any]]
Tables = Mapping[str, Rows]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
# Signs that begin a formula, after any blank or control character; and what begins a cell anew.
_FORMULA = re.compile(
    r"[\s\x00-\x1f\x7f\u200b\ufeff]*[=+\-@＝＋－＠]|[ \u00a0\u3000\ufeff\u200b]*[\t\r\n]"
)


class MalformedPart(ValueError):
    """A service's part is not tables of rows."""


class Contents(NamedTuple):
    """What an export is made of. ``tables`` is by service; ``missing`` names services without a part."""

    export_id: UUID
    user_id: UUID
    requested_at: datetime
    made_at: datetime
    expires_at: datetime
    language: str
    tables: Mapping[str, Tables]
    missing: tuple[str, ...]


def parse_part(body: bytes) -> dict[str, list[dict[str, Any]]]:
    """Read a service's part. Raises ``MalformedPart`` saying what is wrong, without any value."""
    try:
        part = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedPart("it is not JSON") from None
    if not isinstance(part, dict):
        raise MalformedPart("it is not an object of tables")
    for name, rows in part.items():
        if not _NAME.fullmatch(name):
            raise MalformedPart("it has a table whose name is none")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise MalformedPart(f"table {name} is not a list of rows")
    return part


def build_archive(contents: Contents) -> bytes:
    """Return the ZIP. The same contents give the same bytes."""
    files = dict(_files(contents))
    manifest = {
        "export_id": str(contents.export_id),
        "user_id": str(contents.user_id),
        "requested_at": contents.requested_at.isoformat(),
        "made_at": contents.made_at.isoformat(),
        "expires_at": contents.expires_at.isoformat(),
        "services": sorted(contents.tables),
        "missing": list(contents.missing),
        "rows": {
            f"{service}/{table}": len(rows)
            for service, tables in sorted(contents.tables.items())
            for table, rows in sorted(tables.items())
        },
        "files": {
            name: {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
            for name, body in files.items()
        },
    }
    files["manifest.json"] = _json(manifest)
    return _zip(files, contents.made_at)


def csv_of(rows: Rows) -> bytes:
    """Return rows as CSV with a byte order mark, so that spreadsheets read it as UTF-8."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([cell(name) for name in columns])
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def cell(value: object) -> str:
    """Return a value as a CSV cell. A text that a spreadsheet would calculate gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if _FORMULA.match(text):
        return f"'{text}"
    return text


def _files(contents: Contents) -> Iterator[tuple[str, bytes]]:
    yield (
        "README.txt",
        readme(
            contents.language, sorted(contents.tables), contents.missing, contents.expires_at
        ).encode("utf-8-sig"),
    )
    for service, tables in sorted(contents.tables.items()):
        if not _NAME.fullmatch(service):
            raise MalformedPart("it is of a service whose name is none")
        for table, rows in sorted(tables.items()):
            yield f"{service}/{table}.json", _json(rows)
            yield f"{service}/{table}.csv", csv_of(rows)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def _zip(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            entry = zipfile.ZipInfo(name, date_time=made_at.timetuple()[:6])
            entry.external_attr = 0o600 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, body)
    return content.getvalue()
