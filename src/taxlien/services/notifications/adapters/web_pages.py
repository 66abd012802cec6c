"""Pages of notifications for browsers: stopping mails, previews. No script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).with_name("pages")


def render_page(name: str, **values: object) -> str:
    """Return a page of the folder ``pages``, filled in and escaped."""
    page = _environment().get_template(f"{name}.html")
    return page.render(style=_style(), **values)


@cache
def page_policy() -> str:
    """Return the Content-Security-Policy of every page: its own style, forms and frames, nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; frame-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


@cache
def _style() -> str:
    return (_FOLDER / "page.css").read_text()


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
