"""``taxlien mailbox``: the local mailbox alone, as ``taxlien up`` starts it."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("mailbox")(mailbox)


def mailbox(
    smtp_port: Annotated[int, typer.Option(help="Port that takes mail (SMTP).")] = 1025,
    http_port: Annotated[int, typer.Option(help="Port of the page /dev/mail.")] = 8025,
) -> None:
    """Take every mail sent to this machine's SMTP port and show it at /dev/mail. Sends nothing on."""
    from taxlien.run import environment
    from taxlien.run.mailbox.serving import serve

    try:
        asyncio.run(serve(environment.home() / "mailbox", smtp_port, http_port))
    except OSError as error:
        typer.echo(f"taxlien mailbox: {error.strerror or error}", err=True)
        raise typer.Exit(1) from None
    # All is closed and on disk. A thread of the HTTP server may still let go of a connection that a
    # client kept open, which aborts the process when the interpreter ends under it.
    os._exit(0)
