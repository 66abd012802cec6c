"""Documents and liens to index, and an engine per test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from taxlien.interfaces.liens import Lien
from taxlien.services.search.adapters import current
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
        beside = {"parcel_id", "certificate", *LienDocument.__struct_fields__}
        unknown = set(fields) - set(values) - beside
        assert not unknown, unknown
        parcel_id = fields.pop("parcel_id", fields.get("parcel_key", values["parcel_key"]))
        certificate = fields.pop("certificate", None)
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
            "city": str(fields.get("city") or "").rpartition("|")[2] or None,
            "certificate_number": certificate,
        }
        return LienDocument(
            lien_id=UUID(int=n), version=version, item=msgspec.json.encode(item), **values
        )

    return make


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture(scope="session")
def make_lien() -> Callable[..., Lien]:
    """Build a lien; ``n`` gives its id. By default one of Florida, bid down to 12 percent."""

    def make(n: int, **fields: object) -> Lien:
        values: dict[str, object] = {
            "lien_id": UUID(int=n),
            "version": 1,
            "kind": "certificate",
            "status": "sold",
            "state": "FL",
            "county_fips": "12105",
            "county": "Polk",
            "parcel_id": f"24-29-09-{n:06d}",
            "parcel_key": f"242909{n:06d}",
            "source": "test",
            "first_seen_at": datetime(2025, 1, 1, tzinfo=UTC),
            "last_changed_at": datetime(2025, 1, 1, tzinfo=UTC),
            "tax_year": 2023,
            "sale_date": date(2024, 6, 1),
            "face_amount": Decimal("2400.00"),
            "bid_rate_pct": Decimal(12),
            "situs_address": f"{n} ARMSTRONG AV",
            "city": "LAKELAND",
        }
        values.update(fields)
        return Lien(**values)

    return make


@pytest.fixture
async def process_index(index_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """Let the engines of this process work on an index of this test's own."""
    await current.close()
    monkeypatch.setenv("TAXLIEN_SEARCH_INDEX_PATH", str(index_path))
    monkeypatch.setenv("TAXLIEN_SEARCH_WRITER_HEAP_BYTES", "15000000")
    monkeypatch.setenv("TAXLIEN_SEARCH_ID_KEYS", "tests:" + "A" * 43 + "=")
    yield index_path
    await current.close()
