"""A document gets another risk score: all else is read back from what the index has stored of it.

So a score costs neither the catalogue nor the law, and a lien that changed meanwhile stays as it is.
"""

from __future__ import annotations

import msgspec

from .deriving import FLAGS, PARTS_OF_AN_ACRE
from .document import (
    POINT,
    LienDocument,
    SearchItem,
    encode_item,
    numbers_of,
    place_of,
    scaled,
)
from .geography import spot_of
from .price_bands import band_of

_item = msgspec.json.Decoder(SearchItem)
_FLAGS = frozenset(FLAGS)


class Beside(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a document has and its item does not tell."""

    parcel_key: str
    not_flags: tuple[str, ...]


_beside = msgspec.msgpack.Decoder(Beside)
_encoder = msgspec.msgpack.Encoder()


def beside_of(document: LienDocument) -> bytes:
    """Return what is stored with the item, so that ``restored`` can make the document again."""
    return _encoder.encode(Beside(document.parcel_key, document.not_flags))


def restored(item: bytes, beside: bytes, score: int | None) -> LienDocument:
    """Return the document whose item and ``beside_of`` these are, with ``score`` (1 to 100)."""
    shown, rest = _item.decode(item), _beside.decode(beside)
    numbers = (shown.parcel_id, shown.certificate_number, shown.advertising_number)
    price = scaled(shown.price)
    return LienDocument(
        lien_id=shown.lien_id,
        version=shown.version,
        address=shown.address or "",
        place=place_of(shown.city, shown.county, shown.state, shown.zip_code),
        numbers=numbers_of(*numbers),
        parcel_key=rest.parcel_key,
        state=shown.state,
        county=f"{shown.state}|{shown.county_fips}|{shown.county}",
        city=f"{shown.state}|{shown.county_fips}|{shown.city}" if shown.city else None,
        status=shown.status,
        kind=shown.kind,
        property_type=(shown.property_type or "").strip().casefold() or None,
        year=shown.tax_year,
        price=price,
        price_band=band_of(price),
        rate=scaled(shown.rate_pct),
        roi=scaled(shown.payoff.roi_pct) if shown.payoff else None,
        auction_day=shown.sale_date.toordinal() if shown.sale_date else None,
        property_class=shown.property_class,
        flags=tuple(flag for flag in shown.flags if flag in _FLAGS),
        not_flags=rest.not_flags,
        ltv=scaled(shown.lien_to_value_pct),
        face=scaled(shown.face_amount),
        market_value=scaled(shown.market_value),
        acres=scaled(shown.acres, PARTS_OF_AN_ACRE),
        score=None if score is None else score * POINT,
        redeem_day=shown.redemption_deadline.toordinal() if shown.redemption_deadline else None,
        spot=spot_of(shown.latitude, shown.longitude),
        item=_with_score(shown, score),
    )


def scored(document: LienDocument, score: int | None) -> LienDocument:
    """Return ``document`` with ``score`` (1 to 100, None unknown)."""
    parts = None if score is None else score * POINT
    if document.score == parts:
        return document
    item = _with_score(_item.decode(document.item), score)
    return msgspec.structs.replace(document, score=parts, item=item)


def _with_score(item: SearchItem, score: int | None) -> bytes:
    safety = None if score is None else 101 - score
    return encode_item(msgspec.structs.replace(item, score=score, safety_score=safety))
