"""What users does, by what it is about."""

from taxlien.services.users.logic.preferences import hour_text

from . import audit, consents, deletions, exports, retention
from .avatars import Shown, begin_avatar, my_avatar, remove_avatar, set_avatar
from .kyc import (
    CaseState,
    add_document,
    begin_document,
    my_kyc,
    remove_document,
    set_details,
)
from .preferences import my_preferences, update_preferences
from .profile import (
    create_profile,
    my_profile,
    note_verified_email,
    profile_of,
    profiles,
    update_profile,
)
from .resealing import Resealed, keys_in_use, reseal
from .reviewing import (
    CaseFile,
    Opened,
    case_of,
    decide,
    documents_of,
    expire_cases,
    open_document,
    submit,
    take,
    waiting,
)
from .screening import Loaded, Rescreened, load_list, rescreen
from .tax import Residency, my_residency, remove_residency, residency_of, set_residency
from .tiers import end_trials, set_tier, start_trial, tiers
from .uploads import Place, remove_objects
from .versions import ChangedMeanwhile

__all__ = [
    "CaseFile",
    "CaseState",
    "ChangedMeanwhile",
    "Loaded",
    "Opened",
    "Place",
    "Rescreened",
    "Resealed",
    "Residency",
    "Shown",
    "add_document",
    "audit",
    "begin_avatar",
    "begin_document",
    "case_of",
    "consents",
    "create_profile",
    "decide",
    "deletions",
    "documents_of",
    "end_trials",
    "expire_cases",
    "exports",
    "hour_text",
    "keys_in_use",
    "load_list",
    "my_avatar",
    "my_kyc",
    "my_preferences",
    "my_profile",
    "my_residency",
    "note_verified_email",
    "open_document",
    "profile_of",
    "profiles",
    "remove_avatar",
    "remove_document",
    "remove_objects",
    "remove_residency",
    "rescreen",
    "reseal",
    "residency_of",
    "retention",
    "set_avatar",
    "set_details",
    "set_residency",
    "set_tier",
    "start_trial",
    "submit",
    "take",
    "tiers",
    "update_preferences",
    "update_profile",
    "waiting",
]
