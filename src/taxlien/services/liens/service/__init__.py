"""What the catalogue does: record what was seen, import files, answer what is known and what it pays."""

from .collecting import CollectedCounts, record_collected, register_card
from .coverage import CountyCoverage, CoverageReport, StateCoverage, coverage, note_runs
from .duplicates import (
    ParcelView,
    compare_parcels,
    counties_to_compare,
    dismiss,
    duplicates,
    merge_parcels,
    parcel,
    undo_merge,
)
from .importing import FileFacts, FileOrigin, ImportReport, RefusedFile, import_file, record_refusal
from .lists import (
    accept_lists,
    claim_list,
    import_list,
    list_file,
    postpone_list,
    refuse_list,
)
from .places import counties, county, county_lookup, load_counties, sales
from .pricing import payoff_of_lien, payoffs, rule_of_state, rules
from .reading import export, history, lien, liens, named, observations
from .recording import Provenance, RecordCounts, record_observations, register_source

__all__ = [
    "CollectedCounts",
    "CountyCoverage",
    "CoverageReport",
    "FileFacts",
    "FileOrigin",
    "ImportReport",
    "ParcelView",
    "Provenance",
    "RecordCounts",
    "RefusedFile",
    "StateCoverage",
    "accept_lists",
    "claim_list",
    "compare_parcels",
    "counties",
    "counties_to_compare",
    "county",
    "county_lookup",
    "coverage",
    "dismiss",
    "duplicates",
    "export",
    "history",
    "import_file",
    "import_list",
    "lien",
    "liens",
    "list_file",
    "load_counties",
    "merge_parcels",
    "named",
    "note_runs",
    "observations",
    "parcel",
    "payoff_of_lien",
    "payoffs",
    "postpone_list",
    "record_collected",
    "record_observations",
    "record_refusal",
    "refuse_list",
    "register_card",
    "register_source",
    "rule_of_state",
    "rules",
    "sales",
    "undo_merge",
]
