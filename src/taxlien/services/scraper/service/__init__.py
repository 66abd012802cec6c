"""What collecting does: keep the sources, run them, publish what changed, ask a person where it must."""

from .collecting import drive, run_named
from .operating import (
    discard_run,
    forget_old_runs,
    pause_source,
    release_quarantine,
    resume_source,
)
from .overview import SourceState, open_tasks, source_states
from .reparsing import Reparse, start_reparse
from .runs import ToDo, lanes, plan_runs, slice_seconds, start_run, to_do
from .sources import Synced, knows_sources, record_sites, source_named, sync_sources
from .staging import Tally
from .wishes import count_searches, note_wish

__all__ = [
    "Reparse",
    "SourceState",
    "Synced",
    "Tally",
    "ToDo",
    "count_searches",
    "discard_run",
    "drive",
    "forget_old_runs",
    "knows_sources",
    "lanes",
    "note_wish",
    "open_tasks",
    "pause_source",
    "plan_runs",
    "record_sites",
    "release_quarantine",
    "resume_source",
    "run_named",
    "slice_seconds",
    "source_named",
    "source_states",
    "start_reparse",
    "start_run",
    "sync_sources",
    "to_do",
]
