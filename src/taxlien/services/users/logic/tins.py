"""Taxpayer numbers: what form a person signs, and which numbers cannot exist."""

from __future__ import annotations

import re
from typing import Literal

from taxlien.kit.errors import InvalidInput

FormKind = Literal["W-9", "W-8BEN", "W-8BEN-E"]
TinKind = Literal["ssn", "itin", "ein", "foreign"]

FORM_KINDS: tuple[FormKind, ...] = ("W-9", "W-8BEN", "W-8BEN-E")
TIN_KINDS: tuple[TinKind, ...] = ("ssn", "itin", "ein", "foreign")

_KINDS_OF_FORM: dict[FormKind, tuple[TinKind, ...]] = {
    "W-9": ("ssn", "itin", "ein"),
    "W-8BEN": ("itin", "ssn", "foreign"),
    "W-8BEN-E": ("ein", "foreign"),
}
_NINE_DIGITS = re.compile(r"\d{9}")
_AS_PERSON = re.compile(r"\d{3}[- ]?\d{2}[- ]?\d{4}")
_AS_EMPLOYER = re.compile(r"\d{2}-?\d{7}")
_FOREIGN = re.compile(r"[A-Z0-9]{5,20}")

# Printed in advertisements until people used them as their own (SSA, "Misused SSNs").
_ADVERTISED = frozenset({"078051120", "219099999"})
# Second part of an ITIN, from IRS Publication 1915.
_ITIN_GROUPS = frozenset({*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)})
# Prefixes the IRS never assigned ("How EINs are assigned and valid EIN prefixes").
_NO_EIN_PREFIX = frozenset(
    {"00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89",
     "96", "97"}
)  # fmt: skip


def check_form(form: FormKind, country: str, kind: TinKind | None) -> None:
    """Raise ``InvalidInput`` where form, country of residence and kind of number do not go together."""
    if form != "W-9" and country == "US":
        raise InvalidInput("form_kind", "is for people who pay tax abroad; in the US it is W-9")
    if form == "W-9" and kind is None:
        raise InvalidInput("tin", "is missing: a W-9 certifies one")
    if kind is not None and kind not in _KINDS_OF_FORM[form]:
        raise InvalidInput("tin_kind", f"is none that {form} takes")


def tin_of(kind: TinKind, text: str) -> str:
    """Return the digits (or letters) of a number that can exist. Raises ``InvalidInput`` without it."""
    if kind == "foreign":
        plain = re.sub(r"[\s./-]", "", text).upper()
        if not _FOREIGN.fullmatch(plain):
            raise InvalidInput("tin", "is not 5 to 20 letters and digits")
        return plain
    pattern = _AS_EMPLOYER if kind == "ein" else _AS_PERSON
    digits = re.sub(r"[ -]", "", text)
    if not text.isascii() or not pattern.fullmatch(text) or not _NINE_DIGITS.fullmatch(digits):
        raise InvalidInput("tin", f"is not written like an {kind.upper()}: nine digits")
    if not {"ssn": _is_ssn, "itin": _is_itin, "ein": _is_ein}[kind](digits):
        raise InvalidInput("tin", f"is not an {kind.upper()} that can have been assigned")
    return digits


def last_four(plain: str) -> str:
    """Return what may be shown of a number: four characters, never more than half of it."""
    return plain[-min(4, len(plain) // 2) :]


def _is_ssn(digits: str) -> bool:
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    possible = area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"
    return possible and digits not in _ADVERTISED


def _is_itin(digits: str) -> bool:
    return digits[0] == "9" and int(digits[3:5]) in _ITIN_GROUPS


def _is_ein(digits: str) -> bool:
    return digits[:2] not in _NO_EIN_PREFIX
