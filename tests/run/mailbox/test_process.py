"""The mailbox as a process: SMTP in, pages and JSON out, on this machine only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from smtplib import SMTP, SMTPResponseException

import pytest

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_mail_that_was_sent_is_in_the_json(start_mailbox, write) -> None:
    mailbox = start_mailbox()
    assert mailbox.messages() == []
    mailbox.send(write("Привет", "see https://x.example/#token=abc"), "ann@example.com")
    mailbox.send(write("Other"), "bob@example.com", "Eve@example.com")
    newest, first = mailbox.messages()
    assert (newest["subject"], newest["to"]) == ("Other", ["bob@example.com", "Eve@example.com"])
    assert (first["subject"], first["links"]) == ("Привет", ["https://x.example/#token=abc"])
    assert [m["subject"] for m in mailbox.messages(to="eve@example.com")] == ["Other"]
    assert [m["subject"] for m in mailbox.messages(limit=1)] == ["Other"]
    one = mailbox.http.get(f"/dev/mail/api/messages/{first['id']}").json()
    assert one["text"].startswith("see")
    assert one["html"] is None
    assert mailbox.http.delete("/dev/mail/api/messages").json() == {"deleted": 2}
    assert mailbox.messages() == []


def test_hostile_mail_is_text_in_our_pages_and_caged_in_its_frame(start_mailbox, write) -> None:
    mailbox = start_mailbox()
    mailbox.send(write(HOSTILE, HOSTILE, HOSTILE))
    [message] = mailbox.messages()
    for path in ("/dev/mail", f"/dev/mail/{message['id']}", "/dev/mail?to=%3Cscript%3E"):
        answer = mailbox.http.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
    page = mailbox.http.get(f"/dev/mail/{message['id']}").text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    frame = mailbox.http.get(f"/dev/mail/{message['id']}/html")
    policy = frame.headers["content-security-policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    source = mailbox.http.get(f"/dev/mail/{message['id']}/source")
    assert source.headers["content-type"].startswith("text/plain")
    assert source.headers["x-content-type-options"] == "nosniff"


def test_empty_mailbox_says_what_will_appear(start_mailbox) -> None:
    page = start_mailbox().http.get("/dev/mail").text
    assert "No mail yet." in page


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", ""])
def test_page_elsewhere_cannot_read_mails_under_another_name(start_mailbox, host: str) -> None:
    mailbox = start_mailbox()
    answer = mailbox.http.get("/dev/mail/api/messages", headers={"host": host})
    assert answer.status_code == 421


def test_what_does_not_exist_and_what_is_not_allowed(start_mailbox) -> None:
    http = start_mailbox().http
    assert http.get(f"/dev/mail/{'0' * 32}").status_code == 404
    assert http.get("/dev/mail/../../etc/passwd").status_code == 404
    assert http.get("/dev/mail/api/messages?limit=0").status_code == 422
    assert http.get("/dev/mail/api/messages?limit=x").status_code == 422
    assert http.post("/dev/mail").status_code == 405
    assert http.delete("/dev/mail").status_code == 405


def test_mail_too_large_is_refused_for_good(start_mailbox) -> None:
    mailbox = start_mailbox()
    with SMTP("127.0.0.1", mailbox.smtp_port, timeout=30) as client:
        with pytest.raises(SMTPResponseException) as caught:
            client.sendmail("a@b.c", ["d@e.f"], b"Subject: x\r\n\r\n" + b"x" * 11_000_000)
        assert caught.value.smtp_code == 552
    assert mailbox.messages() == []


def test_killed_mailbox_has_every_mail_it_said_yes_to(start_mailbox, write) -> None:
    mailbox = start_mailbox()
    for number in range(10):
        mailbox.send(write(f"mail {number}"))
    mailbox.process.send_signal(signal.SIGKILL)
    mailbox.process.wait()
    again = start_mailbox()
    assert [m["subject"] for m in again.messages()] == [f"mail {n}" for n in range(9, -1, -1)]


@pytest.mark.parametrize("attempt", range(3))
def test_mailbox_ends_at_a_signal_while_a_browser_is_connected(start_mailbox, attempt: int) -> None:
    mailbox = start_mailbox()
    mailbox.process.send_signal(signal.SIGTERM)
    assert mailbox.process.wait(30) == 0


def test_port_that_is_taken_is_said_in_words(start_mailbox, tmp_path) -> None:
    port = str(start_mailbox().smtp_port)
    done = subprocess.run(
        [sys.executable, "-m", "taxlien.run", "mailbox", "--smtp-port", port, "--http-port", "0"],
        env={**os.environ, "TAXLIEN_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "already in use" in done.stderr
    assert "Traceback" not in done.stderr
