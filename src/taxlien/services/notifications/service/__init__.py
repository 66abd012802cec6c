"""What notifications does: hears what people must know, sends it once, forgets what it may."""

from taxlien.services.notifications.repository import Gathering

from .alerting import note_model_alert
from .choosing import Choices, choose, my_wishes
from .dead_letters import DeadLetter, dead_letters, replay
from .devices import Platform, forget_device, my_devices, register_device
from .gathering import News, note_news
from .handing_in import Plan
from .hearing import (
    note_announcement,
    note_preferences,
    note_roles,
    note_secured,
    note_sign_up,
    note_verified,
)
from .inbox import my_inbox, read_all, read_notice
from .leaving import erase_user, export_user, send_farewell
from .noting import note_occasion
from .phones import PhoneKnown, change_phone, confirm_phone, forget_phone, my_phone
from .previewing import Preview, check_shown, preview
from .reporting import note_mail_reports, note_text_report
from .sending import Claim, claim_due, deliver, open_plan, tidy
from .stopping import Change, Standing, change_mails, standing
from .telling import due_gatherings, put_off, tell
from .webhooks import WebhookKnown, add_webhook, forget_webhook, my_webhooks

__all__ = [
    "Change",
    "Choices",
    "Claim",
    "DeadLetter",
    "Gathering",
    "News",
    "PhoneKnown",
    "Plan",
    "Platform",
    "Preview",
    "Standing",
    "WebhookKnown",
    "add_webhook",
    "change_mails",
    "change_phone",
    "check_shown",
    "choose",
    "claim_due",
    "confirm_phone",
    "dead_letters",
    "deliver",
    "due_gatherings",
    "erase_user",
    "export_user",
    "forget_device",
    "forget_phone",
    "forget_webhook",
    "my_devices",
    "my_inbox",
    "my_phone",
    "my_webhooks",
    "my_wishes",
    "note_announcement",
    "note_mail_reports",
    "note_model_alert",
    "note_news",
    "note_occasion",
    "note_preferences",
    "note_roles",
    "note_secured",
    "note_sign_up",
    "note_text_report",
    "note_verified",
    "open_plan",
    "preview",
    "put_off",
    "read_all",
    "read_notice",
    "register_device",
    "replay",
    "send_farewell",
    "standing",
    "tell",
    "tidy",
]
