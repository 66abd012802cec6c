"""The long-lived job of notifications: sending what waits."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from taxlien.kit.backoff import Backoff
from taxlien.kit.database import Database, describe
from taxlien.kit.handlers import background
from taxlien.kit.settings import SettingsError

from . import service

_log = structlog.get_logger("taxlien.notifications")

AT_ONCE = 4  # mails under way in one process, each with a connection to the database
POLL_SECONDS = 0.5
TIDY_SECONDS = 30.0
GATHERINGS_AT_ONCE = 20


@background
async def send_messages(database: Database, stop: asyncio.Event) -> None:
    """Send every message that is due until ``stop``; what is under way then is brought to its end.

    Outlives the loss of the database and of the mail server. Without a mail server in the settings
    nothing is sent, and messages wait.
    """
    try:
        plan = service.open_plan()
    except SettingsError as error:
        _log.error("mails_wait", error=str(error))
        await stop.wait()
        return
    backoff = Backoff(first=POLL_SECONDS, longest=10.0)
    under_way: set[asyncio.Task[None]] = set()
    stopping = asyncio.create_task(stop.wait())
    tidied = -TIDY_SECONDS
    try:
        while not stop.is_set():
            pause = POLL_SECONDS
            try:
                if time.monotonic() - tidied >= TIDY_SECONDS:
                    async with database.session() as session:
                        await service.tidy(session, plan)
                    tidied = time.monotonic()
                async with database.session() as session:
                    claims = await service.claim_due(session, plan, AT_ONCE - len(under_way))
                under_way |= {asyncio.create_task(_deliver(database, plan, c)) for c in claims}
                backoff.reset()
            except Exception as error:
                pause = backoff.next()
                _log.warning("mails_interrupted", error=describe(error), seconds=round(pause, 1))
            full = len(under_way) >= AT_ONCE
            done, _ = await asyncio.wait(
                {stopping, *under_way},
                timeout=None if full else pause,
                return_when=asyncio.FIRST_COMPLETED,
            )
            under_way -= done
    finally:
        stopping.cancel()
        if under_way:
            await asyncio.wait(under_way)


@background
async def tell_gathered(database: Database, stop: asyncio.Event) -> None:
    """Make one message of each gathering that is due, until ``stop``. Outlives the loss of the database."""
    backoff = Backoff(first=POLL_SECONDS, longest=10.0)
    while not stop.is_set():
        pause = POLL_SECONDS
        try:
            async with database.session() as session:
                due = await service.due_gatherings(session, GATHERINGS_AT_ONCE)
            told = [await _tell(database, gathering) for gathering in due]
            if len(due) == GATHERINGS_AT_ONCE and any(told):
                pause = 0.0  # in a morning thousands are due at once
            backoff.reset()
        except Exception as error:
            pause = backoff.next()
            _log.warning("telling_interrupted", error=describe(error), seconds=round(pause, 1))
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()


async def _tell(database: Database, gathering: service.Gathering) -> bool:
    try:
        async with database.session() as session:
            return await service.tell(session, gathering)
    except Exception as error:
        _log.error("telling_failed", kind=gathering.kind, error=describe(error))
        async with database.session() as session:
            await service.put_off(session, gathering)
        return False


async def _deliver(database: Database, plan: service.Plan, claim: service.Claim) -> None:
    try:
        async with database.session() as session:
            await service.deliver(session, plan, claim)
    except Exception as error:
        # Its lease runs out, and it is tried again.
        _log.warning("mail_interrupted", message=str(claim.message_id), error=describe(error))
