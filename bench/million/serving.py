"""The real application under granian for a benchmark, and wrk asking it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROCESSES = 2
_RESULT = re.compile(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)")


class Measured(NamedTuple):
    """Requests a second; milliseconds by share; how many were not answered with 200."""

    rate: float
    p50: float
    p95: float
    p99: float
    errors: int


@contextmanager
def serving(settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run ``taxlien run --services search`` with two processes; yield its address."""
    with launched(settings, log, "search", "/v1/search?page_size=1", PROCESSES) as (url, _):
        yield url


@contextmanager
def launched(
    settings: Mapping[str, str], log: Path, service: str, ready: str, processes: int
) -> Iterator[tuple[str, int]]:
    """Run the API of a service until it answers for ``ready``; yield its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: v for name, v in os.environ.items() if not name.startswith("TAXLIEN_")}
    command = [sys.executable, "-m", "taxlien.run", "run", "--services", service, "--roles", "api"]
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--processes", str(processes)],
            env={**kept, **settings}, stdout=out, stderr=out,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}{ready}", process, log)
            yield url, process.pid
        finally:
            process.terminate()
            process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
            return
        except (urllib.error.URLError, ConnectionError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the application does not answer ({error}); see {log}") from None
            time.sleep(0.05)


def ask(
    url: str, addresses: Sequence[str], folder: Path,
    *, seconds: float, connections: int, rate: float = 0,
) -> Measured:  # fmt: skip
    """Let wrk ask for ``seconds``: as fast as it gets answers, or about ``rate`` times a second."""
    file = folder / "addresses"
    file.write_text("\n".join(addresses) + "\n")
    pause = f"{connections * 1000 / rate:.0f}" if rate else "0"
    lua = str(Path(__file__).with_name("requests.lua"))
    done = subprocess.run(
        ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds:g}s", "-s", lua, url,
         "--", str(file), pause],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = _RESULT.search(done.stdout)
    if found is None:
        raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")
    requests, microseconds, errors, *latency = map(int, found.groups())
    return Measured(requests / microseconds * 1e6, *(at / 1000 for at in latency), errors)
