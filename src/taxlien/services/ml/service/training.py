"""A model is made from the facts that are kept, judged on frozen parcels, written down, and appointed."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput
from taxlien.services.ml.adapters import artifacts
from taxlien.services.ml.adapters.family import FAMILIES, Model, drawn
from taxlien.services.ml.adapters.learning import Learning
from taxlien.services.ml.adapters.registry import Alias, Registry, Run
from taxlien.services.ml.logic import about
from taxlien.services.ml.logic.findings import Findings
from taxlien.services.ml.logic.frozen import split
from taxlien.services.ml.logic.table import read_table, sha256_of, sources_of
from taxlien.services.ml.logic.watching import seen
from taxlien.services.ml.logic.watching.check import FEATURES
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.repository import appointments, facts

SEED = 7


@dataclass(frozen=True)
class Made:
    """A trained model, not yet kept anywhere: its files, what taught it, how it did on frozen parcels."""

    name: str
    files: Mapping[str, bytes]
    data_sha256: str
    parameters: Mapping[str, str | int | float]
    metrics: Mapping[str, float]

    @property
    def synthetic(self) -> bool:
        """Tell whether liens that were made up taught it."""
        return self.parameters["synthetic"] == "true"


async def read_frame(session: Session) -> pl.DataFrame:
    """Return the facts of all liens that teach, in the one order of training."""
    with tempfile.TemporaryDirectory(prefix="taxlien-ml-") as folder:
        file = Path(folder) / "frame.csv"
        with file.open("wb") as content:
            async for piece in facts.read_csv(session):
                content.write(piece)
        return await asyncio.to_thread(read_table, file)


def make(
    name: str,
    table: pl.DataFrame,
    *,
    seed: int = SEED,
    teachers: Mapping[str, Model] | None = None,
    tested: bool = True,
) -> Made:
    """Train ``name`` on all but the frozen parcels of ``table``. Blocks for as long as that takes.

    ``tested``: also compared with simpler ways and on sales ahead, which takes as long again. Raises
    ``InvalidInput`` for a name there is not, or where there is too little to learn from.
    """
    learning = learning_of(name, teachers)
    taught, judged = split(table)
    try:
        files = learning.train(taught, table, seed)
    except ValueError as too_little:
        raise InvalidInput("name", f"{name} cannot be learned: {too_little}") from None
    model = FAMILIES[name].load(files, "")
    measured = learning.measure(model, judged)
    metrics = {**measured.metrics, "frozen_rows": float(len(judged))}
    parameters: dict[str, str | int | float] = {
        "seed": seed,
        "rows": len(taught),
        "synthetic": str(bool(table["synthetic"].any())).lower(),
        "first_sale": str(table["sale_date"].min()),
        "last_sale": str(table["sale_date"].max()),
    }
    data_sha256 = sha256_of(table)
    told = about.About(
        name=name,
        data_sha256=data_sha256,
        parameters=parameters,
        frozen_evaluation=metrics,
        sources=sources_of(table),
        findings=FAMILIES[name].report(model, taught, judged, seed) if tested else Findings(),
    )
    beside = {about.FILE: about.dump(told), seen.FILE: _seen(taught)}
    return Made(name, {**files, **beside}, data_sha256, parameters, metrics)


def _seen(taught: pl.DataFrame) -> bytes:
    values = {name: taught[name].fill_null(float("nan")).to_numpy() for name in FEATURES}
    return seen.dump(values, taught["county_fips"].fill_null("").to_numpy().astype("U5"))


async def register(
    session: Session, blobs: Blobs, registry: Registry, made: Made, *, objects: str
) -> Appointment:
    """Keep ``made``, write its run down, and appoint it challenger, or champion where there is none.

    What real liens taught takes the office from what made-up ones did at once; the other way round is
    refused: raises ``Conflict``. ``objects`` is the address of the objects. Returns the appointment.
    What is kept before a failure is found again by its content; a run may be written down twice, an
    appointment is not.
    """
    artifact = await artifacts.store(blobs, made.files)
    await appointments.lock(session, made.name)
    source = f"{objects.rstrip('/')}/sha256/{artifact[:2]}/{artifact[2:4]}/{artifact}"
    champion = await appointments.in_office(session, made.name, "champion")
    if champion and made.synthetic and not champion.synthetic:
        raise Conflict(
            f"the champion of {made.name} learned from real liens: made-up ones are no match"
        )
    first = champion is None or (champion.synthetic and not made.synthetic)
    pictures = await asyncio.to_thread(drawn, about.read(made.files[about.FILE]).findings)
    run = Run(
        made.name, artifact, source, made.data_sha256, made.parameters, made.metrics, pictures
    )
    version = await asyncio.to_thread(registry.record, run)
    alias: Alias = "champion" if first else "challenger"
    await asyncio.to_thread(registry.appoint, made.name, alias, version.version)
    appointed = Appointment(
        name=made.name, alias=alias, version=version.version, run_id=version.run_id,
        artifact=artifact, reason="first" if first else "trained", synthetic=made.synthetic,
    )  # fmt: skip
    session.add(appointed)
    await session.flush()
    return appointed


def known_name(name: str) -> None:
    """Raise ``InvalidInput`` for a name there is not."""
    if name not in FAMILIES:
        raise InvalidInput("name", f"no model {name}; there are {', '.join(FAMILIES)}")


def learning_of(name: str, teachers: Mapping[str, Model] | None = None) -> Learning:
    """Return how ``name`` learns, from ``teachers`` where it has any (``serving.teachers_of``).

    Raises ``InvalidInput`` for a name there is not.
    """
    known_name(name)
    learning = FAMILIES[name].training()
    taught: Learning = learning.taught_by(teachers or {}) if FAMILIES[name].teachers else learning
    return taught
