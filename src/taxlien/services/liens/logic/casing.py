"""The case of law that a lien of the catalogue makes. Pure; the shape is that of ``law.cases``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from taxlien.interfaces.liens import Lien

NOT_SOLD = frozenset({"delinquent", "advertised", "removed", "withdrawn", "unsold"})


def base_of(lien: Lien, family: Iterable[Lien]) -> Lien | None:
    """Return the certificate of a subsequent tax from its ``family`` (all liens of one certificate
    number and parcel), any other lien itself, or None where the certificate is not among them."""
    if lien.kind != "subsequent_tax":
        return lien
    return next((other for other in family if other.kind == "certificate"), None)


def case_of(lien: Lien, family: Iterable[Lien], redeemed_on: date) -> dict[str, Any]:
    """Return ``lien`` as a case, with the later taxes that its holder paid until ``redeemed_on``.

    The bid for the property is its price only where a deed is sold; where liens are sold by such
    bids (Baltimore) the investor pays the lien and the premium. Where no sale date is published,
    the day the certificate was bought stands in for it.
    """
    sold_on = lien.sale_date or lien.paid_on
    taxes = sorted(
        (other.paid_on, other.lien_id, other.face_amount)
        for other in family
        if other.kind == "subsequent_tax"
        and other.paid_on is not None
        and other.face_amount is not None
        and other.paid_on <= redeemed_on
    )
    return {
        "id": str(lien.lien_id),
        "state": lien.state,
        "county_fips": lien.county_fips,
        "sale_date": None if sold_on is None else sold_on.isoformat(),
        "face_amount": _money(lien.face_amount),
        "bid_rate_pct": None if lien.bid_rate_pct is None else f"{lien.bid_rate_pct.normalize():f}",
        "premium": _money(lien.premium),
        "price": _money(lien.winning_bid) if lien.kind == "deed_sale" else None,
        "homestead": lien.homestead,
        "subsequent_taxes": [
            {"paid_on": day.isoformat(), "amount": _money(amount)} for day, _, amount in taxes
        ],
        "costs": [],
        "redeemed_on": redeemed_on.isoformat(),
    }


def cautions(asked: Lien, lien: Lien, case: dict[str, Any]) -> list[str]:
    """Return what a reader of the figure must know beyond the law: what is assumed about ``lien``."""
    found = []
    if asked.lien_id != lien.lien_id:
        found.append("this is a subsequent tax; the figures are those of its whole certificate")
    if lien.sale_date_basis == "assumed":
        found.append(
            f"the sale date {lien.sale_date} is assumed: the county's file names none, and the"
            " source usually sells then"
        )
    if lien.sale_date is None and lien.paid_on is not None:
        found.append(f"no sale date is published; the certificate was bought on {lien.paid_on}")
    if lien.status in NOT_SOLD:
        found.append(f"this lien is {lien.status}: nobody holds it yet, as far as is known")
    if lien.redeemed_on is not None and lien.redeemed_on.isoformat() < case["redeemed_on"]:
        found.append(f"this lien was redeemed on {lien.redeemed_on}")
    if lien.synthetic:
        found.append("this lien is synthetic: it exists for demonstration only")
    return found


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
