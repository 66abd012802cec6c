"""What the portfolio does: keep what people watch, and tell what happened to it."""

from taxlien.interfaces.users import TierAllowsLess

from .demanding import announce_demand
from .leaving import erase_user, export_user
from .pruning import prune
from .reminding import hear_sales, remind
from .triggering import WIDE_A_DAY, hear_liens, nobody_watches
from .watching import (
    Board,
    board,
    change_watch,
    follow_tier,
    stop_watching,
    watch,
    watched,
)

__all__ = [
    "WIDE_A_DAY",
    "Board",
    "TierAllowsLess",
    "announce_demand",
    "board",
    "change_watch",
    "erase_user",
    "export_user",
    "follow_tier",
    "hear_liens",
    "hear_sales",
    "nobody_watches",
    "prune",
    "remind",
    "stop_watching",
    "watch",
    "watched",
]
