"""Files of the documentation page (Swagger UI), as an installed package ships them: no CDN is asked."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

_PACKAGE = "fastapi_offline"

# Name under which it is served -> name in the package, media type.
_FILES = {
    "swagger-ui.css": ("swagger-ui.css", "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
}


class PageFile(NamedTuple):
    """A file to serve; ``tag`` is a fingerprint of its content."""

    content: bytes
    media_type: str
    tag: str


@cache
def read_page_file(name: str) -> PageFile | None:
    """Return one of the page's files, or None for any other name."""
    if name not in _FILES:
        return None
    file, media_type = _FILES[name]
    content = (_folder() / file).read_bytes()
    return PageFile(content, media_type, hashlib.sha256(content).hexdigest()[:16])


def _folder() -> Path:
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise RuntimeError(f"package {_PACKAGE} is not installed: the documentation page needs it")
    return Path(found.origin).parent / "static"
