"""A service's card says what its code does, and every event keeps the shape its readers know."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import taxlien.interfaces
from taxlien.kit.events import Event
from taxlien.kit.handlers import mark_of
from taxlien.run import registry

Nodes = Callable[[Path], list[ast.AST]]
SERVICES = registry.service_names()


def event_classes() -> dict[str, type[Event]]:
    """Every event of every interface, by class name; what only groups them has no type."""
    found: dict[str, type[Event]] = {}
    for info in pkgutil.iter_modules(taxlien.interfaces.__path__):
        module = importlib.import_module(f"taxlien.interfaces.{info.name}")
        for name, item in vars(module).items():
            if isinstance(item, type) and issubclass(item, Event) and "type" in vars(item):
                found[name] = item
    return found


def names_used(nodes: Nodes, folder: Path, rooms: tuple[str, ...]) -> set[str]:
    files = [f for r in rooms for f in [folder / f"{r}.py", *(folder / r).rglob("*.py")]]
    called = [
        node.func
        for file in files
        if file.exists()
        for node in nodes(file)
        if isinstance(node, ast.Call)
    ]
    names = {c.id for c in called if isinstance(c, ast.Name)}
    return names | {c.attr for c in called if isinstance(c, ast.Attribute)}


@pytest.mark.parametrize("service", SERVICES)
def test_card_names_the_events_the_service_emits(service: str, source: Path, nodes: Nodes) -> None:
    classes = event_classes()
    built = names_used(nodes, source / "services" / service, ("service", "logic"))
    emitted = {c.wire_type() for name, c in classes.items() if name in built}
    assert set(registry.card(service).emits) == emitted


@pytest.mark.parametrize("service", SERVICES)
def test_card_names_the_events_the_service_hears(service: str) -> None:
    marks = [mark_of(handler) for handler in registry.handlers(service)]
    heard = {wire for mark in marks if mark for wire in mark.types}
    assert set(registry.card(service).listens) == heard


@pytest.mark.parametrize("service", SERVICES)
def test_card_names_the_calls_the_service_makes(service: str, source: Path, nodes: Nodes) -> None:
    """A call is a Protocol of ``interfaces`` that an adapter of the service fulfils."""
    protocols = {
        name
        for info in pkgutil.iter_modules(taxlien.interfaces.__path__)
        for name, item in vars(importlib.import_module(f"taxlien.interfaces.{info.name}")).items()
        if isinstance(item, type) and getattr(item, "_is_protocol", False) and name != "Protocol"
    }
    imported = {
        alias.name
        for path in (source / "services" / service).rglob("*.py")
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("taxlien.interfaces")
        for alias in node.names
    }
    assert set(registry.card(service).asks) == protocols & imported


def test_no_event_changes_its_shape_unseen(project: Path) -> None:
    """A breaking change is a new version beside the old one; this file is how a reviewer sees it.

    After a deliberate, compatible change, write the new snapshot with
    ``python tests/architecture/test_cards.py``.
    """
    snapshot = project / "tests/architecture/event_schemas.json"
    assert json.loads(snapshot.read_text()) == json.loads(json.dumps(schemas()))


def schemas() -> dict[str, object]:
    return {
        c.wire_type(): msgspec.json.schema(c)
        for _, c in sorted(event_classes().items(), key=lambda item: item[1].wire_type())
    }


if __name__ == "__main__":
    path = Path(__file__).with_name("event_schemas.json")
    path.write_text(json.dumps(schemas(), indent=1, sort_keys=True) + "\n")
