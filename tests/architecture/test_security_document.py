"""docs/security.md names only tests that exist, and what it says of calls to the outside is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from .conftest import nodes_of

NAMED = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
# What can send a request or a mail. Databases, bus, cache and object store have their clients in kit.
CALLERS = (
    "aiohttp",
    "aiosmtplib",
    "http.client",
    "httpx",
    "httpx2",
    "requests",
    "smtplib",
    "socket",
    "urllib.request",
)
SERVICE_CLIENT = "taxlien.kit.http.client"
# Each calls addresses of the settings alone.
KNOWN = {
    "auth/adapters/oidc.py",
    "auth/adapters/oidc_facebook.py",
    "auth/adapters/oidc_metadata.py",
    "gateway/adapters/descriptions.py",
    "notifications/adapters/exchange.py",  # interfaces of providers, named by the settings
    "notifications/adapters/smtp.py",
    "notifications/adapters/webhooks.py",  # addresses users chose: only through kit's guarded network
    "portfolio/adapters/lien_lookup.py",
    "search/adapters/lien_catalogue.py",
    "scraper/adapters/simulator.py",
}
# Addresses of site files, and what pages there lead to: looked up in a registry, resolved and judged.
COLLECTING = "scraper/adapters/fetching/"


def test_every_test_that_the_document_names_exists(project: Path) -> None:
    named = set(NAMED.findall((project / "docs" / "security.md").read_text()))
    assert len(named) > 80
    missing = {
        f"{path}::{name}" for path, name in named if name not in functions_of(project / path)
    }
    assert missing == set()


def functions_of(path: Path) -> set[str]:
    """Return the names of a file's functions; none where there is no such file."""
    tree = ast.parse(path.read_text() if path.is_file() else "")
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in tree.body if isinstance(node, kinds)}


def test_only_the_known_modules_call_outside(source: Path) -> None:
    """Who adds a module here says from where its addresses come: never from what a person sent."""
    services = source / "services"
    found = {
        str(path.relative_to(services))
        for path in services.rglob("*.py")
        if any(is_client(name) for name in imports_of(path))
    }
    assert {path for path in found if not path.startswith(COLLECTING)} == KNOWN
    assert f"{COLLECTING}exchange.py" in found


def is_client(module: str) -> bool:
    return module == SERVICE_CLIENT or any(
        module == caller or module.startswith(f"{caller}.") for caller in CALLERS
    )


def imports_of(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found
