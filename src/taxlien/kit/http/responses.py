"""JSON answers written by msgspec: Decimal as string, UUID and dates in ISO form, structs as objects."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi.responses import Response
from pydantic import BaseModel


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is not something JSON can say")


_encoder = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical", enc_hook=_plain)


def to_json(content: object) -> bytes:
    """Return ``content`` as the JSON that ``MsgspecResponse`` sends."""
    return _encoder.encode(content)


class MsgspecResponse(Response):
    """A JSON answer that skips FastAPI's validation of what we send: several times faster.

    Takes structs, dataclasses, pydantic models, plain values, or bytes that are JSON already.
    """

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return ``content`` as JSON."""
        return content if isinstance(content, bytes) else _encoder.encode(content)
