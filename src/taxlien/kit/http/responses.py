"""JSON answers written by msgspec: Decimal as string, UUID and dates in ISO form, structs as objects."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi.responses import Response

_encoder = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical")


class MsgspecResponse(Response):
    """A JSON answer that skips FastAPI's validation of what we send: several times faster."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return ``content`` as JSON; bytes are taken as JSON already written."""
        return content if isinstance(content, bytes) else _encoder.encode(content)
