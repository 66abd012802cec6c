"""Collecting: what county sites publish, fetched politely and read into observations.

Owns: sources, runs, run_pages, pages, raw_pages, raw_contents, facts, staged, operations_tasks, demand
Emits: scrape.observed, list.collected, scrape.completed, source.stopped, source.resumed
Listens: counties.searched, county.demand_changed
Asks: nothing
"""
