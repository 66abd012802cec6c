"""What a collector reads of a played host, held against what is true there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from taxlien.interfaces.scraper import LienObserved, ParcelObserved
from taxlien.run.simulator.serving.simulator import Simulator
from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS
from taxlien.services.scraper.logic.pages import Reading, Scope
from visited_counties import Visitor

SAMPLE = 25
_NOT_COMPARED = {"origins", "missing", "attributes"}


@dataclass
class Collected:
    """Everything that one run read."""

    parcels: dict[str, ParcelObserved] = field(default_factory=dict)
    liens: dict[tuple[str, str], LienObserved] = field(default_factory=dict)
    sale_days: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    short: list[str] = field(default_factory=list)

    def take(self, kind: str, key: str, reading: Reading) -> None:
        """Add a page; what a later page says of a parcel completes what an earlier one said."""
        self.verdicts[reading.verdict] += 1
        self.sale_days += len(reading.sales)
        read = max(len(reading.liens), len(reading.parcels))
        if reading.promised is not None and read < reading.promised:
            self.short.append(f"{key}: {read} of {reading.promised}")
        for parcel in reading.parcels:
            known = self.parcels.get(parcel.parcel_id, parcel)
            self.parcels[parcel.parcel_id] = completed(known, parcel)
        for lien in reading.liens:
            self.liens[kind, _named(lien)] = lien


def _named(lien: LienObserved) -> str:
    number = lien.item_id or lien.certificate_number or lien.advertising_number
    day = f"{lien.sale_date:%m/%d/%Y}/" if lien.sale_date else ""
    return f"{day}{number}"


def completed(known: ParcelObserved, more: ParcelObserved) -> ParcelObserved:
    """``known`` with every field that ``more`` says."""
    said = {
        name: value
        for name in more.__struct_fields__
        if name not in _NOT_COMPARED and (value := getattr(more, name)) not in (None, (), {})
    }
    return msgspec.structs.replace(known, **said)


def collected(simulator: Simulator, host: str) -> Collected:
    """Run through a host; of hosts that need the parcels named, a sample."""
    visitor, found = Visitor(simulator, host), Collected()
    start = visitor.site.start
    named = start.get("parcels") or start.get("first_keys") or ()
    scope = Scope(today=simulator.world.today, parcels=tuple(named[:SAMPLE]))
    for request, _, reading in visitor.readings(platform_of(simulator, host), scope):
        found.take(request.kind, request.key, reading)
    return found


def platform_of(simulator: Simulator, host: str) -> Platform:
    """The real parser of a played host."""
    return PLATFORMS[simulator.plays[host].card.platform]


def differences(read: ParcelObserved | LienObserved, true: Any) -> dict[str, tuple[Any, Any]]:
    """Fields that are read as something else than is true: (read, true)."""
    return {
        name: (got, want)
        for name in true.__struct_fields__
        if name not in _NOT_COMPARED and (got := _plain(name, read)) != (want := _plain(name, true))
    }


def _plain(name: str, record: Any) -> Any:
    """Values by year and kind: a county's words for them are tested with its parser."""
    value = getattr(record, name)
    return sorted((v.year or 0, v.kind, v.amount) for v in value) if name == "values" else value
