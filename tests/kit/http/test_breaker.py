"""The breaker as a state machine, under a clock that tests turn by hand."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from taxlien.kit.http.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker("t", failures_to_open=3, rest_seconds=10, clock=clock)
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_it_opens_after_a_row_of_failures_and_refuses() -> None:
    breaker = opened(Clock())
    assert breaker.state == "open"
    assert not breaker.allow()


def test_a_success_ends_the_row() -> None:
    breaker = Breaker("t", failures_to_open=3)
    for outcome in (breaker.failed, breaker.failed, breaker.succeeded, breaker.failed):
        assert breaker.allow()
        outcome()
    assert breaker.state == "closed"


def test_after_the_rest_one_trial_passes_and_its_success_closes() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10.0
    assert [breaker.state, breaker.allow(), breaker.allow()] == ["half_open", True, False]
    breaker.succeeded()
    assert breaker.state == "closed"


def test_a_failed_trial_starts_a_new_rest() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10.0
    assert breaker.allow()
    breaker.failed()
    assert breaker.state == "open"
    clock.now = 19.9
    assert not breaker.allow()
    clock.now = 20.0
    assert breaker.allow()


def test_an_abandoned_trial_lets_the_next_one_try() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10.0
    assert breaker.allow()
    breaker.abandoned()
    assert breaker.allow()


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order: never two trials at once, and never stuck for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker("t", failures_to_open=3, rest_seconds=10, clock=self.clock)
        self.running = 0
        self.trials = 0

    @rule()
    def ask(self) -> None:
        trial = self.breaker.state == "half_open"
        if self.breaker.allow():
            self.running += 1
            self.trials += trial

    @precondition(lambda self: self.running)
    @rule()
    def succeed(self) -> None:
        self.running -= 1
        self.trials = 0
        self.breaker.succeeded()

    @precondition(lambda self: self.running)
    @rule()
    def fail(self) -> None:
        self.running -= 1
        self.trials = 0
        self.breaker.failed()

    @rule()
    def rest(self) -> None:
        self.clock.now += 10

    @invariant()
    def one_trial_at_most(self) -> None:
        assert self.trials <= 1


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=50, stateful_step_count=30)
