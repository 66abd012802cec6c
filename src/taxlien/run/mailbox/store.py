"""Mails as files: one ``.eml`` each in one folder, the newest thousand."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path

from taxlien.kit.ids import new_id

KEEP = 1000
_AT, _FROM, _TO = b"X-Mailbox-At", b"X-Mailbox-From", b"X-Mailbox-To"
_ID = re.compile(r"[0-9a-f]{32}")
_LINK = re.compile(r"https?://[^\s<>\")]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list shows of a mail. ``to`` are the addresses it was handed in for."""

    mail_id: str
    at: str
    sender: str
    to: tuple[str, ...]
    subject: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail taken apart; ``html`` is None where it has none."""

    entry: Entry
    text: str
    html: str | None
    source: str

    @property
    def links(self) -> list[str]:
        """Return the addresses in the text, in order."""
        return _LINK.findall(self.text)


class MailStore:
    """The mails of one folder. One process writes; a mail is there whole or not at all."""

    def __init__(self, folder: Path, keep: int = KEEP) -> None:
        self._folder = folder
        self._keep = keep
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for scrap in folder.glob("*.tmp"):
            scrap.unlink(missing_ok=True)
        self._entries: dict[str, Entry] = {}
        for file in sorted(folder.glob("*.eml")):
            if _ID.fullmatch(file.stem):
                self._entries[file.stem] = _entry(file.stem, file.read_bytes())
        self._forget_oldest()

    def __len__(self) -> int:
        return len(self._entries)

    def save(self, content: bytes, sender: str, recipients: Sequence[str]) -> str:
        """Keep a mail and return its id. Raises ``OSError`` where the disk refuses."""
        mail_id = new_id().hex
        envelope = (
            (_AT, datetime.now(UTC).isoformat(timespec="milliseconds")),
            (_TO, ", ".join(recipients)),
            (
                _FROM,
                sender,
            ),  # last: a mail that begins with a blank adds to it, and it is not read back
        )
        head = b"".join(name + b": " + _one_line(value) + b"\r\n" for name, value in envelope)
        scratch = self._folder / f"{mail_id}.tmp"
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(head + content)
        scratch.replace(self._file(mail_id))
        self._entries[mail_id] = _entry(mail_id, head + content)
        self._forget_oldest()
        return mail_id

    def newest(self, limit: int, to: str | None = None) -> Iterator[Entry]:
        """Yield what was taken, newest first; ``to`` is an address, in any case of letters."""
        wanted = to.casefold() if to else None
        for entry in reversed(list(self._entries.values())):
            if limit <= 0:
                return
            if wanted is None or wanted in (address.casefold() for address in entry.to):
                limit -= 1
                yield entry

    def open(self, mail_id: str) -> Opened | None:
        """Return one mail, or None for an id that is not here."""
        entry = self._entries.get(mail_id)
        if entry is None:
            return None
        try:
            content = self._file(mail_id).read_bytes()
        except FileNotFoundError:  # somebody tidied the folder
            self._entries.pop(mail_id, None)
            return None
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        source = content.decode("utf-8", "replace")
        return Opened(entry, _part(message, "plain") or "", _part(message, "html"), source)

    def clear(self) -> int:
        """Forget every mail; return how many there were."""
        count = len(self._entries)
        self._forget(count)
        return count

    def _file(self, mail_id: str) -> Path:
        return self._folder / f"{mail_id}.eml"

    def _forget_oldest(self) -> None:
        self._forget(max(0, len(self._entries) - self._keep))

    def _forget(self, count: int) -> None:
        for mail_id in list(self._entries)[:count]:
            self._file(mail_id).unlink(missing_ok=True)
            del self._entries[mail_id]


def _entry(mail_id: str, content: bytes) -> Entry:
    headers = BytesHeaderParser(policy=policy.default).parsebytes(content)

    def value(name: str) -> str:
        try:
            return " ".join(str(headers.get(name, "")).split())
        except (ValueError, IndexError):  # a header that is beyond the parser
            return ""

    to = tuple(part.strip() for part in value(_TO.decode()).split(",") if part.strip())
    at = value(_AT.decode())
    return Entry(mail_id, at, value("From"), to, value("Subject"), value("Message-ID"))


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    if part is None:
        return None
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _one_line(value: str) -> bytes:
    return " ".join(value.split()).encode("utf-8", "replace")
