"""The simulator for tests: a process of its own on a free port.

``with simulated(counties=12, parcels=600) as counties:`` starts one; the fixture ``simulator`` is one for a
whole session. Import it where it is used: ``from simulated_counties import simulator``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest

DAY = date(2026, 11, 28)
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class SimulatedCounties:
    """A running simulator. ``url`` has no slash at its end."""

    url: str
    process: subprocess.Popen[str]

    def ask(self, path: str, body: object = None, headers: dict[str, str] | None = None) -> bytes:
        """GET ``path``, or POST ``body`` as JSON. Raises ``urllib.error.HTTPError`` from 400 on."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"user-agent": "tests", **(headers or {})}
        )
        with _DIRECT.open(request, timeout=30) as answer:
            return bytes(answer.read())

    def sites(self, platform: str | None = None) -> list[dict[str, Any]]:
        """The site files of what is played, of one platform or of all."""
        found: list[dict[str, Any]] = json.loads(self.ask("/sites.json"))
        return [site for site in found if platform in {None, site["platform"]}]

    def truth(self, host: str, key: str) -> Any:
        """What a correct collector finds of a record of a host (``fl-alachua.qpublic``)."""
        return json.loads(self.ask(f"/simulator/truth/{host}/{quote(key)}"))

    def fail(self, host: str | None, *rules: dict[str, Any]) -> None:
        """Let a host (or all) make these faults from now on; counts of requests begin anew."""
        self.ask("/simulator/faults", {"host": host, "rules": list(rules)})

    def to_day(self, day: date) -> None:
        """Let it be another day."""
        self.ask("/simulator/day", {"day": day.isoformat()})

    def status(self) -> dict[str, Any]:
        """What was asked and spoilt until now."""
        return dict(json.loads(self.ask("/simulator/status")))


@contextmanager
def simulated(
    *, counties: int = 12, parcels: int = 600, seed: int = 7, faults: str = "none", day: date = DAY
) -> Iterator[SimulatedCounties]:
    """Run a simulator while the block lasts."""
    options = {"counties": counties, "parcels": parcels, "seed": seed, "faults": faults, "day": day}
    command = [sys.executable, "-m", "taxlien.run", "simulate", "--port", "0"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found, f"the simulator did not start: {line!r}"
            yield SimulatedCounties(found[0], process)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatedCounties]:
    """Twelve small counties. Tests that set faults or the day put them back."""
    with simulated() as counties:
        yield counties
