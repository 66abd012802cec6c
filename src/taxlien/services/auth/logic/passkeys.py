"""WebAuthn: what a browser is asked for, and whether what came back proves anything."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import webauthn
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CEREMONY_SECONDS = 300
_ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_TRANSPORTS = {transport.value for transport in AuthenticatorTransport}
_LONGEST_ID = 1023  # bytes, by the specification


class CredentialRefused(Exception):
    """What the browser sent proves nothing. The message is for the log: it holds no secret."""


class Party(NamedTuple):
    """Who we are to authenticators: ``rp_id`` is a host, ``origins`` are pages that may ask."""

    rp_id: str
    name: str
    origins: tuple[str, ...]


class Known(NamedTuple):
    """A passkey, as far as asking for it needs to know."""

    credential_id: bytes
    transports: tuple[str, ...]


class NewPasskey(NamedTuple):
    """What an authenticator made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    transports: tuple[str, ...]
    backed_up: bool


class Used(NamedTuple):
    """A proof that held. ``sign_count`` is 0 for authenticators that do not count."""

    sign_count: int
    backed_up: bool


def registration_options(
    party: Party, *, user_id: UUID, user_name: str, challenge: bytes, existing: Sequence[Known]
) -> dict[str, Any]:
    """Return what ``navigator.credentials.create`` takes: a passkey that needs no user name later."""
    options = webauthn.generate_registration_options(
        rp_id=party.rp_id,
        rp_name=party.name,
        user_id=user_id.bytes,
        user_name=user_name,
        challenge=challenge,
        timeout=CEREMONY_SECONDS * 1000,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(existing),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json_dict(options)


def authentication_options(
    party: Party, *, challenge: bytes, allowed: Sequence[Known] = ()
) -> dict[str, Any]:
    """Return what ``navigator.credentials.get`` takes; nothing ``allowed`` lets the person choose."""
    options = webauthn.generate_authentication_options(
        rp_id=party.rp_id,
        challenge=challenge,
        timeout=CEREMONY_SECONDS * 1000,
        allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def challenge_of(credential: dict[str, Any]) -> bytes:
    """Return the challenge a credential says it answers. Raises ``CredentialRefused``."""
    try:
        said = json.loads(_bytes(credential["response"]["clientDataJSON"]))
        return _bytes(said["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise CredentialRefused("the client data is malformed") from None


def challenge_hash(challenge: bytes) -> bytes:
    """Return what is stored of a challenge."""
    return hashlib.sha256(challenge).digest()


def credential_id_of(credential: dict[str, Any]) -> bytes:
    """Return the id a credential carries. Raises ``CredentialRefused``."""
    try:
        found = _bytes(credential["rawId"])
    except (KeyError, TypeError, ValueError):
        raise CredentialRefused("the credential has no id") from None
    if not 0 < len(found) <= _LONGEST_ID:
        raise CredentialRefused("the credential's id is too long")
    return found


def user_handle_of(credential: dict[str, Any]) -> bytes | None:
    """Return the user an authenticator says the passkey is of, where it says so."""
    try:
        handle = credential["response"].get("userHandle")
        return _bytes(handle) if handle else None
    except (KeyError, AttributeError, TypeError, ValueError):
        raise CredentialRefused("the user handle is malformed") from None


def verify_registration(
    party: Party, credential: dict[str, Any], *, challenge: bytes
) -> NewPasskey:
    """Return the passkey that ``credential`` registers. Raises ``CredentialRefused``."""
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    except (
        Exception
    ) as error:  # the library parses CBOR and ASN.1 of strangers; nothing of it is ours
        raise CredentialRefused(f"registration: {type(error).__name__}") from error
    if not 0 < len(made.credential_id) <= _LONGEST_ID:
        raise CredentialRefused("the credential's id is too long")
    return NewPasskey(
        made.credential_id,
        made.credential_public_key,
        made.sign_count,
        made.aaguid,
        _transports(credential),
        made.credential_backed_up,
    )


def verify_authentication(
    party: Party,
    credential: dict[str, Any],
    *,
    challenge: bytes,
    public_key: bytes,
    sign_count: int,
) -> Used:
    """Return the state of a passkey after this use. Raises ``CredentialRefused``.

    A count that does not grow is refused: two devices hold what only one should.
    """
    try:
        used = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # see verify_registration
        raise CredentialRefused(f"authentication: {type(error).__name__}") from error
    return Used(used.new_sign_count, used.credential_backed_up)


def _descriptors(known: Sequence[Known]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[AuthenticatorTransport(name) for name in one.transports],
        )
        for one in known
    ]


def _transports(credential: dict[str, Any]) -> tuple[str, ...]:
    """Return how the authenticator can be reached: a hint, so what is unknown is left out."""
    said = credential.get("response", {}).get("transports")
    if not isinstance(said, list):
        return ()
    return tuple(sorted({one for one in said if isinstance(one, str)} & _TRANSPORTS))


def _bytes(text: Any) -> bytes:
    """Read base64url without padding, as WebAuthn writes bytes in JSON. Raises ``ValueError``."""
    if not isinstance(text, str):
        raise ValueError("not base64url")
    try:
        return base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64url") from None
