"""What is refused about second factors, passkeys and other providers' identities."""

from __future__ import annotations

from taxlien.kit.errors import Conflict, Forbidden, NotFound, Unauthenticated

from .refusals import CodedRefusal, LeavesTrace


class WrongSecondFactor(LeavesTrace, Unauthenticated):
    """The code or the passkey is not right; the same for one used before."""

    code = "wrong_second_factor"

    def __init__(self) -> None:
        super().__init__("This is not right, or it was used before.")


class PasskeyRefused(LeavesTrace, Unauthenticated):
    """A passkey proved nothing: unknown, of another page, copied, or an answer to an old question."""

    code = "passkey_refused"

    def __init__(self) -> None:
        super().__init__("This passkey was not accepted. Ask for new options and try again.")


class ProofNeeded(CodedRefusal, Forbidden):
    """A sensitive change without a fresh proof of who asks."""

    code = "proof_needed"

    def __init__(self, ways: tuple[str, ...]) -> None:
        first = "Sign in again first" if not ways else f"Prove that it is you: {' or '.join(ways)}"
        super().__init__(f"{first}.")


class WrongProof(LeavesTrace, Forbidden):
    """A sensitive change with a proof that does not hold."""

    code = "wrong_proof"

    def __init__(self) -> None:
        super().__init__("The proof is not right, or it was used before.")


class NothingToConfirm(CodedRefusal, Conflict):
    """No authenticator app waits for its first code."""

    code = "nothing_to_confirm"

    def __init__(self) -> None:
        super().__init__("No authenticator app waits to be confirmed. Begin again.")


class WrongFirstCode(LeavesTrace, Forbidden):
    """The first code of a new authenticator app is wrong: a clock, or another account's entry."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__("This code is not right. Check the clock of the phone.")


class NoSecondFactor(CodedRefusal, Conflict):
    """Recovery codes stand in for a second factor, and there is none."""

    code = "no_second_factor"

    def __init__(self) -> None:
        super().__init__("Set up an authenticator app or a passkey first.")


class TooManyPasskeys(CodedRefusal, Conflict):
    """An account has as many passkeys as it may have."""

    code = "too_many_passkeys"

    def __init__(self, most: int) -> None:
        super().__init__(f"An account may have {most} passkeys. Remove one first.")


class PasskeyKnown(CodedRefusal, Conflict):
    """The credential is registered already."""

    code = "passkey_known"

    def __init__(self) -> None:
        super().__init__("This passkey is registered already.")


class LastWayToSignIn(CodedRefusal, Conflict):
    """Without this nobody could sign in to the account any more."""

    code = "last_way_to_sign_in"

    def __init__(self) -> None:
        super().__init__(
            "This is the only way to sign in to this account. Set a password, add a passkey or link"
            " another provider first."
        )


class ProviderNotConfigured(CodedRefusal, NotFound):
    """This deployment does not offer signing in at that provider."""

    code = "provider_not_configured"

    def __init__(self) -> None:
        super().__init__("Signing in at this provider is not set up here.")


class LinkNeedsSignIn(CodedRefusal, Conflict):
    """Nobody vouches for the address on both sides, so only the account's owner can link."""

    code = "link_needs_sign_in"

    def __init__(self) -> None:
        super().__init__(
            "The address of this sign-in is not confirmed on both sides. Sign in here with your e-mail"
            " address (or sign up and confirm it), then link the provider in the settings."
        )


class IdentityTaken(CodedRefusal, Conflict):
    """The provider's account signs in to another account here, or another one of the provider to this."""

    code = "identity_taken"

    def __init__(self, message: str) -> None:
        super().__init__(message)


class OAuthAnswerRefused(LeavesTrace, Forbidden):
    """An answer that belongs to no sign-in of this browser: forged, replayed, of another, or too old."""

    code = "oauth_answer_refused"

    def __init__(self) -> None:
        super().__init__("This sign-in is over, or was begun in another browser. Begin again.")
