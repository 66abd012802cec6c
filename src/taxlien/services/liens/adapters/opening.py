"""Open a file by what its first bytes say, and hand out its content in bounded pieces.

Gzip, zip and plain files are told apart by their content, never by their name. Progress counts the
bytes of the file as stored.
"""

from __future__ import annotations

import codecs
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from taxlien.services.liens.logic.records import UnreadableFile

CHUNK = 256 * 1024
WORKBOOK_LIMIT = 512 * 1024 * 1024

Kind = Literal["delimited", "workbook", "json"]

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROLS = bytes(code for code in range(1, 32) if code not in b"\t\n\r\x0c")
_NOT_TABLES = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"PAR1": "a Parquet file",
    b"\x7fELF": "a program",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"(\xb5/\xfd": "a Zstandard file",
}


class OpenedFile:
    """One file to be read once. ``kind`` says which reader it needs. Close it, or use ``with``."""

    def __init__(self, path: Path) -> None:
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise UnreadableFile(f"cannot open the file: {error.strerror}") from error
        try:
            self.total = path.stat().st_size
            self._position = 0
            self._chunks = self._content()
            self.head = next(self._chunks, b"")
            self.kind = self._kind()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> OpenedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def position(self) -> int:
        """Bytes of the stored file read so far."""
        return self._position

    def chunks(self) -> Iterator[bytes]:
        """The whole content from its first byte, unpacked. Raises ``UnreadableFile``."""
        if self.head:
            yield self.head
        yield from self._chunks

    def whole(self) -> bytes:
        """All of the content at once, for workbooks, up to a limit."""
        parts, size = [], 0
        for chunk in self.chunks():
            size += len(chunk)
            if size > WORKBOOK_LIMIT:
                raise UnreadableFile(f"a workbook of more than {WORKBOOK_LIMIT >> 20} MiB")
            parts.append(chunk)
        return b"".join(parts)

    def _content(self) -> Iterator[bytes]:
        try:
            first = self._read()
            if first.startswith(_GZIP):
                yield from _unzipped(first, self._read)
            elif first.startswith(_ZIP) and not _is_workbook(self._file):
                yield from self._only_member()
            elif first:
                yield first
                while piece := self._read():
                    yield piece
        except OSError as error:
            raise UnreadableFile(f"the file cannot be read: {error}") from error

    def _read(self) -> bytes:
        piece = self._file.read(CHUNK)
        self._position += len(piece)
        return piece

    def _only_member(self) -> Iterator[bytes]:
        try:
            with zipfile.ZipFile(self._file) as archive:
                members = [entry for entry in archive.infolist() if not entry.is_dir()]
                if len(members) != 1:
                    raise UnreadableFile(f"a zip of {len(members)} files: unpack it and import one")
                with archive.open(members[0]) as member:
                    while piece := member.read(CHUNK):
                        self._position = min(self.total, self._file.tell())
                        yield piece
                self._position = self.total
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise UnreadableFile(f"a damaged or locked zip: {error}") from error

    def _kind(self) -> Kind:
        head = self.head
        if len(head) < CHUNK and not head.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
            raise UnreadableFile("the file is empty")
        if head.startswith((_OLD_WORKBOOK, _ZIP)):
            return "workbook"
        for magic, what in _NOT_TABLES.items():
            if head.startswith(magic):
                raise UnreadableFile(f"{what}: CSV, XLSX and JSON can be read, gzip or not")
        text = head.removeprefix(codecs.BOM_UTF8).lstrip()
        if text.startswith((b"<!DOCTYPE", b"<html", b"<!doctype", b"<?xml", b"<HTML")):
            raise UnreadableFile("a web page or XML: perhaps an error page was saved as the file")
        if _is_binary(head[:4096]):
            raise UnreadableFile("neither text nor a workbook: CSV, XLSX and JSON can be read")
        return "json" if text.startswith((b"[{", b"{")) or _is_array(text) else "delimited"


def _is_binary(head: bytes) -> bool:
    """Whether this is no text: not UTF-8, and many control characters (those of UTF-16 are zeros)."""
    if len(head.translate(None, _CONTROLS)) > 0.97 * len(head):
        return False
    return "\ufffd" in head.decode(errors="replace")


def _is_array(text: bytes) -> bool:
    return text.startswith(b"[") and text[1:200].lstrip().startswith((b"{", b"]"))


def _is_workbook(file: BinaryIO) -> bool:
    """Whether the zip is a workbook; leaves the file where it was."""
    position = file.tell()
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
        return "[Content_Types].xml" in names or "mimetype" in names
    except zipfile.BadZipFile as error:
        raise UnreadableFile("a damaged zip or workbook: it may have been cut off") from error
    finally:
        file.seek(position)


def _unzipped(first: bytes, read: Callable[[], bytes]) -> Iterator[bytes]:
    """Unpack gzip members one after another, never more than a chunk at once."""
    unpacker = zlib.decompressobj(wbits=31)
    stored = first
    try:
        while stored or (stored := read()):
            if unpacker.eof:
                stored = stored.lstrip(b"\x00") if not stored.startswith(_GZIP) else stored
                if not stored:
                    continue
                if not stored.startswith(_GZIP[: len(stored)]):
                    raise UnreadableFile("other bytes follow the end of the gzip data")
                unpacker = zlib.decompressobj(wbits=31)
            piece = unpacker.decompress(stored, CHUNK)
            stored = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            if piece:
                yield piece
        while not unpacker.eof:
            piece = unpacker.decompress(unpacker.unconsumed_tail, CHUNK)
            if not piece:
                raise UnreadableFile("the gzip file was cut off before its end")
            yield piece
    except zlib.error as error:
        raise UnreadableFile(f"damaged gzip data: {error}") from error
