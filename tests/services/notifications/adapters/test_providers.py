"""Adapters against peers that are as strict as the vendors' documents; no vendor was asked."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

import notification_peers as peers
from taxlien.services.notifications.adapters.fcm import FcmPusher, ServiceAccount
from taxlien.services.notifications.adapters.in_turn import InTurn
from taxlien.services.notifications.adapters.messages import Call, Mail, Push, Text
from taxlien.services.notifications.adapters.provider import (
    Deferred,
    Misconfigured,
    Receipt,
    Refused,
)
from taxlien.services.notifications.adapters.sendgrid import SendGridMailer
from taxlien.services.notifications.adapters.smtp import SmtpMailer, SmtpServer
from taxlien.services.notifications.adapters.twilio import TwilioTexter
from taxlien.services.notifications.adapters.webhooks import WebhookCaller

FROM = "TAXLIEN.online <no-reply@taxlien.online>"
WRITTEN = datetime(2026, 1, 2, tzinfo=UTC)
MAIL = Mail("0a1b", "ann@example.com", "Hi", "text\n", "<p>html</p>", "en", WRITTEN)
TEXT = Text("0a1b", "+13025550123", "A lien met your search", "https://taxlien.example/r")
PUSH = Push("0a1b", "device-token", "Title", "Body", "price_drop", "https://taxlien.example/", 60)


def sendgrid(vendors, key: str = peers.SENDGRID_KEY, sender: str = FROM) -> SendGridMailer:
    return SendGridMailer(SecretStr(key), sender, url=vendors.url, timeout=10)


def twilio(vendors, token: str = peers.AUTH_TOKEN, sender: str = peers.SENDER) -> TwilioTexter:
    return TwilioTexter(peers.ACCOUNT, SecretStr(token), sender, url=vendors.url, timeout=10)


def fcm(vendors) -> FcmPusher:
    account = ServiceAccount.parse(SecretStr(vendors.credentials()))
    return FcmPusher(account, url=vendors.url, timeout=10)


async def test_sendgrid_takes_a_mail_with_one_id_and_one_click(vendors) -> None:
    url = "https://taxlien.example/stop?token=x"
    receipt = await sendgrid(vendors).send(replace(MAIL, unsubscribe_url=url, bypass=True))
    assert receipt == Receipt("sendgrid", "sg-1")
    [body] = vendors.taken["sendgrid"]
    assert body["headers"]["Message-ID"] == "<0a1b@taxlien.online>"
    assert body["headers"]["List-Unsubscribe"] == f"<{url}>"
    assert body["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert set(body["mail_settings"]) == peers.BYPASSES
    assert body["tracking_settings"]["click_tracking"]["enable"] is False


async def test_sendgrid_s_refusals_are_told_apart(vendors) -> None:
    with pytest.raises(Misconfigured, match="401"):
        await sendgrid(vendors, key="SG.other").send(MAIL)
    with pytest.raises(Misconfigured, match="sender"):
        await sendgrid(vendors, sender="X <x@other.example>").send(MAIL)
    with pytest.raises(Refused) as refused:
        await sendgrid(vendors).send(replace(MAIL, to="nobody"))
    assert refused.value.reason == "bounce"
    assert "nobody" not in str(refused.value)
    vendors.answers["sendgrid"] = [(429, {}, {"retry-after": "7"}), (503, {}, {}), (504, {}, {})]
    for asked, certain in ((7.0, True), (None, True), (None, False)):
        with pytest.raises(Deferred) as deferred:
            await sendgrid(vendors).send(MAIL)
        assert (deferred.value.retry_after, deferred.value.certain) == (asked, certain)


async def test_twilio_takes_a_text_and_its_codes_are_told_apart(vendors) -> None:
    receipt = await twilio(vendors).send(TEXT)
    assert (receipt.provider, receipt.reference) == ("twilio", "SM" + "1".zfill(32))
    [form] = vendors.taken["twilio"]
    assert form["StatusCallback"] == TEXT.report_url
    await twilio(vendors, sender="MG" + "0" * 32).send(TEXT)
    with pytest.raises(Misconfigured):
        await twilio(vendors, token="other").send(TEXT)
    vendors.unregistered.add(TEXT.to)
    with pytest.raises(Refused, match="21610") as refused:
        await twilio(vendors).send(TEXT)
    assert refused.value.reason == "unsubscribe"
    with pytest.raises(Refused, match="21211") as refused:
        await twilio(vendors).send(replace(TEXT, to="12"))
    assert refused.value.reason == "bounce"
    vendors.answers["twilio"] = [(429, {"code": 20429}, {}), (400, {"code": 21606}, {})]
    with pytest.raises(Deferred):
        await twilio(vendors).send(TEXT)
    with pytest.raises(Misconfigured, match="21606"):
        await twilio(vendors).send(TEXT)


async def test_fcm_signs_in_once_and_removes_what_is_gone(vendors) -> None:
    pusher = fcm(vendors)
    for _ in range(2):
        assert (await pusher.send(PUSH)).provider == "fcm"
    assert len(vendors.tokens) == 1
    assert vendors.taken["fcm"][0]["android"]["notification"]["tag"] == "0a1b"
    vendors.unregistered.add("device-token")
    with pytest.raises(Refused) as refused:
        await pusher.send(PUSH)
    assert refused.value.reason == "bounce"
    vendors.unregistered.clear()
    vendors.tokens[:] = ["revoked"]
    with pytest.raises(Misconfigured):
        await pusher.send(PUSH)
    assert (await pusher.send(PUSH)).provider == "fcm", "it signs in anew"
    vendors.answers["fcm"] = [(429, {}, {"retry-after": "60"}), (400, {}, {})]
    with pytest.raises(Deferred) as deferred:
        await pusher.send(PUSH)
    assert deferred.value.retry_after == 60
    with pytest.raises(Refused) as refused:
        await pusher.send(PUSH)
    assert refused.value.reason is None, "a message it does not like says nothing of the token"


async def test_webhook_is_signed_and_follows_nothing(vendors) -> None:
    caller = WebhookCaller(loopback=True, timeout=10)
    call = Call("0a1b", f"{vendors.url}/hook", "whsec_x", b'{"kind":"price_drop"}')
    await caller.send(call)
    [taken] = vendors.taken["webhook"]
    seconds, signed = (p.split("=")[1] for p in taken["headers"]["x-taxlien-signature"].split(","))
    expected = hmac.new(b"whsec_x", seconds.encode() + b"." + call.body, hashlib.sha256)
    assert signed == expected.hexdigest()
    assert abs(int(seconds) - time.time()) < 60
    with pytest.raises(Refused, match="307"):
        await caller.send(replace(call, url=f"{vendors.url}/moved"))
    vendors.answers["webhook"] = [(410, {}, {}), (500, {}, {}), (404, {}, {})]
    with pytest.raises(Refused) as refused:
        await caller.send(call)
    assert refused.value.reason == "bounce"
    with pytest.raises(Deferred):
        await caller.send(call)
    with pytest.raises(Refused) as refused:
        await caller.send(call)
    assert refused.value.reason is None
    assert len(vendors.taken["webhook"]) == 1


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "100.64.0.1"]
)
async def test_webhook_never_reaches_what_is_not_public(address: str) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        return ["93.184.216.34", address]

    caller = WebhookCaller(loopback=False, timeout=5, look_up=look_up)
    with pytest.raises(Refused, match="public"):
        await caller.send(Call("0a1b", "https://hook.example/x", "s", b"{}"))


@pytest.mark.parametrize(
    "url",
    ["http://hook.example/", "https://a:b@hook.example/", "https://hook.example:22/", "https://h/#x",
     "ftp://hook.example/", "https:///x", "https://h\r\nx/"],
)  # fmt: skip
async def test_webhook_s_address_must_be_plain_and_by_tls(url: str) -> None:
    with pytest.raises(Refused, match="fit"):
        await WebhookCaller(loopback=False, timeout=5).send(Call("0a1b", url, "s", b"{}"))


async def test_next_provider_is_asked_only_where_the_first_certainly_has_nothing(
    vendors, mail_server
) -> None:
    smtp = SmtpMailer(SmtpServer.parse(f"smtp://127.0.0.1:{mail_server.port}"), FROM)
    both = InTurn([sendgrid(vendors), smtp], per_second=1000, rest_seconds=60)
    vendors.answers["sendgrid"] = [(503, {}, {})]
    assert (await both.send(MAIL)).provider == "smtp"
    vendors.answers["sendgrid"] = [(504, {}, {})]
    with pytest.raises(Deferred, match="504"):
        await both.send(MAIL)
    assert len(mail_server.mails) == 1
    with pytest.raises(Refused):
        await both.send(replace(MAIL, to="nobody"))
    assert (await both.send(MAIL)).provider == "sendgrid"


async def test_provider_that_keeps_failing_gets_a_rest(vendors, mail_server) -> None:
    smtp = SmtpMailer(SmtpServer.parse(f"smtp://127.0.0.1:{mail_server.port}"), FROM)
    both = InTurn([sendgrid(vendors, key="SG.other"), smtp], per_second=1000, rest_seconds=60)
    for _ in range(5):
        assert (await both.send(MAIL)).provider == "smtp"
    vendors.answers["sendgrid"] = [(202, {}, {})]
    assert (await both.send(MAIL)).provider == "smtp"
    assert len(vendors.answers["sendgrid"]) == 1, "it was not asked"
