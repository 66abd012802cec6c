"""Read delimited text row by row, whatever its line ends, encodings, quotes and accidents.

Never holds more than a line and a chunk. What cannot be a row becomes a ``Reject``, and reading goes
on at the next line.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from taxlien.services.liens.logic.cells import OpenQuote, StrayQuote, split_row
from taxlien.services.liens.logic.records import ReadCounts, Reject

from .opening import CHUNK, OpenedFile

LINE_LIMIT = 1024 * 1024
QUOTED_LINES_LIMIT = 200
SAMPLE = 250
QUOTED_SIZE_LIMIT = 256 * 1024
DELIMITERS = (",", ";", "\t", "|")

Line = tuple[int, str, str]  # its number, its text, its own line end
Row = tuple[int, list[str], str]  # the line it starts on, its cells, its text


def text_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8 where a whole file is UTF-16 or UTF-32, else as it is.

    A byte order mark decides; without one, zeros at every second byte do.
    """
    stream = iter(chunks)
    first = next(stream, b"")
    encoding = _wide_encoding(first)
    if encoding is None:
        if first:
            yield first.removeprefix(codecs.BOM_UTF8)
        yield from stream
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(first).encode("utf-8", "replace").removeprefix(codecs.BOM_UTF8)
    for chunk in stream:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _wide_encoding(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:4096]
    if len(sample) >= 8:
        half = len(sample) // 2
        if sample[1::2].count(0) > 0.7 * half and sample[0::2].count(0) == 0:
            return "utf-16-le"
        if sample[0::2].count(0) > 0.7 * half and sample[1::2].count(0) == 0:
            return "utf-16-be"
    return None


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        # cp1252 has five bytes without a meaning; latin-1 then keeps the line readable.
        try:
            return line.decode("cp1252")
        except UnicodeDecodeError:
            return line.decode("latin-1")


def _whole_lines(data: bytes) -> tuple[bytes, bytes]:
    """Cut after the last line end. A CR at the very end stays behind: it may be half of a CR LF."""
    cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
    return data[:cut], data[cut:]


def _plain_lines(block: bytes) -> tuple[list[str], str] | None:
    """The lines of a block with one kind of line end and valid UTF-8, none too long; else null."""
    returns, feeds = block.count(b"\r"), block.count(b"\n")
    if returns and (returns != feeds or block.count(b"\r\n") != feeds):
        return None
    end = "\r\n" if returns else "\n"
    try:
        texts = block.decode().split(end)
    except UnicodeDecodeError:
        return None
    texts.pop()  # what follows the last line end: nothing
    return (
        None if len(block) > LINE_LIMIT and max(map(len, texts)) * 4 > LINE_LIMIT else (texts, end)
    )


class Lines:
    """The lines of a text, one pass. Lines may be pushed back to be read again."""

    def __init__(self, chunks: Iterable[bytes], counts: ReadCounts) -> None:
        self._source = self._lines(text_chunks(chunks))
        self._again: deque[Line | Reject] = deque()
        self._counts = counts

    def __iter__(self) -> Iterator[Line | Reject]:
        return self

    def __next__(self) -> Line | Reject:
        if self._again:
            return self._again.popleft()
        return next(self._source)

    def push_back(self, lines: Iterable[Line | Reject]) -> None:
        self._again.extendleft(reversed(list(lines)))

    def _lines(self, chunks: Iterator[bytes]) -> Iterator[Line | Reject]:
        number = 0
        carry = b""
        overlong = False
        for chunk in chunks:
            block, carry = _whole_lines(carry + chunk)
            if not overlong and (plain := _plain_lines(block)) is not None:
                texts, end = plain
                for text in texts:
                    number += 1
                    yield number, text, end
            else:
                for piece in block.splitlines(keepends=True):
                    number += 1
                    yield self._line(number, piece, overlong)
                    overlong = False
            if len(carry) > LINE_LIMIT:
                overlong = True
                # What the reject shows, and a CR that may end the line.
                carry = carry[:100] + carry[-1:]
            self._counts.lines = number
        if carry:
            self._counts.lines = number + 1
            yield self._line(number + 1, carry, overlong)

    def _line(self, number: int, piece: bytes, overlong: bool) -> Line | Reject:
        if overlong or len(piece) > LINE_LIMIT:
            return self._too_long(number, piece)
        text = _decoded(piece)
        bare = text.rstrip("\r\n")
        return number, bare, text[len(bare) :]

    def _too_long(self, number: int, piece: bytes) -> Reject:
        raw = _decoded(piece[:100]).replace("\x00", " ")
        return Reject(line=number, reason="a line longer than 1 MiB", raw=raw)


