"""What notifications does: hears what people must know, sends it once, forgets what it may."""

from taxlien.services.notifications.repository import Gathering

from .choosing import Choices, choose, my_wishes
from .gathering import News, note_news
from .handing_in import Plan
from .hearing import note_announcement, note_preferences, note_secured, note_sign_up, note_verified
from .inbox import my_inbox, read_all, read_notice
from .leaving import erase_user, export_user, send_farewell
from .noting import note_occasion
from .previewing import Preview, check_shown, preview
from .sending import Claim, claim_due, deliver, open_plan, tidy
from .stopping import Change, Standing, change_mails, standing
from .telling import due_gatherings, put_off, tell

__all__ = [
    "Change",
    "Choices",
    "Claim",
    "Gathering",
    "News",
    "Plan",
    "Preview",
    "Standing",
    "change_mails",
    "check_shown",
    "choose",
    "claim_due",
    "deliver",
    "due_gatherings",
    "erase_user",
    "export_user",
    "my_inbox",
    "my_wishes",
    "note_announcement",
    "note_news",
    "note_occasion",
    "note_preferences",
    "note_secured",
    "note_sign_up",
    "note_verified",
    "open_plan",
    "preview",
    "put_off",
    "read_all",
    "read_notice",
    "send_farewell",
    "standing",
    "tell",
    "tidy",
]
