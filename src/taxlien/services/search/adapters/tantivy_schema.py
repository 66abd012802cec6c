"""The fields of the Tantivy index, how text becomes words, and a document in Tantivy's own form."""

from __future__ import annotations

from uuid import UUID

import tantivy
from tantivy import Document, Filter, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder

from taxlien.services.search.logic.document import LienDocument

LAYOUT = "t1"
"""Names this schema and these tokenizers: change it with them, and the index is built anew."""

TEXT_FIELDS = ("address", "place", "number")
NUMBER_FIELDS = ("price", "rate", "roi", "year", "auction_day", "version", "id_high", "id_low")
CHOICE_FIELDS = ("state", "county", "status", "kind", "property_type")

LONGEST_WORD = 40
_SIGN = 2**63
_LOW = 2**64 - 1


def build_schema() -> Schema:
    """Return the schema. Numbers are columns only: they are sorted and ranged, never looked up."""
    builder = SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="words", index_option="basic")
    builder.add_text_field("parcel_part", tokenizer_name="parts", index_option="basic")
    for name in CHOICE_FIELDS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in NUMBER_FIELDS:
        builder.add_integer_field(name, fast=True)
    builder.add_bytes_field("item", stored=True)
    return builder.build()


def words_analyzer() -> TextAnalyzer:
    """Return what splits text into words: letters and digits, lower case, without accents."""
    return (
        TextAnalyzerBuilder(tantivy.Tokenizer.regex(r"[\p{L}\p{N}]+"))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .filter(Filter.remove_long(LONGEST_WORD))
        .build()
    )


def parts_analyzer() -> TextAnalyzer:
    """Return what cuts a parcel id into every run of ``PART`` characters, to find it by its middle."""
    return (
        TextAnalyzerBuilder(tantivy.Tokenizer.ngram(PART, PART, prefix_only=False))
        .filter(Filter.lowercase())
        .build()
    )


PART = 4
"""Characters in one part of a parcel id: shorter runs are found at the beginning only."""


def register_analyzers(index: tantivy.Index) -> None:
    """Give ``index`` the tokenizers its schema names."""
    index.register_tokenizer("words", words_analyzer())
    index.register_tokenizer("parts", parts_analyzer())


def halves(lien_id: UUID) -> tuple[int, int]:
    """Return an id as the two signed 64-bit columns that hold it."""
    return (lien_id.int >> 64) - _SIGN, (lien_id.int & _LOW) - _SIGN


def tantivy_document(document: LienDocument) -> Document:
    """Return ``document`` for Tantivy. Every number fits 64 bits: one that did not would end the writer."""
    high, low = halves(document.lien_id)
    values: dict[str, object] = {
        "id": document.lien_id.hex,
        "id_high": high,
        "id_low": low,
        "version": document.version,
        "address": document.address,
        "place": document.place,
        "number": f"{document.parcel_key} {document.numbers}",
        "parcel_part": document.parcel_key,
        "state": document.state,
        "county": document.county,
        "status": document.status,
        "kind": document.kind,
        "item": document.item,
    }
    for name in ("property_type", "year", "price", "rate", "roi", "auction_day"):
        value = getattr(document, name)
        if value is not None:
            values[name] = value
    return Document(**values)
