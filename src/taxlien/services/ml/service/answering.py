"""Files of cases are answered a line at a time: in order, none lost, whatever a line holds."""

from __future__ import annotations

import codecs
import errno
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import structlog

from taxlien.services.ml.adapters.family import Model
from taxlien.services.ml.logic.case import Case, read_case

AT_ONCE = 8_192
MOST_EXPLAINED = 16
"""Reasons of more cases than these are told in no single answer: they cost many times what a case does."""
_log = structlog.get_logger("taxlien.ml")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a case that has no answer; ``error`` says why a ``line`` of a file, counted from 1,
    is no case."""

    id: str | int | None = None
    line: int | None = None
    error: str | None = None
    basis: str = "insufficient_data"
    evidence: str = ""
    problems: tuple[tuple[str, str], ...] = ()


class Answered(NamedTuple):
    """How many lines of a file were answered, and how many of those are no case."""

    lines: int
    refused: int


def answers(lines: Iterable[bytes], model: Model) -> Iterator[tuple[bytes, bool]]:
    """Yield one line of JSON for each of ``lines`` that is not blank, in their order, and whether it was a
    case. No more than ``AT_ONCE`` lines are held at a time."""
    numbered = ((n, line) for n, line in enumerate(lines, 1) if line.strip())
    while some := list(islice(numbered, AT_ONCE)):
        cases = [_case(line) for _, line in some]
        told = answer(model, [case for case in cases if isinstance(case, Case)])
        waiting = iter(told)
        for (number, _), case in zip(some, cases, strict=True):
            if isinstance(case, Case):
                yield _encode(next(waiting)), True
            else:
                yield _encode(Unanswered(line=number, error=case, problems=(("", case),))), False


def answer_file(cases: Path, results: Path, model: Model) -> Answered:
    """Answer the lines of ``cases`` into ``results``, which appears whole or not at all; what is no file, as
    a terminal or a pipe, is written to as it goes. Raises ``OSError`` where one cannot be read or written."""
    if results.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(results))
    if results.exists() and not results.is_file():
        with cases.open("rb") as lines, results.open("wb") as out:
            return _written(lines, out, model)
    results = results.resolve()  # who links to another place wants it there
    results.parent.mkdir(parents=True, exist_ok=True)
    part = results.with_name(f".{results.name}.{os.getpid()}.part")
    try:
        with cases.open("rb") as lines, part.open("wb") as out:
            told = _written(lines, out, model)
            out.flush()
            os.fsync(out.fileno())
        part.replace(results)
    finally:
        part.unlink(missing_ok=True)
    return told


def _written(lines: BinaryIO, out: BinaryIO, model: Model) -> Answered:
    count = refused = 0
    for told, is_case in answers(lines, model):
        out.write(told + b"\n")
        count += 1
        refused += not is_case
    return Answered(count, refused)


def answer(model: Model, cases: Sequence[Case], explain: bool | None = None) -> list[Any]:
    """Return one answer a case, with reasons if ``explain`` (None: as the model likes). A case that a model
    fails on spoils no other."""
    try:
        return list(model.predict(cases, explain)) if cases else []
    except Exception:  # an engine's own errors, of any kind: one case must not cost the others
        if len(cases) == 1:
            _log.exception("case_unanswered")
            refused = Unanswered(
                id=cases[0].id, evidence="the model failed on this case", problems=cases[0].problems
            )
            return [refused]
    half = len(cases) // 2
    return [*answer(model, cases[:half], explain), *answer(model, cases[half:], explain)]


def _case(line: bytes) -> Case | str:
    try:
        content = _decoded(line)
        return read_case(content) if isinstance(content, dict) else "not an object"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return f"not JSON: {error}"[:200]


def _decoded(line: bytes) -> object:
    """Return what a line says. Files of other programs begin with a mark of their encoding, and write NaN
    for what they do not know, which JSON has no word for: both are read. Raises ``msgspec.DecodeError``: it
    says best what is wrong with a line."""
    line = line.removeprefix(codecs.BOM_UTF8)
    try:
        return _decode(line)
    except msgspec.DecodeError:
        if not any(word in line for word in (b"NaN", b"Infinity")):
            raise
        with suppress(ValueError):
            return json.loads(line)
        raise
