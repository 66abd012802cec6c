"""Where generations of an index lie, which one serves, and who may touch them.

``<root>/CURRENT`` names the generation that serves and is replaced by rename. ``<root>/writer.lock`` is
held by the one writer. Every generation has an ``in-use.lock`` that its readers hold shared, so that it
is removed only when nobody reads it. The kernel drops these locks when a process dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from taxlien.kit.ids import new_id

from .engine import WriterBusyError

_CURRENT = "CURRENT"
_IN_USE = "in-use.lock"
_WRITER = "writer.lock"
_INCOMPLETE = "INCOMPLETE"


class HeldLock:
    """An ``flock`` on a file until ``release`` or the end of the process."""

    def __init__(self, path: Path, *, shared: bool) -> None:
        """Take the lock at once. Raises ``BlockingIOError`` where another holds it."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BaseException:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class IndexFiles:
    """The folder of an index. ``layout`` names the schema: generations of another one are strangers."""

    def __init__(self, root: Path, layout: str) -> None:
        self.root = root
        self._layout = layout

    def stamp(self) -> tuple[int, int] | None:
        """Return something that changes when another generation comes to serve; None before the first."""
        try:
            found = (self.root / _CURRENT).stat()
        except FileNotFoundError:
            return None
        return (found.st_ino, found.st_mtime_ns)

    def current(self) -> str | None:
        """Return the generation that serves, or None: nothing was built yet, or for another layout."""
        try:
            name = (self.root / _CURRENT).read_text().strip()
        except FileNotFoundError:
            return None
        usable = name.startswith(f"{self._layout}-") and (self.folder(name) / "meta.json").exists()
        return name if usable else None

    def folder(self, generation: str) -> Path:
        """Return where ``generation`` lies."""
        return self.root / generation

    def create(self) -> str:
        """Make the folder of a new generation and return its name."""
        name = f"{self._layout}-{new_id().hex}"
        self.folder(name).mkdir(parents=True)
        return name

    def let_serve(self, generation: str) -> None:
        """Make ``generation`` the one that serves, durably and in one step."""
        written = self.root / f"{_CURRENT}.new"
        with written.open("w") as file:
            file.write(generation)
            file.flush()
            os.fsync(file.fileno())
        written.replace(self.root / _CURRENT)
        folder = os.open(self.root, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @property
    def incomplete(self) -> bool:
        """Tell whether the index began empty and waits to be filled from the catalogue."""
        return (self.root / _INCOMPLETE).exists()

    def set_incomplete(self, incomplete: bool) -> None:
        """Remember across crashes whether the index has yet to be filled."""
        if incomplete:
            (self.root / _INCOMPLETE).touch()
        else:
            (self.root / _INCOMPLETE).unlink(missing_ok=True)

    def lock_writer(self) -> HeldLock:
        """Become the writer. Raises ``WriterBusyError`` while another process is."""
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            return HeldLock(self.root / _WRITER, shared=False)
        except BlockingIOError:
            raise WriterBusyError(f"another process writes the index in {self.root}") from None

    def lock_reader(self, generation: str) -> HeldLock:
        """Keep ``generation`` from removal. Raises ``OSError`` where it is gone or going."""
        return HeldLock(self.folder(generation) / _IN_USE, shared=True)

    def sweep(self) -> bool:
        """Remove generations that neither serve nor are read; tell whether none is left over.

        Only the writer calls this, and not while it builds a generation.
        """
        serving = (self.root / _CURRENT).read_text().strip()
        old = [folder for folder in self._generations() if folder.name != serving]
        for folder in old:
            with suppress(OSError):
                lock = HeldLock(folder / _IN_USE, shared=False)
                try:
                    shutil.rmtree(folder)
                finally:
                    lock.release()
        return not any(folder.exists() for folder in old)

    def _generations(self) -> Iterator[Path]:
        return (path for path in list(self.root.iterdir()) if path.is_dir() and "-" in path.name)
