"""Which addresses may be connected to, and that it is the checked one that is."""

from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.scraper.adapters.fetching.hosts import Hosts, address_of, followed
from taxlien.services.scraper.adapters.fetching.network import is_public
from taxlien.services.scraper.adapters.fetching.outcomes import Refused
from taxlien.services.scraper.logic.sites import Site

from .conftest import Fetching, Peer, page, reply, site_of


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2002:7f00:0001::", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_everybodys_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


def open_data(peer: Peer, base_url: str) -> Site:
    return site_of(peer, base_url=base_url, legal_status="open_data")


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"], ["::1"]]
)
async def test_a_name_that_leads_inside_is_refused(
    peer: Peer, fetching: Fetching, found: list[str]
) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        return found

    site = open_data(peer, f"http://county.example:{peer.port}")
    async with fetching(site, look_up=look_up) as fetcher:
        with pytest.raises(Refused, match="not public"):
            await fetcher.fetch(site, page())
    assert peer.asked == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "2130706433"]
)
async def test_a_site_file_cannot_name_a_machine_of_ours(
    peer: Peer, fetching: Fetching, host: str
) -> None:
    site = open_data(peer, f"http://{host}:{peer.port}")
    async with fetching(site, attempts=1) as fetcher:
        with pytest.raises(Refused, match="not public"):
            await fetcher.fetch(site, page())
    assert peer.asked == []


async def test_a_name_is_looked_up_once_for_a_connection(peer: Peer, fetching: Fetching) -> None:
    looked_up: list[str] = []

    async def look_up(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["10.0.0.1"]

    peer.on("/page", reply("fine"))
    site = site_of(peer, base_url=f"http://localhost:{peer.port}")
    async with fetching(site, look_up=look_up) as fetcher:
        assert (await fetcher.fetch(site, page())).content == b"fine"
    assert looked_up == ["localhost"]


async def test_a_simulated_host_must_be_on_this_machine(peer: Peer, fetching: Fetching) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        return ["8.8.8.8"]

    site = site_of(peer, base_url=f"http://localhost:{peer.port}")
    async with fetching(site, look_up=look_up) as fetcher:
        with pytest.raises(Refused, match="not on this machine"):
            await fetcher.fetch(site, page())


async def test_proxies_of_the_environment_are_not_used(
    peer: Peer, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    peer.on("/page", reply("fine"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page())).content == b"fine"


SITE = Site(
    name="x",
    platform="p",
    title="x",
    county_fips="12001",
    base_url="https://county.example/app",
    legal_status="open_data",
)
HOSTS = Hosts([SITE])


@given(st.text(max_size=40))
def test_no_path_leads_to_another_host(path: str) -> None:
    try:
        url = address_of(SITE, path)
    except Refused:
        return
    assert HOSTS.site_at(url, SITE) is SITE
    assert url.startswith("https://county.example/app/")


@pytest.mark.parametrize(
    "path",
    ["//evil.example/x", "@evil.example", "/@evil.example/", ".evil.example", "\\\\evil.example"],
)
def test_strange_paths_stay_on_the_host(path: str) -> None:
    assert address_of(SITE, path).startswith("https://county.example/app/")


@given(
    st.lists(
        st.sampled_from(
            ["http:", "https:", "//", "/", "\\", "@", ":", "?", "#", ".", "[", "]", "%", "%00", "80", "99999",
             "county.example", "evil.example", "127.0.0.1", "user", "\u3002", "\uff0e", "é", "xn--a"]
        ),
        max_size=9,
    )
)  # fmt: skip
def test_what_is_let_through_is_read_the_same_by_the_client(pieces: list[str]) -> None:
    try:
        url = followed(SITE, "https://county.example/app/page", "".join(pieces))
        HOSTS.site_at(url, SITE)
    except Refused:
        return
    assert httpx2.Request("GET", url).url.host == "county.example"
