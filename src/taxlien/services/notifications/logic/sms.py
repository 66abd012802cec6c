"""How long a text message is, and what its letters cost.

The limit of the product is 140 characters. A message of GSM 03.38's letters has 160 to a segment (153
where there are several); one other letter, such as any of Cyrillic, ``á``, ``–`` or ``…``, makes all of it
UCS-2 with 70 (67). So 140 characters are one segment in English and up to three in Russian.
"""

from __future__ import annotations

LONGEST_SMS = 140
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")


def clipped(text: str, longest: int) -> str:
    """Return ``text`` in one line of at most ``longest`` characters, an ellipsis where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def segments(text: str) -> int:
    """Return how many segments a message is sent, and billed, as."""
    if all(sign in _GSM or sign in _GSM_TWICE for sign in text):
        length, alone, among = len(text) + sum(sign in _GSM_TWICE for sign in text), 160, 153
    else:
        length, alone, among = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= alone else -(-length // among)
