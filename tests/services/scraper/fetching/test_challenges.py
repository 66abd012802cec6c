"""Challenges are told from ordinary pages of guarded sites, and from pages about robots."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxlien.services.scraper.adapters.fetching.challenges import challenger

FILLER = b"<td>parcel</td>" * 4000
# What guards add to the pages they let through.
ORDINARY = [
    b"<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>",
    b"<script src='https://www.google.com/recaptcha/api.js'></script><div class=g-recaptcha></div>",
    b"<script>window._pxAppId = 'PXabc';</script>",
    b"<script src='/akam/13/5e4f'></script>",
    b"<p>This site uses robots and humans. Security check of the courthouse. Reference # 12</p>",
    b"<title>Just a moment in time: Dixie County</title>",
    b"<p>Inspect the property; are you the owner?</p>",
]
CHALLENGES = [
    (b"<title>Just a moment...</title>", "Cloudflare"),
    (b"<script>window._cf_chl_opt={cvId:'3'}</script>", "Cloudflare"),
    (b"<title>Attention Required! | Cloudflare</title>", "Cloudflare"),
    (b"<div id='px-captcha'></div>", "PerimeterX"),
    (b"<p>Press &amp; Hold to confirm you are a human (and not a bot).</p>", "PerimeterX"),
    (b'<div id="sec-if-cpt-container"></div>', "Akamai"),
    (b"<script src='https://geo.captcha-delivery.com/captcha/?x'></script>", "DataDome"),
    (b"<script>window.gokuProps = {}</script>", "AWS WAF"),
    (b"<iframe src='/_Incapsula_Resource?SWUDNSAI=31'></iframe>", "Imperva"),
    (b"<title>Pardon Our Interruption</title>", "Imperva"),
    (b"<h1>Please verify you are human</h1>", "a captcha"),
    ("<h1>Confirm that you’re not a robot</h1>".encode(), "a captcha"),
    (b"<title>Robot Check</title>", "a captcha"),
    (b"<title>Captcha required</title>", "a captcha"),
    (b"<p>We have detected unusual traffic from your network</p>", "a captcha"),
]


@pytest.mark.parametrize(("content", "who"), CHALLENGES)
@pytest.mark.parametrize("status", [200, 403, 503])
def test_a_challenge_is_known_whatever_its_status(content: bytes, who: str, status: int) -> None:
    assert challenger(status, {"content-type": "text/html"}, content) == who


@pytest.mark.parametrize("content", ORDINARY)
@pytest.mark.parametrize("filler", [b"", FILLER])
def test_a_page_of_a_guarded_site_is_no_challenge(content: bytes, filler: bytes) -> None:
    assert challenger(200, {"content-type": "text/html"}, content + filler) is None


def test_words_that_any_page_may_hold_do_not_count_in_a_long_page() -> None:
    assert challenger(200, {}, b"<p>verify you are human</p>" + FILLER) is None


@pytest.mark.parametrize(
    "headers",
    [{"cf-mitigated": "challenge"}, {"x-amzn-waf-action": "captcha"}, {"x-datadome": "protected"}],
)
def test_a_header_may_say_it(headers: dict[str, str]) -> None:
    assert challenger(200, headers, b"")


def test_a_picture_is_no_challenge() -> None:
    assert (
        challenger(200, {"content-type": "image/png"}, b"<title>Just a moment...</title>") is None
    )


def test_no_real_page_is_taken_for_a_challenge(shared_pages: Path) -> None:
    pages = [file for file in shared_pages.rglob("*") if file.suffix in {".html", ".json", ".txt"}]
    assert len(pages) > 20
    wrong = {file.name: who for file in pages if (who := challenger(200, {}, file.read_bytes()))}
    assert wrong == {}


def test_a_denial_on_a_page_of_errors_leaves_it_to_the_status() -> None:
    denial = b"<h1>Access Denied</h1> Reference #18.2d351ab8.1557333295.a4e16ab"
    assert challenger(200, {}, denial) == "Akamai"
    assert challenger(403, {}, denial) is None
    assert challenger(503, {}, denial) is None
