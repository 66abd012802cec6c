"""Measure how skewed published liens are, and print it as the parameters of ``skew.yml``.

    python bench/million/measure.py FOLDER

FOLDER holds ``baltimore_md/certificate_sale_results_*.csv.gz`` and ``realtaxlien_results/*/*.csv.gz``. Only
distributions are printed (shapes, exponents, shares of suffixes): no row, no street and no parcel.
"""

from __future__ import annotations

import csv
import gzip
import math
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

SUFFIX = re.compile(r"\b(ST|AVE?|RD|DR|CT|LN|BLVD|WAY|PL|TER|CIR|SQ|PKWY|HWY|TRL)\b")
DIRECTION = re.compile(r"^(?:N|S|E|W|NE|NW|SE|SW)\s")
NUMBER = re.compile(r"^0*(\d+)(?:-\d+)?\s+(.*)$")
FACE = re.compile("face.*", re.IGNORECASE)


def rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            # A row longer than its header was shifted by a comma in an amount: no telling what is what.
            if None not in row:
                yield {key: value or "" for key, value in row.items()}


def amount(text: str) -> float | None:
    try:
        value = float(text.replace("$", "").replace(",", ""))
    except ValueError:
        return None
    return value if value > 0 else None


def log_normal(values: Sequence[float]) -> dict[str, float]:
    """Median in dollars, sigma of the logarithm by the middle 68 percent: outliers do not count."""
    logs = sorted(map(math.log, values))
    low, high = (logs[int(len(logs) * share)] for share in (0.16, 0.84))
    return {"median": round(statistics.median(values)), "sigma": round((high - low) / 2, 2)}


def zipf(counts: Iterable[int]) -> tuple[float, float]:
    """Return exponent and shift of the Zipf-Mandelbrot law that fits ranks best (by logarithms)."""
    ordered = sorted(counts, reverse=True)
    ranks = sorted({round(1.3**n) for n in range(60) if 1.3**n <= len(ordered)})
    best = (math.inf, 0.0, 0.0)
    for shift in (0, 1, 3, 10, 30, 60, 100, 200, 400):
        x = [math.log(rank + shift) for rank in ranks]
        y = [math.log(ordered[rank - 1]) for rank in ranks]
        slope, start = statistics.linear_regression(x, y)
        error = sum((b - start - slope * a) ** 2 for a, b in zip(x, y, strict=True))
        best = min(best, (error, -slope, shift))
    return round(best[1], 2), best[2]


def shares(counts: Counter[str], least: float = 0.004) -> dict[str, float]:
    whole = counts.total()
    return {k: round(n / whole, 3) for k, n in counts.most_common() if n / whole >= least}


def addresses(folder: Path) -> dict[str, object]:
    streets: Counter[str] = Counter()
    suffixes: Counter[str] = Counter()
    numbers: list[float] = []
    directed = rough = whole = 0
    for path in sorted(folder.glob("baltimore_md/certificate_sale_results_*.csv.gz")):
        for row in rows(path):
            text = " ".join(row.get("Property Address", "").split())
            found = NUMBER.match(text)
            whole += 1
            if found is None:
                rough += 1
                continue
            numbers.append(float(found[1]) or 1.0)
            directed += bool(DIRECTION.match(found[2]))
            street = DIRECTION.sub("", found[2])
            ending = SUFFIX.search(street)
            suffixes[ending[1] if ending else ""] += 1
            streets[SUFFIX.sub("", street).strip()] += 1
    known = Counter({name: n for name, n in streets.items() if n >= 5})
    exponent, shift = zipf(known.values())
    return {
        "rows": whole,
        "streets": len(known),
        "street_exponent": exponent,
        "street_shift": shift,
        "directed": round(directed / len(numbers), 3),
        "without_number": round(rough / whole, 3),
        "house_number": log_normal(numbers),
        "suffixes": shares(suffixes),
    }


def amounts(folder: Path) -> dict[str, object]:
    by_county: dict[str, list[float]] = {}
    rates: Counter[str] = Counter()
    parcels: dict[str, Counter[str]] = {}
    paths = sorted(folder.glob("realtaxlien_results/*/*.csv.gz"))
    paths += sorted(folder.glob("baltimore_md/certificate_sale_results_*.csv.gz"))
    for path in paths:
        county = path.parent.name
        for row in rows(path):
            face = next((amount(v) for k, v in row.items() if FACE.fullmatch(k)), None)
            if face:
                by_county.setdefault(county, []).append(face)
            parcel = next(
                (v for k, v in row.items() if "arcel" in k.lower() or "Account N" in k), ""
            )
            parcels.setdefault(county, Counter())[parcel] += 1
            if county.startswith("fl_"):
                bid = next(
                    (v for k, v in row.items() if k.upper().replace("_", "") == "WINNINGBID"), ""
                )
                if (rate := amount(bid)) is not None and rate <= 18:
                    rates["floor" if rate <= 0.25 else "top" if rate == 18 else "between"] += 1
    exponent, _ = zipf(len(found) for found in by_county.values())
    again = [c.total() / len(c) for c in parcels.values() if len(c) > 100]
    return {
        "rows": sum(map(len, by_county.values())),
        "county_exponent": exponent,
        "certificates_a_parcel": round(statistics.median(again), 2),
        "florida_bids": shares(rates),
        "face": {name: log_normal(found) for name, found in sorted(by_county.items())},
    }


def main() -> None:
    folder = Path(sys.argv[1])
    for name, found in (("addresses", addresses(folder)), ("amounts", amounts(folder))):
        print(f"{name}:")
        for key, value in found.items():
            print(f"  {key}: {value}")


if __name__ == "__main__":
    main()
