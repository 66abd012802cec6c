"""The catalogue: what counties publish about liens, kept with who said it and when.

Owns: counties, sources, imports, parcels, liens, sales, observations, status_history,
    county_price_index
Emits: lien.created, lien.changed, lien.status_changed
Listens: nothing
Asks: nothing
"""
