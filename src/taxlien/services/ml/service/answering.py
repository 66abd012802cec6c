"""Files of cases are answered a line at a time: in order, none lost, whatever a line holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import structlog

from taxlien.services.ml.adapters.family import Model
from taxlien.services.ml.logic.case import Case, read_case

AT_ONCE = 8_192
_log = structlog.get_logger("taxlien.ml")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a case that has no answer; ``line`` counts from 1 in a file."""

    id: str | None = None
    line: int | None = None
    basis: str = "insufficient_data"
    evidence: str
    problems: tuple[tuple[str, str], ...] = ()


def answers(lines: Iterable[bytes], model: Model) -> Iterator[bytes]:
    """Yield one line of JSON for each of ``lines`` that is not blank, in their order."""
    numbered = ((n, line) for n, line in enumerate(lines, 1) if line.strip())
    while some := list(islice(numbered, AT_ONCE)):
        cases = [_case(line) for _, line in some]
        told = answer(model, [case for case in cases if isinstance(case, Case)])
        waiting = iter(told)
        for (number, _), case in zip(some, cases, strict=True):
            if isinstance(case, Case):
                yield _encode(next(waiting))
            else:
                yield _encode(Unanswered(line=number, evidence="", problems=(("", case),)))


def answer_file(cases: Path, results: Path, model: Model) -> int:
    """Answer the lines of ``cases`` into ``results``, which appears whole or not at all. Returns how many."""
    count = 0
    results.parent.mkdir(parents=True, exist_ok=True)
    part = results.with_name(f".{results.name}.{os.getpid()}.part")
    try:
        with cases.open("rb") as lines, part.open("wb") as out:
            for told in answers(lines, model):
                out.write(told + b"\n")
                count += 1
            out.flush()
            os.fsync(out.fileno())
        part.replace(results)
    finally:
        part.unlink(missing_ok=True)
    return count


def answer(model: Model, cases: Sequence[Case]) -> list[Any]:
    """Return one answer a case. A case that a model fails on spoils no other."""
    try:
        return list(model.predict(cases)) if cases else []
    except Exception:  # an engine's own errors, of any kind: one case must not cost the others
        if len(cases) == 1:
            _log.exception("case_unanswered")
            refused = Unanswered(
                id=cases[0].id, evidence="the model failed on this case", problems=cases[0].problems
            )
            return [refused]
    half = len(cases) // 2
    return [*answer(model, cases[:half]), *answer(model, cases[half:])]


def _case(line: bytes) -> Case | str:
    try:
        return read_case(_decode(line))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return f"not JSON: {error}"[:200]
