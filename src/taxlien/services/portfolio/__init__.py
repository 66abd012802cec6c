"""What people watch, and what happens to it: liens, parcels, counties and sales.

Owns: schema portfolio: owners, watches, watched_liens, triggers, watch_set, auctions, neared,
    demand
Emits: watch.triggered, auction.neared, county.demand_changed, user.data_exported,
    user.data_erased
Listens: lien.created, lien.changed, lien.status_changed, auction.scheduled, user.tier_changed,
    user.export_requested, user.erasure_due
Asks: LienLookup
"""
