"""Finding liens: full text, filters, sorts, facets and autocomplete over everything the catalogue knows.

Owns: the search index (files under TAXLIEN_SEARCH_INDEX_PATH) and schema
    search: rebuilds, searched, kinds_searched, clicks, owners, saved_searches, matches,
    query_set, scores, moves
Emits: counties.searched, searches.summarised, search.matched, user.data_exported,
    user.data_erased
Listens: lien.created, lien.changed, lien.status_changed, lien.scored, user.tier_changed,
    user.export_requested, user.erasure_due
Asks: LienCatalogue
"""
