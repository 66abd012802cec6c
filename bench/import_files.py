"""Files to searchable liens, end to end: import, outbox, relay, bus, pricing, index.

    python bench/import_files.py [FILE ...]      (default: all RealTaxLien and Baltimore result files)

Prints rows a second until imported and until searchable, and the same rows by bare COPY into one table
without keys, in the same run, as the limit of the machine.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import psutil
import psycopg


def default_files() -> list[Path]:
    data = Path(
        os.environ.get("TAXLIEN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
    )
    files = sorted(data.glob("realtaxlien_results/*/*.csv.gz"))
    return files + sorted(data.glob("baltimore_md/certificate_sale_results_*.csv.gz"))


def bare_copy(url: str, files: list[Path]) -> float:
    """Rows a second by COPY of the same cells into one table of text, nothing else."""
    rows = 0
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TEMP TABLE bare (cells text[])")
        began = time.perf_counter()
        with connection.cursor().copy("COPY bare FROM STDIN") as copy:
            for path in files:
                with gzip.open(path, "rt", errors="replace", newline="") as lines:
                    for cells in csv.reader(lines):
                        copy.write_row((cells,))
                        rows += 1
        seconds = time.perf_counter() - began
    return rows / seconds


def peak(parent: int, seen: dict[str, float]) -> None:
    """Keep the highest sum of proportional set sizes of the product, in MB."""
    total = 0.0
    for process in [psutil.Process(parent), *psutil.Process(parent).children(recursive=True)]:
        try:
            text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(next(x for x in text.splitlines() if x.startswith("Pss:")).split()[1]) / 1024
    seen["pss"] = max(seen.get("pss", 0.0), total)


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]] or default_files()
    if not files:
        raise SystemExit("no files: name some, or set TAXLIEN_SHARED_DATA")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TAXLIEN_")}
        environment |= {"TAXLIEN_HOME": str(home)}
        command = [sys.executable, "-m", "taxlien.run"]
        with (Path(folder) / "log").open("w") as log:
            up = subprocess.Popen(
                [*command, "up", "--no-demo"], env=environment, stdout=log, stderr=log
            )
        while "is up" not in (Path(folder) / "log").read_text():
            if up.poll() is not None:
                raise SystemExit((Path(folder) / "log").read_text())
            time.sleep(0.1)
        try:
            measure(command, environment, home, files, up.pid)
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(60)


def measure(
    command: list[str], environment: dict[str, str], home: Path, files: list[Path], parent: int
) -> None:
    settings = json.loads((home / "stack.json").read_text())["environment"]
    url = settings["TAXLIEN_DATABASE_URL"]
    memory: dict[str, float] = {}
    began = time.perf_counter()
    importing = subprocess.Popen(
        [*command, "import", *map(str, files)], env=environment, stdout=subprocess.PIPE, text=True
    )
    while importing.poll() is None:
        peak(parent, memory)
        time.sleep(1)
    imported = time.perf_counter() - began
    print(importing.communicate()[0])
    if importing.returncode != 0:
        raise SystemExit("the import was refused")
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        [liens] = connection.execute("SELECT count(*) FROM liens.liens").fetchone() or (0,)
        [observed] = connection.execute("SELECT count(*) FROM liens.observations").fetchone() or (
            0,
        )
    with httpx2.Client(base_url=settings["TAXLIEN_GATEWAY_URL"], timeout=10) as http:
        while http.get("/v1/search?page_size=1&facets=false").json()["total"] < liens:
            peak(parent, memory)
            time.sleep(0.2)
    searchable = time.perf_counter() - began
    limit = bare_copy(url, files)
    print(f"{observed:,} rows of {len(files)} files became {liens:,} liens")
    print(f"{'':<22}{'seconds':>9}{'rows/s':>9}{'of bare COPY':>14}")
    for name, seconds in (("imported", imported), ("searchable", searchable)):
        rate = observed / seconds
        print(f"{name:<22}{seconds:>9.1f}{rate:>9,.0f}{rate / limit:>14.3f}")
    print(f"{'bare COPY (the limit)':<22}{'':>9}{limit:>9,.0f}{1:>14.3f}")
    print(f"peak memory of the product (PSS): {memory['pss']:.0f} MB, import process not counted")


if __name__ == "__main__":
    main()
