"""What each source of liens can teach, as ``data/ml_sources.toml`` declares it."""

from __future__ import annotations

import tomllib
from functools import cache

import msgspec

from taxlien.kit.reference import reference_text


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``teaches`` names families whose outcomes the source tells; ``late`` are facts that were read
    after the sale."""

    teaches: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


@cache
def sources() -> dict[str, Source]:
    """Return the declared sources by name."""
    declared = tomllib.loads(reference_text("ml_sources.toml"))
    return msgspec.convert(declared, dict[str, Source])


def teaching(family: str) -> list[str]:
    """Return the names of the sources whose outcomes teach ``family``."""
    return sorted(name for name, source in sources().items() if family in source.teaches)
