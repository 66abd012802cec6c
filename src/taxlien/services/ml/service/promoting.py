"""Who serves: a challenger takes over only where it is better beyond noise; a champion can go back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import polars as pl

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, NotFound
from taxlien.services.ml.adapters import artifacts
from taxlien.services.ml.adapters.family import FAMILIES, Model
from taxlien.services.ml.adapters.learning import Measured
from taxlien.services.ml.adapters.registry import Alias, Registry
from taxlien.services.ml.logic.bootstrap import Comparison, compare
from taxlien.services.ml.logic.frozen import split
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.repository import appointments

from .serving import teachers_of
from .training import known_name, learning_of


async def in_office(session: Session, name: str, alias: Alias) -> Appointment:
    """Return who is ``alias`` of ``name``. Raises ``InvalidInput`` for a name there is not, ``NotFound``."""
    known_name(name)
    found = await appointments.in_office(session, name, alias)
    if found is None:
        raise NotFound(f"{name} has no {alias}: train it first")
    return found


async def offices(session: Session, name: str) -> list[Appointment]:
    """Return the champion of ``name`` and, where there is a newer version, its challenger.

    Raises ``NotFound`` where nothing was trained.
    """
    champion = await in_office(session, name, "champion")
    challenger = await appointments.in_office(session, name, "challenger")
    if challenger is None or challenger.version <= champion.version:
        return [champion]
    return [champion, challenger]


async def measure(
    blobs: Blobs,
    one: Appointment,
    table: pl.DataFrame,
    teachers: Mapping[str, Model] | None = None,
) -> Measured:
    """Return how a registered version does on the frozen parcels of ``table``.

    Raises ``UnfitArtifact`` where what was registered cannot be read any more.
    """
    files = await artifacts.fetch(blobs, one.artifact)

    def work() -> Measured:
        model = FAMILIES[one.name].load(files, str(one.version))
        return learning_of(one.name, teachers).measure(model, split(table)[1])

    return await asyncio.to_thread(work)


async def judge(session: Session, blobs: Blobs, name: str, table: pl.DataFrame) -> Comparison:
    """Compare challenger and champion on the frozen parcels of ``table``. Raises ``NotFound``."""
    champion = await in_office(session, name, "champion")
    challenger = await in_office(session, name, "challenger")
    teachers = await teachers_of(session, blobs, name)
    old = await measure(blobs, champion, table, teachers)
    new = await measure(blobs, challenger, table, teachers)
    return compare(old.loss, new.loss, new.cluster)


async def promote(
    session: Session, registry: Registry, name: str, found: Comparison
) -> Appointment:
    """Make the challenger champion. Raises ``Conflict`` where ``found`` does not show it better."""
    await appointments.lock(session, name)
    challenger = await in_office(session, name, "challenger")
    champion = await in_office(session, name, "champion")
    if challenger.synthetic and not champion.synthetic:
        raise Conflict(f"version {challenger.version} of {name} learned from made-up liens")
    if challenger.version <= champion.version:
        raise Conflict(f"no version of {name} is newer than its champion {champion.version}")
    if not found.better:
        raise Conflict(
            f"version {challenger.version} of {name} is not better beyond noise:"
            f" {found.difference:+.5f} a case, 95% between {found.low:+.5f} and {found.high:+.5f}"
            f" on {found.cases:,} cases of {found.clusters:,} parcels"
        )
    return await _appoint(session, registry, challenger, "promoted")


async def rollback(session: Session, registry: Registry, name: str) -> Appointment:
    """Give the office back to the champion before this one. Raises ``NotFound``, ``Conflict``."""
    await appointments.lock(session, name)
    champion = await in_office(session, name, "champion")
    history = await appointments.history(session, name, limit=1_000)
    begun = min(one.number for one in history if one.version == champion.version)
    # What real liens taught never gives way to what made-up ones did.
    before = (one for one in history if one.number < begun)
    earlier = next((one for one in before if champion.synthetic or not one.synthetic), None)
    if earlier is None:
        raise Conflict(f"version {champion.version} is the first champion of {name}")
    return await _appoint(session, registry, earlier, "rolled_back")


async def _appoint(
    session: Session, registry: Registry, one: Appointment, reason: str
) -> Appointment:
    await asyncio.to_thread(registry.appoint, one.name, "champion", one.version)
    made = Appointment(
        name=one.name, alias="champion", version=one.version, run_id=one.run_id,
        artifact=one.artifact, reason=reason, synthetic=one.synthetic,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made
