"""Parcels: any parcel of any county from its number alone, and its number from its id."""

from __future__ import annotations

from dataclasses import dataclass

from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.draws import Draw, topic

_PARCEL = topic("parcel")
_IDENTIFIER = topic("identifier")

# Split, so that a line holds a dozen words.
# ruff: noqa: SIM905
_STREETS = (
    "MAPLE OAK CEDAR PINE LAKEVIEW RIVER MILL CHURCH WALNUT CHESTNUT FRANKLIN JACKSON MADISON ORCHARD "
    "PROSPECT QUARRY RIDGE SPRING SUMMIT UNION VALLEY WILLOW MEADOW GROVE HARBOR COLLEGE LINCOLN PARK"
).split()
_SUFFIXES = "ST ST ST AVE AVE RD RD DR DR LN CT WAY BLVD PL TER".split()
_DIRECTIONS = ("", "", "", "", "N", "S", "E", "W", "NE", "NW")
_SUBDIVISIONS = (
    "SYNTHETIC HEIGHTS",
    "SEED ESTATES",
    "PATTERN PARK",
    "INVENTED ACRES",
    "GENERATED GROVE",
)
# Names that nobody could take for a person's.
_SURNAMES = "SPECIMEN PLACEHOLDER EXEMPLAR FICTION IMAGINARY SYNTHETIC NOBODY PROTOTYPE".split()
_GIVEN = "ALPHA BRAVO CHARLIE DELTA ECHO FOXTROT GOLF HOTEL INDIA KILO LIMA OSCAR".split()

USES = (  # use, code, class, whether built upon, share of all in percent, median market value
    ("SINGLE FAMILY", "0100", "Residential", True, 52, 210_000),
    ("VACANT RESIDENTIAL", "0000", "Residential", False, 24, 28_000),
    ("MOBILE HOME", "0200", "Residential", True, 9, 74_000),
    ("CONDOMINIUM", "0400", "Residential", True, 5, 165_000),
    ("STORES 1 STORY", "1100", "Commercial", True, 4, 420_000),
    ("IMPROVED AGRICULTURAL", "5000", "Agricultural", True, 3, 310_000),
    ("TIMBERLAND", "5400", "Agricultural", False, 3, 95_000),
)
_BY_SHARE = tuple(use for use in USES for _ in range(use[4]))


@dataclass(frozen=True, slots=True)
class Parcel:
    """What does not change with the day. ``base`` is the market value of 2010 in dollars."""

    number: int
    parcel_id: str
    account: str
    situs: str
    city: str
    zip_code: str
    owner: str
    co_owner: str
    mailing: tuple[str, str]
    legal: str
    use: str
    use_code: str
    property_class: str
    built: bool
    acres: str
    sqft: int
    year_built: int
    homestead: bool
    base: int
    land_share: float
    features: int
    purchased: int


def parcel_id(seed: int, county: County, number: int) -> str:
    """Return the id of parcel ``number``, as its county writes ids."""
    draw = Draw(seed, _IDENTIFIER, county.index, number)
    serial = iter(f"{number + 1:0{county.pattern.count('n')}d}")
    return "".join(
        next(serial) if sign == "n" else str(draw.below(10)) if sign == "#" else sign
        for sign in county.pattern
    )


def parcel_number(seed: int, county: County, wanted: str, count: int) -> int | None:
    """Return the number of the parcel with that id; None where the county has none."""
    if len(wanted) != len(county.pattern):
        return None
    serial = "".join(c for c, sign in zip(wanted, county.pattern, strict=True) if sign == "n")
    number = int(serial) - 1 if serial.isdecimal() else -1
    if not 0 <= number < count or parcel_id(seed, county, number) != wanted:
        return None
    return number


def parcel(seed: int, county: County, number: int) -> Parcel:
    """Draw parcel ``number`` of ``county``."""
    draw = Draw(seed, _PARCEL, county.index, number)
    use, code, property_class, built, _, median = draw.pick(_BY_SHARE)
    subdivision, block, lot = draw.pick(_SUBDIVISIONS), draw.between(1, 60), draw.between(1, 99)
    book, page = draw.between(100, 4000), draw.between(1, 999)
    surname, given = draw.pick(_SURNAMES), draw.pick(_GIVEN)
    city = draw.pick(county.cities)
    zip_code = f"{county.zip_prefix}{draw.between(100, 999)}"
    acres = (
        f"{min(640.0, draw.log_normal(0.3 if property_class == 'Residential' else 12, 0.9)):.3f}"
    )
    return Parcel(
        number=number,
        parcel_id=parcel_id(seed, county, number),
        account=str(10_001 + number),
        situs=_situs(draw, built),
        city=city,
        zip_code=zip_code,
        owner=f"{surname} {given} {draw.pick('ABCDEFG')}",
        co_owner=f"{surname} {draw.pick(_GIVEN)}" if draw.chance(0.3) else "",
        mailing=(f"PO BOX {draw.between(1, 9999)}", f"{city}, {county.state} {zip_code}"),
        legal=f"{acres} ACRES LOT {lot} BLK {block} {subdivision} S/D ORB {book} P {page}",
        use=use,
        use_code=code,
        property_class=property_class,
        built=built,
        acres=acres,
        sqft=round(draw.log_normal(1650, 0.4)) if built else 0,
        year_built=draw.between(1925, 2018) if built else 0,
        homestead=built and property_class == "Residential" and draw.chance(0.45),
        base=max(500, round(draw.log_normal(median * 0.007, 0.7)) * 100),
        land_share=0.15 + 0.3 * draw.share() if built else 1.0,
        features=draw.between(4, 300) * 100 if built and draw.chance(0.4) else 0,
        purchased=draw.between(1, 4),
    )


def _situs(draw: Draw, built: bool) -> str:
    """An address; vacant land often has none, or a street without a number."""
    kind = draw.share()
    if not built and kind < 0.15:
        return ""
    number = "" if not built and kind < 0.4 else str(draw.between(1, 9999))
    parts = (number, draw.pick(_DIRECTIONS), draw.pick(_STREETS), draw.pick(_SUFFIXES))
    return " ".join(part for part in parts if part)
