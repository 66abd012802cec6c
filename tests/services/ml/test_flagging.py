"""A lien of the catalogue is flagged by what only the catalogue knows; a bare case says that it cannot be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.risk.flags import NOTHING_KEPT, Kept, Past, flags_of, not_checked
from taxlien.services.ml.repository import facts
from taxlien.services.ml.service.flagging import flags_of_lien

from .test_keeping import a_lien

NO_PAST = Past(None, None)


def test_a_bare_case_is_neither_a_sliver_nor_assumed_and_says_that_nobody_knows() -> None:
    case = Case(state="CO", sale_date=date(2019, 11, 7), face_amount=900.0, market_value=9e5)
    kinds = {
        f.kind for f in flags_of(case, None, NO_PAST, county_seen=True, today=date(2020, 1, 1))
    }
    assert not kinds & {"sliver", "sale_date_assumed", "vacant"}
    assert {"sliver", "sale_date_assumed", "vacant"} <= set(not_checked(case, None, NO_PAST))


def test_a_small_lot_is_a_sliver_only_where_it_is_known_to_carry_nothing() -> None:
    told = {
        kept: kept.is_sliver
        for kept in (
            Kept(0.01, 0.0), Kept(0.01, None, True), Kept(0.01, 900.0), Kept(0.2, 0.0), Kept(0.01),
            Kept(0.0, 0.0), NOTHING_KEPT,
        )
    }  # fmt: skip
    assert list(told.values()) == [True, True, False, False, None, None, None]


async def test_what_is_kept_of_a_lien_raises_its_flags(database_for) -> None:
    database = await database_for("ml")
    odd = a_lien(
        1, acres=Decimal("0.01"), building_sqft=Decimal(0), vacant=True, sale_date_basis="assumed",
        market_value=Decimal(400),
    )  # fmt: skip
    plain = a_lien(2, acres=Decimal(2), vacant=False, sale_date_basis="published")
    async with database.session() as session:
        await facts.upsert(session, [odd, plain])
    async with database.session() as session:
        flags, unknown = await flags_of_lien(session, UUID(int=1))
        assert {"sliver", "vacant", "sale_date_assumed", "lien_above_value"} <= {
            flag.kind for flag in flags
        }
        assert not {"sliver", "vacant", "sale_date_assumed"} & set(unknown)
        flags, unknown = await flags_of_lien(session, UUID(int=2))
        assert not {"sliver", "vacant", "sale_date_assumed"} & {flag.kind for flag in flags}
        assert "unsold_before" in unknown
        assert await flags_of_lien(session, UUID(int=3)) == ((), ())
