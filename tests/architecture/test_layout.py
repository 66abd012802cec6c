"""The house keeps its shape: rooms, names, and sizes a reader can hold in the head."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import nodes_of

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
NAMES_OF_NO_CONCEPT = {"utils", "helpers", "common", "constants", "managers", "base", "misc"}
ROOMS = {
    "__init__",
    "endpoints",
    "events",
    "tasks",
    "service",
    "repository",
    "models",
    "adapters",
    "logic",
    "schemas",
    "settings",
    "migrations",
}
STUBS = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplemented")


def python_files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in nodes_of(path) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_source_file_is_longer_than_a_reader_can_hold(source: Path) -> None:
    long = {
        str(p.relative_to(source)): n
        for p in python_files(source)
        if (n := len(p.read_text().splitlines())) > MAX_FILE_LINES
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen(source: Path) -> None:
    long = [
        f"{p.relative_to(source)}:{f.name} {f.end_lineno - f.lineno + 1}"
        for p in python_files(source)
        for f in functions(p)
        if f.end_lineno is not None and f.end_lineno - f.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_every_file_name_names_a_concept(source: Path) -> None:
    named = [p for p in source.rglob("*") if p.stem in NAMES_OF_NO_CONCEPT]
    assert named == []


def test_services_have_no_room_but_the_agreed_ones(source: Path) -> None:
    stray = [
        str(p.relative_to(source))
        for service in (source / "services").iterdir()
        if service.is_dir() and service.name != "__pycache__"
        for p in service.iterdir()
        if p.name != "__pycache__" and p.stem not in ROOMS
    ]
    assert stray == []


def test_no_folder_of_the_package_is_empty(source: Path) -> None:
    folders = [p for p in source.rglob("*") if p.is_dir() and p.name != "__pycache__"]
    empty = [p for p in folders if not any(c.name != "__pycache__" for c in p.iterdir())]
    assert empty == []


def test_nothing_is_left_unfinished(source: Path) -> None:
    left = [
        f"{p.relative_to(source)}: {found[0]}"
        for p in python_files(source)
        if (found := STUBS.search(p.read_text()))
    ]
    assert left == []


def test_law_imports_only_the_standard_library(source: Path) -> None:
    allowed = set(sys.stdlib_module_names)
    foreign = []
    for path in python_files(source / "law"):
        for node in nodes_of(path):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules = [node.module]
            foreign += [
                f"{path.name}: {m}"
                for m in modules
                if m.split(".")[0] not in allowed and not m.startswith("taxlien.law")
            ]
    assert foreign == []


@pytest.mark.parametrize("room", ["service", "repository"])
def test_use_cases_never_commit(source: Path, room: str) -> None:
    """A transaction belongs to whoever opened the session: a door, a consumer, a command."""
    rooms = [p for s in (source / "services").glob("*") for p in (s / f"{room}.py", s / room)]
    files = [f for p in rooms for f in (python_files(p) if p.is_dir() else [p]) if f.exists()]
    assert files
    committing = [
        f"{path.relative_to(source)}:{node.lineno}"
        for path in files
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute)
        and node.attr in {"commit", "rollback"}
        # An engine's own commit is its flush; only a database session is meant here.
        and "session" in ast.unparse(node.value)
    ]
    assert committing == []
