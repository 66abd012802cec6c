"""Finding the rule for a sale: by state and track, then by date."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from taxlien.law.errors import InvalidCase, NoRule, RuleDataError
from taxlien.law.money import plain
from taxlien.law.rule_text import parse_county_rates, parse_sale_year_rates, parse_state
from taxlien.law.rules import TRACKS, LocalRate, Rule, Track

# Sales happen on few days, so this holds the terms of every sale a county file can name.
_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True)
class Terms:
    """The rule of one sale with the rate the state, county or year sets (None where it is bid)."""

    rule: Rule
    rate_pct: Decimal | None
    local_statute: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Versions:
    """Rules of one state and track in order of date."""

    starts: tuple[date, ...]
    rules: tuple[Rule, ...]

    def on(self, day: date) -> Rule | None:
        index = bisect_right(self.starts, day)
        if index == 0:
            return None
        rule = self.rules[index - 1]
        return rule if rule.covers(day) else None


class RuleBook:
    """All rules that ship. Immutable; ``terms`` remembers its answers."""

    def __init__(self, rules: Iterable[Rule], local_rates: Iterable[LocalRate]) -> None:
        self._rules: dict[str, tuple[Rule, ...]] = {}
        grouped: dict[tuple[str, str], list[Rule]] = {}
        for rule in rules:
            self._rules[rule.state] = (*self._rules.get(rule.state, ()), rule)
            grouped.setdefault((rule.state, rule.track), []).append(rule)
        self._versions = {key: _in_order(group) for key, group in grouped.items()}
        self._local: dict[tuple[str, str | None], list[LocalRate]] = {}
        for rate in local_rates:
            self._local.setdefault((rate.state, rate.county_fips), []).append(rate)
        self._terms: dict[tuple[object, ...], Terms] = {}

    def states(self) -> tuple[str, ...]:
        """Postal codes in alphabetical order."""
        return tuple(sorted(self._rules))

    def rules_of(self, state: str, on: date | None = None) -> tuple[Rule, ...]:
        """Every version of a state's rules, or those in force on a day. Raises NoRule if none."""
        found = tuple(
            rule for rule in self._rules.get(state.upper(), ()) if on is None or rule.covers(on)
        )
        if not found:
            raise NoRule(f"no rule is known for {state!r}" + (f" on {on}" if on else ""))
        return found

    def local_rates_of(self, state: str) -> tuple[LocalRate, ...]:
        """Rates by county or sale year that complete a state's rule."""
        return tuple(
            rate for (of, _), rates in self._local.items() if of == state.upper() for rate in rates
        )

    def find(self, state: str, sale_date: date, track: Track | None = None) -> Rule:
        """The rule in force on the day of the sale; without a track, the investor's usual one."""
        for candidate in (track,) if track else TRACKS:
            versions = self._versions.get((state, candidate))
            rule = versions.on(sale_date) if versions else None
            if rule is not None:
                return rule
        named = f" on track {track}" if track else ""
        if state not in self._rules:
            raise NoRule(f"no rule is known for state {state!r}")
        raise NoRule(f"no rule of {state}{named} is known for a sale on {sale_date}")

    def terms(
        self,
        state: str,
        sale_date: date,
        county_fips: str | None = None,
        homestead: bool | None = None,
        track: Track | None = None,
    ) -> Terms:
        """Rule and rate of one sale. Raises NoRule where a rate by year or county is not known."""
        key = (state, sale_date, county_fips, homestead, track)
        known = self._terms.get(key)
        if known is None:
            known = self._resolve(state, sale_date, county_fips, homestead, track)
            if len(self._terms) < _REMEMBERED:
                self._terms[key] = known
        return known

    def _resolve(
        self,
        state: str,
        sale_date: date,
        county_fips: str | None,
        homestead: bool | None,
        track: Track | None,
    ) -> Terms:
        rule = self.find(state, sale_date, track)
        warnings = rule.cautions()
        if county_fips is not None and not county_fips.startswith(rule.fips):
            raise InvalidCase("county_fips", f"{county_fips} is not a county of {state}")
        if rule.rate_set_by == "statute":
            return Terms(rule, rule.max_rate_pct, None, warnings)
        if rule.rate_set_by == "sale_year":
            local = self._local_rate(rule, None, sale_date)
            return Terms(rule, local.rate_pct, local.statute, warnings)
        if rule.rate_set_by == "county":
            local = self._local_rate(rule, county_fips, sale_date)
            rate = local.rate_pct
            if local.homestead_rate_pct is not None:
                if homestead:
                    rate = local.homestead_rate_pct
                elif homestead is None:
                    warnings += (
                        f"a principal residence would bear {plain(local.homestead_rate_pct)} "
                        f"percent in {local.county}; whether this is one is not known",
                    )
            if local.confidence == "low":
                warnings += (f"the rate of {local.county} is of low confidence: {local.notes}",)
            return Terms(rule, rate, local.statute, warnings)
        return Terms(rule, None, None, warnings)

    def _local_rate(self, rule: Rule, county_fips: str | None, sale_date: date) -> LocalRate:
        for rate in self._local.get((rule.state, county_fips), ()):
            if rate.covers(sale_date):
                return rate
        if rule.rate_set_by == "sale_year":
            raise NoRule(f"{rule.state} sets its rate every year; none is known for {sale_date}")
        where = county_fips or "an unnamed county"
        raise NoRule(
            f"{rule.state} counties set the rate; none is known for {where} on {sale_date}"
        )


def parse(states: Mapping[str, str], county_rates: str = "", sale_year_rates: str = "") -> RuleBook:
    """A rule book from text: postal code -> TOML, and the two CSV tables. Raises RuleDataError."""
    rules: list[Rule] = []
    for code, text in sorted(states.items()):
        parsed = parse_state(text)
        if parsed[0].state != code:
            raise RuleDataError(f"{code}: the file says it is {parsed[0].state}")
        rules += parsed
    return RuleBook(
        rules, parse_county_rates(county_rates) + parse_sale_year_rates(sale_year_rates)
    )


def rule_as_dict(rule: Rule) -> dict[str, Any]:
    """A rule as plain JSON values: decimals and dates as strings, unknown as null."""
    values = {f.name: _plain_value(getattr(rule, f.name)) for f in fields(rule)}
    values["id"] = values.pop("rule_id")
    values["warnings"] = list(rule.cautions())
    return values


def local_rate_as_dict(rate: LocalRate) -> dict[str, Any]:
    """A county's or a year's rate as plain JSON values."""
    return {f.name: _plain_value(getattr(rate, f.name)) for f in fields(rate)}


def _plain_value(value: object) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain_value(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return value


def _in_order(rules: Sequence[Rule]) -> _Versions:
    ordered = sorted(rules, key=lambda rule: rule.effective_from)
    return _Versions(tuple(rule.effective_from for rule in ordered), tuple(ordered))
