"""One API description out of many: the OpenAPI documents of all services, merged for the world."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_METHODS = frozenset({"get", "put", "post", "delete", "patch", "options", "head", "trace"})

TITLE = "TAXLIEN.online API"
DESCRIPTION = """\
What US counties publish about tax liens and deeds, what the law of that state on that date pays, in one
place.

Money and rates are strings of decimals (`"1875.34"`). `null` means unknown, never zero. Lists go page by
page: pass `next_cursor` as `cursor`. Errors are problem details (RFC 9457) that name each wrong field.
A `POST` that carries an `Idempotency-Key` may be sent again and happens once."""


class PathClash(ValueError):
    """Two services describe the same method of the same path."""


def merge(
    documents: Mapping[str, Json], *, shown: Callable[[str], bool], version: str = "1"
) -> Json:
    """Return one OpenAPI 3.1 document of ``documents``, keyed by service.

    Paths for which ``shown`` is false are left out, and components that nothing shown refers to.
    Components of one name and different content get their service's name in front
    (``LiensSummary``). Raises ``PathClash``.
    """
    parts = {service: _shown_part(documents[service], shown) for service in sorted(documents)}
    renames = _renames(parts)
    merged: Json = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": version, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {},
        "tags": [],
    }
    for service, part in parts.items():
        renamed = _rename(part, renames[service])
        _add_paths(merged["paths"], renamed["paths"], service)
        for kind, entries in renamed["components"].items():
            merged["components"].setdefault(kind, {}).update(entries)
    merged["paths"] = dict(sorted(merged["paths"].items()))
    merged["tags"] = _tags(parts, merged["paths"])
    _make_operation_ids_unique(merged["paths"])
    return merged


def _shown_part(document: Json, shown: Callable[[str], bool]) -> Json:
    paths = {path: item for path, item in document.get("paths", {}).items() if shown(path)}
    components = document.get("components", {})
    needed: set[str] = set()
    waiting = list(_references(paths))
    while waiting:
        reference = waiting.pop()
        if reference in needed:
            continue
        needed.add(reference)
        kind, name = _split(reference)
        waiting.extend(_references(components.get(kind, {}).get(name, {})))
    kept: dict[str, Json] = {}
    for kind, entries in components.items():
        used = {
            name: entry
            for name, entry in entries.items()
            if kind == "securitySchemes" or f"#/components/{kind}/{name}" in needed
        }
        if used:
            kept[kind] = used
    return copy.deepcopy({"paths": paths, "components": kept, "tags": document.get("tags", [])})


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def _split(reference: str) -> tuple[str, str]:
    """Return ``("schemas", "Lien")`` for ``#/components/schemas/Lien``."""
    _, _, kind, name = reference.split("/", 3)
    return kind, name


def _renames(parts: Mapping[str, Json]) -> dict[str, dict[str, str]]:
    """Return, per service, which references change: those whose name means different things."""
    meanings: dict[str, list[Json]] = defaultdict(list)
    for part in parts.values():
        for kind, entries in part["components"].items():
            for name, entry in entries.items():
                reference = f"#/components/{kind}/{name}"
                if entry not in meanings[reference]:
                    meanings[reference].append(entry)
    renames: dict[str, dict[str, str]] = {}
    for service, part in parts.items():
        prefix = "".join(word.capitalize() for word in service.split("_"))
        renames[service] = {
            f"#/components/{kind}/{name}": f"#/components/{kind}/{prefix}{name}"
            for kind, entries in part["components"].items()
            for name in entries
            if len(meanings[f"#/components/{kind}/{name}"]) > 1
        }
    return _spread(parts, renames)


def _spread(
    parts: Mapping[str, Json], renames: dict[str, dict[str, str]]
) -> dict[str, dict[str, str]]:
    """Rename also what refers to something renamed: its text was equal, its meaning is not."""
    for service, part in parts.items():
        own = renames[service]
        prefix = "".join(word.capitalize() for word in service.split("_"))
        grew = True
        while grew:
            grew = False
            for kind, entries in part["components"].items():
                for name, entry in entries.items():
                    reference = f"#/components/{kind}/{name}"
                    if reference not in own and any(r in own for r in _references(entry)):
                        own[reference] = f"#/components/{kind}/{prefix}{name}"
                        grew = True
    return renames


def _rename(part: Json, renames: Mapping[str, str]) -> Json:
    if not renames:
        return part
    components = {
        kind: {
            _split(renames.get(f"#/components/{kind}/{name}", f"#/components/{kind}/{name}"))[
                1
            ]: entry
            for name, entry in entries.items()
        }
        for kind, entries in part["components"].items()
    }
    renamed: Json = _with_references({"paths": part["paths"], "components": components}, renames)
    return renamed


def _with_references(node: Any, renames: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: renames.get(value, value)
            if key == "$ref" and isinstance(value, str)
            else _with_references(value, renames)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_with_references(item, renames) for item in node]
    return node


def _add_paths(merged: Json, paths: Json, service: str) -> None:
    for path, item in paths.items():
        into = merged.setdefault(path, {})
        for method, operation in item.items():
            if method in into:
                raise PathClash(f"{method.upper()} {path} is described twice, also by {service}")
            into[method] = operation


def _tags(parts: Mapping[str, Json], paths: Json) -> list[Json]:
    used = {
        tag
        for item in paths.values()
        for method, operation in item.items()
        if method in _METHODS
        for tag in operation.get("tags", [])
    }
    described = {tag["name"]: tag for part in parts.values() for tag in part["tags"]}
    return [described.get(name, {"name": name}) for name in sorted(used)]


def _make_operation_ids_unique(paths: Json) -> None:
    seen: set[str] = set()
    for path, item in paths.items():
        for method, operation in item.items():
            if method not in _METHODS or "operationId" not in operation:
                continue
            wanted = operation["operationId"]
            if wanted in seen:
                words = path.replace("{", "").replace("}", "").strip("/").replace("/", "_")
                wanted = f"{wanted}_{method}_{words}"
            seen.add(wanted)
            operation["operationId"] = wanted
