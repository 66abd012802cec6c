"""Cases asked at the same moment are answered together: most of the work for one is not the case's own.

Nobody waits by the clock: while each turn of the loop brings more, a few turns are let pass, and what is
asked while an answer is worked out is answered next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from taxlien.kit.telemetry.metrics import Counter
from taxlien.services.ml.adapters.family import Model
from taxlien.services.ml.logic.case import Case

from .answering import answer

MOST_TOGETHER = 24
"""Below the number of cases that make the list of a sale (``redemption.features``): what somebody is told
must not hang on what others ask."""
_MOST_TURNS = 4
_walks = Counter("taxlien_ml_walks", "Times that cases were handed to a model together")


class _Question(NamedTuple):
    cases: Sequence[Case]
    told: asyncio.Future[list[Any]]


class Together:
    """The questions of one loop that wait for an answer."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[tuple[int, bool | None], list[_Question]] = {}
        self._models: dict[int, Model] = {}
        self._asked = 0

    async def answer(
        self, model: Model, cases: Sequence[Case], explain: bool | None = None
    ) -> list[Any]:
        """Return one answer a case, in order. ``cases`` are few: the loop works on nothing else meanwhile."""
        loop = asyncio.get_running_loop()
        if not self._waiting or self._loop is not loop:
            # What waited in a loop that ended waits no more.
            self._loop, self._waiting, self._models, self._asked = loop, {}, {}, 0
            loop.call_soon(self._answer_unless_more_come, loop, 0, 1)
        question = _Question(cases, loop.create_future())
        self._models[id(model)] = model
        self._waiting.setdefault((id(model), explain), []).append(question)
        self._asked += 1
        return await question.told

    def _answer_unless_more_come(
        self, loop: asyncio.AbstractEventLoop, before: int, turn: int
    ) -> None:
        if self._loop is not loop:
            return
        if before < self._asked < MOST_TOGETHER and turn < _MOST_TURNS:
            loop.call_soon(self._answer_unless_more_come, loop, self._asked, turn + 1)
        else:
            self._answer_all()

    def _answer_all(self) -> None:
        waiting, models = self._waiting, self._models
        self._waiting, self._models = {}, {}
        for (number, explain), questions in waiting.items():
            some: list[_Question] = []
            count = 0
            for question in questions:
                if some and count + len(question.cases) > MOST_TOGETHER:
                    _answer_some(models[number], some, explain)
                    some, count = [], 0
                some.append(question)
                count += len(question.cases)
            _answer_some(models[number], some, explain)


def _answer_some(model: Model, questions: Sequence[_Question], explain: bool | None) -> None:
    _walks.inc()
    try:
        told = answer(model, [case for one in questions for case in one.cases], explain)
    except Exception as error:  # told to everybody who waits, or they would wait for ever
        for question in questions:
            if not question.told.done():
                question.told.set_exception(error)
        return
    begun = 0
    for question in questions:
        if not question.told.done():  # a caller who went away waits no more
            question.told.set_result(told[begun : begun + len(question.cases)])
        begun += len(question.cases)
