"""Mails as files: whole or not there, the newest ones, read without trust."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from taxlien.run.mailbox.store import MailStore


def test_newest_come_first_and_only_so_many_are_kept(tmp_path: Path, write) -> None:
    store = MailStore(tmp_path / "mailbox", keep=5)
    for number in range(8):
        store.save(write(subject=f"mail {number}").as_bytes(), "a@b.c", ["ann@example.com"])
    found = [entry.subject for entry in store.newest(10)]
    assert found == [f"mail {number}" for number in (7, 6, 5, 4, 3)]
    assert len(list((tmp_path / "mailbox").iterdir())) == 5


def test_mails_survive_the_process(tmp_path: Path, write) -> None:
    folder = tmp_path / "mailbox"
    for number in range(3):
        MailStore(folder).save(write(subject=f"Письмо {number}").as_bytes(), "", ["a@example.com"])
    (folder / f"{'0' * 32}.tmp").write_bytes(b"half")
    again = MailStore(folder)
    assert [entry.subject for entry in again.newest(9)] == ["Письмо 2", "Письмо 1", "Письмо 0"]
    assert not list(folder.glob("*.tmp"))


def test_mails_to_one_address_are_found_whatever_its_letters(tmp_path: Path, write) -> None:
    store = MailStore(tmp_path / "mailbox")
    for to in (["ann@example.com", "Bob@Example.com"], ["eve@example.com"]):
        store.save(write(subject=to[0]).as_bytes(), "", to)
    assert [entry.subject for entry in store.newest(9, "bob@example.com")] == ["ann@example.com"]
    assert list(store.newest(9, "example.com")) == []


def test_text_html_and_links_are_taken_out(tmp_path: Path, write) -> None:
    store = MailStore(tmp_path / "mailbox")
    mail = write(text="go to\nhttps://a.example/x#token=1_2-3\nnow", html="<p>ж</p>")
    opened = store.open(store.save(mail.as_bytes(), "", ["a@b.c"]))
    assert opened is not None
    assert opened.text == "go to\nhttps://a.example/x#token=1_2-3\nnow\n"
    assert opened.html == "<p>ж</p>\n"
    assert opened.links == ["https://a.example/x#token=1_2-3"]


def test_envelope_cannot_forge_headers(tmp_path: Path, write) -> None:
    store = MailStore(tmp_path / "mailbox")
    mail_id = store.save(write().as_bytes(), "a@b.c\r\nSubject: forged", ["x@y.z\r\nX: y"])
    opened = store.open(mail_id)
    assert opened is not None
    assert opened.entry.subject == "Hello"


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    content=st.one_of(
        st.binary(max_size=400), st.text(max_size=200).map(lambda t: b"Subject: " + t.encode())
    )
)
@example(content=b" \x00")
def test_any_bytes_are_kept_and_shown(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "any"
    store = MailStore(folder)
    opened = store.open(store.save(content, "", ["a@b.c"]))
    assert opened is not None
    assert opened.entry.to == ("a@b.c",)
    assert len(MailStore(folder)) == len(store)
    store.clear()


def test_mail_whose_file_somebody_removed_is_not_there(tmp_path: Path, write) -> None:
    store = MailStore(tmp_path / "mailbox")
    mail_id = store.save(write().as_bytes(), "", ["a@b.c"])
    (tmp_path / "mailbox" / f"{mail_id}.eml").unlink()
    assert store.open(mail_id) is None
    assert list(store.newest(5)) == []


@pytest.mark.parametrize("mail_id", ["..", "0" * 32, "../secrets"])
def test_no_other_file_can_be_opened(tmp_path: Path, mail_id: str) -> None:
    assert MailStore(tmp_path / "mailbox").open(mail_id) is None
