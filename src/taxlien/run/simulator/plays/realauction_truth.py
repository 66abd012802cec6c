"""What a RealAuction item says, as a correct parser hands it on."""

from __future__ import annotations

from taxlien.interfaces.scraper import ItemStatus, LienObserved
from taxlien.run.simulator.plays.play import money
from taxlien.run.simulator.plays.realauction_items import Wording, key_of, named_place
from taxlien.run.simulator.world.auctions import Item

_ENDED: dict[str, ItemStatus] = {"sold": "sold", "unsold": "unsold", "canceled": "removed"}


def observed(item: Item, wording: Wording) -> LienObserved:
    """The item with how it ended, as LOAD and UPDATE say it together."""
    sheriff, foreclosure = wording.heading == "th", item.kind == "foreclosure"
    named = named_place(item, wording) == "number"
    keyed = named and wording.key != "Parcel ID"
    appraised = sheriff or "Market" in wording.value
    with_city = wording.city != "none"
    status: ItemStatus = (
        "redeemed" if item.reason == "Redeemed" else _ENDED.get(item.state, "advertised")
    )
    return LienObserved(
        kind="foreclosure" if foreclosure else "deed_sale",
        status=status,
        # HTML shows a run of spaces as one: only iasWorld's own pages let them count.
        parcel_id=" ".join(item.parcel.parcel_id.split()) if named and not keyed else None,
        other_ids={wording.key: key_of(item, wording)} if keyed else {},
        item_id=item.item_id,
        case_number=item.case_number,
        certificate_number=None if foreclosure else item.certificate_number,
        sale_date=item.day,
        opening_bid=money(item.opening_bid) if sheriff or not foreclosure else None,
        winning_bid=None if item.winning_bid is None else money(item.winning_bid),
        deposit=money(item.deposit) if sheriff else None,
        amount_due=money(item.judgment) if foreclosure and not sheriff else None,
        assessed_value=None if appraised else money(item.assessed),
        market_value=money(item.market) if appraised else None,
        situs_address=item.parcel.situs or None,
        city=item.parcel.city if with_city else None,
        zip_code=item.parcel.zip_code if with_city else None,
    )
