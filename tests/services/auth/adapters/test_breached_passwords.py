"""Breached passwords are found in a sorted file of any shape, and nothing else is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxlien.services.auth.adapters.breached_passwords import BreachedPasswords


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    inside=st.sets(st.text(max_size=8), min_size=1, max_size=40),
    outside=st.text(max_size=8),
    ending=st.sampled_from(["\n", "\r\n", ":17\n", ":1\r\n"]),
    closed=st.booleans(),
    upper=st.booleans(),
)
def test_every_password_of_the_file_is_found_and_no_other(
    tmp_path: Path, inside: set[str], outside: str, ending: str, closed: bool, upper: bool
) -> None:
    lines = sorted(sha1(text).upper() if upper else sha1(text) for text in inside)
    content = "".join(line + ending for line in lines)
    file = tmp_path / "pwned.txt"
    file.write_bytes((content if closed else content.rstrip("\r\n")).encode())
    breached = BreachedPasswords(file)
    assert all(breached.contains(text) for text in inside)
    assert breached.contains(outside) == (outside in inside)
    breached.close()


def test_file_that_is_not_there_or_empty_is_an_error_and_not_a_yes(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        BreachedPasswords(tmp_path / "absent")
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="empty"):
        BreachedPasswords(tmp_path / "empty")
