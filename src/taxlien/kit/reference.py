"""Reference data that ships with the program: counties, state rules.

In a wheel the repository's ``data/`` is packaged as ``taxlien/data``; in a checkout it is read in
place.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath


def _root() -> Traversable:
    packaged = files("taxlien").joinpath("data")
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[3] / "data"


def _entry(name: str) -> Traversable:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{name!r} is not a name inside the reference data")
    return _root().joinpath(*path.parts)


def reference_text(name: str) -> str:
    """The text of one shipped file, such as ``rules/county_rates.csv``. FileNotFoundError if none."""
    return _entry(name).read_text(encoding="utf-8")


def reference_names(folder: str) -> list[str]:
    """Names of the files in one shipped folder, sorted. FileNotFoundError if there is none."""
    return sorted(entry.name for entry in _entry(folder).iterdir() if entry.is_file())
