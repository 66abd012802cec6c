"""A folder of files, or a bucket, read as pages; and nothing beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import msgspec
import obstore
import pytest

from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings, SettingsError
from taxlien.services.scraper.adapters.fetching.dropped_files import Drops, WithDroppedFiles
from taxlien.services.scraper.adapters.fetching.fetcher import Fetcher, RobotsFacts
from taxlien.services.scraper.adapters.fetching.outcomes import Fetched, Refused, Stopped
from taxlien.services.scraper.adapters.platforms import file_drop
from taxlien.services.scraper.adapters.platforms.file_drop.reading import request_of
from taxlien.services.scraper.logic.pages import PageRequest, Scope
from taxlien.services.scraper.logic.sites import Site, site_of

LISTING = PageRequest(key="listing", kind="listing", path="/")
Put = Callable[[str, bytes], Awaitable[None]]


class Hosts:
    """Hosts that have nothing: what is asked of them is an error here."""

    async def fetch(self, site: Site, request: PageRequest, **_: object) -> Fetched:
        raise Refused("asked a host")

    async def renew_session(self, site: Site, session: str) -> None:
        raise Refused("asked a host")

    async def robots(self, site: Site) -> RobotsFacts:
        raise Refused("asked a host")


def site(folder: str = "one", legal_status: str = "county_download") -> Site:
    return site_of(
        {
            "name": "one",
            "platform": "file_drop",
            "title": "One",
            "county_fips": "08069",
            "base_url": "https://county.example.gov",
            "legal_status": legal_status,
            "start": {"mapping": "m", "folder": folder},
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "drops" / "one").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("outside")
    return tmp_path / "drops"


@pytest.fixture(params=["folder", "bucket"])
def place(
    request: pytest.FixtureRequest, folder: Path, kit_settings: KitSettings
) -> tuple[Drops, Put]:
    if request.param == "folder":
        url = folder.as_uri()
    else:
        url = f"{kit_settings.require('objects_url')}/{new_id().hex}"
    drops = Drops.at(url, kit_settings, max_bytes=1000)

    async def put(name: str, content: bytes) -> None:
        await obstore.put_async(drops._store, name, content)

    return drops, put


def reader(drops: Drops | None) -> Fetcher:
    return WithDroppedFiles(Hosts(), drops)


async def names(drops: Drops, folder: str = "one") -> list[str]:
    listing = await reader(drops).fetch(site(folder), LISTING)
    return [file["name"] for file in msgspec.json.decode(listing.content)]


async def test_files_are_listed_by_name_and_given_byte_by_byte(place: tuple[Drops, Put]) -> None:
    drops, put = place
    await put("one/b c.csv", b"\xff\x00")
    await put("one/a.csv", b"a")
    await put("other/x.csv", b"x")
    assert await names(drops) == ["a.csv", "b c.csv"]
    assert await names(drops, "empty") == []
    found = await reader(drops).fetch(site(), request_of("b c.csv"))
    assert (found.status, found.content, found.not_modified) == (200, b"\xff\x00", False)


async def test_a_file_is_unchanged_until_it_changes(place: tuple[Drops, Put]) -> None:
    drops, put = place
    await put("one/a.csv", b"old")
    first = await reader(drops).fetch(site(), request_of("a.csv"))
    again = await reader(drops).fetch(site(), request_of("a.csv"), etag=first.etag)
    assert (again.not_modified, again.content, again.bytes_read) == (True, b"", 0)
    before = await reader(drops).fetch(site(), LISTING)
    await put("one/a.csv", b"newer")
    changed = await reader(drops).fetch(site(), request_of("a.csv"), etag=first.etag)
    assert changed.content == b"newer"
    assert (await reader(drops).fetch(site(), LISTING)).content != before.content


async def test_a_file_that_went_is_gone_and_one_too_large_is_refused(
    place: tuple[Drops, Put],
) -> None:
    drops, put = place
    assert (await reader(drops).fetch(site(), request_of("none.csv"))).status == 404
    await put("one/large.csv", b"x" * 1001)
    with pytest.raises(Refused, match="1,001 bytes"):
        await reader(drops).fetch(site(), request_of("large.csv"))


@pytest.mark.parametrize("path", ["/../secret.csv", "/%2e%2e/%2e%2e/secret.csv", "/a//b", "/a%00b"])
async def test_nothing_outside_the_folder_is_read(
    path: str, folder: Path, kit_settings: KitSettings
) -> None:
    drops = Drops.at(folder.as_uri(), kit_settings, max_bytes=1000)
    with pytest.raises(Refused):
        await reader(drops).fetch(site(), PageRequest(key="k", kind="file", path=path))
    with pytest.raises(Refused):
        await reader(drops).fetch(site("../.."), LISTING)


async def test_a_link_that_leads_away_is_neither_listed_nor_read(
    folder: Path, kit_settings: KitSettings
) -> None:
    (folder / "one" / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "one" / ".hidden").write_text("x")
    (folder / "one" / "a.csv").write_text("a")
    drops = Drops.at(folder.as_uri(), kit_settings, max_bytes=1000)
    assert await names(drops) == ["a.csv"]
    with pytest.raises(Refused, match="leads out"):
        await reader(drops).fetch(site(), request_of("link.csv"))


async def test_a_source_that_may_not_be_collected_is_not_even_listed(
    folder: Path, kit_settings: KitSettings
) -> None:
    drops = Drops.at(folder.as_uri(), kit_settings, max_bytes=1000)
    with pytest.raises(Stopped):
        await reader(drops).fetch(site(legal_status="unknown"), LISTING)


async def test_without_a_folder_nothing_is_read_and_other_platforms_ask_their_hosts(
    folder: Path, kit_settings: KitSettings
) -> None:
    with pytest.raises(Refused, match="TAXLIEN_SCRAPER_DROPS_URL"):
        await reader(None).fetch(site(), LISTING)
    with pytest.raises(SettingsError, match="no folder"):
        Drops.at((folder / "none").as_uri(), kit_settings, max_bytes=1)
    other = msgspec.structs.replace(site(), platform="qpublic")
    with pytest.raises(Refused, match="asked a host"):
        await reader(None).fetch(other, LISTING)
    assert (await reader(None).robots(site())).status == 404


def test_the_platform_begins_with_the_listing() -> None:
    assert list(file_drop.PLATFORM.start(site(), Scope(today=date(2026, 5, 1)))) == [LISTING]
