"""Policies as ONNX files, written by hand: one matrix, so that no test needs what teaches."""

from __future__ import annotations

import struct

from taxlien.services.ml.logic.allocation.walk import FEATURES

_FLOAT = 1


def buys_where(feature: str, *, features: int = len(FEATURES)) -> bytes:
    """Return a policy that buys where a feature of the walk is above zero."""
    weights = [0.0] * (2 * features)
    weights[2 * FEATURES.index(feature) + 1] = 1.0
    matrix = (
        _number(1, features) + _number(1, 2) + _number(2, _FLOAT) + _text(8, "w")
        + _part(9, struct.pack(f"<{len(weights)}f", *weights))
    )  # fmt: skip
    node = _text(1, "seen") + _text(1, "w") + _text(2, "scores") + _text(4, "MatMul")
    graph = (
        _part(1, node) + _text(2, "policy") + _part(5, matrix)
        + _part(11, _value("seen", features)) + _part(12, _value("scores", 2))
    )  # fmt: skip
    return _number(1, 9) + _part(7, graph) + _part(8, _text(1, "") + _number(2, 17))


def _value(name: str, width: int) -> bytes:
    shape = _part(1, _number(1, 1)) + _part(1, _number(1, width))
    return _text(1, name) + _part(2, _part(1, _number(1, _FLOAT) + _part(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
