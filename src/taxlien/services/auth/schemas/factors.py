"""Bodies about second factors: authenticator apps, recovery codes, passkeys, and proofs of who asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from taxlien.services.auth.logic.opaque import MAX_LENGTH as LONGEST_TOKEN
from taxlien.services.auth.service import FactorAnswer, Proof

from .accounts import Body
from .sign_ins import CookieChoice, DeviceToken

Code = Field(min_length=1, max_length=64, examples=["123456"])
Credential = Field(description="the `PublicKeyCredential` that the browser returned, as JSON")
Challenge = Field(min_length=1, max_length=LONGEST_TOKEN, description="from the first factor")


class ProofBody(Body):
    """Who asks for a sensitive change, shown afresh by one of these."""

    password: str | None = Field(default=None, max_length=1024)
    code: str | None = Field(
        default=None, min_length=1, max_length=64, description="of the authenticator app"
    )
    recovery_code: str | None = Field(default=None, min_length=1, max_length=64)
    credential: dict[str, Any] | None = Field(
        default=None, description="answer to `POST /v1/auth/passkeys/proof/options`"
    )

    @model_validator(mode="after")
    def _one(self) -> ProofBody:
        given = (self.password, self.code, self.recovery_code, self.credential)
        if sum(one is not None for one in given) > 1:
            raise ValueError("give one of password, code, recovery_code, credential")
        return self

    def proof(self) -> Proof | None:
        """Return what the body proves with, None for nothing."""
        if self.password is not None:
            return Proof(password=self.password)
        if self.code is not None:
            return Proof(answer=FactorAnswer("totp", self.code))
        if self.recovery_code is not None:
            return Proof(answer=FactorAnswer("recovery_code", self.recovery_code))
        if self.credential is not None:
            return Proof(answer=FactorAnswer("passkey", credential=self.credential))
        return None


class SecondFactorBody(Body):
    """The second half of a sign-in: ``code`` for an app or a recovery code, ``credential`` for a passkey."""

    challenge: str = Challenge
    method: Literal["totp", "recovery_code", "passkey"]
    code: str | None = Field(default=None, min_length=1, max_length=64)
    credential: dict[str, Any] | None = Field(
        default=None, description="answer to `POST /v1/auth/passkeys/login/options`"
    )
    cookie: bool = CookieChoice
    device_token: str | None = DeviceToken

    @model_validator(mode="after")
    def _fits(self) -> SecondFactorBody:
        wanted = self.credential if self.method == "passkey" else self.code
        if wanted is None or (self.code is not None) == (self.credential is not None):
            raise ValueError("give credential for a passkey, code for anything else")
        return self

    def answer(self) -> FactorAnswer:
        """Return what was answered."""
        return FactorAnswer(self.method, self.code or "", self.credential)


class TotpCodeBody(Body):
    """The first code of a new authenticator app."""

    code: str = Code


class RegisterPasskeyBody(Body):
    """A new passkey and what its owner calls it."""

    credential: dict[str, Any] = Credential
    name: str = Field(default="Passkey", min_length=1, max_length=80)


class RenamePasskeyBody(Body):
    """What a passkey is to be called."""

    name: str = Field(min_length=1, max_length=80)


class PasskeyOptionsBody(Body):
    """Nothing to sign in with a passkey alone; ``challenge`` to complete a sign-in with one."""

    challenge: str | None = Field(default=None, min_length=1, max_length=LONGEST_TOKEN)


class PasskeyLoginBody(Body):
    """A passkey instead of address and password."""

    credential: dict[str, Any] = Credential
    cookie: bool = CookieChoice
    device_token: str | None = DeviceToken


class TotpBegunAnswer(BaseModel):
    """A new secret, shown this once; ``qr_svg`` holds ``uri`` as an SVG document."""

    secret: str
    uri: str
    qr_svg: str
    expires_at: datetime


class RecoveryCodesAnswer(BaseModel):
    """Recovery codes, shown this once. Each works once; earlier ones work no more."""

    recovery_codes: list[str]


class PasskeyAnswer(BaseModel):
    """A passkey. ``backed_up`` says that it is on other devices of its owner, too."""

    passkey_id: UUID
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


class PasskeysAnswer(BaseModel):
    """The passkeys of the account, oldest first."""

    passkeys: list[PasskeyAnswer]


class RegisteredAnswer(BaseModel):
    """A new passkey; ``recovery_codes`` are new ones where the account had none left, shown this once."""

    passkey: PasskeyAnswer
    recovery_codes: list[str]


class OptionsAnswer(BaseModel):
    """What ``navigator.credentials`` takes as ``publicKey``, with bytes as base64url."""

    options: dict[str, Any]
