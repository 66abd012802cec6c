"""Tables of schema ``liens``, by what they are about."""

from .catalogue import (
    County,
    Import,
    LienRow,
    Observation,
    Parcel,
    PriceIndex,
    Row,
    Sale,
    Source,
    StatusEntry,
    metadata,
)
from .collecting import (
    Coverage,
    DuplicateCandidate,
    DuplicateScan,
    FiledNumber,
    ParcelMerge,
    ParcelObservation,
    ParcelOtherId,
    PendingImport,
    SourceRun,
)

__all__ = [
    "County",
    "Coverage",
    "DuplicateCandidate",
    "DuplicateScan",
    "FiledNumber",
    "Import",
    "LienRow",
    "Observation",
    "Parcel",
    "ParcelMerge",
    "ParcelObservation",
    "ParcelOtherId",
    "PendingImport",
    "PriceIndex",
    "Row",
    "Sale",
    "Source",
    "SourceRun",
    "StatusEntry",
    "metadata",
]
