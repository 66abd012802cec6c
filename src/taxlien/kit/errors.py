"""What a service may refuse, in the words of the domain. Knows nothing of HTTP; doors translate."""

from __future__ import annotations


class DomainError(Exception):
    """Base of what a use case refuses on purpose; ``message`` may be shown to the caller."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DomainError):
    """The thing asked for does not exist, or not for this caller."""


class InvalidInput(DomainError):
    """A value that came from outside does not fit; ``field`` names it as the caller wrote it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class Conflict(DomainError):
    """The request contradicts what is stored now; the same request may succeed later."""


class Unauthenticated(DomainError):
    """The caller did not prove who they are; the message is the same for every way to fail."""


class Forbidden(DomainError):
    """The caller is known, and may not do this."""


class TooManyAttempts(DomainError):
    """The caller tried too often; ``retry_after`` is seconds until another attempt counts."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotNow(Exception):
    """What the work needs is away: a writer's place, disk space. Nothing was done; only waiting helps.

    A consumer that meets it waits with what it holds, as it does for a database that is away.
    """
