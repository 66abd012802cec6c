"""Cards of the models in office, from what was registered."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.services.ml.adapters import artifacts
from taxlien.services.ml.adapters.family import FAMILIES, Model, drawn
from taxlien.services.ml.logic import about
from taxlien.services.ml.logic.card import Office, card_of
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.repository import appointments


@dataclass(frozen=True)
class Card:
    """A card as Markdown, and the pictures it shows (SVG) by the name of their file."""

    name: str
    text: str
    pictures: Mapping[str, bytes]


async def card(session: Session, blobs: Blobs, name: str) -> Card:
    """Return the card of the champion of ``name``.

    Raises ``InvalidInput`` for a name there is not, ``NotFound`` where nothing was trained or nothing
    was written down, ``UnfitArtifact`` where what was registered cannot be read any more.
    """
    if name not in FAMILIES:
        raise InvalidInput("name", f"no model {name}; there are {', '.join(FAMILIES)}")
    one = await appointments.in_office(session, name, "champion")
    if one is None:
        raise NotFound(f"{name} has no champion: train it first")
    files = await artifacts.fetch(blobs, one.artifact)
    if about.FILE not in files:
        raise NotFound(f"version {one.version} of {name} was trained before cards were kept")
    return await asyncio.to_thread(_written, one, files)


def _written(one: Appointment, files: Mapping[str, bytes]) -> Card:
    told = about.read(files[about.FILE])
    pictures = drawn(told.findings)
    answered = _answered(FAMILIES[one.name].load(files, str(one.version)), told)
    office = Office(one.version, one.alias, one.at.date(), one.artifact, one.run_id)
    text = card_of(told, office, answered, pictures)
    return Card(one.name, text, {f"{one.name}-{name}": c for name, c in pictures.items()})


def _answered(model: Model, told: about.About) -> dict[str, list[str]]:
    """Return the states by the basis on which a lien is answered of which nothing else is known."""
    day = max((one.last_sale for one in told.sources if one.last_sale), default=None)
    states = load_rulebook().states()
    found: defaultdict[str, list[str]] = defaultdict(list)
    cases = [Case(state=state, sale_date=day) for state in states]
    for state, answer in zip(states, model.predict(cases, explain=False), strict=True):
        if basis := getattr(answer, "basis", None):
            found[basis].append(state)
    return dict(found)
