"""How one county's Schneider pages differ from another's: which modules, which titles, ids and labels."""

from __future__ import annotations

from dataclasses import dataclass

from taxlien.interfaces.scraper import ValueKind

ValueRow = tuple[str, str, str, ValueKind]
"""Sign cell, label, field of the roll, kind of value."""


@dataclass(frozen=True, slots=True)
class Style:
    """One county's pages. ``first`` is the number of its first module, ``skips`` numbers left out."""

    name: str
    first: int
    skips: frozenset[int]
    parcel_label: str
    summary: str
    owner_title: str
    owner: str
    valuation_title: str
    valuation_grid: str
    sales_grid: str
    values: tuple[ValueRow, ...]
    account_label: str = "Account Number"
    address_label: str = "Location Address"
    use_label: str = "Property Use Code"
    taxes: bool = True


_DIXIE: tuple[ValueRow, ...] = (
    ("+", "Land Value Market Value", "land", "land"),
    ("+", "Building Value", "building", "improvement"),
    ("+", "Yard Items", "features", "extra_features"),
    ("=", "Total Just or Market Value", "market", "market"),
    ("=", "Classified Use or Assessed Value", "assessed", "assessed"),
    ("=", "School Taxable Value", "taxable_school", "taxable_school"),
    ("=", "Total Non School Taxable Value", "taxable", "taxable"),
)
_CLAY: tuple[ValueRow, ...] = (
    ("+", "Building Value", "building", "improvement"),
    ("+", "Extra Features Value", "features", "extra_features"),
    ("+", "Land Value", "land", "land"),
    ("=", "Just Market Value", "market", "market"),
    ("=", "Total Assessed Value", "assessed", "assessed"),
    ("-", "Exempt Value", "exempt", "exempt"),
    ("=", "Taxable Value", "taxable", "taxable"),
)
_BAY: tuple[ValueRow, ...] = (
    ("", "Building Value", "building", "improvement"),
    ("", "Extra Features Value", "features", "extra_features"),
    ("", "Land Value", "land", "land"),
    ("", "Just (Market) Value", "market", "market"),
    ("", "Assessed Value", "assessed", "assessed"),
    ("", "Exempt Value", "exempt", "exempt"),
    ("", "Taxable Value", "taxable", "taxable"),
)
_TAYLOR: tuple[ValueRow, ...] = (
    ("+", "Land Value", "land", "land"),
    ("+", "Improvement Value", "building", "improvement"),
    ("+", "Extra Features Value", "features", "extra_features"),
    ("=", "Just or Classified Value", "market", "market"),
    ("=", "Assessed Value", "assessed", "assessed"),
    ("=", "Taxable Value", "taxable", "taxable"),
)
_GEORGIA: tuple[ValueRow, ...] = (
    ("", "Land Value", "land", "land"),
    ("+", "Improvement Value", "building", "improvement"),
    ("+", "Accessory Value", "features", "extra_features"),
    ("=", "Current Value", "market", "market"),
)

FLORIDA = (
    Style("dixie", 0, frozenset({4, 5}), "Parcel ID", "plain", "Owners", "list", "Valuation",
          "grdValuation", "gvwSales", _DIXIE, taxes=False,
          address_label="Property Address", use_label="Land Use"),
    Style("clay", 0, frozenset({2, 3}), "Parcel ID", "columns", "Owner Information", "repeated",
          "Valuation", "grdValuation", "grdSales", _CLAY, account_label="Prop ID"),
    Style("bay", 2, frozenset({5}), "Parcel ID", "data", "Owner Information", "primary",
          "Valuation", "grdValuation_grdYearData", "grdSales_grdFlat", _BAY),
    Style("taylor", 1, frozenset({3, 4}), "Parcel Number", "plain", "Owner", "list", "Valuation",
          "grdValuation", "grdSalesHist", _TAYLOR),
)  # fmt: skip
GEORGIA = (
    Style("clayton", 3, frozenset(), "Parcel Number", "plain", "Owner", "blocks", "Valuation",
          "grdValuation", "grdSales", _GEORGIA, account_label="Realkey"),
    Style("coweta", 2, frozenset({4, 6}), "Parcel Number", "plain", "Owner", "heading", "Valuation",
          "grdValuation", "grdSales", _GEORGIA, account_label="Realkey", taxes=False),
)  # fmt: skip


def style_of(state: str, style: int) -> Style:
    """The style of a county."""
    styles = GEORGIA if state == "GA" else FLORIDA
    return styles[style % len(styles)]
