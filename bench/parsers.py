"""Pages a second that each platform's parser reads on one core; and whether memory stays flat over a million.

    python bench/parsers.py                                    # the table
    python bench/parsers.py --flat 1000000 --plot memory.svg   # a million pages, one process

Pages come from the simulator, each another one. The peer in the same run is lexbor alone: the page is
parsed into a tree and nothing is read from it (for JSON, the standard library's parser).
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil
from memory_plot import drawn
from selectolax.lexbor import LexborHTMLParser

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS
from taxlien.services.scraper.logic.pages import Page, Scope
from taxlien.services.scraper.logic.sites import Site
from visited_counties import Visitor, played

PAGES = 300
SECONDS = 2.0
LISTS = {"open_data", "file_drop"}
SAMPLES = 200

Saved = tuple[Page, Site]


def pages_by_platform(most: int) -> dict[str, list[Saved]]:
    """Visit the played sites and keep up to ``most`` different pages of each platform."""
    simulator = played(counties=12, parcels=2_000)
    found: dict[str, list[Saved]] = defaultdict(list)
    for host, play in simulator.plays.items():
        name = play.card.platform
        if name in LISTS or len(found[name]) >= most:
            continue
        visitor = Visitor(simulator, host)
        scope = Scope(today=simulator.world.today, limit=most)
        for _, page, _ in visitor.readings(PLATFORMS[name], scope):
            found[name].append((page, visitor.site))
            if len(found[name]) >= most:
                break
    return {name: saved for name, saved in found.items() if saved}


def bare(page: Page) -> None:
    """Only make a tree of the page."""
    if page.text.lstrip()[:1] in {"{", "["}:
        json.loads(page.text)
    else:
        LexborHTMLParser(page.text)


def rate(saved: list[Saved], *, peer: bool) -> tuple[float, int]:
    """Return pages a second of processor time, and how many records were read."""
    records = count = 0
    began = time.process_time()
    while time.process_time() - began < SECONDS:
        for page, site in saved:
            if peer:
                bare(page)
            else:
                reading = PLATFORMS[site.platform].read(page, site)
                records += len(reading.parcels) + len(reading.liens) + len(reading.sales)
            count += 1
    return count / (time.process_time() - began), records // max(1, count // len(saved))


def table(found: dict[str, list[Saved]]) -> None:
    """Print the table of all platforms."""
    print(
        f"{'platform':<13}{'pages':>6}{'kB':>7}{'records':>9}{'pages/s':>9}{'lexbor/s':>10}{'ratio':>7}"
    )
    for name, saved in sorted(found.items()):
        ours, records = rate(saved, peer=False)
        peer, _ = rate(saved, peer=True)
        size = sum(len(page.text) for page, _ in saved) / len(saved) / 1000
        print(
            f"{name:<13}{len(saved):>6}{size:>7.1f}{records:>9}{ours:>9.0f}{peer:>10.0f}{ours / peer:>7.2f}"
        )


def flat(found: dict[str, list[Saved]], pages: int, plot: Path | None) -> None:
    """Read ``pages`` pages of all platforms in turn; print and plot resident memory on the way.

    Every page is made different from all others before it is read, so that nothing is met twice.
    """
    process = psutil.Process()
    samples: list[tuple[int, float]] = []
    turn = itertools.cycle(list(itertools.chain.from_iterable(_interleaved(found))))
    every = max(1, pages // SAMPLES)
    began = time.process_time()
    for number in range(1, pages + 1):
        page, site = next(turn)
        marked = Page(
            request=page.request,
            url=page.url,
            text=page.text.replace("2025", str(1900 + number % 120)),
            fetched_at=page.fetched_at,
        )
        PLATFORMS[site.platform].read(marked, site)
        if number % every == 0:
            samples.append((number, process.memory_info().rss / 1e6))
    seconds = time.process_time() - began
    gc.collect()
    first = samples[len(samples) // 10][1]
    print(f"{pages:,} pages, {pages / seconds:,.0f} a second of processor time")
    print(f"resident after a tenth {first:.1f} MB, at the end {samples[-1][1]:.1f} MB")
    print(f"at most {max(size for _, size in samples):.1f} MB")
    for number, size in samples[:: max(1, len(samples) // 10)]:
        print(f"  {number:>10,} {size:>8.1f} MB")
    if plot:
        plot.write_text(drawn(samples, "Resident memory over pages read"))


def _interleaved(found: dict[str, list[Saved]]) -> Iterator[tuple[Saved, ...]]:
    return zip(*(itertools.islice(itertools.cycle(s), PAGES) for s in found.values()), strict=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--flat", type=int, default=0, help="read so many pages, and watch memory")
    parser.add_argument("--plot", type=Path, default=None, help="where to draw memory, as SVG")
    options = parser.parse_args()
    found = pages_by_platform(PAGES)
    if options.flat:
        flat(found, options.flat, options.plot)
    else:
        table(found)


if __name__ == "__main__":
    main()
