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
