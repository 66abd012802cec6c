"""Documents and liens to index, and an engine per test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from taxlien.services.search.logic.document import LienDocument

MakeDocument = Callable[..., LienDocument]


@pytest.fixture(scope="session")
def make_document() -> MakeDocument:
    """Build a document; ``n`` gives its id, and everything not named is unremarkable or unknown."""

    def make(n: int, *, version: int = 1, **fields: object) -> LienDocument:
        values: dict[str, object] = {
            "address": "",
            "place": "",
            "numbers": "",
            "parcel_key": f"P{n:09d}",
            "state": "MD",
            "county": "MD|24510|Baltimore city",
            "status": "sold",
            "kind": "certificate",
            "property_type": None,
            "year": None,
            "price": None,
            "rate": None,
            "roi": None,
            "auction_day": None,
        }
        unknown = set(fields) - set(values) - {"parcel_id"}
        assert not unknown, unknown
        parcel_id = fields.pop("parcel_id", values["parcel_key"])
        values.update(fields)
        state, fips, county = str(values["county"]).split("|")
        item = {
            "n": n,
            "version": version,
            "state": state,
            "county": county,
            "county_fips": fips,
            "parcel_id": parcel_id,
            "address": values["address"] or None,
        }
        return LienDocument(
            lien_id=UUID(int=n), version=version, item=msgspec.json.encode(item), **values
        )

    return make


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    return tmp_path / "index"
