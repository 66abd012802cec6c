"""Finds what each service offers, by the names of its rooms. Nobody registers itself."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NamedTuple

import taxlien.services

ROLES = ("api", "worker", "relay", "jobs", "scheduler")


class Card(NamedTuple):
    """The docstring of a service's ``__init__``: what it owns, says, hears and asks."""

    service: str
    owns: str
    emits: tuple[str, ...]
    listens: tuple[str, ...]
    asks: tuple[str, ...]


@cache
def service_names() -> tuple[str, ...]:
    """Return the services in this code base, in alphabetical order."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(taxlien.services.__path__)))


def room(service: str, name: str) -> ModuleType | None:
    """Import the room ``name`` of ``service``; None where the service has no such room."""
    path = f"taxlien.services.{service}.{name}"
    return import_module(path) if find_spec(path) else None


def card(service: str) -> Card:
    """Read the card of ``service``. Raises ValueError where a line is missing."""
    text = inspect.getdoc(import_module(f"taxlien.services.{service}")) or ""
    lines = {}
    for label in ("Owns", "Emits", "Listens", "Asks"):
        found = re.search(rf"^{label}:\s*(.+?)(?=^\w+:|\Z)", text, re.MULTILINE | re.DOTALL)
        if found is None:
            raise ValueError(f"the card of {service} lacks the line '{label}:'")
        lines[label] = " ".join(found[1].split()).rstrip(".")
    return Card(
        service, lines["Owns"], *(_names(lines[label]) for label in ("Emits", "Listens", "Asks"))
    )


def _names(line: str) -> tuple[str, ...]:
    return () if line == "nothing" else tuple(part.strip() for part in line.split(","))


def router(service: str) -> Any | None:
    """Return the HTTP router of ``service``, or None."""
    found = room(service, "endpoints")
    return getattr(found, "router", None)


def shortcuts(service: str) -> dict[str, Any]:
    """Return the plain ASGI apps of ``service`` by path, asked before every layer of the app."""
    return dict(getattr(room(service, "endpoints"), "shortcuts", {}))


def at_stop(service: str) -> Callable[[Any], Awaitable[None]] | None:
    """Return what ``service`` awaits, given the app, before that stops; None where it keeps nothing."""
    return getattr(room(service, "endpoints"), "at_stop", None)


def handlers(service: str) -> list[Callable[..., Any]]:
    """Return the event handlers of ``service``: what ``@on`` and ``@on_batch`` marked."""
    return _marked(room(service, "events"), "__taxlien_on__")


def background_jobs(service: str) -> list[Callable[..., Any]]:
    """Return the long-lived jobs of ``service``: what ``@background`` marked in its tasks."""
    return _marked(room(service, "tasks"), "__taxlien_background__")


def jobs(service: str) -> list[Callable[..., Any]]:
    """Return the jobs of ``service``: what ``@job`` and ``@every`` marked in its tasks."""
    return _marked(room(service, "tasks"), "__taxlien_job__")


def has_tables(service: str) -> bool:
    """Tell whether ``service`` keeps a schema of its own."""
    return find_spec(f"taxlien.services.{service}.models") is not None


def _marked(module: ModuleType | None, mark: str) -> list[Callable[..., Any]]:
    if module is None:
        return []
    members = inspect.getmembers(module, inspect.isfunction)
    return [f for _, f in members if hasattr(f, mark) and f.__module__ == module.__name__]


def chosen(services: Iterable[str]) -> tuple[str, ...]:
    """Check names given on a command line; none means all. Raises ValueError for an unknown one."""
    wanted = tuple(services) or service_names()
    unknown = sorted(set(wanted) - set(service_names()))
    if unknown:
        raise ValueError(f"no service {', '.join(unknown)}; there are {', '.join(service_names())}")
    return wanted
