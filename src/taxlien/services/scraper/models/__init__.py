"""Tables of schema ``scraper``. Keys of sources and pages are compared byte by byte: they are codes.

Bulk tables carry no foreign keys: rows are written and deleted in whole runs, by code that knows both sides.
"""

from .collecting import Demand, OperationsTask, Run, RunPage, RunStage, Source, SourceStatus
from .raw import RawContent, RawPageRow
from .rows import Row, metadata
from .said import Page, SaidFact, Staged

__all__ = [
    "Demand",
    "OperationsTask",
    "Page",
    "RawContent",
    "RawPageRow",
    "Row",
    "Run",
    "RunPage",
    "RunStage",
    "SaidFact",
    "Source",
    "SourceStatus",
    "Staged",
    "metadata",
]
