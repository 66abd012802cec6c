"""``taxlien payoff``: answer cases from a file of JSON lines, one answer a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

# A case is a few hundred bytes. A longer line is cut here, answered as invalid, and read past, so
# that a broken file cannot fill the memory.
LONGEST_LINE = 1_000_000


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("payoff")(payoff)


def payoff(
    input_path: Annotated[
        str, typer.Option("--input", "-i", help="Cases, one JSON object a line; - is stdin.")
    ] = "-",
    output_path: Annotated[
        str, typer.Option("--output", "-o", help="Answers, same order; - is stdout.")
    ] = "-",
) -> None:
    """What the law pays: compute the payoff of every case in a JSON lines file.

    A line that cannot be answered gives an error object in its place and never stops the rest.
    Ends with 0 when every line was read, answered or not; with 2 when a file cannot be opened, read
    or written.
    """
    import sys
    from contextlib import ExitStack

    from taxlien.interfaces.rulebook import load_rulebook
    from taxlien.law.cases import answer_line

    if input_path != "-" and output_path != "-":
        source_file, target_file = Path(input_path), Path(output_path)
        if target_file.exists() and source_file.exists() and source_file.samefile(target_file):
            typer.echo("taxlien payoff: input and output are the same file", err=True)
            raise typer.Exit(2)
    rulebook = load_rulebook()
    answered = failed = 0
    try:
        with ExitStack() as open_files:
            source = (
                sys.stdin.buffer
                if input_path == "-"
                else open_files.enter_context(Path(input_path).open("rb"))
            )
            target = (
                sys.stdout
                if output_path == "-"
                else open_files.enter_context(Path(output_path).open("w", encoding="utf-8"))
            )
            for line in _lines(source):
                found = answer_line(line, rulebook)
                target.write(found + "\n")
                answered += 1
                failed += '"error": {"code"' in found
    except BrokenPipeError:
        raise  # whoever reads has read enough: nothing to tell
    except OSError as error:
        name = error.filename or (output_path if answered else input_path)
        typer.echo(f"taxlien payoff: {name}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    if output_path != "-":
        typer.echo(f"{answered} cases, {failed} without a payoff: {output_path}", err=True)


def _lines(source: BinaryIO) -> Iterator[str]:
    """Lines that are not blank. A byte that is not UTF-8 spoils its own line only."""
    encoding = "utf-8-sig"  # a byte order mark is no part of the first line
    while raw := source.readline(LONGEST_LINE):
        line = raw.decode(encoding, errors="replace")
        encoding = "utf-8"
        while not raw.endswith(b"\n") and (raw := source.readline(LONGEST_LINE)):
            pass
        if line.strip():
            yield line
