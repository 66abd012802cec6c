"""Collecting: what county sites publish, fetched politely and read into observations.

Owns: sources, runs, run_pages, pages, raw_pages, facts, staged, operations_tasks, proxies, demand
Emits: scrape.observed, list.collected, scrape.completed, source.stopped, source.resumed
Listens: counties.searched, county.demand_changed
Asks: nothing
"""
