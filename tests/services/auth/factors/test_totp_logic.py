"""Codes of authenticator apps against the vectors of RFC 6238, and recovery codes."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.auth.logic import recovery_codes, totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
ANN, BOB = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("moment", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(moment: int, eight_digits: str) -> None:
    assert totp.step_of(RFC_SECRET, eight_digits[2:], moment) == moment // 30


@given(st.integers(60, 4_000_000_000), st.integers(-4, 4))
def test_only_the_neighbouring_steps_are_taken(now: int, away: int) -> None:
    step = now // 30 + away
    code = pyotp.TOTP(RFC_SECRET).generate_otp(step) if step >= 0 else "000000"
    found = totp.step_of(RFC_SECRET, code, now)
    if abs(away) <= 1:
        assert found is not None
    else:
        near = {pyotp.TOTP(RFC_SECRET).generate_otp(now // 30 + n) for n in (-1, 0, 1)}
        assert found is None or code in near


def test_a_step_that_was_used_is_taken_no_more() -> None:
    now = 1_700_000_000
    code = pyotp.TOTP(RFC_SECRET).generate_otp(now // 30)
    assert totp.step_of(RFC_SECRET, code, now, after=now // 30 - 1) == now // 30
    assert totp.step_of(RFC_SECRET, code, now, after=now // 30) is None


@pytest.mark.parametrize("code", ["", "1", "٠١٢٣٤٥", "1234567", "abcdef", "\ud800"])
def test_what_is_no_code_is_no_step(code: str) -> None:
    assert totp.step_of(RFC_SECRET, code, 1_700_000_000) is None


def test_spaces_and_hyphens_in_a_code_do_not_matter() -> None:
    assert totp.as_typed("123 456") == totp.as_typed("123-456") == "123456"


def test_each_secret_is_new_and_has_160_bits() -> None:
    secrets = {totp.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert {len(base64.b32decode(secret)) for secret in secrets} == {20}


def test_the_address_says_whose_code_it_is() -> None:
    uri = totp.provisioning_uri(RFC_SECRET, account="ann@a.example", issuer="TAXLIEN.online")
    parts = urlsplit(uri)
    assert parts.scheme == "otpauth"
    assert parse_qs(parts.query) == {"secret": [RFC_SECRET], "issuer": ["TAXLIEN.online"]}
    assert parts.path == "/TAXLIEN.online:ann%40a.example"


def test_the_qr_is_an_svg_without_scripts_or_addresses() -> None:
    svg = totp.qr_svg("otpauth://totp/a?secret=" + RFC_SECRET)
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert {child.tag.rpartition("}")[2] for child in root.iter()} == {"svg", "g", "path"}
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert RFC_SECRET not in svg


def test_recovery_codes_are_ten_different_ones_of_80_bits() -> None:
    codes = recovery_codes.new_codes()
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    assert not set("".join(codes)) & set("ilou")


def test_a_recovery_code_may_be_typed_in_any_way() -> None:
    code = "7k1m-pq9d-x0ha-t6vn"
    typed = " 7KIM PQ9D-xoha t6vn "
    assert recovery_codes.hash_of(ANN, typed) == recovery_codes.hash_of(ANN, code)


def test_the_same_code_of_another_user_is_another_hash() -> None:
    assert recovery_codes.hash_of(ANN, "7k1m") != recovery_codes.hash_of(BOB, "7k1m")
