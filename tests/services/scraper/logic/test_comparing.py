"""What a person reads about a quarantined run."""

from __future__ import annotations

from msgspec.structs import replace

from synthetic_county import figures, liens
from taxlien.services.scraper.logic.comparing import Sample, readable_diff
from taxlien.services.scraper.logic.sites import Expected
from taxlien.services.scraper.logic.validating import validate

LIENS = liens(500)
BROKEN = [replace(x, situs_address="SOME BODY", face_amount=None) for x in LIENS[:300]]


def text_of_broken_run() -> str:
    last, now = figures(LIENS), figures(BROKEN)
    samples = [Sample(key="k1", old=LIENS[0], new=BROKEN[0])] * 20
    return readable_diff(last, now, samples, validate(now, last, Expected()))


def test_it_says_what_was_found_how_counts_moved_and_shows_examples() -> None:
    text = text_of_broken_run()
    assert "fails  lien.face_amount is there in 0% of records, 100% in the last run" in text
    row = next(line for line in text.splitlines() if "lien records" in line)
    assert row.split() == ["lien", "records", "500", "300", "-40%"]
    assert f"face_amount: {LIENS[0].face_amount:,} -> nothing" in text
    assert "and 8 more" in text


def test_texts_are_shown_by_their_pattern_and_never_as_they_are() -> None:
    text = text_of_broken_run()
    assert "SOME" not in text
    assert str(LIENS[0].situs_address) not in text
    assert '"9999 a' in text or '"999 a' in text or '"99 a' in text


def test_fields_that_did_not_move_are_left_out() -> None:
    text = text_of_broken_run()
    assert "lien.tax_year" not in text


def test_a_first_run_shows_every_field() -> None:
    text = readable_diff(None, figures(LIENS))
    assert "no earlier run" in text
    assert "lien.tax_year" in text


def test_new_records_and_those_gone_are_named_by_their_key() -> None:
    samples = [Sample(key="a", old=None, new=LIENS[0]), Sample(key="b", old=LIENS[0], new=None)]
    text = readable_diff(None, figures(LIENS), samples)
    assert "  a: new\n  b: gone\n" in text
