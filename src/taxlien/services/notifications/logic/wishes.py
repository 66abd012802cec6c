"""What a user wants to hear of, and how: coarse switches, finer choices, and having stopped all mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .kinds import KINDS, Channel, Kind

Choice = tuple[str, Channel]
"""A kind and a channel it may come by."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """``switches`` are the coarse ones, missing means on. ``mail_stopped``: no optional mail at all.

    A finer choice can only narrow what the coarse switch of its channel lets through.
    """

    switches: Mapping[Channel, bool] = field(default_factory=dict)
    choices: Mapping[Choice, bool] = field(default_factory=dict)
    mail_stopped: bool = False

    def chosen(self, kind: Kind, channel: Channel) -> bool:
        """Say what was chosen for ``kind`` by ``channel``, or what holds where nothing was."""
        return self.choices.get((kind.name, channel), not kind.asked_for)

    def wants(self, kind: Kind, channel: Channel) -> bool:
        """Say whether a message of ``kind`` may come by ``channel``."""
        if channel not in kind.channels:
            return False
        if not kind.optional:
            return True
        if channel == "email" and self.mail_stopped:
            return False
        return self.switches.get(channel, True) and self.chosen(kind, channel)

    def channels(self, kind: Kind) -> tuple[Channel, ...]:
        """Return the channels by which ``kind`` may come, in their usual order."""
        return tuple(channel for channel in kind.channels if self.wants(kind, channel))


def choosable(*, staff: bool = True) -> list[Kind]:
    """Return the kinds a user may choose about, in the order of the table; ``staff``: all there are."""
    return [kind for kind in KINDS.values() if kind.stoppable and (staff or not kind.for_staff)]
