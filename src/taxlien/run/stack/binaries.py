"""Where the servers' programs are: inside wheels, found without importing them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path

from taxlien.run.stack.errors import MissingProgram


def packaged(package: str, inside: str, wheel: str) -> Path:
    """Return the file ``inside`` (a glob) of the installed ``package``.

    Raises MissingProgram, naming the ``wheel`` to install, where it is absent.
    """
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in sorted(Path(folder).glob(inside)):
            return found
    raise MissingProgram(Path(inside).name, wheel)


def script(name: str, wheel: str) -> Path:
    """Return the program ``name`` that ``wheel`` put beside the interpreter.

    A program of the same name elsewhere on the PATH is not taken: its version was never tried.
    Raises MissingProgram where the wheel is absent.
    """
    try:
        installed = distribution(wheel)
    except PackageNotFoundError:
        raise MissingProgram(name, wheel) from None
    for file in installed.files or ():
        found = Path(str(file.locate())).resolve()
        if file.name == name and found.exists():
            return found
    raise MissingProgram(name, wheel)


def wheel_version(wheel: str) -> str | None:
    """Return the installed version of ``wheel``, or None."""
    try:
        return version(wheel)
    except PackageNotFoundError:
        return None
