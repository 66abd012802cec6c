"""The shipped rule book, and where the county files lie that are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.rulebook import RuleBook

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def rulebook() -> RuleBook:
    return load_rulebook()


@pytest.fixture(scope="session")
def county_files() -> Path:
    """The folder of real county files; tests that read it are skipped where it is absent."""
    named = os.environ.get("TAXLIEN_SHARED_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no county files at {folder} (set TAXLIEN_SHARED_DATA)")
    return folder
