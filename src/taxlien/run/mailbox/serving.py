"""The process: SMTP and HTTP in one loop, until a signal."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from taxlien.run.mailbox.showing import MailPages
from taxlien.run.mailbox.store import MailStore
from taxlien.run.mailbox.taking import take_mail

HOST = "127.0.0.1"


async def serve(folder: Path, smtp_port: int, http_port: int) -> None:
    """Take and show mails of ``folder`` until SIGTERM or Ctrl-C. Raises ``OSError`` for a taken port."""
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    store = MailStore(folder)
    taking = await take_mail(store, HOST, smtp_port)
    # The page answers last: who sees it ready may send.
    pages = Server(
        MailPages(store),
        address=HOST,
        port=http_port,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        websockets=False,
    )
    showing = asyncio.create_task(pages.serve())
    stopping = asyncio.create_task(asked_to_stop.wait())
    await asyncio.wait((showing, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    taking.close()
    if not showing.done():
        pages.stop()  # type: ignore[no-untyped-call]
    await showing