class DelimitedRows:
    """The rows of a delimited file, for one way of delimiting. Fits ``RowSource``."""

    def __init__(self, opened: OpenedFile, delimiter: str, counts: ReadCounts) -> None:
        self.delimiter = delimiter
        self._opened = opened
        self._counts = counts
        self._lines = Lines((), counts)

    def sample(self) -> list[Row]:
        """The first rows that can be read, from the head of the file only."""
        head = self._opened.head
        rows = DelimitedRows(self._opened, self.delimiter, ReadCounts())
        rows._lines = Lines([head], ReadCounts())
        found = (row for row in rows._cut() if not isinstance(row, Reject))
        # The last row of a full head may be cut in two; so many rows end well before it or not at all.
        first = list(islice(found, SAMPLE + 1))
        return first[:-1] if len(head) >= CHUNK else first

    def rows(self) -> Iterator[Row | Reject]:
        self._lines = Lines(self._opened.chunks(), self._counts)
        return self._cut()

    def _cut(self) -> Iterator[Row | Reject]:
        delimiter, counts = self.delimiter, self._counts
        nothing = f"{delimiter} \t"
        for line in self._lines:
            if type(line) is Reject:
                yield line
                continue
            number, text, _ = line  # type: ignore[misc]
            if "\x00" in text:
                raw = text[:2000].replace("\x00", " ")
                yield Reject(line=number, reason="the line holds a NUL byte", raw=raw)
            elif '"' in text:
                yield self._quoted_row(line)  # type: ignore[arg-type]
            elif not text.strip(nothing) or text.isspace():
                counts.blank += 1
            else:
                yield number, text.split(delimiter), text

    def _quoted_row(self, first: Line) -> Row | Reject:
        """A row with quotes, which may go on over the next lines."""
        number, text, end = first
        taken: list[Line] = []
        whole = text
        reason = "a quote that is never closed"
        try:
            return number, split_row(text, self.delimiter), text
        except StrayQuote as error:
            return Reject(line=number, reason=str(error), raw=text[:2000])
        except OpenQuote:
            pass
        while len(taken) < QUOTED_LINES_LIMIT and len(whole) < QUOTED_SIZE_LIMIT:
            line = next(self._lines, None)
            if line is None:
                break
            if isinstance(line, Reject):
                self._lines.push_back([*taken, line])
                return Reject(line=number, reason=reason, raw=text[:2000])
            taken.append(line)
            whole += end + line[1]
            end = line[2]
            if '"' not in line[1]:
                continue
            try:
                cells = split_row(whole, self.delimiter)
            except OpenQuote:
                continue
            except StrayQuote:
                break
            self._counts.joined += len(taken)
            return number, cells, whole
        self._lines.push_back(taken)
        return Reject(line=number, reason=reason, raw=text[:2000])


def likely_delimiters(opened: OpenedFile) -> list[str]:
    """The delimiters, the one that cuts most lines into the same number of cells first."""
    lines = [line for line in Lines([opened.head], ReadCounts()) if not isinstance(line, Reject)]

    def score(delimiter: str) -> float:
        counts = [text.count(delimiter) for _, text, _ in lines[:200] if text.strip()]
        if not counts:
            return 0.0
        usual = max(set(counts), key=counts.count)
        return counts.count(usual) / len(counts) * min(usual, 50)

    return sorted(DELIMITERS, key=score, reverse=True)
