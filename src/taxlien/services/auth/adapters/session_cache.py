"""Sign-ins that are known to be active, so that most requests need not ask PostgreSQL.

Only a yes is kept, and only for seconds; whatever is absent, PostgreSQL is asked. Before a sign-in is
ended a mark of doubt takes the place of the yes: until the mark is over nobody may write a yes, so a
reader that looked just before the end cannot put an outdated one back. A mark whose transaction then
failed costs a few more questions and ends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from .valkey import Valkey, ValkeyAway

_YES = b"1"
_DOUBT = b"?"
# Longer than any transaction that ends a sign-in.
_DOUBT_SECONDS = 60


class SessionCache:
    """Keys ``session:<session id>`` in Valkey."""

    def __init__(self, valkey: Valkey, seconds: int) -> None:
        self._valkey = valkey
        self._seconds = seconds

    async def vouches_for(self, session_id: UUID) -> bool:
        """Say whether the sign-in was active a moment ago and nobody is ending it. False is unknown."""
        name = self._name(session_id)
        try:
            said: bytes | None = await self._valkey.ask(lambda redis: redis.get(name))
        except ValkeyAway:
            return False
        return said == _YES

    async def vouch(self, session_id: UUID) -> None:
        """Remember that PostgreSQL just called the sign-in active."""
        name = self._name(session_id)
        with suppress(ValkeyAway):
            await self._valkey.ask(lambda redis: redis.set(name, _YES, ex=self._seconds, nx=True))

    async def doubt(self, session_ids: Sequence[UUID]) -> None:
        """Make sure PostgreSQL is asked about these; call it before their end is committed.

        While the server is away nobody is vouched for. Should it return with what it knew, a yes from
        before lasts for the rest of its seconds.
        """
        names = [self._name(session_id) for session_id in session_ids]

        async def mark(redis: object) -> None:
            async with redis.pipeline(transaction=False) as pipe:  # type: ignore[attr-defined]
                for name in names:
                    pipe.set(name, _DOUBT, ex=_DOUBT_SECONDS)
                await pipe.execute()

        if names:
            with suppress(ValkeyAway):
                await self._valkey.ask(mark, even_at_rest=True)

    def _name(self, session_id: UUID) -> str:
        return self._valkey.name(f"session:{session_id}")
