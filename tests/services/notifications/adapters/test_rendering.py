"""Templates: each kind in each language, valid, escaped, and depending on nobody else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError, meta

from taxlien.services.notifications.adapters import rendering
from taxlien.services.notifications.adapters.rendering import FOLDER, render, sources
from taxlien.services.notifications.logic.kinds import KINDS, LANGUAGES, language_for
from taxlien.services.notifications.logic.sms import LONGEST_SMS, segments

WEB = "https://taxlien.example"
EVERY = [(kind, language) for kind in KINDS for language in LANGUAGES]
LIEN = {
    "path": "/v1/liens/0190",
    "title": "100 Example St",
    "place": "Marion, FL",
    "parcel_id": "12-34-567",
    "price": "1250.00",
    "rate_pct": "18",
    "payoff": "1475.00",
    "months": 12,
}
CHANGE = {
    **LIEN,
    "label": "Lots by the river",
    "reason": "status_changed",
    "status": "redeemed",
    "previous_status": "sold",
    "previous_price": "1500.00",
    "redeemed_on": "2026-11-20",
}
SEARCH = {"name": "Near the lake", "total": 40, "more": 39, "liens": [LIEN]}
VALUES: dict[str, object] = {
    "pace": "daily",
    "total": 40,
    "searches": [SEARCH],
    "watches": [{**SEARCH, "liens": [CHANGE]}],
    "more": 39,
    "liens": [CHANGE],
    "description": "A course",
    "amount": "49.00",
    "currency": "USD",
    "receipt_number": "R-1",
    "plan": "premium",
    "paid_until": "2026-12-23T17:00:00+00:00",
    "ends_at": "2026-12-23T17:00:00+00:00",
    "county": "Marion",
    "state": "FL",
    "auction_on": "2026-12-22",
    "starts_at": "2026-12-22T14:00:00+00:00",
    "time_zone": "America/New_York",
    "user_zone": "America/Los_Angeles",
    "hour_known": True,
    "watched": 7,
    "email": "ann@example.com",
    "token": "tok_1-A",
    "expires_at": "2026-11-24T17:00:00+00:00",
    "at": "2026-11-23T17:05:00+00:00",
    "device_name": "Firefox on Linux",
    "address": "203.0.113.7",
    "factor": "totp",
    "change": "added",
    "remaining": 10,
    "provider": "Google",
    "export_id": "0190",
    "erase_after": "2026-12-23T17:00:00+00:00",
    "proof": "9f86d08",
    "model": "redemption",
    "version": 4,
    "concern": "outcomes",
    "news": "raised",
    "detail": "12 months: 0.7410 expected, 0.6020 came",
}
ALWAYS = {"web_url", "unsubscribe_url"}
VOID = {"meta", "br", "img", "link", "hr", "input"}
HOSTILE = '"\'><script>alert(1)</script><a href="https://evil.example">&{{ 7*7 }}{% raw %}'


class Page(HTMLParser):
    """What a mail's HTML is made of; ``errors`` are tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.text: list[str] = []
        self.errors: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.errors += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "href":
                (self.links if tag == "a" else self.loads).append(value or "")
            if name in ("src", "background", "srcset", "action") or name.startswith("on"):
                self.loads.append(value or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.errors.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def rendered(kind: str, language: str, **changes: object) -> rendering.Rendered:
    told = {name: {**VALUES, **changes}[name] for name in KINDS[kind].parameters}
    return render(kind, language, told, web_url=WEB, unsubscribe_url=f"{WEB}/leave?token=t")


def test_every_kind_has_words_in_every_language_and_no_other_folder_is_there() -> None:
    assert {p.name for p in FOLDER.iterdir() if p.is_dir()} == set(KINDS)
    for kind in KINDS:
        assert {p.stem for p in (FOLDER / kind).iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_template_uses_exactly_the_parameters_of_its_kind(kind: str, language: str) -> None:
    found = sources(kind, language)
    for text in (found.html, found.text):
        tree = rendering.filling(language, escape=True).parse(text)
        assert meta.find_undeclared_variables(tree) - ALWAYS == KINDS[kind].parameters


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_html_is_well_formed_and_loads_nothing(kind: str, language: str) -> None:
    mail = rendered(kind, language)
    page = Page(mail.html)
    assert page.errors == []
    assert page.loads == []
    assert "script" not in page.tags
    assert not re.search(r"@import|url\s*\(|@font-face", mail.html)
    assert f'lang="{language}"' in mail.html
    assert {urlsplit(link).netloc for link in page.links} == {"taxlien.example"}
    assert "[[" not in mail.html + mail.text
    assert "{{" not in mail.html + mail.text


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_both_forms_say_the_same_and_why_it_was_sent(kind: str, language: str) -> None:
    mail = rendered(kind, language)
    page = Page(mail.html)
    assert mail.subject
    assert "TAXLIEN.online" in mail.text
    in_text = {link.rstrip("):") for link in re.findall(r"https://[^\s)]+", mail.text)}
    assert set(page.links) - {f"{WEB}/"} <= in_text
    reason = {
        "en": "You get this mail",
        "ru": "Вы получили это письмо",
        "es": "Recibe este correo",
    }[language]
    assert reason in mail.text
    assert reason in "".join(page.text)
    assert max(map(len, mail.text.splitlines())) <= 120


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_missing_parameter_is_an_error_and_never_a_gap(kind: str, language: str) -> None:
    for name in KINDS[kind].parameters:
        told = {n: VALUES[n] for n in KINDS[kind].parameters - {name}}
        with pytest.raises(UndefinedError):
            render(kind, language, told, web_url=WEB)


TEXTS = ("email", "token", "device_name", "address", "provider", "export_id", "proof", "remaining",
         "description", "receipt_number", "plan", "county")  # fmt: skip


def hostile_values(text: str) -> dict[str, object]:
    """Every value that somebody else may choose, chosen badly; an address of ours stays one."""
    lien = {**CHANGE, **dict.fromkeys(("title", "place", "parcel_id", "label"), text)}
    section = {**SEARCH, "name": text, "liens": [lien]}
    return {
        **dict.fromkeys(TEXTS, text),
        "searches": [section],
        "watches": [section],
        "liens": [lien],
    }


@pytest.mark.parametrize(("kind", "language"), EVERY)
@settings(max_examples=10, deadline=None)
@given(text=st.one_of(st.just(HOSTILE), st.text(max_size=40)))
def test_nothing_that_others_wrote_becomes_markup(kind: str, language: str, text: str) -> None:
    plain = Page(rendered(kind, language).html)
    hostile = rendered(kind, language, **hostile_values(text))
    page = Page(hostile.html)
    assert page.tags == plain.tags
    assert page.errors == []
    assert {urlsplit(link).netloc for link in page.links} == {"taxlien.example"}
    assert "\n" not in hostile.subject


@pytest.mark.parametrize("factor", ["totp", "passkey", "recovery_codes"])
@pytest.mark.parametrize("change", ["added", "removed", "used"])
@pytest.mark.parametrize("remaining", [None, 0, 2, 9])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_change_of_a_second_factor_has_words(
    factor: str, change: str, remaining: int | None, language: str
) -> None:
    mail = rendered(
        "second_factor_changed", language, factor=factor, change=change, remaining=remaining
    )
    assert Page(mail.html).errors == []
    assert "None" not in mail.text


def test_language_falls_back_to_english() -> None:
    assert [language_for(tag) for tag in ("ru", "RU-ru", "es_MX", "en-GB", "de", "", None)] == [
        *["ru"] * 2,
        "es",
        *["en"] * 4,
    ]


STOPPABLE = [
    (kind, language) for kind, language in EVERY if KINDS[kind].category in ("alert", "marketing")
]
TEXTED = [(kind, language) for kind, language in EVERY if "sms" in KINDS[kind].channels]
LONG_NAME = "Ünder 5k, 18% und mehr — «Жёлтый дом» " * 4
LONGEST_LIEN = {
    **CHANGE,
    **dict.fromkeys(("title", "place", "label"), LONG_NAME),
    "price": "99999999999.99",
    "previous_price": "99999999999.99",
    "status": "void",
}
EXTREME: dict[str, object] = {
    "total": 999_999,
    "searches": [{"name": LONG_NAME, "total": 999_999, "more": 999_998, "liens": [LONGEST_LIEN]}],
    "watches": [{"name": LONG_NAME, "total": 999_999, "more": 999_998, "liens": [LONGEST_LIEN]}],
    "liens": [LONGEST_LIEN],
    "county": LONG_NAME,
    "watched": 999_999,
    "time_zone": "Asia/Kathmandu",
    "auction_on": "2026-09-30",
    "starts_at": "2026-09-30T12:00:00+00:00",
    "description": LONG_NAME,
}


@pytest.mark.parametrize(("kind", "language"), STOPPABLE)
def test_every_mail_one_can_do_without_says_how_to_stop_it(kind: str, language: str) -> None:
    mail = rendered(kind, language)
    assert f"{WEB}/leave?token=t" in mail.text.splitlines()
    assert f"{WEB}/leave?token=t" in Page(mail.html).links


@pytest.mark.parametrize(("kind", "language"), TEXTED)
@pytest.mark.parametrize("changes", [{}, {"total": 1}, EXTREME, {**EXTREME, "total": 1}])
def test_text_message_has_at_most_140_signs_and_needs_no_cutting(
    kind: str, language: str, changes: dict[str, object]
) -> None:
    told = {name: {**VALUES, **changes}[name] for name in KINDS[kind].parameters}
    raw = rendering.filling(language, escape=False).from_string(sources(kind, language).sms or "")
    assert 0 < len(" ".join(raw.render(told).split())) <= LONGEST_SMS
    assert rendering.render_sms(kind, language, told)
    assert segments(rendering.render_sms(kind, language, told)) <= 3


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_note_is_two_short_lines(kind: str, language: str) -> None:
    for changes in ({}, EXTREME):
        told = {name: {**VALUES, **changes}[name] for name in KINDS[kind].parameters}
        note = rendering.render_note(kind, language, told)
        assert 0 < len(note.title) <= rendering.LONGEST_TITLE
        assert 0 < len(note.body) <= rendering.LONGEST_BODY
