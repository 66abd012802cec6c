"""What notifications does: hears what people must know, sends it once, forgets what it may."""

from .hearing import note_announcement, note_preferences, note_secured, note_sign_up, note_verified
from .leaving import erase_user, export_user, send_farewell
from .sending import Claim, Plan, claim_due, deliver, open_plan, tidy

__all__ = [
    "Claim",
    "Plan",
    "claim_due",
    "deliver",
    "erase_user",
    "export_user",
    "note_announcement",
    "note_preferences",
    "note_secured",
    "note_sign_up",
    "note_verified",
    "open_plan",
    "send_farewell",
    "tidy",
]
