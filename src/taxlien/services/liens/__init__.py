"""The catalogue: what counties publish about liens, kept with who said it and when.

Owns: counties, sources, imports, parcels, liens, sales, observations, status_history,
    county_price_index, parcel_observations, parcel_other_ids, pending_imports, coverage,
    source_runs, parcel_merges, duplicate_candidates, duplicate_scans, filed_numbers,
    own_facts
Emits: lien.created, lien.changed, lien.status_changed, list.imported, auction.scheduled
Listens: scrape.observed, list.collected, scrape.completed, source.stopped, source.resumed
Asks: nothing
"""
