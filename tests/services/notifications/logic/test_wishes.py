"""What comes by which channel: wishes narrow, and never touch what concerns an account's safety."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.notifications.logic.kinds import CHANNELS, KINDS
from taxlien.services.notifications.logic.wishes import Wishes, choosable

KIND = st.sampled_from(sorted(KINDS.values(), key=lambda kind: kind.name))
CHANNEL = st.sampled_from(CHANNELS)
WISHES = st.builds(
    Wishes,
    switches=st.dictionaries(st.sampled_from(("email", "push", "sms")), st.booleans()),
    choices=st.dictionaries(st.tuples(st.sampled_from(sorted(KINDS)), CHANNEL), st.booleans()),
    mail_stopped=st.booleans(),
)


@given(wishes=WISHES, kind=KIND)
def test_what_one_cannot_choose_about_always_comes_by_all_its_channels(wishes, kind) -> None:
    if not kind.optional:
        assert wishes.channels(kind) == kind.channels
    assert set(wishes.channels(kind)) <= set(kind.channels)


@given(wishes=WISHES, kind=st.sampled_from(choosable()), channel=CHANNEL)
def test_nothing_comes_that_a_switch_a_choice_or_stopping_forbids(wishes, kind, channel) -> None:
    if wishes.wants(kind, channel):
        assert wishes.switches.get(channel, True)
        assert wishes.choices.get((kind.name, channel), True)
        assert not (wishes.mail_stopped and channel == "email")
        assert not kind.asked_for or wishes.choices[kind.name, channel]


@given(wishes=WISHES, kind=KIND, other=st.sampled_from(choosable()), channel=CHANNEL)
def test_a_choice_about_one_kind_and_channel_changes_no_other(wishes, kind, other, channel) -> None:
    changed = Wishes(
        wishes.switches, {**wishes.choices, (other.name, channel): False}, wishes.mail_stopped
    )
    for by in CHANNELS:
        if (kind.name, by) != (other.name, channel):
            assert changed.wants(kind, by) == wishes.wants(kind, by)
    assert not changed.wants(other, channel)


def test_by_default_everything_comes_but_what_must_be_asked_for() -> None:
    for kind in KINDS.values():
        assert Wishes().channels(kind) == (() if kind.asked_for else kind.channels)
