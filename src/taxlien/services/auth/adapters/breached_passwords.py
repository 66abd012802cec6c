"""Passwords known from breaches, looked up in a local file: nothing about a password leaves the machine."""

from __future__ import annotations

import hashlib
import mmap
from pathlib import Path

_HEX = 40


class BreachedPasswords:
    """A file of lines ``SHA1`` or ``SHA1:count`` in hex, sorted. Any size: it is searched, not read."""

    def __init__(self, file: Path) -> None:
        """Raises ``OSError`` where the file cannot be read, ``ValueError`` where it is empty."""
        with file.open("rb") as opened:
            self._content = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)

    def contains(self, password: str) -> bool:
        """Say whether the file has the password."""
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        low, high = 0, len(self._content)
        while low < high:  # the line that holds or follows the middle; low and high start lines
            start = self._content.rfind(b"\n", low, (low + high) // 2) + 1 or low
            found = self._content[start : start + _HEX].upper()
            if found == wanted:
                return True
            if found > wanted:
                high = start
            else:
                end = self._content.find(b"\n", start, high)
                low = high if end < 0 else end + 1
        return False

    def close(self) -> None:
        """Let go of the file."""
        self._content.close()
