"""The one door to the world: which address leads to which service, and how that service is described.

Owns: the route table, the Envoy configuration made from it, quotas, the merged API description, its pages
Emits: nothing
Listens: nothing
Asks: nothing
"""
