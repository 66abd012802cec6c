"""What the law answers instead of a figure. Each error carries the code its reader sees."""

from __future__ import annotations

from typing import ClassVar


class LawError(Exception):
    """A case that has no payoff. ``warnings`` are the cautions of the rule that was looked at."""

    code: ClassVar[str] = "law_error"

    def __init__(self, message: str, warnings: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.warnings = warnings


class NoRule(LawError):
    """No rule is known for this state, county and sale date. Never to be read as zero."""

    code = "no_rule"


class NotRedeemable(LawError):
    """The law gives the owner no right to redeem (any more), so nothing is paid off."""

    code = "not_redeemable"


class InvalidCase(LawError):
    """The case contradicts itself or the law. ``field`` names the offending input, ``reason`` says why."""

    code = "invalid_case"

    def __init__(self, field: str, message: str, warnings: tuple[str, ...] = ()) -> None:
        super().__init__(f"{field}: {message}", warnings)
        self.field = field
        self.reason = message


class RateMissing(InvalidCase):
    """The rate is bid in this state, and the case does not say what was bid."""


class RuleDataError(ValueError):
    """The shipped rule text is broken: raised while reading it, never while answering a case."""
