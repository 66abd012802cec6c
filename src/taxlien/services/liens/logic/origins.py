"""Which observation a current value comes from: field-level provenance. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import msgspec

from taxlien.interfaces.liens import Lien

from .deriving import FACTS

EXPLAINED = ("status", "sale_date", "sale_date_basis", *FACTS)


class Spoken(Protocol):
    """An observation, as far as it takes to say where a value comes from."""

    @property
    def number(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def fetched_at(self) -> datetime: ...
    @property
    def values(self) -> dict[str, Any]: ...


class Origin(NamedTuple):
    """A current value and the latest observation that says it.

    ``observation`` is None for a sale date that comes from the county's list of sales.
    """

    value: Any
    observation: int | None
    source: str | None
    observed_at: datetime | None


def origins(lien: Lien, observations: Iterable[Spoken]) -> dict[str, Origin]:
    """Return the origin of every known value of ``lien``; observations come latest first."""
    values = {name: getattr(lien, name) for name in EXPLAINED}
    found: dict[str, Origin] = {}
    for said in observations:
        for name, value in said.values.items():
            if name in found or values.get(name) is None:
                continue
            if _same(values[name], value):
                found[name] = Origin(values[name], said.number, said.source, said.fetched_at)
    for name in ("sale_date", "sale_date_basis"):
        if values[name] is not None and name not in found:
            found[name] = Origin(values[name], None, None, None)
    return {name: found[name] for name in EXPLAINED if name in found}


def _same(current: Any, said: Any) -> bool:
    if isinstance(current, Decimal):
        return current == Decimal(said)
    return bool(msgspec.to_builtins(current) == said)
