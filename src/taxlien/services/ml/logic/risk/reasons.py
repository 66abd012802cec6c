"""What a risk is made of, in dollars of 100 laid out: the parts add up to what is expected to be lost."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_CELLS: Mapping[str, str] = {
    "sale": "this sale",
    "county": "earlier sales of the county",
    "state": "other counties of the state",
    "all": "other states",
}
_FIELDS: Mapping[str, str] = {"market_value": "market value", "assessed_value": "assessed value"}
_LEAST_DOLLARS = 0.005


class Reason(msgspec.Struct, frozen=True):
    """``effect`` in US dollars of 100 laid out: above 0, more is expected to be lost."""

    text: str
    effect: float


def reasons_of(
    cell: str, usual: tuple[float, float], told: tuple[float, float], then: float, field: str | None
) -> tuple[Reason, ...]:
    """Return the parts of the expected loss.

    ``usual`` and ``told`` are the chance never to be redeemed and the part lost by waiting otherwise, of
    the cell and of the lien; ``then`` what is lost if never redeemed, where ``field`` names the value.
    """
    lost, wait = usual
    own_lost, own_wait = told
    moved = own_lost + (1 - own_lost) * own_wait - lost - (1 - lost) * wait
    parts = [
        (f"{lost:.1%} of the liens of {_CELLS[cell]} are never paid back", lost),
        (f"the others of {_CELLS[cell]} are waited for at 8 % a year", (1 - lost) * wait),
        ("face, premium and what became of the parcel before", moved),
    ]
    if field is None:
        parts.append(("no value of the property is given: nothing is counted on", 0.0))
    else:
        parts.append(
            (f"the {_FIELDS[field]} of the property pays for a lien never redeemed", own_lost * (then - 1))
        )  # fmt: skip
    return tuple(
        Reason(text, round(100 * effect, 2))
        for text, effect in parts
        if abs(100 * effect) >= _LEAST_DOLLARS or text.startswith("no value")
    )
