"""Load the demo liens the way every observation comes in: derived, recorded with their source, evented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from taxlien.interfaces.liens import parcel_key
from taxlien.kit.database import Database
from taxlien.kit.settings import KitSettings
from taxlien.run.demo.generate import demo_liens, demo_plan
from taxlien.services.liens import service as liens
from taxlien.services.liens.logic.records import LienRecord

SOURCE = "demo"
PARSER_VERSION = "demo/1"


async def load_demo(settings: KitSettings) -> int:
    """Record the demo's liens and return how many are new. Doing it again adds nothing."""
    now = datetime.now(UTC)
    records = [
        _record(line, fields)
        for line, fields in enumerate(demo_liens(demo_plan(), today=now.date()), 1)
    ]
    database = Database(settings.database_url_for("liens"), service="liens", pool_size=1)
    try:
        async with database.session() as session:
            source = await liens.register_source(
                session,
                name=SOURCE,
                title="Synthetic demo liens",
                legal_status="synthetic",
                synthetic=True,
            )
            provenance = liens.Provenance(
                source=source, fetched_at=now, parser_version=PARSER_VERSION
            )
            counts, refused = await liens.record_observations(session, records, provenance)
    finally:
        await database.close()
    if refused:
        raise ValueError(f"the demo plan makes liens that cannot be taken: {refused[0].reason}")
    return counts.new


def _record(line: int, fields: dict[str, Any]) -> LienRecord:
    return LienRecord(
        line=line,
        parcel_key=parcel_key(fields["parcel_id"]),
        **fields,
    )
