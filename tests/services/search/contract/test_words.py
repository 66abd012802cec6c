"""However a word is written, it is found: any engine must keep these promises."""

from __future__ import annotations

import msgspec
import pytest

from taxlien.services.search.logic.query import Filters

SAINT_LUCIE = "FL|12111|St. Lucie"


def numbers(hits) -> list[int]:
    return [msgspec.json.decode(raw)["n"] for raw in hits.items]


@pytest.fixture
async def put(engine, make_document):
    async def put_all(*documents: dict[str, object]) -> None:
        await engine.upsert([make_document(n, **fields) for n, fields in enumerate(documents)])
        await engine.commit()

    return put_all


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("12 N OAK ST", "12 north oak street"),
        ("12 North Oak Street", "12 n oak st"),
        ("9 NW 22 AVE", "9 northwest 22nd avenue"),
        ("9 NORTHWEST 22ND AVENUE", "nw 22 av"),
        ("9 N.W. 22ND AVE", "n.w. 22nd ave"),
        ("5 FIRST ST", "5 1st street"),
        ("5 1ST ST", "first st"),
        ("5 TWENTY-FIRST ST", "21st st"),
        ("101 SAINT CHARLES AVE", "st charles"),
        ("101 ST CHARLES AVE", "saint charles avenue"),
        ("7 US HWY 27 N", "us highway 27"),
        ("7 U.S. 27", "hwy 27"),
        ("7 STATE ROAD 50", "sr 50"),
        ("7 SR50", "state rd 50"),
        ("7 COUNTY RD 210", "cr 210"),
        ("12 PINE ST APT 4B", "12 pine st #4b"),
        ("12 PINE ST # 4B", "12 pine street unit 4b"),
        ("3 O'BRIEN LN", "obrien lane"),
        ("3 O BRIEN LN", "o\u2019brien ln"),
        ("3 MC DONALD PKWY", "mcdonald parkway"),
        ("00123 ÁRBOL CT", "123 arbol court"),
        ("4 DR MARTIN LUTHER KING BLVD", "doctor martin luther king"),
        ("8 MT VERNON HTS", "mount vernon heights"),
        ("8 FT KING RD", "fort king road"),
        ("1 LAKE SHORE DR", "1 lk shr drive"),
        ("1 WILSON-SMITH RD", "wilson smith rd"),
    ],
)
async def test_address_is_found_however_it_is_written(put, find, written, asked) -> None:
    await put({"address": written}, {"address": "77 ELM PL"})
    assert numbers(await find(asked)) == [0]


@pytest.mark.parametrize(
    "asked", ["st lucie", "saint lucie county", "port st lucie fl", "34952", "349"]
)
async def test_place_is_found_however_it_is_written(put, find, asked) -> None:
    await put(
        {"place": "PORT ST LUCIE St. Lucie FL Florida 34952", "county": SAINT_LUCIE, "state": "FL"},
        {"place": "FT MYERS Lee FL Florida 33901", "state": "FL"},
    )
    assert numbers(await find(asked)) == [0]


async def test_zip_code_keeps_its_zero(put, find) -> None:
    await put({"place": "HOBOKEN Hudson NJ New Jersey 07030"}, {"place": "LA 70301"})
    assert numbers(await find("07030")) == [0]
    assert numbers(await find("070")) == [0]
    assert numbers(await find("703")) == [1]


@pytest.mark.parametrize(
    "asked",
    ["24-29-09-0042", "24-29-9-42", "2429090042", "24 29 09 0042", "parcel 24-29-09", "R00-17"],
)
async def test_number_is_found_with_any_punctuation_and_zeros(put, find, asked) -> None:
    await put(
        {"numbers": "24-29-09-0042 R0017", "parcel_key": "2429090042"},
        {"numbers": "24-29-10-0042", "parcel_key": "2429100042"},
    )
    assert numbers(await find(asked)) == [0]


