"""Argon2id in a bounded number of threads: memory and processors stay bounded, requests wait in line."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from taxlien.kit.errors import TooManyAttempts

T = TypeVar("T")


class PasswordHashing:
    """Hashes and verifies. Argon2 lets go of the interpreter, so threads use processors side by side."""

    def __init__(
        self, *, memory_kib: int, passes: int, lanes: int, at_once: int, waiting: int
    ) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="argon2")
        self._most = at_once + waiting
        self._under_way = 0
        # What an unknown account's password is compared with: same parameters, same time.
        self._nobodys = self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        """Return the hash with its parameters and salt. Raises ``TooManyAttempts`` when all are busy."""
        return await self.run(partial(self._hasher.hash, password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Say whether the password fits. Without a hash it takes as long and says no.

        Raises ``TooManyAttempts`` when all are busy.
        """
        fits = await self.run(partial(self._fits, password_hash or self._nobodys, password))
        return fits and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Say whether the hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(password_hash)

    async def run(self, work: Callable[[], T]) -> T:
        """Run other processor-bound work on passwords in the same threads."""
        if self._under_way >= self._most:
            raise TooManyAttempts("Too many people are signing in right now.", 1)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
