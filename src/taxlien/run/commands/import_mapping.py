"""Which mapping reads a file: the user's own, one that ships, or one proposed and confirmed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from taxlien.services.liens.adapters.reading import FileSample
    from taxlien.services.liens.logic.mapping import Mapping
    from taxlien.services.liens.logic.proposing import Proposal


MOST_TITLES = 30


class Refusal(Exception):
    """A file that is not imported, in one sentence for its owner."""


def choose_mapping(
    path: Path,
    *,
    mapping: Path | None,
    source: str | None,
    given: Collection[str],
    yes: bool,
    console: Console,
) -> Mapping:
    """Return the mapping for a file: the one named, the one that knows it, or a confirmed proposal.

    ``given`` names what the user said beside the file. Raises ``Refusal`` where there is no mapping, and
    what reading a file or a mapping raises.
    """
    from taxlien.services.liens.adapters.reading import sample_file
    from taxlien.services.liens.adapters.shipped import (
        load_mapping,
        mapping_names,
        mappings_for,
        read_mapping,
    )

    if mapping is not None:
        return read_mapping(mapping)
    if source in mapping_names():
        return load_mapping(source or "")
    sample = sample_file(path)
    known = mappings_for(path.absolute(), sample.header, sample.rows)
    if len(known) == 1:
        return known[0]
    if known:
        names = ", ".join(mapping.name for mapping in known)
        raise Refusal(f"{path.name} may come from several sources ({names}): choose by --source")
    return _proposed(path, sample, source, given, yes, console)


def _proposed(
    path: Path,
    sample: FileSample,
    source: str | None,
    given: Collection[str],
    yes: bool,
    console: Console,
) -> Mapping:
    from taxlien.services.liens.logic.proposing import propose

    name = source or path.name.split(".")[0].lower().replace(" ", "_")
    proposal = propose(sample.header, sample.rows, name)
    missing = [text for text in proposal.missing if text.partition(":")[0] not in given]
    _show(path, proposal, missing, console)
    if proposal.mapping is None:
        raise Refusal(printable(f"{path.name} was not imported: {'; '.join(missing)}"))
    draft = beside(path, f"{path.name}.mapping.yml")
    if yes or (console.is_terminal and typer.confirm("Import with this mapping?")):
        return proposal.mapping
    draft.write_text(proposal.as_yaml(), encoding="utf-8")
    raise Refusal(
        f"{path.name} was not imported: no mapping knows it. Edit the one proposed in {draft} and"
        f" import with --mapping {draft}"
    )


def _show(path: Path, proposal: Proposal, missing: Sequence[str], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    heading = Text(f"No mapping knows {path.name}. Proposed:", style="italic")
    table = Table(title=heading, title_justify="left")
    for title in ("field", "column", "confidence", "example"):
        table.add_column(title)
    for field in proposal.fields:
        cells = (field.field, field.column, f"{field.confidence:.0%}", field.example or "")
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console.print(table)
    if proposal.personal:
        console.print(f"left out, about people: {_listed(proposal.personal)}", markup=False)
    if proposal.unknown:
        console.print(f"not read: {_listed(proposal.unknown)}", markup=False)
    for text in missing:
        console.print(printable(f"missing: {text}"), markup=False, highlight=False)


def _listed(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - MOST_TITLES:,} more" if len(titles) > MOST_TITLES else ""
    return printable(", ".join(titles[:MOST_TITLES])) + more


def printable(text: str) -> str:
    """Return text of a file without what could steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def beside(path: Path, name: str) -> Path:
    """Return where to write about a file: beside it, or in the product's own folder where the file's
    folder is not meant to be written to (which holds for root, too)."""
    import os

    from taxlien.run import environment

    folder = path.absolute().parent
    if folder.stat().st_mode & 0o222 and os.access(folder, os.W_OK):
        return folder / name
    own = environment.home() / "imports"
    own.mkdir(parents=True, exist_ok=True)
    return own / name
