"""What search does: keeps the index true to the catalogue, and answers questions from it."""

from taxlien.interfaces.users import TierAllowsLess

from .clicking import keep_clicks, name_answer, open_click_counter, read_click
from .counting import (
    announce_kinds,
    announce_searched,
    keep_kinds,
    keep_searched,
    open_counter,
    open_kind_counter,
)
from .indexing import index_arrived, index_liens
from .leaving import erase_user, export_user
from .matching import match_liens, nobody_waits
from .moving import announce_moves, waiting_moves
from .rebuilding import (
    MAX_ATTEMPTS,
    Progress,
    claim_rebuild,
    finish_rebuild,
    get_rebuild,
    known_scores,
    open_catalogue,
    open_writer,
    postpone_rebuild,
    rebuild_index,
    record_progress,
    request_rebuild,
)
from .saving import (
    change_search,
    delete_search,
    follow_tier,
    save_search,
    saved_search,
    saved_searches,
)
from .scoring import keep_scores
from .searching import MAX_SUGGESTIONS, autocomplete, available_filters, search
from .sharing import copy_shared, share_search, shared_search, stop_sharing

__all__ = [
    "MAX_ATTEMPTS",
    "MAX_SUGGESTIONS",
    "Progress",
    "TierAllowsLess",
    "announce_kinds",
    "announce_moves",
    "announce_searched",
    "autocomplete",
    "available_filters",
    "change_search",
    "claim_rebuild",
    "copy_shared",
    "delete_search",
    "erase_user",
    "export_user",
    "finish_rebuild",
    "follow_tier",
    "get_rebuild",
    "index_arrived",
    "index_liens",
    "keep_clicks",
    "keep_kinds",
    "keep_scores",
    "keep_searched",
    "known_scores",
    "match_liens",
    "name_answer",
    "nobody_waits",
    "open_catalogue",
    "open_click_counter",
    "open_counter",
    "open_kind_counter",
    "open_writer",
    "postpone_rebuild",
    "read_click",
    "rebuild_index",
    "record_progress",
    "request_rebuild",
    "save_search",
    "saved_search",
    "saved_searches",
    "search",
    "share_search",
    "shared_search",
    "stop_sharing",
    "waiting_moves",
]
