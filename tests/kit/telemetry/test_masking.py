"""Nothing of a planted secret survives masking, and nothing of ours is lost to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from taxlien.kit.ids import new_id
from taxlien.kit.telemetry.masking import MASK, mask_text, mask_value

KEPT = [
    "012622-000010-000380",  # a parcel of Polk County, Florida
    "2073-22-2-13-014",  # Wyoming
    "1234-56-7-89-012",
    "16082030140000",  # a PIN of Cook County, Illinois, 14 digits
    "16-08-203-014-0000",
    "36082030140006",  # 14 digits, and a Diners Club number by prefix and checksum
    "R0123456",
    "97084-10-005",
    "04-31-19-00000-0010-0020",
    "27 25 10 000000 012010",
    "1,875.34",
    "-1234567890.12",
    "$1,234,567.89",
    "12.5",
    "2026-11-23",
    "11/23/2026",
    "2026-11-23T14:55:03.123456Z",
    "2026-11-23T14:55:03+00:00",
    "1763909703123",  # milliseconds since 1970
    "08069",
    "80521-1234",
    "401 N MAIN ST, FORT COLLINS CO 80521",
    "certificate 2019-000123",
    "parcel 4111111111111111",
    "parcel_id=4111111111111111",
    '{"parcel_id": "4111111111111111"}',
    '{"note": "{\\"parcel_id\\": \\"4111111111111111\\"}"}',
    "Parcel No. 123-45-6789",
    "APN: 303-555-1234",
    "01a208e7-42ac-7761-a192-f480d009bea1",
    "00-032b8d02da10d164ada2335d3d7621ea-468ff2f67e5c68a6-03",
    "127.0.0.1:5432",
    "http://127.0.0.1:8080/v1/search",
    "http://host:8080/a?to=b",
    "s3://bucket/prefix",
    "508831 rows in 12.5 s, 3 tokens, 2 keys",
    "SELECT * FROM liens.liens WHERE key = 7",
    "ratio 250/300",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_ours_is_kept(text: str) -> None:
    assert mask_text(text) == text
    assert mask_value({"note": text}) == {"note": text}


def luhn_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def grouped(number: str, separator: str) -> str:
    return separator.join(number[at : at + 4] for at in range(0, 16, 4))


word = st.text(
    st.characters(codec="ascii", categories=("Lu", "Ll", "Nd")), min_size=12, max_size=40
)
ssns = st.builds(
    lambda *parts: parts[0].join(parts[1:]), st.sampled_from("- "), digits(3), digits(2), digits(4)
)
cards = st.builds(
    lambda prefix, rest, separator: grouped(
        (body := (prefix + rest)[:15]) + luhn_digit(body), separator
    ),
    st.sampled_from(["4", "51", "55", "2221", "6011", "65"]),
    digits(15),
    st.sampled_from(["", " ", "-"]),
)
emails = st.builds("{}@{}.{}".format, word, word, st.sampled_from(["com", "co.uk", "online"]))
phones = st.builds(
    lambda shape, area, exchange, line: shape.format(area, exchange, line),
    st.sampled_from(
        ["({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "+1 {} {} {}", "+1{}{}{}", "1-{}-{}-{}", "({}){}{}"]
    ),
    st.integers(200, 999),
    st.integers(200, 999),
    digits(4),
)
passwords = st.builds(
    "{}{}{}".format, word, st.text("!#$%()*+,-.:;<=>?[]^_{}|~/@", min_size=1, max_size=3), word
)
jwts = st.builds("eyJ{}.{}.{}".format, word, word, word)
api_keys = st.builds(
    "{}{}".format, st.sampled_from(["sk_live_", "ghp_", "whsec_", "tl_", "AKIA"]),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16, max_size=30),
)  # fmt: skip

# How each secret may come to a log: as it is, or in the form that gives it away.
PLANTED: list[tuple[st.SearchStrategy[str], list[str]]] = [
    (ssns, ["{}", "SSN {}", "ssn:{}"]),
    (digits(9), ["SSN {}", "ssn={}", "social security number: {}", '"ssn": "{}"']),
    (cards, ["{}", "card {}", "pan={}"]),
    (emails, ["{}", "mailto:{}", "<{}>"]),
    (phones, ["{}", "tel: {}", "phone={}"]),
    (digits(10), ["call {}", "phone: {}", "mobile {}"]),
    (jwts, ["{}", "Bearer {}", "Authorization: Bearer {}", "token={}"]),
    (api_keys, ["{}", "key {}"]),
    (
        word,
        [
            "Bearer {}",
            "password={}",
            "https://h/?api_key={}&a=1",
            '{{"token": "{}"}}',
            "secret: {}",
        ],
    ),
    (
        passwords,
        ["postgresql://taxlien:{}@host:5432/db", "redis://:{}@h", "PASSWORD='{}'", "pwd={} host=h"],
    ),
]

CONTEXTS: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: f"import of row 7 failed: {text}.",
    lambda text: f"({text})",
    lambda text: f"[{text}, {text}]",
    lambda text: json.dumps({"note": text}),
    lambda text: json.dumps({"note": json.dumps({"note": text})}),
    lambda text: repr(ValueError(text)),
    lambda text: f"Traceback (most recent call last):\n  File x\nValueError: {text}\n",
]


def planted() -> st.SearchStrategy[tuple[str, str]]:
    """Pairs of a secret and a text in which it stands."""
    return st.one_of(
        [
            st.tuples(secrets, st.sampled_from(forms), st.sampled_from(CONTEXTS)).map(
                lambda drawn: (drawn[0], drawn[2](drawn[1].format(drawn[0])))
            )
            for secrets, forms in PLANTED
        ]
    )


def remains(secret: str, text: str) -> bool:
    """Say whether a telling part of the secret is left: itself, or its digits in a row."""
    bare = "".join(filter(str.isalnum, secret))
    return secret in text or bare in "".join(filter(str.isalnum, text))


@settings(max_examples=600)
@given(planted())
@example(("p@ss/w0rd!x", "postgresql://u:p@ss/w0rd!x@host:5432/db"))
@example(("123-45-6789", "x 123-45-6789-"))
@example(("hunter2hunter2", 'password = "hunter2hunter2'))
def test_nothing_of_a_planted_secret_survives(pair: tuple[str, str]) -> None:
    secret, text = pair
    assume(remains(secret, text))
    masked = mask_text(text)
    assert MASK in masked
    assert not remains(secret, masked)


@settings(max_examples=200)
@given(planted())
def test_nothing_survives_in_nested_values_of_any_kind(pair: tuple[str, str]) -> None:
    secret, text = pair
    nested = {
        "a": [{"b": (text, {text: 1})}],
        "c": text.encode(),
        "d": ValueError(text),
        text: None,
    }
    assert not remains(secret, json.dumps(mask_value(nested), default=str))


@settings(max_examples=200)
@given(planted())
def test_masking_twice_changes_nothing_more(pair: tuple[str, str]) -> None:
    once = mask_text(pair[1])
    assert mask_text(once) == once


parcels = st.one_of(
    st.builds("{}-{}-{}".format, digits(6), digits(6), digits(6)),
    st.builds("{}-{}-{}-{}-{}".format, digits(4), digits(2), digits(1), digits(2), digits(3)),
    st.builds("{}-{}-{}-{}-{}".format, digits(2), digits(2), digits(3), digits(3), digits(4)),
    digits(14),
    digits(5),
)


@settings(max_examples=300)
@given(
    parcels,
    st.dates(),
    st.decimals(0, 10**9, places=2),
    st.sampled_from(["{} {} {}", "id={} {} ${}"]),
)
def test_parcels_dates_and_amounts_are_kept(
    parcel: str, day: date, amount: Decimal, form: str
) -> None:
    text = form.format(parcel, day, amount)
    assert mask_text(text) == text


@given(
    st.sampled_from(["parcel_id", "parcel_key", "pin", "certificate_number"]), ssns | cards | phones
)
def test_a_field_that_holds_a_parcel_s_number_is_kept(key: str, number: str) -> None:
    assert mask_value({key: number}) == {key: number}
    assert mask_value({key: 4111111111111111}) == {key: 4111111111111111}


@pytest.mark.parametrize(
    "key",
    ["password", "Password", "db_password", "api_key", "x-api-key", "Authorization", "cookie", "set-cookie",
     "refresh_token", "ssn", "email", "owner_email", "phone", "owner_name", "card_number", "mailing_address"],
)  # fmt: skip
def test_a_field_named_for_a_secret_is_masked_whatever_it_holds(key: str) -> None:
    assert mask_value({key: "x"}) == {key: MASK}
    assert mask_value({key: {"deep": ["x"]}}) == {key: MASK}
    assert mask_value({key: None}) == {key: None}


@pytest.mark.parametrize(
    "key", ["tokens", "monkey", "ownership", "cell_count", "state", "keys", "passed"]
)
def test_a_field_that_only_sounds_like_one_is_kept(key: str) -> None:
    assert mask_value({key: "Fort Collins"}) == {key: "Fort Collins"}


def test_plain_values_keep_their_meaning() -> None:
    key = new_id()
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    values = {
        "n": 7,
        "f": 1.5,
        "b": True,
        "none": None,
        "d": Decimal("1.10"),
        "id": key,
        "t": moment,
    }
    assert mask_value(values) == {
        "n": 7, "f": 1.5, "b": True, "none": None, "d": "1.10", "id": str(key), "t": str(moment),
    }  # fmt: skip
    assert mask_value({"n": 4111111111111111}) == {"n": MASK}


def test_a_structure_that_contains_itself_ends() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert isinstance(mask_value(loop), list)


@pytest.mark.parametrize(
    "piece",
    [
        "1-",
        "a.@",
        "://a:",
        "token=",
        'password="\\',
        "+1 ()",
        "eyJa",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_hostile_text_does_not_hang_the_log(piece: str) -> None:
    assert isinstance(mask_text(piece * 20_000), str)
