"""By push, text and webhook: once for each, capped, suppressed where reported, sent again by hand."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

import notification_peers as peers
from taxlien.interfaces import auth, users
from taxlien.kit.ids import new_id
from taxlien.services.notifications import service
from taxlien.services.notifications.adapters import current

WORKER = """
import asyncio, sys
from taxlien.kit.database import Database
from taxlien.services.notifications import tasks

asyncio.run(tasks.send_messages(Database(sys.argv[1], service="notifications"), asyncio.Event()))
"""
SENDGRID = "/v1/notifications/webhooks/sendgrid"
TWILIO = "/v1/notifications/webhooks/twilio"
NUMBER = "+13025550123"


@pytest.fixture
def event_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def choose(vendors, mail_server, settings_of, event_key):
    public = event_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def with_settings(**more: object) -> None:
        settings_of(
            **{
                "smtp_url": f"smtp://127.0.0.1:{mail_server.port}",
                "twilio_account_sid": peers.ACCOUNT,
                "twilio_auth_token": peers.AUTH_TOKEN,
                "twilio_sender": peers.SENDER,
                "twilio_url": vendors.url,
                "fcm_credentials": vendors.credentials(),
                "fcm_url": vendors.url,
                "webhooks_loopback": "true",
                "sendgrid_events_key": base64.b64encode(public).decode(),
                **more,
            }
        )

    return with_settings


@pytest.fixture
async def reached(
    database, choose, vendors, client_of, hear, known, preferences, until, sending, rows
):
    """A user with two installations, a confirmed number and a webhook; returns its secret."""
    choose()
    client = client_of(known)
    client.headers["x-tier"] = "enterprise"
    for token in ("phone-token", "tablet-token"):
        body = {"token": token, "platform": "android"}
        assert (await client.put("/v1/notifications/devices", json=body)).status_code == 200
    assert (await client.put("/v1/notifications/phone", json={"phone": "302-555-0123"})).json() == {
        "phone": NUMBER,
        "confirmed": False,
    }
    async with sending(database):
        await until(lambda: len(vendors.taken["twilio"]) == 1)
    code = re.match(r"\d{6}", vendors.taken["twilio"].pop()["Body"])[0]
    wrong = "000000" if code != "000000" else "111111"
    confirm = "/v1/notifications/phone/confirm"
    assert (await client.post(confirm, json={"code": wrong})).json()["confirmed"] is False
    assert (await client.post(confirm, json={"code": code})).json()["confirmed"] is True
    made = await client.post("/v1/notifications/endpoints", json={"url": f"{vendors.url}/hook"})
    assert made.status_code == 201
    await hear(preferences(known, sms_notifications=True))
    async with database.session() as session:
        await session.execute(text("DELETE FROM notifications.messages"))
    return made.json()["secret"]


@pytest.fixture
def told(database, hear, known, match, make_due, telling, until, rows):
    """Tell the user of a lien that met a saved search."""

    async def tell(number: int = 1) -> None:
        before = len(await rows())
        await hear(match(known, new_id(), number))
        await make_due()

        async def is_queued() -> bool:
            return len(await rows()) > before

        async with telling(database):
            await until(is_queued)

    return tell


def password_changed(user_id):
    at = datetime.now(UTC)
    return auth.PasswordChanged(user_id=user_id, at=at, email="ann@example.com", language="en")


async def by_channel(rows) -> dict[str, str]:
    return {row["channel"]: row["status"] for row in await rows()}


def all_done(rows):
    async def done() -> bool:
        return all(row["status"] not in ("queued", "sending") for row in await rows())

    return done


async def test_one_match_comes_once_by_every_channel_and_to_every_target(
    database, vendors, mail_server, reached, told, sending, until, rows
) -> None:
    vendors.answers["webhook"] = [(503, {}, {})]
    vendors.unregistered.add("tablet-token")
    await told()
    async with sending(database):
        await until(all_done(rows))
    assert await by_channel(rows) == dict.fromkeys(("email", "push", "sms", "webhook"), "sent")
    assert len(mail_server.mails) == len(vendors.taken["twilio"]) == 1
    assert [message["token"] for message in vendors.taken["fcm"]] == ["phone-token"]
    [call] = vendors.taken["webhook"]
    seconds, signed = (p.split("=")[1] for p in call["headers"]["x-taxlien-signature"].split(","))
    body = seconds.encode() + b"." + call["body"]
    assert signed == hmac.new(reached.encode(), body, hashlib.sha256).hexdigest()
    assert b'"kind":"saved_search_matches"' in call["body"]
    assert len(await rows("devices", "created_at")) == 1, "the one that is gone is forgotten"


async def test_who_answered_stop_gets_no_more_texts(
    database, vendors, reached, told, sending, until, rows
) -> None:
    vendors.unregistered.add(NUMBER)
    for number in (1, 2):
        await told(number)
        async with sending(database):
            await until(all_done(rows))
    texts = [row for row in await rows() if row["channel"] == "sms"]
    assert [row["status"] for row in texts] == ["failed", "suppressed"]
    assert [row["reason"] for row in await rows("suppressions")] == ["unsubscribe"]


async def test_optional_messages_beyond_the_cap_wait_and_security_does_not(
    database, choose, mail_server, hear, known, told, sending, until, rows
) -> None:
    choose(email_per_day=1)
    await told(1)
    async with sending(database):
        await until(all_done(rows))
    await told(2)
    await hear(password_changed(known))

    async def is_capped() -> bool:
        return any("24 hours" in (row["error"] or "") for row in await rows())

    async with sending(database):
        await until(is_capped)
        await until(lambda: len(mail_server.mails) == 2)
    [waits] = [row for row in await rows() if row["status"] == "queued"]
    assert (waits["attempts"], waits["kind"]) == (0, "saved_search_matches")
    assert waits["next_attempt_at"] > datetime.now(UTC)


async def test_dead_letter_is_listed_and_sent_again(
    database, choose, mail_server, known, told, sending, until, rows
) -> None:
    choose(max_attempts=2)
    mail_server.data_answers = ["451 later"] * 2
    await told()
    async with sending(database):
        await until(all_done(rows))
    async with database.session() as session:
        [dead] = await service.dead_letters(session, 10)
        assert (dead.channel, dead.attempts) == ("email", 2)
        assert await service.replay(session, [dead.message_id]) == [dead.message_id]
        assert await service.replay(session, None) == []
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    assert await by_channel(rows) == {"email": "sent"}


def signed_events(key: ec.EllipticCurvePrivateKey, body: bytes) -> dict[str, str]:
    raw = key.sign(b"1764300000" + body, ec.ECDSA(hashes.SHA256()))
    return {
        "x-twilio-email-event-webhook-signature": base64.b64encode(raw).decode(),
        "x-twilio-email-event-webhook-timestamp": "1764300000",
        "content-type": "application/json",
    }


async def test_reported_bounce_stops_what_is_optional_alone(
    database, choose, event_key, client_of, mail_server, hear, known, told, sending, until, rows
) -> None:
    choose()
    body = (
        b'[{"email":"Ann@example.com","event":"bounce","type":"bounce","sg_event_id":"e1"},'
        b'{"email":"bob@example.com","event":"bounce","type":"blocked","sg_event_id":"e2"},'
        b'{"email":"bob@example.com","event":"open","sg_event_id":"e3","sg_content_type":"html"}]'
    )
    headers = signed_events(event_key, body)
    for _ in range(2):
        assert (await client_of().post(SENDGRID, content=body, headers=headers)).status_code == 204
    assert len(await rows("suppressions")) == 1
    assert len(await rows("reports")) == 3
    forged = await client_of().post(SENDGRID, content=body + b" ", headers=headers)
    assert forged.status_code == 403
    await told()
    await hear(password_changed(known))
    async with sending(database):
        await until(all_done(rows))
    kinds = {row["kind"]: row["status"] for row in await rows()}
    assert kinds == {"saved_search_matches": "suppressed", "password_changed": "sent"}


async def test_twilio_s_callback_counts_by_its_signature(database, choose, client_of, rows) -> None:
    choose()
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": NUMBER}
    url = f"https://taxlien.example{TWILIO}"
    joined = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(peers.AUTH_TOKEN.encode(), joined.encode(), hashlib.sha1).digest()
    headers = {"x-twilio-signature": base64.b64encode(digest).decode()}
    for _ in range(2):
        assert (await client_of().post(TWILIO, data=form, headers=headers)).status_code == 204
    changed = await client_of().post(TWILIO, data=form | {"To": "+13025550124"}, headers=headers)
    assert changed.status_code == 403
    assert [(row["channel"], row["reason"]) for row in await rows("suppressions")] == [
        ("sms", "bounce")
    ]


async def test_what_reaches_me_is_mine_alone_and_goes_with_me(
    client_of, hear, known, reached, rows
) -> None:
    other = client_of(new_id())
    [endpoint] = (await client_of(known).get("/v1/notifications/endpoints")).json()["items"]
    assert "secret" not in endpoint
    path = f"/v1/notifications/endpoints/{endpoint['webhook_id']}"
    assert (await other.delete(path)).status_code == 404
    assert (await other.get("/v1/notifications/devices")).json() == {"items": []}
    answer = await other.post("/v1/notifications/endpoints", json={"url": "https://a.example/"})
    assert answer.status_code == 403, "only with the enterprise plan"
    await other.request("DELETE", "/v1/notifications/devices", json={"token": "phone-token"})
    assert len(await rows("devices", "created_at")) == 2
    taken = {"token": "phone-token", "platform": "android"}
    await other.put("/v1/notifications/devices", json=taken)
    assert len(await rows("devices", "created_at")) == 2, "who signs in on it last has it"
    await hear(users.UserErasureDue(user_id=known, at=datetime.now(UTC), erasure_id=new_id()))
    for table in ("phones", "webhooks", "suppressions"):
        assert await rows(table) == []
    assert len(await rows("devices", "created_at")) == 1


async def test_codes_are_few_and_guesses_too(database, choose, client_of, known, rows) -> None:
    choose()
    client = client_of(known)
    for number in range(3):
        body = {"phone": f"+1302555012{number}"}
        assert (await client.put("/v1/notifications/phone", json=body)).status_code == 200
    assert (await client.put("/v1/notifications/phone", json=body)).status_code == 429
    guesses = [
        await client.post("/v1/notifications/phone/confirm", json={"code": "123450"})
        for _ in range(6)
    ]
    assert guesses[-1].status_code == 429 or guesses[-1].json()["confirmed"]


@pytest.mark.tough
async def test_killed_worker_s_messages_come_by_every_channel_and_repeats_have_one_id(
    database, start_worker, choose, vendors, mail_server, reached, told, sending, until, rows
) -> None:
    """Killed while the mail server has the mail and has not said yes."""
    choose(lease_seconds=1)
    await told()
    mail_server.gate = asyncio.Event()
    worker = start_worker("send_messages", database)
    await asyncio.wait_for(mail_server.reached.wait(), 30)
    await asyncio.to_thread(worker.kill)
    mail_server.gate.set()
    async with sending(database):
        await until(all_done(rows))
    assert set((await by_channel(rows)).values()) == {"sent"}
    assert len(set(mail_server.ids())) == 1
    assert len({call["headers"]["x-taxlien-message"] for call in vendors.taken["webhook"]}) == 1
    tags = Counter(m["android"]["notification"]["tag"] for m in vendors.taken["fcm"])
    assert len(tags) == 1


async def test_settings_that_lack_a_part_say_which(choose) -> None:
    choose(mail_providers="sendgrid,smtp")
    with pytest.raises(Exception, match="names sendgrid without its key"):
        current.mailer()
    choose(fcm_credentials="{}")
    with pytest.raises(Exception, match="not the JSON of a service account"):
        current.pusher()


async def test_an_installation_keeps_its_name_while_it_is_its_user_s(
    database, choose, client_of, known, rows
) -> None:
    """What a message was sent to is known by that name: tried again, it must not come twice."""
    choose()
    body = {"token": "phone-token", "platform": "android"}
    names = []
    for user_id in (known, known, new_id()):
        await client_of(user_id).put("/v1/notifications/devices", json=body)
        [device] = await rows("devices", "created_at")
        names.append(device["device_id"])
    assert names[0] == names[1] != names[2]
