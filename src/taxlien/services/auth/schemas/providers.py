"""Bodies about signing in at other providers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from taxlien.services.auth.logic.opaque import MAX_LENGTH as LONGEST_TOKEN

from .accounts import Body
from .factors import ProofBody
from .sign_ins import CookieChoice, DeviceToken

ReturnTo = Field(
    default=None,
    max_length=2000,
    description="where the browser goes in the end; one of the addresses in the settings",
)


class LinkBody(ProofBody):
    """Where to go after linking, and a proof of who asks unless the sign-in is new."""

    return_to: str | None = ReturnTo


class ExchangeBody(Body):
    """The ``code`` in the fragment of the page that the browser landed on."""

    code: str = Field(min_length=1, max_length=LONGEST_TOKEN)
    cookie: bool = CookieChoice
    device_token: str | None = DeviceToken


class DepartureAnswer(BaseModel):
    """Send the browser to ``url``; a cookie was set that it has to bring back."""

    url: str


class LinkedAnswer(BaseModel):
    """The provider signs in to this account from now on."""

    linked: Literal["google", "apple", "facebook"]


class ProviderAnswer(BaseModel):
    """``available`` says that it is set up here; ``linked`` is null where nobody is signed in."""

    provider: Literal["google", "apple", "facebook"]
    available: bool
    linked: bool | None


class ProvidersAnswer(BaseModel):
    """Every provider there could be."""

    providers: list[ProviderAnswer]
