"""Tables of schema ``users``, by what they are about."""

from .identity import KycCase, KycDocument, KycTransition, SanctionsList, Screening, TaxResidency
from .people import Avatar, ObjectRemoval, Row, Upload, User, UserPreferences, metadata
from .privacy import (
    AuditEntry,
    Consent,
    Deletion,
    ErasureAnswer,
    Export,
    ExportPart,
    PendingAudit,
)

__all__ = [
    "AuditEntry",
    "Avatar",
    "Consent",
    "Deletion",
    "ErasureAnswer",
    "Export",
    "ExportPart",
    "KycCase",
    "KycDocument",
    "KycTransition",
    "ObjectRemoval",
    "PendingAudit",
    "Row",
    "SanctionsList",
    "Screening",
    "TaxResidency",
    "Upload",
    "User",
    "UserPreferences",
    "metadata",
]
