"""The account of a server that refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from taxlien.run.stack.errors import StackError


class Account(NamedTuple):
    """A system account and whether it needs a right of passage to reach its files."""

    uid: int
    gid: int
    passage: bool = False


def unprivileged(data: Path, reach: Iterable[Path]) -> Account | None:
    """Return the account to run as: None (stay) unless this process is root.

    ``data``: an existing folder keeps its owner. ``reach``: what the account must be able to open.
    """
    if os.geteuid() != 0:
        return None
    entry = _owner_of(data) or _named("postgres") or _named("nobody") or _any()
    passage = any(not _open_to_all(path) for path in reach)
    return Account(entry.pw_uid, entry.pw_gid, passage)


def hand_over(path: Path, account: Account | None) -> None:
    """Give ``path`` to ``account``."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _owner_of(path: Path) -> pwd.struct_passwd | None:
    try:
        uid = path.stat().st_uid
        return pwd.getpwuid(uid) if uid else None
    except (FileNotFoundError, KeyError):
        return None


def _named(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _any() -> pwd.struct_passwd:
    for entry in pwd.getpwall():
        if entry.pw_uid != 0:
            return entry
    raise StackError("PostgreSQL refuses to run as root, and this system has no other account")


def _open_to_all(path: Path) -> bool:
    folders = [parent for parent in path.resolve().parents if parent != path]
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folders)
