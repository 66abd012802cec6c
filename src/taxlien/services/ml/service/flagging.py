"""Red flags of a lien of the catalogue, by all that is kept of it: no model is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.services.ml.logic.case import read_case
from taxlien.services.ml.logic.risk.flags import Flag, Kept, Past, flags_of, not_checked
from taxlien.services.ml.logic.risk.meaning import rule_of
from taxlien.services.ml.repository import facts

_NOT_LOOKED_UP = Past(None, None)
"""What became of the parcel before is remembered by the model of risk, which tells it of a case."""


async def flags_of_lien(
    session: Session, lien_id: UUID
) -> tuple[tuple[Flag, ...], tuple[str, ...]]:
    """Return the flags of a lien, and what could not be looked at; nothing of one that is not kept."""
    found = await facts.get(session, lien_id)
    if found is None:
        return (), ()
    case = read_case(
        {
            "state": found.state,
            "county_fips": found.county_fips,
            "sale_date": found.sale_date,
            "face_amount": found.face_amount,
            "premium": found.premium,
            "parcel_id": found.parcel_key,
            "assessed_value": found.assessed_value,
            "market_value": found.market_value,
            "property_class": found.property_type,
            "homestead": found.homestead,
        }
    )
    kept = Kept(found.acres, found.building_sqft, found.vacant, found.sale_date_basis)
    rule, today = rule_of(case), datetime.now(UTC).date()
    flags = flags_of(case, rule, _NOT_LOOKED_UP, county_seen=True, today=today, kept=kept)
    return flags, not_checked(case, rule, _NOT_LOOKED_UP, kept)
