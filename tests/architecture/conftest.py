"""Where the project lies, for the tests that read its source."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder that holds ``pyproject.toml``."""
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def source(project: Path) -> Path:
    """The package's folder."""
    return project / "src" / "taxlien"
