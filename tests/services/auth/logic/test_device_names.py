"""What devices are called."""

from __future__ import annotations

import pytest

from taxlien.services.auth.logic.device_names import clean_text, name_of

CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140 Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME, "Chrome on macOS"),
        (f"{CHROME} Edg/140", "Edge on macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit Chrome/140 Safari", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari", "Safari on iPhone"),
        ("TAXLIEN/2.0 (Android 16)", "TAXLIEN app on Android"),
        ("python-httpx2/2.16", "a Python program"),
        ("", "unknown device"),
    ],
)
def test_device_is_called_by_program_and_system(user_agent: str, name: str) -> None:
    assert name_of(user_agent) == name


def test_text_that_cannot_be_shown_is_left_out() -> None:
    assert clean_text(" a\x00b\u202e\n c ", 4) == "ab c"
