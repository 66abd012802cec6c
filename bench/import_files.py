"""Files to searchable liens, end to end: import, outbox, relay, bus, pricing, index.

    python bench/import_files.py [FILE ...]      (default: all RealTaxLien and Baltimore result files)

Prints rows a second until imported and until searchable, and the same rows by bare COPY into one table
without keys, in the same run, as the limit of the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import httpx2
import psutil
import psycopg
from product_processes import cpu_seconds, environment, megabytes, start, stop

from taxlien.services.search.adapters.tantivy_engine import TantivyEngine

LOOK_SECONDS = 0.25
LOOKS_A_MEMORY = 4  # the memory of all parts costs a look of its own more than the rest


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


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]] or default_files()
    if not files:
        raise SystemExit("no files: name some, or set TAXLIEN_SHARED_DATA")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _, up = start(home, "--no-demo")
        try:
            measure(home, files, up.pid)
        finally:
            stop(up)


def measure(home: Path, files: list[Path], supervisor: int) -> None:
    settings = json.loads((home / "stack.json").read_text())["environment"]
    url = settings["TAXLIEN_DATABASE_URL"]
    used = cpu_seconds(supervisor)
    memory = Memory(supervisor)
    began = time.perf_counter()
    importing = subprocess.Popen(
        [sys.executable, "-m", "taxlien.run", "import", *map(str, files)],
        env=environment(home),
        stdout=subprocess.DEVNULL,
    )
    with (
        psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection,
        httpx2.Client(base_url=settings["TAXLIEN_GATEWAY_URL"], timeout=10) as http,
    ):
        delay = Delay(connection, home / "search")
        for look in count():
            if importing.poll() is not None:
                break
            if look % LOOKS_A_MEMORY == 0:
                memory.look(importing.pid)
            delay.look()
            importer = cpu_of(importing.pid) or used.get("import", 0.0)
            used["import"] = importer
            time.sleep(LOOK_SECONDS)
        imported = time.perf_counter() - began
        if importing.returncode != 0:
            raise SystemExit("the import was refused")
        [liens] = connection.execute("SELECT count(*) FROM liens.liens").fetchone() or (0,)
        [rows] = connection.execute("SELECT count(*) FROM liens.observations").fetchone() or (0,)
        while delay.look() < liens:
            time.sleep(0.05)
        memory.look()
        while answered(http) < liens:
            time.sleep(0.05)
    searchable = time.perf_counter() - began
    spent = {part: s - used.get(part, 0.0) for part, s in cpu_seconds(supervisor).items()}
    limit = bare_copy(url, files)
    print(f"{rows:,} rows of {len(files)} files became {liens:,} liens")
    print(f"{'':<22}{'seconds':>9}{'rows/s':>9}{'of bare COPY':>14}")
    for name, seconds in (("imported", imported), ("searchable", searchable)):
        print(f"{name:<22}{seconds:>9.1f}{rows / seconds:>9,.0f}{rows / seconds / limit:>14.3f}")
    print(f"{'bare COPY (the limit)':<22}{'':>9}{limit:>9,.0f}{1:>14.3f}")
    print(f"{'the last lien':<22}{searchable - imported:>9.1f} s after the import ended")
    delay.show()
    memory.show()
    print("CPU microseconds a row:")
    for part, seconds in sorted({**spent, "import": used["import"]}.items(), key=lambda x: -x[1]):
        print(f"  {part:<20}{seconds / rows * 1e6:>7.0f}")


def answered(http: httpx2.Client) -> int:
    """Return how many liens a search finds: every lien is in one state."""
    states = http.get("/v1/search/filters").json()["filters"]["state"]
    return sum(state["count"] for state in states)


class Delay:
    """How long liens wait until they can be found, the oldest at each look: since their file was
    committed, all of it at once, and since their event left for the bus.

    Looks into the index itself as a search does: to have everything counted four times a second would
    take a part of the machine.
    """

    def __init__(self, connection: psycopg.Connection[tuple[int]], index: Path) -> None:
        self._connection = connection
        self._index = TantivyEngine(index, heap_bytes=15_000_000)
        self._committed, self._sent = Passed(), Passed()

    def look(self) -> int:
        """Return how many liens are found now."""
        committed, left = self._connection.execute(COMMITTED).fetchone() or (0, 0)
        now = time.perf_counter()
        self._committed.reached.append((now, committed))
        self._sent.reached.append((now, committed - left))
        found = asyncio.run(self._index.count())
        self._committed.look(found)
        self._sent.look(found)
        return found

    def show(self) -> None:
        """Print the median and the longest wait."""
        for since, passed in (("committed", self._committed), ("sent", self._sent)):
            waited = sorted(passed.waited)
            middle = waited[len(waited) // 2]
            print(f"{since} until found: {middle:.1f} s (median), {waited[-1]:.1f} s at most")


class Passed:
    """When how many liens had passed a point on their way, and how long the next of them waits."""

    def __init__(self) -> None:
        self.reached: list[tuple[float, int]] = []
        self.waited: list[float] = []

    def look(self, found: int) -> None:
        """Note since when the oldest that is not found waits."""
        missing = next((at for at, many in self.reached if many > found), None)
        self.waited.append(0.0 if missing is None else time.perf_counter() - missing)


COMMITTED = """
SELECT coalesce((SELECT sum((counts ->> 'new')::int) FROM liens.imports), 0),
    (SELECT count(*) FROM liens.outbox WHERE type = 'lien.created')
"""


class Memory:
    """PSS of every part over time, the import process among them."""

    def __init__(self, supervisor: int) -> None:
        self._supervisor = supervisor
        self._began = time.perf_counter()
        self._samples: list[tuple[float, dict[str, float]]] = []

    def look(self, importing: int | None = None) -> None:
        """Take a sample; ``importing``: the import process, a family of its own."""
        found = megabytes(self._supervisor)
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= megabytes(importing) if importing else {}
        self._samples.append((time.perf_counter() - self._began, found))

    def show(self) -> None:
        """Print ten samples, the highest, and each part's own highest."""
        every = max(1, len(self._samples) // 10)
        peak = max(self._samples, key=lambda sample: sum(sample[1].values()))
        parts = sorted({name for _, found in self._samples for name in found})
        columns = [(f"{at:.0f} s", found) for at, found in self._samples[::every]]
        columns.append((f"top {peak[0]:.0f} s", peak[1]))
        highest = {p: max(f.get(p, 0.0) for _, f in self._samples) for p in parts}
        columns.append(("highest", highest))
        print("memory (PSS, MB) over time:")
        print(f"  {'':<18}" + "".join(f"{title:>9}" for title, _ in columns))
        for part in sorted(parts, key=lambda name: -peak[1].get(name, 0.0)):
            print(f"  {part:<18}" + "".join(f"{f.get(part, 0.0):>9.0f}" for _, f in columns))
        sums = [sum(found.values()) for _, found in columns[:-1]]
        print(f"  {'in all':<18}" + "".join(f"{size:>9.0f}" for size in sums))
        print(f"peak memory in all (PSS): {sum(peak[1].values()):.0f} MB, with the import process")


def cpu_of(pid: int) -> float:
    """User and system seconds of one process so far; 0 when it has ended."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


if __name__ == "__main__":
    main()
