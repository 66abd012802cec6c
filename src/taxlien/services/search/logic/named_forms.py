"""Named things in a question: states, counties, statuses, kinds, classes, flags and tax years."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache

from taxlien.kit.reference import reference_text

from .forms import (
    BEGIN,
    END,
    GAP,
    Chip,
    Form,
    chip,
    ends_street,
    free,
    labels_number,
    word_after,
    word_before,
)
from .places import STATE_NAMES
from .tokens import tokens_of

_ALSO_WORDS = frozenset("CO CT DE HI ID IN LA ME MT ND NE OK OR".split())  # noqa: SIM905
"""Codes of states that are also words of addresses, or of a sentence."""
_ALSO_PLACES = frozenset(("washington",))
_CODES = {code.lower(): name for code, name in STATE_NAMES.items()}
_BY_NAME = {name.lower(): code for code, name in STATE_NAMES.items()}
_STATE = re.compile(
    rf"{BEGIN}(?P<in>in (?:the state of )?)?"
    rf"(?P<state>{'|'.join([*sorted(_BY_NAME, key=len, reverse=True), *_CODES])}){END}"
)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?")
_YEAR = r"(?:19[5-9]\d|20[0-4]\d)"
_BARE_YEAR = re.compile(rf"{BEGIN}(?P<year>{_YEAR}){END}")
_NAMED_YEAR = re.compile(
    rf"{BEGIN}(?:tax years? |years? (?:of )?|in )(?P<year>{_YEAR})(?: ?(?:-|–|to|and) ?(?P<to>{_YEAR}))?{END}"
    rf"|{BEGIN}(?:between|from) (?P<year2>{_YEAR}) (?:and|to) (?P<to2>{_YEAR}){END}"
    rf"|{BEGIN}(?P<year3>{_YEAR}) tax(?: year|es)?{END}"
)
_MOST_YEARS = 30
_COUNTY = re.compile(rf"(?P<before>(?:\S+ ){{1,4}})(?P<word>county|parish|borough){END}")
_DENIED = frozenset(("not", "no", "never", "non", "un", "without"))

_STATUSES = {
    "delinquent": "delinquent",
    "advertised": "advertised",
    "withdrawn": "withdrawn",
    "unsold": "unsold",
    "struck off": "struck_off",
    "struck-off": "struck_off",
    "sold": "sold",
    "assigned": "assigned",
    "redeemed": "redeemed",
    "deed applied": "deed_applied",
    "foreclosed": "foreclosed",
    "expired": "expired",
}
_CERTIFICATE = ("type", "certificate", "tax lien certificates")
_DEED = ("type", "deed_sale", "tax deed sales")
_KINDS = {
    "tax lien certificates": _CERTIFICATE,
    "lien certificates": _CERTIFICATE,
    "tax certificates": _CERTIFICATE,
    "certificates": _CERTIFICATE,
    "tax deed sales": _DEED,
    "deed sales": _DEED,
    "tax deeds": _DEED,
    "deeds": _DEED,
    "subsequent taxes": ("type", "subsequent_tax", "subsequent taxes"),
    "delinquencies": ("type", "delinquency", "delinquencies"),
    "no homestead": ("homestead", "false", "not homestead"),
    "not homestead": ("homestead", "false", "not homestead"),
    "non homestead": ("homestead", "false", "not homestead"),
    "non-homestead": ("homestead", "false", "not homestead"),
    "without homestead": ("homestead", "false", "not homestead"),
    "homesteaded": ("homestead", "true", "homestead"),
    "homestead only": ("homestead", "true", "homestead"),
    "vacant land": ("class", "vacant_land", "vacant land"),
    "vacant lots": ("class", "vacant_land", "vacant land"),
    "no irs liens": ("not_flag", "irs_lien", "no IRS lien"),
    "no irs lien": ("not_flag", "irs_lien", "no IRS lien"),
    "not bankrupt": ("not_flag", "bankrupt", "not bankrupt"),
    "no bankruptcies": ("not_flag", "bankrupt", "not bankrupt"),
    "no bankruptcy": ("not_flag", "bankrupt", "not bankrupt"),
    "no landlocked": ("not_flag", "landlocked", "not landlocked"),
    "not landlocked": ("not_flag", "landlocked", "not landlocked"),
    "no slivers": ("not_flag", "sliver", "no slivers"),
    "irs liens": ("flag", "irs_lien", "IRS lien"),
    "with irs lien": ("flag", "irs_lien", "IRS lien"),
    "with an irs lien": ("flag", "irs_lien", "IRS lien"),
    "bankruptcies": ("flag", "bankrupt", "bankrupt"),
    "in bankruptcy": ("flag", "bankrupt", "bankrupt"),
    "bankrupt owners": ("flag", "bankrupt", "bankrupt"),
    "landlocked": ("flag", "landlocked", "landlocked"),
    "slivers": ("flag", "sliver", "slivers"),
    "exempt owners": ("flag", "exempt_owner", "exempt owner"),
    "no exempt owners": ("not_flag", "exempt_owner", "no exempt owner"),
}


def _either(words: Mapping[str, object]) -> re.Pattern[str]:
    return re.compile(rf"{BEGIN}(?P<said>{'|'.join(sorted(words, key=len, reverse=True))}){END}")


_STATUS, _KIND = _either(_STATUSES), _either(_KINDS)


def statuses(text: str, today: date | None) -> Iterator[Form]:
    """Find statuses: whole words that are not denied, and no name of a street (SOLD RD)."""

    def read(said: str) -> Chip:
        status = _STATUSES[said]
        return chip("status", status, status.replace("_", " "))

    yield from _words(_STATUS, text, read)


def kinds(text: str, today: date | None) -> Iterator[Form]:
    """Find kinds of liens, in the plural, and what is said of properties."""
    yield from _words(_KIND, text, lambda said: chip(*_KINDS[said]))


def _words(pattern: re.Pattern[str], text: str, read: Callable[[str], Chip]) -> Iterator[Form]:
    for found in pattern.finditer(text):
        after = word_after(text, found.end())
        if word_before(text, found.start()) in _DENIED or ends_street(after):
            continue
        numbered = after[:1] == "#" or after[:1].isdigit()  # a certificate's, a house's
        if not numbered or _year_ends(text, found.end()):
            yield Form(found.start(), found.end(), (read(found["said"]),))


def _year_ends(text: str, at: int) -> bool:
    """Tell whether a year stands there and nothing after it: SOLD 2019, not SOLD 2019 OAK ST."""
    found = re.compile(rf" {_YEAR}{END}").match(text, at)
    return found is not None and free(word_after(text, found.end()))


def states(text: str, today: date | None) -> Iterator[Form]:
    """Find states where an address ends with one (POLK FL, LAKELAND FL 33801), or it is said to be one.

    A code that is also a word (CT: court) must follow a comma or stand in capitals' place after IN; a
    whole name (FLORIDA AVE, WASHINGTON) a comma, IN, or words understood already.
    """
    for found in _STATE.finditer(text):
        name = found["state"]
        code = _BY_NAME.get(name) or name.upper()
        if _is_state(text, found, name, code):
            state = (chip("state", code, STATE_NAMES[code]),)
            yield Form(found.start(), found.end(), state)


def _is_state(text: str, found: re.Match[str], name: str, code: str) -> bool:
    after, before = word_after(text, found.end()), word_before(text, found.start())
    ended = free(after) or _ZIP.fullmatch(after) or _year_ends(text, found.end())
    if not ended:
        return False
    spelled = name in _BY_NAME
    if before.endswith(","):
        return True
    if found["in"]:
        return spelled or code not in _ALSO_WORDS
    if spelled:
        # FLORIDA UNDER 5K is the state; FLORIDA alone may be an avenue.
        beside = before == GAP or (before == "" and after == GAP)
        return beside and name not in _ALSO_PLACES
    if code in _ALSO_WORDS:
        return False
    if before in ("", GAP):
        return before == GAP or after == GAP
    return not any(c.isdigit() for c in before)  # 2 FL, 2ND FL: a floor


def counties(text: str, today: date | None) -> Iterator[Form]:
    """Find counties that there are, by their name and the word COUNTY (not COUNTY LINE RD, COUNTY RD)."""
    for found in _COUNTY.finditer(text):
        after = word_after(text, found.end())
        if ends_street(after) or after[:1].isdigit() or after in ("line", "seat", "club"):
            continue
        words = found["before"].split()
        for begin in range(len(words)):
            name = words[begin:]
            if GAP in name or any(word.endswith(",") for word in name):
                continue
            full = _known_counties().get(_county_key(" ".join((*name, found["word"]))))
            if full is not None:
                if begin and words[begin - 1].isdigit():
                    break  # 12 ORANGE COUNTY: a house
                start = found.end("before") - len(" ".join(name)) - 1
                yield Form(start, found.end(), (chip("county", full, full),))
                break


def _county_key(name: str) -> str:
    return " ".join(_SAINT.get(token, token) for token in tokens_of(name))


_SAINT = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}


@cache
def _known_counties() -> dict[str, str]:
    """Return the full names of all counties by what they are compared by."""
    rows = csv.DictReader(io.StringIO(reference_text("counties.csv")))
    return {_county_key(row["full_name"]): row["full_name"] for row in rows}


def years(text: str, today: date | None) -> Iterator[Form]:
    """Find tax years: said to be one, or at the end and beside words understood (POLK FL 2019 SOLD)."""
    for found in _NAMED_YEAR.finditer(text):
        if ends_street(word_after(text, found.end())):
            continue
        said = {name.rstrip("23"): year for name, year in found.groupdict().items() if year}
        first, last = sorted((int(said["year"]), int(said.get("to", said["year"]))))
        if last - first < _MOST_YEARS:
            every = range(first, last + 1)
            yield Form(found.start(), found.end(), tuple(_year(year) for year in every))
    for found in _BARE_YEAR.finditer(text):
        before, after = word_before(text, found.start()), word_after(text, found.end())
        if free(after) and GAP in (before, after) and not labels_number(before):
            yield Form(found.start(), found.end(), (_year(int(found["year"])),))


def _year(year: int) -> Chip:
    return chip("year", year, f"tax year {year}")
