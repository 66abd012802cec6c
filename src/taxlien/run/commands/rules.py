"""``taxlien rules FL --on 2026-06-01``: the rules of a state, with statute, source and doubts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rich.table import Table

    from taxlien.law.rules import Rule


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("rules")(rules)


def rules(
    state: Annotated[str, typer.Argument(help="Postal code of the state, such as FL.")],
    on: Annotated[
        str | None, typer.Option("--on", help="Day of the sale, such as 2026-06-01.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """The law of a state as the program knows it: every version, or the one of a day."""
    import json
    from datetime import date

    from rich.console import Console

    from taxlien.interfaces.rulebook import load_rulebook
    from taxlien.law.errors import NoRule
    from taxlien.law.rulebook import local_rate_as_dict, rule_as_dict

    try:
        day = date.fromisoformat(on) if on else None
    except ValueError:
        typer.echo(f"taxlien rules: --on {on} is not a date like 2026-06-01", err=True)
        raise typer.Exit(2) from None
    rulebook = load_rulebook()
    try:
        found = rulebook.rules_of(state, day)
    except NoRule as error:
        typer.echo(f"no_rule: {error.message}", err=True)
        raise typer.Exit(1) from None
    local = [r for r in rulebook.local_rates_of(state) if day is None or r.covers(day)]
    if as_json:
        shown = {
            "state": found[0].state,
            "rules": [rule_as_dict(rule) for rule in found],
            "local_rates": [local_rate_as_dict(rate) for rate in local],
        }
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    console = Console()
    for rule in found:
        console.print(_rule_table(rule))
    if local:
        rows = [
            (r.county or str(r.effective_from.year), f"{r.rate_pct} %", r.confidence, r.source_url)
            for r in local
        ]
        console.print(_rate_table(rows))


def _rule_table(rule: Rule) -> Table:
    from rich.table import Table

    table = Table(
        title=f"{rule.state_name}: {rule.rule_id}", show_header=False, title_justify="left"
    )
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for caution in rule.cautions():
        table.add_row("WARNING", caution, style="bold red")
    for name, value in (
        ("in force", _span(rule.effective_from, rule.effective_to, rule.effective_basis)),
        ("track", rule.track.replace("_", " ")),
        ("bidding", rule.bid_method.replace("_", " ")),
        ("rate", _rate(rule)),
        ("time counted", rule.accrual.replace("_", " ")),
        ("later taxes", rule.subsequent.replace("_", " ")),
        ("premium", rule.premium.replace("_", " ")),
        ("costs recovered", ", ".join(rule.costs) or "none known"),
        ("fee to collector", str(rule.collector_fee) if rule.collector_fee else "none known"),
        ("holder may act", f"after {rule.redemption_months} months"),
        ("surplus", rule.surplus_rule.replace("_", " ")),
        ("statute", rule.statute),
        *((f"  {part}", statute) for part, statute in rule.statutes.items()),
        ("source", rule.source_url),
        ("confidence", f"{rule.confidence}, verified on {rule.verified_on}"),
        ("notes", rule.notes),
    ):
        table.add_row(name, value)
    return table


def _span(start: date, end: date | None, basis: str) -> str:
    since = f"{start} to {end or 'today'}"
    return since if basis == "enacted" else f"{since} (not checked before {start})"


def _rate(rule: Rule) -> str:
    if rule.rate_basis == "none":
        return "none: the property is sold"
    if rule.rate_basis == "schedule":
        steps = [f"{percent}% to month {month}" for month, percent in rule.schedule]
        if rule.schedule_then:
            every, percent = rule.schedule_then
            steps.append(f"then {percent}% per {every} months" if every else f"{percent}%")
        return "flat: " + ", ".join(steps)
    unit = {"annual": "a year", "monthly": "a month"}.get(
        rule.rate_basis, f"per {rule.step_months} months"
    )
    most = f"{rule.max_rate_pct}% {unit}" if rule.max_rate_pct else "by year of sale"
    text = f"{most}, set by {rule.rate_set_by.replace('_', ' ')}"
    if rule.minimum_pct:
        text += f", at least {rule.minimum_pct}% in all"
    for above, percent in rule.penalties:
        text += f", plus {percent}%" + (f" above {above}" if above else "")
    return text


def _rate_table(rows: Sequence[tuple[str, str, str, str]]) -> Table:
    from rich.table import Table

    table = Table("county or sale year", "rate", "confidence", "source")
    for row in rows:
        table.add_row(*row)
    return table
