"""The long-lived jobs of users: what is due is done, and the audit log is anchored."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from taxlien.kit.backoff import Backoff
from taxlien.kit.database import Database, describe
from taxlien.kit.handlers import background
from taxlien.kit.settings import read_settings

from . import service
from .settings import UsersSettings

_log = structlog.get_logger("taxlien.users")


@background
async def keep_promises(database: Database, stop: asyncio.Event) -> None:
    """Do every duty of retention whenever it is due, until ``stop``; a failing one stops no other."""
    async with asyncio.TaskGroup() as group:
        for duty in service.retention.DUTIES:
            group.create_task(_keep(duty, database, stop))


@background
async def anchor_audit_log(database: Database, stop: asyncio.Event) -> None:
    """Store the head of the audit log elsewhere, at once and then every hour, until ``stop``."""
    seconds = float(read_settings(UsersSettings).anchor_seconds)
    duty = service.retention.Duty("anchor", seconds, service.retention.anchor_head)
    await _keep(duty, database, stop)


async def _keep(duty: service.retention.Duty, database: Database, stop: asyncio.Event) -> None:
    backoff = Backoff(first=1.0, longest=60.0)
    while not stop.is_set():
        pause = duty.seconds
        try:
            if await duty.round(database):
                pause = 0.0
            backoff.reset()
        except Exception as error:
            pause = backoff.next()
            _log.warning("duty_failed", duty=duty.name, error=describe(error))
        if pause:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
