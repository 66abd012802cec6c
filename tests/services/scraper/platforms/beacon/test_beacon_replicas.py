"""Beacon is the application that serves qPublic. No captured Beacon page exists: these are replicas."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from property_pages import (
    asked,
    grid,
    owner,
    page_of,
    played_site,
    schneider,
    site_file,
    two_columns,
)
from taxlien.services.scraper.adapters.platforms import beacon, qpublic
from taxlien.services.scraper.logic.pages import Scope
from taxlien.services.scraper.logic.sites import COLLECTABLE

MODULES = [
    ("Summary", two_columns([("Parcel ID", "00-1"), ("Property Address", "9 ELM ST")])),
    ("Owners", owner("Nobody Never", tag="a")),
    ("Valuation", grid(("", "2024 Working Values"), [("Just (Market) Value", "$12,345")])),
]


def test_a_replica_under_beacons_title_is_read_as_on_qpublic() -> None:
    text = schneider(MODULES, host="Beacon", key="00-1")
    site = played_site("beacon")
    reading = beacon.PLATFORM.read(page_of(text, asked(key_value="00-1")), site)
    assert reading == qpublic.PLATFORM.read(page_of(text, asked(key_value="00-1")), site)
    (parcel,) = reading.parcels
    assert (parcel.parcel_id, parcel.owner_published) == ("00-1", True)
    assert parcel.values[0].amount == Decimal(12345)


def test_beacon_has_its_own_name_and_host_and_is_not_collected() -> None:
    site = site_file("beacon", "fl_walton")
    assert beacon.PLATFORM.name == site.platform == "beacon"
    assert site.host == "beacon.schneidercorp.com"
    assert site.legal_status not in COLLECTABLE
    (request,) = beacon.PLATFORM.start(site, Scope(today=date(2026, 11, 28), parcels=("00-1",)))
    assert request.path == "/Application.aspx?AppID=835&PageType=Search"
