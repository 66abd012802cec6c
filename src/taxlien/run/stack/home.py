"""The folder of a stack (``.taxlien``): who runs in it, its passwords, ports and data."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from taxlien.run.stack.errors import AlreadyRunning, StackError

SECRET_NAMES = (
    "postgres_superuser",
    "postgres_owner",
    "cache",
    "bus",
    "objects_access_key",
    "objects_secret_key",
    "service_secret",
    "gateway_secret",
    "sealing_key",
    "search_id_key",
    "demo_investor_password",
    "demo_admin_password",
)
LONG_SECRETS = frozenset({"gateway_secret", "sealing_key", "search_id_key"})
# The kernel keeps 108 bytes for the path of a Unix socket; PostgreSQL adds "/.s.PGSQL.65535".
LONGEST_SOCKET_FOLDER = 108 - 18
LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
LOG_LIMIT = 16 * 1024 * 1024  # bytes; a longer log is set aside at the next start


class StackHome:
    """Paths and small files of one stack. Creating it touches nothing on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()  # one name, however it was reached: processes are known by it
        self.state_file = self.root / "stack.json"
        self._lock: int | None = None

    def _open_lock(self) -> int:
        """Make the folder, readable by its owner alone, and its lock."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("logs", "run"):
                (self.root / name).mkdir(mode=0o700, exist_ok=True)
            handle = os.open(self.root / "lock", LOCK_FLAGS, 0o600)
        except OSError as error:
            raise StackError(
                f"{self.root} cannot be written ({error.strerror}): give it to this user, "
                f"or choose another folder with TAXLIEN_HOME"
            ) from error
        return handle

    def folder(self, part: str) -> Path:
        """Return the folder where ``part`` keeps its data, made if need be."""
        path = self.root / part
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def log(self, part: str) -> Path:
        """Return the log file of ``part``."""
        return self.root / "logs" / f"{part}.log"

    def open_log(self, part: str) -> int:
        """Open the log of ``part`` for appending; an overlong one is first set aside (one kept)."""
        path = self.log(part)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def socket_folder(self, part: str) -> Path:
        """Return a folder for the Unix sockets of ``part``: in the home, or in the system's
        temporary folder where the home's path is too long for a socket."""
        path = self.root / "run" / part
        if len(os.fsencode(path)) > LONGEST_SOCKET_FOLDER:
            mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
            path = Path(tempfile.gettempdir()) / f"taxlien-{os.geteuid()}-{mark}-{part}"
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def write_private(self, path: Path, content: str, *, durable: bool = False) -> None:
        """Write ``content`` at once or not at all, readable by the owner alone; ``durable``: it
        survives a power cut that follows."""
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        scratch.unlink(missing_ok=True)
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        scratch.replace(path)

    def read_json(self, name: str) -> dict[str, Any]:
        """Return the JSON object in the file ``name`` of the home; empty where there is none."""
        try:
            found = json.loads((self.root / name).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}

    def secrets(self) -> dict[str, str]:
        """Return the passwords of this home, made on first use."""
        path = self.root / "secrets.json"
        known = self.read_json(path.name)
        if path.exists() and not known:
            raise StackError(f"{path} is damaged; restore it, or remove {self.root} to begin anew")
        missing = {
            name: secrets.token_hex(32 if name in LONG_SECRETS else 16)
            for name in SECRET_NAMES
            if name not in known
        }
        if missing:
            self.write_private(path, json.dumps(known | missing, indent=2), durable=True)
        return known | missing

    def last_ports(self) -> dict[str, int]:
        """Return the ports that the last run used, by label."""
        found = self.read_json("ports.json")
        return {label: port for label, port in found.items() if isinstance(port, int)}

    def remember_ports(self, ports: Mapping[str, int]) -> None:
        """Keep the ports for the next run."""
        self.write_private(self.root / "ports.json", json.dumps(self.last_ports() | dict(ports)))

    def write_state(self, state: Mapping[str, object]) -> None:
        """Write ``stack.json``."""
        self.write_private(self.state_file, json.dumps(state, indent=2))

    def acquire(self) -> str | None:
        """Take this home for this process. Return words about a stale lock, if there was one.

        Raises AlreadyRunning where a living supervisor holds it, StackError where the folder
        cannot be made or written.
        """
        handle = self._open_lock()
        # More than one try: a passer-by (`holder`, `is_held`) holds a shared lock for an instant.
        if not wait_until(lambda: _locked(handle, fcntl.LOCK_EX), seconds=0.2):
            os.close(handle)
            raise AlreadyRunning(self.root, self.holder())
        previous = self.read_json("lock").get("pid")
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(_this_process()).encode(), 0)
        self._lock = handle
        return f"process {previous} left its lock behind; taken over" if previous else None

    def release(self) -> None:
        """Give the home back."""
        if self._lock is not None:
            self.state_file.unlink(missing_ok=True)
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def is_held(self) -> bool:
        """Tell whether a living process (this one too) holds the lock.

        Raises PermissionError where the home belongs to another user.
        """
        try:
            handle = os.open(self.root / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            return not _locked(handle, fcntl.LOCK_SH)
        finally:
            os.close(handle)

    def holder(self) -> int | None:
        """Return the pid of the supervisor that holds the lock: alive, and the very process
        that wrote the lock (the pid may have been given to another since)."""
        written = self.read_json("lock")
        try:
            process = psutil.Process(int(written["pid"]))
            same = abs(process.create_time() - float(written["started"])) < 1
        except (KeyError, ValueError, psutil.Error):
            return None
        return process.pid if same and self.is_held() else None


def _locked(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _this_process() -> dict[str, object]:
    return {"pid": os.getpid(), "started": psutil.Process().create_time()}


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Look at ``done`` every 20 ms for at most ``seconds``. Return whether it came true."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
