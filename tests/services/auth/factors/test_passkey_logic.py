"""What a passkey proves, decided without a database: every answer but the right one is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.kit.ids import new_id
from taxlien.services.auth.logic import passkeys

PARTY = passkeys.Party("liens.example", "Liens", ("https://liens.example",))
USER = UUID(int=7)


@pytest.fixture(params=[-7, -8], ids=["ES256", "EdDSA"])
def device(request: pytest.FixtureRequest, authenticator: Callable[..., Any]) -> Any:
    return authenticator("https://liens.example", algorithm=request.param)


def options(challenge: bytes, existing: list[passkeys.Known] | None = None) -> dict[str, Any]:
    return passkeys.registration_options(
        PARTY, user_id=USER, user_name="ann@a.example", challenge=challenge, existing=existing or []
    )


def register(device: Any, **how: Any) -> passkeys.NewPasskey:
    challenge = os.urandom(32)
    credential = device.create(options(challenge), **how)
    assert passkeys.challenge_of(credential) == challenge
    return passkeys.verify_registration(PARTY, credential, challenge=challenge)


def sign_in(device: Any, made: passkeys.NewPasskey, **how: Any) -> passkeys.Used:
    challenge = os.urandom(32)
    asked = passkeys.authentication_options(PARTY, challenge=challenge)
    return verify(device.get(asked, **how), made, challenge)


def verify(
    credential: dict[str, Any], made: passkeys.NewPasskey, challenge: bytes
) -> passkeys.Used:
    return passkeys.verify_authentication(
        PARTY,
        credential,
        challenge=challenge,
        public_key=made.public_key,
        sign_count=made.sign_count,
    )


def test_a_registered_passkey_signs_in(device: Any) -> None:
    made = register(device)
    assert made.transports == ("hybrid", "internal")
    assert sign_in(device, made).sign_count == 1


def test_options_ask_for_a_resident_key_and_a_verified_user() -> None:
    asked = options(b"c" * 32)
    selection = asked["authenticatorSelection"]
    assert selection["residentKey"] == "required"
    assert selection["userVerification"] == "required"
    assert asked["attestation"] == "none"
    signing_in = passkeys.authentication_options(PARTY, challenge=b"c" * 32)
    assert signing_in["userVerification"] == "required"
    assert not signing_in.get("allowCredentials")


def test_a_registered_credential_is_excluded(device: Any) -> None:
    made = register(device)
    known = passkeys.Known(made.credential_id, made.transports)
    with pytest.raises(AssertionError, match="InvalidStateError"):
        device.create(options(os.urandom(32), [known]))


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://liens.example"},
        {"rp_id": "evil.example"},
        {"verified": False},
    ],
    ids=["another origin", "plain http", "another party", "user not verified"],
)
def test_a_registration_that_is_not_for_us_is_refused(device: Any, how: dict[str, Any]) -> None:
    with pytest.raises(passkeys.CredentialRefused):
        register(device, **how)


def test_a_registration_for_another_challenge_is_refused(device: Any) -> None:
    credential = device.create(options(os.urandom(32)))
    with pytest.raises(passkeys.CredentialRefused):
        passkeys.verify_registration(PARTY, credential, challenge=os.urandom(32))


@pytest.mark.parametrize(
    "how",
    [{"origin": "https://evil.example"}, {"verified": False}],
    ids=["another origin", "user not verified"],
)
def test_an_answer_that_is_not_for_us_is_refused(device: Any, how: dict[str, Any]) -> None:
    made = register(device)
    with pytest.raises(passkeys.CredentialRefused):
        sign_in(device, made, **how)


def test_a_count_that_does_not_grow_is_refused(device: Any) -> None:
    made = register(device)._replace(sign_count=5)
    assert sign_in(device, made, sign_count=6).sign_count == 6
    for copied in (5, 4, 0):
        with pytest.raises(passkeys.CredentialRefused):
            sign_in(device, made, sign_count=copied)


def test_an_authenticator_that_never_counts_is_taken(device: Any) -> None:
    made = register(device)
    assert sign_in(device, made, sign_count=0).sign_count == 0


def test_a_signature_by_another_key_is_refused(device: Any) -> None:
    first = register(device)
    second = register(device)
    challenge = os.urandom(32)
    asked = passkeys.authentication_options(PARTY, challenge=challenge)
    signed_by_second = device.get(asked)
    assert verify(signed_by_second, second, challenge)
    with pytest.raises(passkeys.CredentialRefused):
        verify(signed_by_second, first, challenge)


def test_an_answer_whose_data_was_changed_is_refused(device: Any) -> None:
    made = register(device)
    challenge = os.urandom(32)
    credential = device.get(passkeys.authentication_options(PARTY, challenge=challenge))
    data = credential["response"]["authenticatorData"]
    credential["response"]["authenticatorData"] = data[:-2] + ("AA" if data[-2:] != "AA" else "BB")
    with pytest.raises(passkeys.CredentialRefused):
        verify(credential, made, challenge)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
responses = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"),
        st.binary(max_size=64).map(lambda b: b.hex()) | json_values,
    ),
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.text(max_size=9),
            "rawId": st.text(max_size=9) | json_values,
            "type": st.just("public-key") | json_values,
            "response": responses | json_values,
        },
    )
)
def test_whatever_is_not_a_credential_is_refused_in_one_way(credential: dict[str, Any]) -> None:
    """No input makes the checks fail in another way, which the door would answer with 500."""
    json.dumps(credential)
    for read in (passkeys.challenge_of, passkeys.credential_id_of, passkeys.user_handle_of):
        try:
            read(credential)
        except passkeys.CredentialRefused:
            continue
    with pytest.raises(passkeys.CredentialRefused):
        passkeys.verify_registration(PARTY, credential, challenge=b"c")
    with pytest.raises(passkeys.CredentialRefused):
        passkeys.verify_authentication(
            PARTY, credential, challenge=b"c", public_key=new_id().bytes, sign_count=0
        )
