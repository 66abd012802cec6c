"""Sealed values open for who holds the key and the context, and for nobody else."""

from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from taxlien.kit.security.sealing import Keyring, SealBroken, parse_keys
from taxlien.kit.settings import KitSettings, SettingsError

OLD, NEW = os.urandom(32), os.urandom(32)
RING = Keyring({"new": NEW, "old": OLD})


@given(plain=st.binary(max_size=2000), context=st.text(max_size=50))
def test_what_was_sealed_opens_again(plain: bytes, context: str) -> None:
    assert RING.open(RING.seal(plain, context), context) == plain


@given(plain=st.binary(min_size=1, max_size=200), position=st.integers(min_value=0))
def test_a_changed_byte_anywhere_is_noticed(plain: bytes, position: int) -> None:
    sealed = bytearray(RING.seal(plain, "here"))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises(SealBroken):
        RING.open(bytes(sealed), "here")


@given(st.binary(max_size=100))
def test_anything_else_is_refused_in_words(anything: bytes) -> None:
    with pytest.raises(SealBroken):
        RING.open(anything, "here")


@given(st.text(max_size=100))
def test_any_other_text_is_refused_in_words(anything: str) -> None:
    with pytest.raises(SealBroken):
        RING.open_text(anything, "here")


def test_a_value_does_not_open_in_another_place() -> None:
    sealed = RING.seal(b"123-45-6789", "users.tin:1")
    with pytest.raises(SealBroken):
        RING.open(sealed, "users.tin:2")


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert RING.seal(b"same", "here") != RING.seal(b"same", "here")


def test_an_old_key_opens_and_the_new_one_seals() -> None:
    before = Keyring({"old": OLD}).seal(b"kept", "here")
    assert not RING.is_current(before)
    assert RING.open(before, "here") == b"kept"
    assert RING.is_current(RING.seal(b"kept", "here"))


def test_without_its_key_a_value_stays_shut() -> None:
    with pytest.raises(SealBroken, match="key new"):
        Keyring({"old": OLD}).open(RING.seal(b"kept", "here"), "here")


def test_texts_travel_as_url_safe_text() -> None:
    sealed = RING.seal_text("żółw", "here")
    assert set(sealed) <= set(map(chr, range(33, 127)))
    assert RING.open_text(sealed, "here") == "żółw"


def test_keys_are_read_newest_first() -> None:
    text = f"b:{base64.b64encode(NEW).decode()}, a:{base64.urlsafe_b64encode(OLD).decode()}"
    assert list(parse_keys(text.replace("+", "-").replace("/", "_"))) == ["b", "a"]


@pytest.mark.parametrize("text", ["", "a", "a:???", "a:YWJj", f"a:{'A' * 44},a:{'A' * 44}"])
def test_malformed_keys_are_said_without_showing_them(text: str) -> None:
    settings = KitSettings(sealing_keys=SecretStr(text or " "))
    with pytest.raises(SettingsError, match="TAXLIEN_SEALING_KEYS") as caught:
        Keyring.from_settings(settings)
    assert "YWJj" not in str(caught.value)
    assert "AAAA" not in str(caught.value)
