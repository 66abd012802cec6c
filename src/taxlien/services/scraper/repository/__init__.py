"""Every query of collecting, by what it is about."""

from . import frontier, operations, pages, publishing, runs, sources, staging, wishes

__all__ = [
    "frontier",
    "operations",
    "pages",
    "publishing",
    "runs",
    "sources",
    "staging",
    "wishes",
]
