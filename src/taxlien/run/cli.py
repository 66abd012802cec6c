"""The command ``taxlien``. Answers ``--help`` without importing any service."""

from __future__ import annotations

import gc
import sys

import typer

from taxlien.run.commands import (
    audit,
    coverage,
    dead_letters,
    doctor,
    duplicates,
    import_file,
    mailbox,
    migrate,
    ml,
    parse,
    payoff,
    reindex,
    reparse,
    rules,
    run,
    scrape,
    search,
    simulate,
    sources,
    up,
    users,
)

app = typer.Typer(
    name="taxlien",
    help="TAXLIEN.online: what counties publish, and what the law pays on it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (
    up,
    doctor,
    import_file,
    search,
    payoff,
    rules,
    coverage,
    duplicates,
    sources,
    scrape,
    parse,
    reparse,
    run,
    migrate,
    reindex,
    audit,
    dead_letters,
    mailbox,
    simulate,
    users,
    ml,
):
    command.register(app)


def main() -> None:
    """Run the command line; a closed pipe or Ctrl-C ends it without a traceback."""
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None
    finally:
        gc.freeze()  # or the process would look through all that it imported before it ends
