"""The rule book that ships with the program, read once per process."""

from __future__ import annotations

from functools import lru_cache

from taxlien.kit.reference import reference_names, reference_text
from taxlien.law.rulebook import RuleBook, parse

_STATES = "rules/states"


@lru_cache(maxsize=1)
def load_rulebook() -> RuleBook:
    """Read and check all shipped rules (tens of milliseconds the first time, then free)."""
    states = {
        name.removesuffix(".toml"): reference_text(f"{_STATES}/{name}")
        for name in reference_names(_STATES)
        if name.endswith(".toml")
    }
    return parse(
        states,
        county_rates=reference_text("rules/county_rates.csv"),
        sale_year_rates=reference_text("rules/sale_year_rates.csv"),
    )
