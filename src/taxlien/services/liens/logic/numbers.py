"""Items that name their parcel by another number than its id: which parcels, and what of each. Pure."""

from __future__ import annotations

import msgspec

from taxlien.interfaces.liens import parcel_key
from taxlien.interfaces.scraper import LienObserved, parcel_numbers

from .deriving import Statement, state
from .pages import Page
from .records import LienRecord


def items_by_parcel(item: LienObserved) -> tuple[LienObserved, ...]:
    """Return ``item`` once for each parcel it is of, under the number it names (docs/adr/0065).

    Of several parcels sold together the first has everything; the others have the item's numbers, its
    status and its day, for a sum that is paid once is counted once.
    """
    numbers = {parcel_key(number): (label, number) for label, number in parcel_numbers(item)}
    if not numbers:
        return ()
    (label, first), *others = numbers.values()
    told = {"parcel_id is": label}
    if others:
        told["parcels sold together"] = ", ".join(number for _, number in numbers.values())
    whole = msgspec.structs.replace(item, parcel_id=first, attributes=item.attributes | told)
    return whole, *(_with_it(item, label, number, told, first) for label, number in others)


def _with_it(
    item: LienObserved, label: str, number: str, told: dict[str, str], first: str
) -> LienObserved:
    return LienObserved(
        kind=item.kind,
        status=item.status,
        parcel_id=number,
        item_id=item.item_id,
        case_number=item.case_number,
        certificate_number=item.certificate_number,
        advertising_number=item.advertising_number,
        tax_year=item.tax_year,
        sale_date=item.sale_date,
        redeemed_on=item.redeemed_on,
        attributes=told | {"parcel_id is": label, "amounts stand under": first},
    )


def filed(record: LienRecord, page: Page, key: str, parcel_id: str | None) -> Statement:
    """Return what ``record`` says, kept under the parcel ``key``.

    The hash stays that of what the page says, so that it is known again however the parcel is spelled.
    """
    spoken = state(record, page)
    if key == record.parcel_key or parcel_id is None:
        return spoken
    under = msgspec.structs.replace(record, parcel_id=parcel_id, parcel_key=key)
    return state(under, page)._replace(sha256=spoken.sha256)
