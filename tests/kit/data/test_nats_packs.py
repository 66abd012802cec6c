"""Events packed into one message come out as they went in, whatever their bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.kit.bus import Outgoing
from taxlien.kit.bus.nats_packs import (
    PACK_BYTES,
    PACK_EVENTS,
    PACK_FROM,
    commands,
    lengths_of,
    part,
)
from taxlien.kit.ids import new_id


def message(body: bytes, kind: str = "thing.made") -> Outgoing:
    return Outgoing(new_id(), kind, "k", body)


def sent(messages: list[Outgoing]) -> list[tuple[str, bytes, bytes]]:
    """Return subject, body and headers of each message, as the server hands them on."""
    return [
        (subject, body, _written(headers))
        for subject, body, headers in commands(messages, lambda kind: f"events.{kind}")
    ]


def _written(headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"NATS/1.0\r\n{lines}\r\n".encode()


def unpacked(body: bytes, headers: bytes) -> list[bytes]:
    lengths = lengths_of(body, headers)
    return part(body, lengths, 1)[0] if lengths else [body]


def received(carried: list[tuple[str, bytes, bytes]]) -> list[tuple[str, bytes]]:
    return [(subject, part) for subject, body, head in carried for part in unpacked(body, head)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]), st.integers(1, 2 * PACK_EVENTS), st.binary(max_size=9)
        ),
        max_size=6,
    )
)
def test_any_runs_of_any_bodies_come_out_whole_and_in_order(
    runs: list[tuple[str, int, bytes]],
) -> None:
    messages = [message(body, kind) for kind, count, body in runs for _ in range(count)]
    assert received(sent(messages)) == [(f"events.{m.type}", m.body) for m in messages]


def test_a_pack_is_a_json_array_of_its_events() -> None:
    [(_, body, _)] = sent([message(b'{"n":%d}' % n) for n in range(PACK_FROM)])
    assert json.loads(body) == [{"n": n} for n in range(PACK_FROM)]


def test_few_events_travel_alone_under_their_own_id() -> None:
    messages = [message(b"{}") for _ in range(PACK_FROM - 1)]
    carried = list(commands(messages, str))
    assert [headers for _, _, headers in carried] == [{"Nats-Msg-Id": str(m.id)} for m in messages]


def test_no_pack_grows_beyond_its_bounds() -> None:
    messages = [message(b"x" * 60_000) for _ in range(40)] + [message(b"x" * 900_000)]
    messages += [message(b"") for _ in range(1000)]
    carried = sent(messages)
    assert received(carried) == [("events.thing.made", m.body) for m in messages]
    for _, body, head in carried:
        parts = unpacked(body, head)
        assert len(parts) <= PACK_EVENTS
        assert len(parts) == 1 or len(body) <= PACK_BYTES + len(parts) + 1


def test_packs_share_an_id_only_when_they_hold_the_same_events() -> None:
    messages = [message(b"{}") for _ in range(PACK_FROM + 1)]
    whole, again, other = (
        next(iter(commands(pack, str)))[2]["Nats-Msg-Id"]
        for pack in (messages, messages, [*messages[:5], *messages[6:]])
    )
    assert whole == again != other


@pytest.mark.parametrize("lengths", ["1,2,3", "2", "-1,3", "a,b", "", "1e9"])
def test_a_pack_whose_lengths_do_not_fit_is_handed_out_whole(lengths: str) -> None:
    assert unpacked(b"[{},{}]", _written({"Taxlien-Lengths": lengths})) == [b"[{},{}]"]