@pytest.mark.parametrize("asked", ["2023-00017", "2023-17", "cert 2023-17", "certificate #2023-17"])
async def test_certificate_is_found_with_or_without_filling_zeros(put, find, asked) -> None:
    await put({"numbers": "2023-00017 202300017"}, {"numbers": "2023-00170 202300170"})
    assert numbers(await find(asked))[0] == 0


async def test_house_before_its_street_comes_before_the_same_words_apart(put, find) -> None:
    await put(
        {"address": "30 OAK ST APT 12"},
        {"address": "7 OAK ST", "numbers": "12-44", "parcel_key": "1244"},
        {"address": "12 OAK ST"},
    )
    assert numbers(await find("12 oak"))[0] == 2


async def test_long_words_forgive_two_typos_and_swapped_letters_are_one(put, find) -> None:
    await put({"address": "3 CHESTNUT ST"}, {"address": "9 OAK PL"}, {"address": "4 MAIN ST"})
    for typed in ("chetsnut st", "chsetnutt", "chesnutt st", "3 chestntu"):
        found = await find(typed)
        assert numbers(found) == [0], typed
        assert found.near_matches
    assert numbers(await find("mani st")) == [2]
    assert numbers(await find("chxsxnxt st")) == []


async def test_wrong_suffix_is_forgiven_where_nothing_has_the_right_one(put, find) -> None:
    await put({"address": "12 MAPLE AVE"}, {"address": "14 MAPLE AVE"})
    found = await find("12 maple street")
    assert numbers(found) == [0]
    assert found.near_matches


async def test_suggestions_find_the_middle_of_a_word(put, engine) -> None:
    await put(
        {"address": "1 ENGLEWOOD AVE", "city": "MD|24510|ENGLEWOOD HTS"},
        {"address": "1 OAK AVE", "city": "MD|24510|TOWSON"},
    )
    found = await engine.suggest("glewood", 10)
    assert [(s.kind, s.text) for s in found] == [
        ("city", "ENGLEWOOD HTS"),
        ("address", "1 ENGLEWOOD AVE"),
    ]


async def test_suggestions_complete_cities_and_certificates(put, engine) -> None:
    await put(
        {"county": SAINT_LUCIE, "state": "FL", "city": "FL|12111|FT PIERCE"},
        {"county": SAINT_LUCIE, "state": "FL", "city": "FL|12111|Fort Pierce"},
        {"numbers": "2023-00017", "certificate": "2023-00017"},
    )
    for typed in ("fort pi", "ft p", "ft pierce fl"):
        [found] = await engine.suggest(typed, 10)
        assert (found.kind, found.text, found.count) == ("city", "FT PIERCE", 2), typed
    assert [s.text for s in await engine.suggest("saint lu", 10)] == ["St. Lucie"]
    [found] = await engine.suggest("2023-000", 10)
    assert (found.kind, found.text) == ("certificate", "2023-00017")


async def test_a_word_written_as_two_or_as_one_is_the_same(put, find) -> None:
    await put(
        {"address": "1 LAKE SHORE DR"}, {"address": "2 LAKESHORE DR"}, {"address": "3 LAKE DR"}
    )
    assert set(numbers(await find("lakeshore dr"))) == {0, 1}
    assert set(numbers(await find("lake shore dr"))) == {0, 1}


async def test_text_with_a_typo_is_put_right_where_that_finds_more(put, find) -> None:
    await put(
        {"address": "1 CHESTNUT ST", "state": "MD"},
        {"address": "2 CHESTNUT ST", "state": "MD"},
        {"address": "3 OAK ST", "place": "TOWSON MD", "city": "MD|24510|TOWSON"},
    )
    assert (await find("CHESNUTT ST")).did_you_mean == "CHESTNUT ST"
    assert (await find("2 chesnutt st")).did_you_mean == "2 chestnut st"
    assert (await find("towsen")).did_you_mean == "towson"
    for right_or_hopeless in ("chestnut st", "oak", "chestn", "xyzzy", "chesnutt towson", "12345"):
        assert (await find(right_or_hopeless)).did_you_mean is None, right_or_hopeless
    elsewhere = await find("chesnutt", filters=Filters(states=("FL",)))
    assert elsewhere.did_you_mean is None
