"""A person's whole life with the product, through the gateway.

sign-up -> mail -> verify -> login -> second factor -> refresh -> a stolen token -> revoke -> export -> delete
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

import pyotp
import pytest

from product_person import Person
from product_runner import RunningProduct
from taxlien.interfaces.users import PERSONAL_DATA_SERVICES


@pytest.fixture(scope="module")
def person(product: RunningProduct) -> Person:
    """A person who signed up and followed the link in the mail."""
    someone = Person(product)
    body = {"email": someone.email, "password": someone.password, "full_name": "Ada Lovelace"}
    someone.does("POST", "/v1/auth/signup", body, 202)
    token = someone.mailed_token("confirm")
    early = someone.call(
        "POST", "/v1/auth/login", {"email": someone.email, "password": someone.password}
    )
    assert early.status_code == 403
    assert early.json()["code"] == "email_not_verified"
    someone.does("POST", "/v1/auth/verify-email", {"token": token})
    again = someone.call("POST", "/v1/auth/verify-email", {"token": token})
    assert again.status_code in (401, 404, 409, 422)
    return someone


def test_a_verified_person_has_an_account_and_a_profile(person: Person) -> None:
    person.login()
    me = person.does("GET", "/v1/auth/me")
    assert (me["email"], me["email_verified"], me["roles"]) == (person.email, True, ["investor"])
    person.product.wait_until(
        lambda: person.call("GET", "/v1/users/me").status_code == 200, "the profile is there"
    )
    profile = person.does("GET", "/v1/users/me")
    assert profile["full_name"] == "Ada Lovelace"
    assert profile["subscription_tier"] == "free"
    assert person.mail("welcome")


def test_the_tier_in_the_token_follows_the_trial(person: Person) -> None:
    person.does("POST", "/v1/users/me/trial", status=person_trial_status(person))

    def told() -> bool:
        answer = person.does("POST", "/v1/auth/refresh", {"refresh_token": person.refresh})
        person.keep(answer)
        return bool(person.does("GET", "/v1/auth/me")["tier"] == "premium")

    person.product.wait_until(told, "the trial reached the account")


def person_trial_status(person: Person) -> int:
    """A trial is created once; the door says 200 or 201, and the walk does not mind which."""
    described = person.product.get("/openapi.json")["paths"]["/v1/users/me/trial"]["post"]
    return min(int(code) for code in described["responses"] if code.isdecimal())


def test_a_second_factor_is_asked_for_and_a_code_works_once(person: Person) -> None:
    begun = person.does("POST", "/v1/auth/totp", {"password": person.password})
    app = pyotp.TOTP(begun["secret"])
    now = int(time.time())
    codes = person.does("POST", "/v1/auth/totp/confirm", {"code": app.at(now)})["recovery_codes"]
    assert len(set(codes)) == 10
    challenge = person.login()
    assert "access_token" not in challenge
    assert "totp" in challenge["methods"]
    body = {"challenge": challenge["challenge"], "method": "totp"}
    used = person.call("POST", "/v1/auth/login/second-factor", body | {"code": app.at(now)})
    assert used.status_code == 401, "the code that confirmed the app was taken a second time"
    person.keep(
        person.does("POST", "/v1/auth/login/second-factor", body | {"code": app.at(now + 30)})
    )
    person.recovery_codes = codes
    assert person.does("GET", "/v1/auth/me")["second_factors"]


def second_login(person: Person) -> None:
    """Sign in with one of the recovery codes."""
    challenge = person.login()
    body = {
        "challenge": challenge["challenge"],
        "method": "recovery_code",
        "code": person.recovery_codes.pop(),
        "device_token": person.device,
    }
    person.keep(person.does("POST", "/v1/auth/login/second-factor", body))


def test_a_refresh_token_that_comes_twice_ends_its_sign_in(person: Person) -> None:
    old = person.refresh
    person.keep(person.does("POST", "/v1/auth/refresh", {"refresh_token": old}))
    newer = person.refresh
    person.keep(person.does("POST", "/v1/auth/refresh", {"refresh_token": newer}))
    stolen = person.call("POST", "/v1/auth/refresh", {"refresh_token": old})
    assert stolen.status_code == 401
    gone = person.call("POST", "/v1/auth/refresh", {"refresh_token": person.refresh})
    assert gone.status_code == 401
    assert person.mail("ended a sign-in")


def test_a_revoked_device_is_out_at_once(person: Person) -> None:
    second_login(person)
    out = person.access
    devices = person.does("GET", "/v1/auth/devices")["devices"]
    [current] = [device for device in devices if device["current"]]
    person.does("DELETE", f"/v1/auth/devices/{current['device_id']}", status=204)
    assert person.call("GET", "/v1/auth/me").status_code == 401
    assert person.access == out


def test_an_export_holds_everything_and_nobody_elses(person: Person) -> None:
    second_login(person)
    export = person.does("POST", "/v1/users/me/exports", status=202)
    path = f"/v1/users/me/exports/{export['export_id']}"
    person.product.wait_until(
        lambda: person.does("GET", path)["status"] == "ready", "the export is ready"
    )
    archive = zipfile.ZipFile(io.BytesIO(person.call("GET", f"{path}/download").content))
    names = archive.namelist()
    for service in PERSONAL_DATA_SERVICES:
        assert any(service in name and name.endswith(".json") for name in names), names
    assert any(name.endswith(".csv") for name in names)
    everything = b"".join(archive.read(name) for name in names).decode()
    assert person.email in everything
    assert "Ada Lovelace" in everything
    assert "admin@demo.taxlien.online" not in everything
    assert person.password not in everything
    assert person.mail("your data is ready")
    stranger = person.product.http.get(f"{path}/download")
    assert stranger.status_code == 401


def the_admin(product: RunningProduct) -> Person:
    """The demo's admin, signed in."""
    admin = Person(product)
    secret = json.loads((product.home / "secrets.json").read_text())
    admin.email, admin.password = "admin@demo.taxlien.online", secret["demo_admin_password"]
    admin.login()
    return admin


def test_a_look_of_staff_at_the_account_is_shown_to_its_person_once(person: Person) -> None:
    user_id = person.does("GET", "/v1/auth/me")["user_id"]
    the_admin(person.product).does("GET", f"/v1/auth/accounts/{user_id}")

    def looks() -> list[dict[str, Any]]:
        rows = person.does("GET", "/v1/users/me/access-log")["items"]
        return [row for row in rows if row["action"] == "account.read"]

    person.product.wait_until(lambda: bool(looks()), "the look is in the log")
    assert [(row["by"], row["roles"]) for row in looks()] == [("staff", ["admin"])]


def test_forgetting_leaves_a_proof_and_nothing_else(person: Person) -> None:
    user_id = person.does("GET", "/v1/auth/me")["user_id"]
    person.does("POST", "/v1/users/me/deletion", {"confirm": person.email}, 202)

    def forgotten() -> bool:
        body = {"email": person.email, "password": person.password}
        answer = person.product.http.post("/v1/auth/login", json=body)
        return answer.status_code == 401

    person.product.wait_until(forgotten, "the account is erased")
    admin = the_admin(person.product)
    path = f"/v1/users/{user_id}/deletion"
    person.product.wait_until(
        lambda: bool(admin.does("GET", path)["proof"]), "every service answered"
    )
    proof = admin.does("GET", path)
    assert {answer["service"] for answer in proof["answers"]} == set(PERSONAL_DATA_SERVICES)
    assert person.email not in json.dumps(proof)
    assert "rows checked" in person.product.run("audit", "verify")
