"""Put together what a page says of a property: each field with its origin, or with why it is null."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from taxlien.interfaces.scraper import ParcelObserved, TaxOfYear, Transfer, ValueOfYear

from .reading_cells import said

FIELDS = (
    *(
        "owner_published",
        "situs_address",
        "city",
        "zip_code",
        "legal_description",
        "property_class",
    ),
    *("land_use", "acres", "building_sqft", "year_built", "homestead", "latitude", "longitude"),
    *("values", "taxes", "transfers"),
)
LIEN_FIELDS = (
    *(
        "item_id",
        "case_number",
        "certificate_number",
        "advertising_number",
        "tax_year",
        "sale_date",
    ),
    *(
        "face_amount",
        "bid_rate_pct",
        "premium",
        "opening_bid",
        "winning_bid",
        "deposit",
        "amount_due",
    ),
    *("bid_count", "assessed_value", "market_value", "situs_address", "city", "zip_code"),
    *("property_type", "homestead", "paid_on", "redeemed_on"),
)


def reasons_for_lien(
    there: Mapping[str, object], otherwise: str, reasons: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return why each field of a lien that is not ``there`` is null."""
    known = reasons or {}
    return {f: known.get(f, otherwise) for f in LIEN_FIELDS if there.get(f) is None}


class Gathering:
    """What was found so far. The first finding of a field stays; reasons never quote the page."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
        self.other_ids: dict[str, str] = {}
        self.flags: list[str] = []
        self.values: dict[ValueOfYear, None] = {}
        self.taxes: dict[TaxOfYear, None] = {}
        self.transfers: dict[Transfer, None] = {}

    def take(self, field: str, value: object, origin: str) -> None:
        """Keep a value, unless there is none or the field was found before."""
        if value is not None and field not in self.found:
            self.found[field] = value
            self.origins[field] = origin

    def read(
        self, field: str, text: str, reader: Callable[[str], object], origin: str, what: str
    ) -> None:
        """Read a cell; note why the field stays null where the cell is empty or says something else."""
        if said(text) is None:
            self.miss(field, f"{origin} is empty")
            return
        value = reader(text)
        if value is None:
            self.miss(field, f"{origin} does not hold {what}")
        self.take(field, value, origin)

    def miss(self, field: str, reason: str) -> None:
        """Note why a field is null. The first reason stays."""
        self.reasons.setdefault(field, reason)

    def flag(self, name: str) -> None:
        """Keep a mark of the property, once."""
        if name not in self.flags:
            self.flags.append(name)

    def add_values(self, values: list[ValueOfYear], origin: str) -> None:
        """Keep values that no other part of the page has said already."""
        self.values.update(dict.fromkeys(values))
        if self.values:
            self.origins.setdefault("values", origin)

    def add_taxes(self, taxes: list[TaxOfYear], origin: str) -> None:
        """Keep tax bills that no other part of the page has said already."""
        self.taxes.update(dict.fromkeys(taxes))
        if self.taxes:
            self.origins.setdefault("taxes", origin)

    def add_transfers(self, transfers: list[Transfer], origin: str) -> None:
        """Keep sales that no other part of the page has said already."""
        self.transfers.update(dict.fromkeys(transfers))
        if self.transfers:
            self.origins.setdefault("transfers", origin)

    def has_anything(self) -> bool:
        """Whether anything at all was read of the property itself."""
        return bool(self.found or self.values or self.taxes or self.transfers or self.other_ids)

    def parcel(self, parcel_id: str, origin: str, otherwise: str) -> ParcelObserved:
        """Return the observation. ``otherwise`` is the reason of fields nobody gave a reason for."""
        lists = {
            "values": tuple(self.values),
            "taxes": tuple(self.taxes),
            "transfers": tuple(self.transfers),
        }
        there = {**self.found, **{name: items for name, items in lists.items() if items}}
        return ParcelObserved(
            parcel_id=parcel_id,
            other_ids=self.other_ids,
            flags=tuple(self.flags),
            origins={"parcel_id": origin, **self.origins},
            missing={f: self.reasons.get(f, otherwise) for f in FIELDS if f not in there},
            **there,
        )
