"""Tables of schema ``auth``."""

from .accounts import Account, AccountStatus, Row, metadata
from .factors import CeremonyPurpose, Passkey, PasskeyCeremony, RecoveryCode, TotpSecret
from .identities import PROVIDERS, LinkedIdentity, OAuthTransaction, Provider
from .sign_ins import Device, LoginChallenge, RefreshToken, SignIn, SignInAttempt
from .tokens import MailPurpose, MailToken, SigningKey

__all__ = [
    "PROVIDERS",
    "Account",
    "AccountStatus",
    "CeremonyPurpose",
    "Device",
    "LinkedIdentity",
    "LoginChallenge",
    "MailPurpose",
    "MailToken",
    "OAuthTransaction",
    "Passkey",
    "PasskeyCeremony",
    "Provider",
    "RecoveryCode",
    "RefreshToken",
    "Row",
    "SignIn",
    "SignInAttempt",
    "SigningKey",
    "TotpSecret",
    "metadata",
]
