"""Whole lists: an open-data portal in Socrata's manner, downloads, files dropped. Rows follow the day.

Each list has the columns that a mapping of the catalogue reads, so that what is collected is imported too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from taxlien.run.simulator.plays.list_rows import LISTS, Row
from taxlien.run.simulator.plays.play import HostCard
from taxlien.run.simulator.serving.messages import CSV, Answer, Request, json_answer, not_found
from taxlien.run.simulator.world.world import World

# The catalogue refuses lists that are too short to be true.
MIN_PARCELS = 14_000
DEFAULT_LIMIT = 1_000
MOST_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Published:
    """A list as it is published: under a data set's id on a portal, or as one file.

    ``name`` of a drop is its pattern, with the ``{year}`` of the sale in it.
    """

    manner: Literal["socrata", "download", "drop"]
    rows: str
    name: str


class ListPlay:
    """One publisher of one list."""

    def __init__(self, card: HostCard, published: Published) -> None:
        self.card = card
        self.published = published

    def respond(self, request: Request, world: World) -> Answer:
        """Answer with rows, or 304 where the asker has today's already."""
        world = self._grown(world)
        if self.published.manner == "socrata":
            return self._socrata(request, world)
        if self.published.manner == "download" and request.path == f"/files/{self.published.name}":
            return self._fresh(request, world, lambda: self._csv(self._rows(world)))
        return not_found()

    def drop_into(self, root: Path, world: World) -> None:
        """Write the list as of today into its folder under ``root``, whole or not at all.

        Does nothing for lists that are not dropped.
        """
        if self.published.manner != "drop":
            return
        grown = self._grown(world)
        values = LISTS[self.published.rows].parameters(grown)
        folder = root / self.card.county.slug
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / self.published.name.format(**values)
        half = file.with_suffix(".part")
        half.write_bytes(self._csv(self._rows(grown)).body)
        half.replace(file)

    def site(self, world: World) -> dict[str, Any]:
        """Where the list is, and the mapping that reads it."""
        grown = self._grown(world)
        made = LISTS[self.published.rows]
        start: dict[str, Any] = {"mapping": made.mapping, "parameters": made.parameters(grown)}
        if self.published.manner == "socrata":
            start |= {"dataset": self.published.name, "format": "csv", "page_rows": "500"}
        elif self.published.manner == "drop":
            del start["parameters"]["year"]
            start |= {"folder": self.card.county.slug, "files": self.published.name}
        else:
            start |= {"path": f"/files/{self.published.name}", "file_name": self.published.name}
        return {"expected": {"min_records": 0, "max_error_share": 0.05}, "start": start}

    def truth(self, key: str, world: World) -> dict[str, Any] | None:
        """``rows`` gives the count and the columns, a number that row."""
        grown = self._grown(world)
        rows = LISTS[self.published.rows]
        if key == "rows":
            return {"count": rows.count(grown), "columns": list(rows.columns)}
        if key.isdecimal() and int(key) < rows.count(grown):
            return dict(zip(rows.columns, rows.row(grown, self.card.county, int(key)), strict=True))
        return None

    def _grown(self, world: World) -> World:
        return replace(world, each=max(world.each, MIN_PARCELS))

    def _rows(self, world: World, first: int = 0, count: int | None = None) -> Iterator[Row]:
        rows = LISTS[self.published.rows]
        last = rows.count(world) if count is None else min(first + count, rows.count(world))
        return (rows.row(world, self.card.county, n) for n in range(first, last))

    def _csv(
        self, found: Iterator[Row], columns: tuple[str, ...] = (), *, quoted: bool = False
    ) -> Answer:
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
        writer.writerow(columns or LISTS[self.published.rows].columns)
        writer.writerows(found)
        return Answer(text.getvalue().encode(), kind=CSV)

    def _fresh(self, request: Request, world: World, make: Callable[[], Answer]) -> Answer:
        """A list changes once a day, at six in the morning."""
        tag = sha256(f"{world.seed} {world.today} {request.path}?{request.query}".encode())
        etag = f'"{tag.hexdigest()[:24]}"'
        changed = datetime.combine(world.today, time(6), tzinfo=UTC)
        stamp = format_datetime(changed, usegmt=True)
        headers = [("ETag", etag), ("Last-Modified", stamp)]
        asked = request.headers
        if asked.get("if-none-match") == etag or (
            "if-none-match" not in asked and asked.get("if-modified-since") == stamp
        ):
            return Answer(status=304, headers=headers)
        answer = make()
        answer.headers += headers
        return answer

    def _socrata(self, request: Request, world: World) -> Answer:
        """The portal: what is known of a data set, its count, its rows."""
        path, asked = request.path, request.parameters
        columns = LISTS[self.published.rows].columns
        if path == f"/api/views/{self.published.name}.json":
            changed = datetime.combine(world.today, time(6), tzinfo=UTC)
            named = [{"fieldName": name, "name": name} for name in columns]
            known = {"id": self.published.name, "rowsUpdatedAt": int(changed.timestamp())}
            return json_answer({**known, "columns": named})
        if not path.startswith(f"/resource/{self.published.name}."):
            return json_answer({"code": "dataset.missing", "error": True}, status=404)
        select = asked.get("$select", "*")
        if "count(" in select.lower():
            return self._counted(select, world, csv_=path.endswith(".csv"))
        wanted = columns if select == "*" else tuple(n.strip() for n in select.split(","))
        limit, offset = asked.get("$limit", str(DEFAULT_LIMIT)), asked.get("$offset", "0")
        sound = limit.isdecimal() and offset.isdecimal() and set(wanted) <= set(columns)
        if not sound or int(limit) > MOST_ROWS:
            return json_answer({"code": "query.soql.invalid", "error": True}, status=400)
        places = [columns.index(name) for name in wanted]
        found = (
            tuple(row[place] for place in places)
            for row in self._rows(world, int(offset), int(limit))
        )
        if path.endswith(".csv"):
            return self._fresh(request, world, lambda: self._csv(found, wanted, quoted=True))
        return self._fresh(request, world, lambda: json_answer(_objects(wanted, found)))

    def _counted(self, select: str, world: World, *, csv_: bool) -> Answer:
        name = select.split()[-1] if " as " in select.lower() else "count"
        count = LISTS[self.published.rows].count(world)
        if csv_:
            return Answer(f'"{name}"\n"{count}"\n'.encode(), kind=CSV)
        return json_answer([{name: str(count)}])


def _objects(columns: tuple[str, ...], rows: Iterator[Row]) -> list[dict[str, str]]:
    """Rows as a portal's JSON has them: all text, and what is empty is left out."""
    return [
        {name: str(cell) for name, cell in zip(columns, row, strict=True) if cell != ""}
        for row in rows
    ]
