"""What people are asked to agree to: which document it is about, and whether one can do without."""

from __future__ import annotations

from typing import Literal, NamedTuple

Purpose = Literal["terms", "privacy", "marketing_email", "marketing_push", "analytics"]
Source = Literal["sign_up", "settings", "banner", "mail_link", "support"]
Document = Literal["terms", "privacy"]


class Ask(NamedTuple):
    """A purpose. What is ``required`` ends only with the account."""

    document: Document
    required: bool


ASKS: dict[Purpose, Ask] = {
    "terms": Ask("terms", required=True),
    "privacy": Ask("privacy", required=True),
    "marketing_email": Ask("privacy", required=False),
    "marketing_push": Ask("privacy", required=False),
    "analytics": Ask("privacy", required=False),
}
