"""Where the project lies, for the tests that read its source."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
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


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Return all nodes of a source file's syntax: many tests walk the same files."""
    return list(ast.walk(ast.parse(path.read_text())))


Nodes = Callable[[Path], list[ast.AST]]


@pytest.fixture(scope="session")
def nodes() -> Nodes:
    """``nodes(path)``: the same, for a file of tests that is a program too."""
    return nodes_of
