"""What search does: keeps the index true to the catalogue, and answers questions from it."""

from .counting import announce_searched, keep_searched, open_counter
from .indexing import index_liens
from .rebuilding import (
    MAX_ATTEMPTS,
    Progress,
    claim_rebuild,
    finish_rebuild,
    get_rebuild,
    open_catalogue,
    open_writer,
    postpone_rebuild,
    rebuild_index,
    record_progress,
    request_rebuild,
)
from .searching import MAX_SUGGESTIONS, autocomplete, available_filters, search

__all__ = [
    "MAX_ATTEMPTS",
    "MAX_SUGGESTIONS",
    "Progress",
    "announce_searched",
    "autocomplete",
    "available_filters",
    "claim_rebuild",
    "finish_rebuild",
    "get_rebuild",
    "index_liens",
    "keep_searched",
    "open_catalogue",
    "open_counter",
    "open_writer",
    "postpone_rebuild",
    "rebuild_index",
    "record_progress",
    "request_rebuild",
    "search",
]
