"""The fields of the Tantivy index, how text becomes words, and a document in Tantivy's own form."""

from __future__ import annotations

from operator import attrgetter
from uuid import UUID

import msgspec
import tantivy
from tantivy import Filter, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder

from taxlien.services.search.logic.cells import cells_of
from taxlien.services.search.logic.document import LienDocument
from taxlien.services.search.logic.geography import COLUMN_BITS
from taxlien.services.search.logic.ordering import order_values
from taxlien.services.search.logic.scoring import beside_of
from taxlien.services.search.logic.steps import step_words
from taxlien.services.search.logic.tokens import number_words
from taxlien.services.search.logic.words import address_words, place_words

LAYOUT = "t7"
"""Names this schema and these tokenizers: change it with them, and the index is built anew."""

TEXT_FIELDS = ("address", "place", "number")
NUMBER_FIELDS = (
    "price",
    "rate",
    "roi",
    "year",
    "auction_day",
    "ltv",
    "face",
    "market_value",
    "acres",
    "score",
    "redeem_day",
    "east",
    "version",
    "id_low",
)
CHOICE_FIELDS = (
    "state",
    "county",
    "status",
    "kind",
    "property_type",
    "property_class",
    "flag_set",
    "price_band",
)

ID_COLUMN = "id_low"
ORDER_COLUMNS = {
    "price": "by_price",
    "roi": "by_roi",
    "rate": "by_rate",
    "year": "by_year",
    "auction_date": "by_auction_day",
    "risk": "by_score",
}
"""The column that each order goes by: ``logic.ordering.order_value`` of what it sorts, and of the id."""

_SIGN = 2**63
_LOW = 2**64 - 1
_COLUMN = (1 << COLUMN_BITS) - 1


def build_schema() -> Schema:
    """Return the schema. Numbers are columns only, sorted and ranged; ``spot`` alone is looked up too.

    ``east`` is the column of a spot, whose rows are ranges of spots: a box is two ranges.
    """
    builder = SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="words", index_option="basic")
    builder.add_text_field("pair", tokenizer_name="words", index_option="basic")
    builder.add_text_field("parcel_part", tokenizer_name="parts", index_option="basic")
    for name in ("city", "flags", "not_flags", "step", "cell"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in CHOICE_FIELDS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in (*NUMBER_FIELDS, *ORDER_COLUMNS.values()):
        builder.add_integer_field(name, fast=True)
    builder.add_integer_field("spot", fast=True, indexed=True)
    builder.add_bytes_field("item", stored=True)
    builder.add_bytes_field("beside", stored=True)
    return builder.build()


def words_analyzer() -> TextAnalyzer:
    """Return what parts words that are ready to index: ``logic.words`` made them."""
    return TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


def parts_analyzer() -> TextAnalyzer:
    """Return what cuts a parcel id into every run of ``PART`` characters, to find it by its middle."""
    return (
        TextAnalyzerBuilder(tantivy.Tokenizer.ngram(PART, PART, prefix_only=False))
        .filter(Filter.lowercase())
        .build()
    )


NOTHING = "-"
"""Stands for no value where a column is counted: one that every lien has is counted far quicker."""

PART = 4
"""Characters in one part of a parcel id: shorter runs are found at the beginning only."""


def register_analyzers(index: tantivy.Index) -> None:
    """Give ``index`` the tokenizers its schema names."""
    index.register_tokenizer("words", words_analyzer())
    index.register_tokenizer("parts", parts_analyzer())


def low_half(lien_id: UUID) -> int:
    """Return the lower 64 bits of an id as the signed column that holds them."""
    return (lien_id.int & _LOW) - _SIGN


class _Row(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A document as the index takes it: a JSON object without nulls. Bytes travel as base64."""

    id: UUID
    id_low: int
    version: int
    address: str
    place: str
    number: str
    pair: str
    parcel_part: str
    state: str
    county: str
    status: str
    kind: str
    item: bytes
    beside: bytes
    property_class: str
    flag_set: str
    step: list[str]
    city: str | None = None
    property_type: str | None = None
    year: int | None = None
    price: int | None = None
    rate: int | None = None
    roi: int | None = None
    auction_day: int | None = None
    flags: tuple[str, ...] = ()
    not_flags: tuple[str, ...] = ()
    price_band: str | None = None
    ltv: int | None = None
    face: int | None = None
    market_value: int | None = None
    acres: int | None = None
    score: int | None = None
    redeem_day: int | None = None
    by_price: int | None = None
    by_roi: int | None = None
    by_rate: int | None = None
    by_year: int | None = None
    by_auction_day: int | None = None
    by_score: int | None = None
    cell: tuple[str, ...] = ()
    spot: int | None = None
    east: int | None = None


_encode = msgspec.json.Encoder(uuid_format="hex").encode


def tantivy_json(document: LienDocument) -> str:
    """Return ``document`` for Tantivy, as JSON: one call for all fields, which costs a fifth of one
    object a field. Every number fits 64 bits: one that did not would be refused."""
    lien_id = document.lien_id
    low = low_half(lien_id)
    address, place = address_words(document.address), place_words(document.place)
    by_price, by_roi, by_rate, by_year, by_auction_day, by_score = order_values(
        _ordered_of(document), low
    )
    row = _Row(
        id=lien_id,
        id_low=low,
        version=document.version,
        address=" ".join(address.words),
        place=" ".join(place.words),
        number=" ".join(number_words(f"{document.parcel_key} {document.numbers}")),
        pair=" ".join((*address.pairs, *place.pairs)),
        parcel_part=document.parcel_key,
        city=document.city,
        state=document.state,
        county=document.county,
        status=document.status,
        kind=document.kind,
        item=document.item,
        beside=beside_of(document),
        property_type=document.property_type,
        year=document.year,
        price=document.price,
        rate=document.rate,
        roi=document.roi,
        auction_day=document.auction_day,
        property_class=document.property_class or NOTHING,
        flags=document.flags,
        flag_set=" ".join(document.flags) or NOTHING,
        not_flags=document.not_flags,
        price_band=document.price_band,
        ltv=document.ltv,
        face=document.face,
        market_value=document.market_value,
        acres=document.acres,
        score=document.score,
        redeem_day=document.redeem_day,
        step=step_words(document.state, document.county[3:8], document.price, document.roi),
        by_price=by_price,
        by_roi=by_roi,
        by_rate=by_rate,
        by_year=by_year,
        by_auction_day=by_auction_day,
        by_score=by_score,
        cell=cells_of(document.spot),
        spot=document.spot,
        east=None if document.spot is None else document.spot & _COLUMN,
    )
    return _encode(row).decode()


_ordered_of = attrgetter("price", "roi", "rate", "year", "auction_day", "score")
