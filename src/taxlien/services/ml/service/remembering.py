"""A champion is told of sales that were imported since it was taught; its trees stay as they were judged."""

from __future__ import annotations

import asyncio

import polars as pl

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput
from taxlien.services.ml.adapters import artifacts, memories
from taxlien.services.ml.adapters.registry import Registry, Run
from taxlien.services.ml.logic.table import sha256_of
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.repository import appointments

from .promoting import in_office

REASON = "remembered"


def check_name(name: str) -> None:
    """Raise ``InvalidInput`` for a model that remembers nothing."""
    if name not in memories.REMEMBERING:
        raise InvalidInput(
            "name", f"{' and '.join(memories.REMEMBERING)} remember, {name} does not"
        )


async def remember(
    session: Session, blobs: Blobs, registry: Registry, name: str, table: pl.DataFrame, *,
    objects: str,
) -> Appointment:  # fmt: skip
    """Let the champion of ``name`` remember all sales of ``table``; returns its appointment, a new one if
    there was anything new.

    Raises ``InvalidInput`` for a model that remembers nothing, ``NotFound`` without a champion,
    ``Conflict`` where made-up liens taught it and ``table`` is of real ones, ``UnfitArtifact``.
    """
    check_name(name)
    await appointments.lock(session, name)
    champion = await in_office(session, name, "champion")
    if champion.synthetic and not table["synthetic"].any():
        raise Conflict(f"made-up liens taught the champion of {name}: train it on real ones")
    files = await artifacts.fetch(blobs, champion.artifact)
    made = await asyncio.to_thread(memories.remember, name, files, table)
    artifact = await artifacts.store(blobs, made)
    if artifact == champion.artifact:
        return champion
    source = f"{objects.rstrip('/')}/sha256/{artifact[:2]}/{artifact[2:4]}/{artifact}"
    parameters: dict[str, str | int | float] = {"remembers": len(table), "of": champion.version}
    run = Run(name, artifact, source, sha256_of(table), parameters, {}, {})
    version = await asyncio.to_thread(registry.record, run)
    await asyncio.to_thread(registry.appoint, name, "champion", version.version)
    appointed = Appointment(
        name=name, alias="champion", version=version.version, run_id=version.run_id,
        artifact=artifact, reason=REASON, synthetic=champion.synthetic,
    )  # fmt: skip
    session.add(appointed)
    await session.flush()
    return appointed
