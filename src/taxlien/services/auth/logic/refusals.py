"""What auth refuses, with the stable code that a program can tell the reasons apart by."""

from __future__ import annotations

from typing import ClassVar

from taxlien.kit.errors import DomainError, Forbidden, InvalidInput, Unauthenticated


class CodedRefusal(DomainError):
    """A refusal with a ``code`` of its own in the problem that the caller is shown."""

    code: ClassVar[str]


class LeavesTrace(CodedRefusal):
    """A refusal after which everything written stays: failures are counted, families are revoked.

    The transactions that auth's doors open commit when it passes through them, and then raise it on.
    """


class WrongCredentials(LeavesTrace, Unauthenticated):
    """Address and password do not belong together; the same for an address that nobody has."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class EmailNotVerified(LeavesTrace, Forbidden):
    """The password was right, but nobody showed yet that the address is theirs."""

    code = "email_not_verified"

    def __init__(self) -> None:
        super().__init__("Open the link in the mail that was sent to this address first.")


class AccountDisabled(LeavesTrace, Forbidden):
    """The credentials were right, and an admin closed the account."""

    code = "account_disabled"

    def __init__(self) -> None:
        super().__init__("This account is disabled. Support can say why.")


class ChallengeOver(LeavesTrace, Unauthenticated):
    """The first factor has to be shown again: the challenge is unknown, used, too old, or tried too often."""

    code = "challenge_over"

    def __init__(self) -> None:
        super().__init__("Sign in again from the beginning.")


class RefreshRefused(LeavesTrace, Unauthenticated):
    """The refresh token gives nothing any more: unknown, used, too old, or its sign-in ended."""

    code = "refresh_refused"

    def __init__(self) -> None:
        super().__init__("This refresh token is not valid. Sign in again.")


class SessionEnded(CodedRefusal, Unauthenticated):
    """The access token still runs, but its sign-in was ended."""

    code = "session_ended"

    def __init__(self) -> None:
        super().__init__("This sign-in was ended. Sign in again.")


class TokenSpent(InvalidInput):
    """A token from a mail is unknown, used or too old."""

    def __init__(self) -> None:
        super().__init__("token", "is not valid: it was used, is too old, or was never sent")
