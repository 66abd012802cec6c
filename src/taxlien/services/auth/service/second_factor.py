"""The second half of a sign-in."""

from __future__ import annotations

from taxlien.kit.database import Session
from taxlien.services.auth import repository
from taxlien.services.auth.logic.factor_refusals import WrongSecondFactor
from taxlien.services.auth.logic.opaque import digest
from taxlien.services.auth.logic.refusals import ChallengeOver

from .factor_checks import FactorAnswer, is_right
from .sessions import DeviceFacts, SignedIn, known_device, start_session
from .signing_in import finish_challenge, try_challenge
from .throttling import check_throttle, record_failure, record_success


async def complete_sign_in(
    session: Session, challenge: str, answer: FactorAnswer, device: DeviceFacts
) -> SignedIn:
    """Sign in with the second factor of a challenge.

    Every answer counts twice before it is looked at: against the challenge, which takes a few, and
    against the account, so that new challenges give no new attempts. Raises ``ChallengeOver``,
    ``WrongSecondFactor``, ``TooManyAttempts``, ``AccountDisabled``.
    """
    account = await try_challenge(session, challenge)
    attempt = await check_throttle(
        session,
        "second_factor",
        account=str(account.user_id),
        address=device.address,
        device_id=await known_device(session, account, device),
    )
    if not await is_right(session, account, answer, "second_factor"):
        await record_failure(session, attempt)
        raise WrongSecondFactor
    await record_success(session, attempt)
    found = await repository.lock_challenge(session, digest(challenge))
    if found is None:
        raise ChallengeOver
    first = found.method
    account = await finish_challenge(session, challenge)
    return await start_session(session, account, device, methods=(first, answer.method))
