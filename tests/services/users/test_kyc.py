"""A check of identity: sealed from the first moment, decided by people, and compared with lists again."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import obstore
import pytest
from PIL import Image

from taxlien.interfaces.users import KycStatusChanged
from taxlien.kit.errors import InvalidInput
from taxlien.kit.ids import new_id
from taxlien.kit.security.identity import Caller
from taxlien.kit.security.sealing import SealBroken
from taxlien.services.users import service
from taxlien.services.users.adapters.uploads import Objects

Client = Callable[..., httpx2.AsyncClient]

KYC = "/v1/users/me/kyc"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Secret (PASSPORT L8988901C) >>\nendobj\ntrailer\n%%EOF\n"
HEAD = "id,schema,name,aliases,birth_date,countries,addresses,identifiers,sanctions,last_change\n"
LIST = (
    HEAD
    + "NK-1,Person,Viktor Anatolyevich Petrov,Виктор Петров;Victor Petroff,1961-03-14,ru,,,US,2026\n"
    + "NK-2,Vessel,MV Petrov,,,ru,,,US,2026\n"
    + 'NK-3,Person,"García, José",,1970,co,,,US,2026\n'
).encode()
OTHER_LIST = (HEAD + "NK-9,Person,Ann Lee,,1990-05-17,us,,,US,2026\n").encode()
CLEAN_LIST = (HEAD + "NK-5,Person,Nobody Known,,1950-01-01,aq,,,US,2026\n").encode()
ANN = {"legal_name": "Ann Lee", "birth_date": "1990-05-17", "citizenship": "us", "residence": "US"}
PETROV = {
    "legal_name": "Victor Petroff", "birth_date": "1961-03-14", "citizenship": "RU",
    "residence": "AE",
}  # fmt: skip


async def send_document(client: httpx2.AsyncClient, kind: str, content: bytes = PDF) -> Any:
    place = (await client.post(f"{KYC}/documents/upload", json={"kind": kind})).json()
    async with httpx2.AsyncClient(trust_env=False) as browser:
        assert (await browser.put(place["url"], content=content)).status_code == 200
    return await client.post(f"{KYC}/documents", json={"upload_id": place["upload_id"]})


async def hand_in(client: httpx2.AsyncClient, details: dict[str, str] = ANN) -> Any:
    assert (await client.put(f"{KYC}/details", json=details)).status_code == 200
    for kind in ("passport", "proof_of_address"):
        assert (await send_document(client, kind)).status_code == 201
    answer = await client.post(f"{KYC}/submit")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def load(people: Any, content: bytes = LIST) -> Any:
    async with people.database.session() as session:
        return await service.load_list(session, content, "test list", date(2026, 11, 20))


async def rescreen(people: Any) -> tuple[int, int]:
    async with people.database.session() as session:
        return tuple(await service.rescreen(session))


async def decide(
    client: httpx2.AsyncClient, user_id: UUID, decision: str = "approve", **fields: Any
) -> httpx2.Response:
    body = {"decision": decision, "reason": "papers looked at", **fields}
    return await client.post(f"/v1/users/{user_id}/kyc/decision", json=body)


async def kyc_moves(people: Any) -> list[tuple[str, str]]:
    found = [e for e in await people.events() if isinstance(e, KycStatusChanged)]
    return [(event.previous_status, event.status) for event in found]


def stored() -> dict[str, bytes]:
    objects = Objects.from_environment()
    keys = [meta["path"] for page in obstore.list(objects._store) for meta in page]
    return {key: bytes(obstore.get(objects._store, key).bytes()) for key in keys}


async def test_a_person_is_checked_and_approved(people: Any, app_client: Client) -> None:
    await load(people)
    user_id, admin = await people.sign_up(), new_id()
    client, reviewer = app_client(user_id), app_client(admin, "admin")
    shown = await hand_in(client)
    assert shown["status"] == "submitted"
    assert shown["details"] == ANN | {"citizenship": "US"}
    queue = (await reviewer.get("/v1/users/kyc/queue")).json()["items"]
    assert [(item["user_id"], item["hit"]) for item in queue] == [(str(user_id), False)]
    taken = (await reviewer.post(f"/v1/users/{user_id}/kyc/review")).json()
    assert taken["status"] == "in_review"
    approved = (await decide(reviewer, user_id, message="Welcome.")).json()
    assert approved["status"] == "approved"
    assert [move["action"] for move in approved["transitions"]] == ["submit", "take", "approve"]
    [screening] = approved["screenings"]
    assert (screening["outcome"], screening["list_date"]) == ("clear", "2026-11-20")
    assert len(screening["list_sha256"]) == 64
    mine = (await client.get(KYC)).json()
    assert (mine["status"], mine["message"]) == ("approved", "Welcome.")
    assert (await client.get("/v1/users/me")).json()["kyc_status"] == "approved"
    assert await kyc_moves(people) == [
        ("pending", "submitted"),
        ("submitted", "in_review"),
        ("in_review", "approved"),
    ]
    assert (await reviewer.get("/v1/users/kyc/queue")).json()["items"] == []


async def test_nothing_personal_lies_plain_in_the_database_or_the_store(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    await hand_in(client, ANN | {"legal_name": "Zebulon Unmistakable"})
    for table in ("kyc_cases", "kyc_documents", "kyc_transitions", "uploads", "audit_log"):
        rows = await people.rows(f"SELECT t::text FROM users.{table} t")
        assert rows
        assert not any("Unmistakable" in row or "1990" in row for (row,) in rows)
    [(details,)] = await people.rows("SELECT details FROM users.kyc_cases")
    assert b"Unmistakable" not in bytes(details)
    objects = stored()
    assert len(objects) == 2, "the plain files are gone at once"
    assert not any(b"PASSPORT" in content or b"%PDF" in content for content in objects.values())


async def test_a_reviewer_reads_a_document_as_it_was_sent(
    people: Any, app_client: Client, access_of: Any
) -> None:
    user_id, admin = await people.sign_up(), new_id()
    client, reviewer = app_client(user_id), app_client(admin, "admin")
    document = (await send_document(client, "passport")).json()
    listed = (await reviewer.get(f"/v1/users/{user_id}/kyc/documents")).json()["items"]
    assert [item["document_id"] for item in listed] == [document["document_id"]]
    path = f"/v1/users/{user_id}/kyc/documents/{document['document_id']}"
    got = await reviewer.get(path)
    assert got.content == PDF
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["cache-control"] == "private, no-store"
    assert got.headers["x-content-type-options"] == "nosniff"
    seen = [e for e in await access_of(user_id) if e.action == "kyc.document_read"]
    assert [(entry.actor_id, entry.fields) for entry in seen] == [(admin, ["passport"])]
    elsewhere = f"/v1/users/{await people.sign_up()}/kyc/documents/{document['document_id']}"
    assert (await reviewer.get(elsewhere)).status_code == 404


async def test_a_document_that_was_tampered_with_is_not_shown(
    people: Any, app_client: Client
) -> None:
    user_id = await people.sign_up()
    client = app_client(user_id)
    first = (await send_document(client, "passport")).json()["document_id"]
    second = (await send_document(client, "id_card", PDF + b"%%EOF")).json()["document_id"]
    keys = dict(await people.rows("SELECT document_id::text, object_key FROM users.kyc_documents"))
    objects = Objects.from_environment()
    sealed = await objects.read(keys[first], at_most=10**6)
    await objects.write(keys[second], sealed, "application/octet-stream")  # another's place
    await objects.write(keys[first], sealed[:-1] + b"\x00", "application/octet-stream")
    for document_id in (first, second):
        async with people.database.session() as session:
            with pytest.raises(SealBroken):
                await service.open_document(session, people_admin(), user_id, UUID(document_id))


def people_admin() -> Caller:
    return Caller(new_id(), None, "free", frozenset({"admin"}))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7 cut off",
        b"MZ" + b"\x00" * 100,
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
    ],
)
async def test_what_is_no_document_is_refused_and_removed(
    people: Any, app_client: Client, content: bytes
) -> None:
    client = app_client(await people.sign_up())
    answer = await send_document(client, "passport", content)
    assert answer.status_code == 422
    assert stored() == {}
    assert (await client.get(KYC)).json()["documents"] == []


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
async def test_photographs_of_documents_are_taken(
    people: Any, app_client: Client, tmp_path: Any, kind: str, media_type: str
) -> None:
    file = tmp_path / "id"
    Image.new("RGB", (1200, 800), (9, 99, 199)).save(file, kind)
    answer = await send_document(app_client(await people.sign_up()), "id_card", file.read_bytes())
    assert (answer.status_code, answer.json()["media_type"]) == (201, media_type)


async def test_a_document_above_ten_megabytes_is_refused(people: Any, app_client: Client) -> None:
    content = PDF + b"\0" * 10 * 1024 * 1024 + b"%%EOF"
    answer = await send_document(app_client(await people.sign_up()), "passport", content)
    assert answer.status_code == 422
    assert stored() == {}


async def test_what_was_handed_in_cannot_be_changed_by_its_person(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    shown = await hand_in(client)
    document_id = shown["documents"][0]["document_id"]
    answers = [
        await client.put(f"{KYC}/details", json=PETROV),
        await client.post(f"{KYC}/documents/upload", json={"kind": "passport"}),
        await client.delete(f"{KYC}/documents/{document_id}"),
        await client.post(f"{KYC}/submit"),
    ]
    assert [answer.status_code for answer in answers] == [409] * 4
    assert (await client.get(KYC)).json() == shown


async def test_a_document_can_be_removed_before(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    document_id = (await send_document(client, "passport")).json()["document_id"]
    assert (await client.delete(f"{KYC}/documents/{document_id}")).status_code == 204
    assert (await client.delete(f"{KYC}/documents/{document_id}")).status_code == 404
    async with people.database.session() as session:
        await service.remove_objects(session, datetime.now(UTC))
    assert stored() == {}


async def test_what_is_missing_is_said(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    answer = await client.post(f"{KYC}/submit")
    assert answer.status_code == 409
    assert "proof of address" in answer.json()["detail"]
    assert (await client.get(KYC)).json()["status"] == "pending"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_date", "2020-01-01"),
        ("birth_date", "1800-01-01"),
        ("birth_date", "yesterday"),
        ("citizenship", "XX"),
        ("residence", "USA"),
        ("legal_name", "<script>"),
        ("status", "approved"),
        ("hit", False),
        ("user_id", "00000000-0000-7000-8000-000000000000"),
    ],
)
async def test_details_that_cannot_be_are_refused_by_their_field(
    people: Any, app_client: Client, field: str, value: object
) -> None:
    client = app_client(await people.sign_up())
    answer = await client.put(f"{KYC}/details", json=ANN | {field: value})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_somebody_on_a_list_goes_to_a_reviewer_at_once(
    people: Any, app_client: Client
) -> None:
    await load(people)
    user_id, reviewer = await people.sign_up(), app_client(new_id(), "admin")
    assert (await hand_in(app_client(user_id), PETROV))["status"] == "in_review"
    file = (await reviewer.get(f"/v1/users/{user_id}/kyc")).json()
    assert file["hit"] is True
    [match] = file["screenings"][0]["matches"]
    assert (match["entry_id"], match["birth_date"]) == ("NK-1", "same date")
    assert await kyc_moves(people) == [("pending", "submitted"), ("submitted", "in_review")]


async def test_a_match_must_be_ruled_out_by_name_to_approve(
    people: Any, app_client: Client
) -> None:
    await load(people)
    user_id, admin = await people.sign_up(), new_id()
    reviewer = app_client(admin, "admin")
    await hand_in(app_client(user_id), PETROV)
    refused = await decide(reviewer, user_id)
    assert refused.status_code == 409
    assert "NK-1" in refused.json()["detail"]
    unknown = await decide(reviewer, user_id, cleared_matches=["NK-7"])
    assert unknown.status_code == 422
    approved = await decide(reviewer, user_id, cleared_matches=["NK-1"], reason="another father")
    assert (approved.json()["status"], approved.json()["hit"]) == ("approved", False)
    ruling = approved.json()["cleared_matches"]["NK-1"]
    assert (ruling["by"], ruling["reason"]) == (str(admin), "another father")


async def test_nobody_is_approved_while_no_list_is_loaded(people: Any, app_client: Client) -> None:
    user_id, reviewer = await people.sign_up(), app_client(new_id(), "admin")
    await hand_in(app_client(user_id))
    await reviewer.post(f"/v1/users/{user_id}/kyc/review")
    refused = await decide(reviewer, user_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    await load(people)
    assert (await decide(reviewer, user_id)).json()["status"] == "approved"


async def test_a_decision_needs_a_case_that_is_looked_at(people: Any, app_client: Client) -> None:
    await load(people)
    user_id, reviewer = await people.sign_up(), app_client(new_id(), "admin")
    assert (await decide(reviewer, user_id)).status_code == 404
    await hand_in(app_client(user_id))
    assert (await decide(reviewer, user_id)).status_code == 409
    await reviewer.post(f"/v1/users/{user_id}/kyc/review")
    assert (await decide(reviewer, user_id)).status_code == 200
    assert (await decide(reviewer, user_id, "reject")).status_code == 409
    assert (await reviewer.post(f"/v1/users/{user_id}/kyc/review")).status_code == 409


async def test_nobody_decides_about_themselves(people: Any, app_client: Client) -> None:
    await load(people)
    user_id = await people.sign_up()
    admin = app_client(user_id, "admin")
    await hand_in(admin)
    assert (await admin.post(f"/v1/users/{user_id}/kyc/review")).status_code == 403
    assert (await decide(admin, user_id)).status_code == 403


async def test_who_was_rejected_may_begin_again(people: Any, app_client: Client) -> None:
    await load(people)
    user_id, reviewer = await people.sign_up(), app_client(new_id(), "admin")
    client = app_client(user_id)
    await hand_in(client)
    await reviewer.post(f"/v1/users/{user_id}/kyc/review")
    await decide(reviewer, user_id, "reject", reason="forged", message="The photo is not readable.")
    shown = (await client.get(KYC)).json()
    assert (shown["status"], shown["message"]) == ("rejected", "The photo is not readable.")
    assert "forged" not in str(shown)
    again = await hand_in(client)
    assert (again["status"], again["message"]) == ("submitted", None)
    assert (await reviewer.get(f"/v1/users/{user_id}/kyc")).json()["number"] == 2
    assert (await kyc_moves(people))[-3:] == [
        ("in_review", "rejected"),
        ("rejected", "pending"),
        ("pending", "submitted"),
    ]


async def test_an_approval_ends_after_a_year(people: Any, app_client: Client) -> None:
    await load(people)
    user_id, reviewer = await people.sign_up(), app_client(new_id(), "admin")
    await hand_in(app_client(user_id))
    await reviewer.post(f"/v1/users/{user_id}/kyc/review")
    await decide(reviewer, user_id)
    await people.events()

    async def expire(days: int) -> int:
        async with people.database.session() as session:
            return await service.expire_cases(session, datetime.now(UTC) + timedelta(days=days))

    assert [await expire(364), await expire(366), await expire(366)] == [0, 1, 0]
    assert await kyc_moves(people) == [("approved", "expired")]
    assert (await hand_in(app_client(user_id)))["status"] == "submitted"


async def test_a_new_list_is_held_against_everybody_again(people: Any, app_client: Client) -> None:
    await load(people)
    reviewer = app_client(new_id(), "admin")
    ann, waiting, unfinished = [await people.sign_up() for _ in range(3)]
    await hand_in(app_client(ann))
    await reviewer.post(f"/v1/users/{ann}/kyc/review")
    await decide(reviewer, ann)
    await hand_in(app_client(waiting), ANN | {"legal_name": "Sam Miller"})
    await app_client(unfinished).put(f"{KYC}/details", json=ANN)
    await people.events()
    assert (await load(people, OTHER_LIST)).is_new
    assert not (await load(people, OTHER_LIST)).is_new
    assert await rescreen(people) == (2, 1)
    assert await rescreen(people) == (0, 0)
    assert await kyc_moves(people) == [("approved", "in_review")]
    file = (await reviewer.get(f"/v1/users/{ann}/kyc")).json()
    assert [screening["outcome"] for screening in file["screenings"]] == ["hit", "clear"]
    assert file["transitions"][-1]["actor_id"] is None
    approved = await decide(reviewer, ann, cleared_matches=["NK-9"])
    assert approved.json()["status"] == "approved"
    await load(people, OTHER_LIST + b"NK-10,Person,Nobody Else,,,,,,US,2026\n")
    assert await rescreen(people) == (2, 0), "who was ruled out stays ruled out"


@pytest.mark.parametrize(
    "content",
    [b"", b"id,name\n1,Ann\n", HEAD.encode(), b"\xff\xfe\x00", b'id,"', b"id,schema,name,aliases"],
)
async def test_what_is_no_list_is_refused_and_the_old_one_holds(
    people: Any, content: bytes
) -> None:
    await load(people)
    with pytest.raises(InvalidInput):
        await load(people, content)
    assert await people.rows("SELECT entities FROM users.sanctions_lists") == [(2,)]


async def test_an_older_list_can_be_made_current_again(people: Any, app_client: Client) -> None:
    await load(people, OTHER_LIST)
    await load(people, CLEAN_LIST)
    assert (await load(people, OTHER_LIST)).is_new
    shown = await hand_in(app_client(await people.sign_up()))
    assert shown["status"] == "in_review"


async def test_support_sees_the_state_alone(
    people: Any, app_client: Client, access_of: Any
) -> None:
    user_id, helper = await people.sign_up(), new_id()
    await hand_in(app_client(user_id))
    shown = (await app_client(helper, "support").get(f"/v1/users/{user_id}/kyc")).json()
    assert shown["status"] == "submitted"
    assert {name for name, value in shown.items() if value} == {
        "user_id", "case_id", "number", "status", "submitted_at",
    }  # fmt: skip
    assert "Ann" not in str(shown)
    looked = [entry for entry in await access_of(user_id) if entry.actor_id == helper]
    assert [(entry.action, entry.fields) for entry in looked] == [("kyc.read", ["kyc_status"])]


async def test_the_queue_comes_page_by_page(people: Any, app_client: Client) -> None:
    ids = []
    for _ in range(3):
        ids.append(str(await people.sign_up()))
        await hand_in(app_client(UUID(ids[-1])))
    reviewer = app_client(new_id(), "admin")
    first = (await reviewer.get("/v1/users/kyc/queue", params={"limit": 2})).json()
    rest = (
        await reviewer.get("/v1/users/kyc/queue", params={"cursor": first["next_cursor"]})
    ).json()
    assert [item["user_id"] for item in first["items"] + rest["items"]] == ids
    assert rest["next_cursor"] is None


async def test_keys_are_rotated_in_batches_and_everything_still_opens(
    people: Any, app_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, reviewer = await people.sign_up(), app_client(new_id(), "admin")
    client = app_client(user_id)
    await hand_in(client)
    residency = {"country": "US", "form_kind": "W-9", "tin_kind": "ssn", "tin": "123-45-6789"}
    await client.put("/v1/users/me/tax-residency", json=residency)
    document_id = (await client.get(KYC)).json()["documents"][0]["document_id"]
    old = os.environ["TAXLIEN_SEALING_KEYS"]
    new = f"second:{base64.b64encode(os.urandom(32)).decode()}"
    monkeypatch.setenv("TAXLIEN_SEALING_KEYS", f"{new},{old}")
    rounds = []
    while True:
        async with people.database.session() as session:
            rounds.append(tuple(await service.reseal(session, limit=1)))
        if not any(rounds[-1]):
            break
    assert rounds == [(1, 1, 1), (0, 0, 1), (0, 0, 0)]
    monkeypatch.setenv("TAXLIEN_SEALING_KEYS", new)  # the old key is gone for good
    async with people.database.session() as session:
        assert await service.keys_in_use(session) == {"second": 4}
    assert (await client.get(KYC)).json()["details"]["legal_name"] == "Ann Lee"
    assert (await client.get("/v1/users/me/tax-residency")).json()["tin_last_four"] == "6789"
    path = f"/v1/users/{user_id}/kyc/documents/{document_id}"
    assert (await reviewer.get(path)).content == PDF
