"""The two digits that begin a county's FIPS code, as the state they stand for."""

from __future__ import annotations

_CODES = (
    "01AL 02AK 04AZ 05AR 06CA 08CO 09CT 10DE 11DC 12FL 13GA 15HI 16ID 17IL 18IN 19IA 20KS 21KY 22LA"
    " 23ME 24MD 25MA 26MI 27MN 28MS 29MO 30MT 31NE 32NV 33NH 34NJ 35NM 36NY 37NC 38ND 39OH 40OK 41OR"
    " 42PA 44RI 45SC 46SD 47TN 48TX 49UT 50VT 51VA 53WA 54WV 55WI 56WY 60AS 66GU 69MP 72PR 78VI"
)
STATE_OF_FIPS: dict[str, str] = {code[:2]: code[2:] for code in _CODES.split()}


def state_of(county_fips: str) -> str:
    """The state's two letters. Raises ``ValueError`` for a code of no state."""
    state = STATE_OF_FIPS.get(county_fips[:2])
    if state is None:
        raise ValueError(f"{county_fips} is no county's FIPS code")
    return state


_NAMES = (
    "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware"
    "|DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa"
    "|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota"
    "|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey"
    "|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon"
    "|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah"
    "|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming"
)
_CODE_OF = {entry[3:].lower(): entry[:2] for entry in _NAMES.split("|")}
_FIPS_OF = {state: fips for fips, state in STATE_OF_FIPS.items()}


def state_code(text: str) -> str | None:
    """A state's two letters from its letters, its name or its FIPS code, or null."""
    plain = " ".join(text.split())
    if plain.isdigit():
        return STATE_OF_FIPS.get(plain.zfill(2))
    return plain.upper() if plain.upper() in _FIPS_OF else _CODE_OF.get(plain.lower())


def fips_in(state: str, county: str) -> str:
    """A county's five digits from its state's letters and its own three digits or fewer."""
    return _FIPS_OF[state] + county.zfill(3)
