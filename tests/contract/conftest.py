"""A running product with somebody of every role, and one person in it whose data anybody would recognise."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from one_product import one_product
from product_runner import RunningProduct

DEMO = {"B": "investor@demo.taxlien.online", "admin": "admin@demo.taxlien.online"}
NAME, LEGAL_NAME = "Quillfeather Zsombor", "Quillfeather Zsombor Xanthippe"
EMAIL = "quillfeather.zsombor@private.demo.taxlien.online"
NEW = {"A": EMAIL} | {
    role: f"{role.replace('_', '.')}@demo.taxlien.online"
    for role in ("data_customer", "developer", "support")
}
PHONE, PHONE_TYPED = "+13025550187", "(302) 555-0187"
BIRTH_DATE = "1971-03-19"
TIN, TIN_TYPED, LAST_FOUR = "536228714", "536-22-8714", "8714"
DEVICE = "Zsombor's telescope"
DOCUMENT = b"%PDF-1.7\n1 0 obj\n<< /Secret (PASSPORT QX8988901) >>\nendobj\ntrailer\n%%EOF\n"

# What of this person may stand in an answer to somebody else: the name of a mark, and how it would look.
PROFILE = {"name": "quillfeather zsombor", "e-mail": EMAIL, "phone": PHONE}
IDENTITY = {
    "legal name": "xanthippe",
    "birth date": BIRTH_DATE,
    "last four of the tax number": f'"{LAST_FOUR}"',
    "document": "qx8988901",
}
NEVER = {"tax number": TIN, "tax number as typed": TIN_TYPED, "device": "telescope"}


@dataclass
class Cast:
    """The product, an access token for each caller (none for ``anonymous``), and A's marks and ids."""

    product: RunningProduct
    tokens: dict[str, str | None] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=lambda: {**PROFILE, **IDENTITY, **NEVER})

    def client(self, caller: str) -> httpx2.Client:
        """Return a client that shows the caller's token."""
        token = self.tokens[caller]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx2.Client(base_url=self.product.http.base_url, headers=headers, timeout=20)


@pytest.fixture(scope="module")
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    with one_product(request, tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="module")
def cast(product: RunningProduct) -> Cast:
    """Accounts of every role; A's has everything that can be personal, and B is the other investor."""
    found = Cast(product, {"anonymous": None})
    for caller, email in DEMO.items():
        password = secret_of(product, f"demo_{email.partition('@')[0]}_password")
        found.tokens[caller] = sign_in(product, email, password)
    with found.client("admin") as admin:
        for caller, email in NEW.items():
            found.tokens[caller] = sign_up(product, admin, caller, email)
    for caller in (*DEMO, *NEW):
        with found.client(caller) as client:
            product.wait_until(
                lambda client=client: client.get("/v1/users/me").status_code == 200,
                f"the profile of {caller}",
            )
    with found.client("A") as client:
        found.ids |= live(found, client)
    return found


def secret_of(product: RunningProduct, name: str) -> str:
    """Return a secret that was made for this home."""
    return str(json.loads((product.home / "secrets.json").read_text())[name])


def sign_in(product: RunningProduct, email: str, password: str) -> str:
    """Return an access token."""
    answer = product.http.post("/v1/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def sign_up(product: RunningProduct, admin: httpx2.Client, caller: str, email: str) -> str:
    """Make an account as people do, let an admin give it its role, and return an access token of it."""
    password = f"correct horse {secrets.token_hex(6)}"
    body = {"email": email, "password": password}
    assert product.http.post("/v1/auth/signup", json=body).status_code == 202
    box = json.loads((product.home / "stack.json").read_text())["environment"]
    url = f"{box['TAXLIEN_MAILBOX_URL']}/api/messages"
    came: list[str] = []

    def mailed() -> bool:
        messages = httpx2.get(url, params={"to": email, "limit": 5}).json()["messages"]
        came[:] = [t for m in messages for t in re.findall(r"#token=([A-Za-z0-9_~.-]+)", m["text"])]
        return bool(came)

    product.wait_until(mailed, f"a mail to {caller}")
    verified = product.http.post("/v1/auth/verify-email", json={"token": came[0]})
    assert verified.status_code == 200, verified.text
    if caller != "A":
        user_id = user_of(sign_in(product, email, password))
        path = f"/v1/auth/accounts/{user_id}/roles"
        assert admin.put(path, json={"roles": [caller]}).status_code == 200
    return sign_in(product, email, password)


def user_of(token: str) -> str:
    """Return whose access token it is."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["user_id"])


def live(cast: Cast, client: httpx2.Client) -> dict[str, str]:
    """Leave A's data everywhere a person can; return the ids of what is A's, by name of parameter."""

    def does(method: str, path: str, body: Any = None) -> Any:
        answer = client.request(method, path, json=body)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def sent(purpose: str, body: Any) -> str:
        place = does("POST", f"/v1/users/me/{purpose}/upload", body)
        assert httpx2.put(place["url"], content=DOCUMENT).status_code == 200
        return str(place["upload_id"])

    does("PATCH", "/v1/users/me", {"full_name": NAME, "phone": PHONE_TYPED})
    country = {"citizenship": "US", "residence": "US"}
    person = {"legal_name": LEGAL_NAME, "birth_date": BIRTH_DATE}
    does("PUT", "/v1/users/me/kyc/details", person | country)
    upload = sent("kyc/documents", {"kind": "passport"})
    document = does("POST", "/v1/users/me/kyc/documents", {"upload_id": upload})
    form = {"country": "US", "form_kind": "W-9", "tin_kind": "ssn", "tin": TIN_TYPED}
    does("PUT", "/v1/users/me/tax-residency", form)
    [device] = does("GET", "/v1/auth/devices")["devices"]
    does("PATCH", f"/v1/auth/devices/{device['device_id']}", {"name": DEVICE})
    export = does("POST", "/v1/users/me/exports")["export_id"]
    cast.product.wait_until(
        lambda: does("GET", f"/v1/users/me/exports/{export}")["status"] == "ready", "A's export"
    )
    return {
        "user_id": does("GET", "/v1/auth/me")["user_id"],
        "device_id": device["device_id"],
        "document_id": document["document_id"],
        "upload_id": sent("kyc/documents", {"kind": "id_card"}),
        "export_id": export,
        "email": EMAIL,
        "confirm": EMAIL,
    }
