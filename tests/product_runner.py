"""Runs the product as a user does, ``taxlien up`` in a folder of its own, for the journeys."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from taxlien.run.demo.models import PAST_SETTING
from taxlien.services.gateway.logic.limits import LIMITS

START_SECONDS = 120.0
SETTLE_SECONDS = 120.0
# A journey asks faster than any person would; quotas have tests of their own.
NO_LIMITS = json.dumps(dict.fromkeys(LIMITS, "99999999/60"))


@dataclass
class RunningProduct:
    """A product that is up, with the command line beside it."""

    home: Path
    process: subprocess.Popen[str]
    environment: dict[str, str]
    http: httpx2.Client

    def run(self, *words: str, check: bool = True, timeout: float = 300) -> str:
        """Run ``taxlien WORDS`` and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "taxlien.run", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"taxlien {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def get(self, path: str, **params: Any) -> Any:
        """GET a path through the gateway and return the JSON of a 200 answer."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, f"{path} {params}: {answer.status_code} {answer.text}"
        return answer.json()

    def wait_until(self, done: Callable[[], bool], what: str) -> None:
        """Look again until ``done``; fail with ``what`` after a deadline.

        The longer it takes, the more seldom it is looked for: to ask costs what is being waited for.
        """
        began = time.monotonic()
        while not done():
            waited = time.monotonic() - began
            assert waited < SETTLE_SECONDS, f"not within {SETTLE_SECONDS:.0f} s: {what}"
            time.sleep(min(0.5, max(0.05, waited / 10)))

    def found(self, **params: Any) -> int:
        """Return how many liens a search finds, exactly: totals end at 10,000, and each is in one state."""
        states = self.get("/v1/search", page_size=1, **params)["facets"]["state"]
        return sum(state["count"] for state in states)


def start_product(
    home: Path, *options: str, settings: Mapping[str, str] | None = None
) -> RunningProduct:
    """Start ``taxlien up`` with ``settings`` and wait until it has printed its page."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TAXLIEN_")}
    environment |= {"TAXLIEN_HOME": str(home), "COLUMNS": "200"}
    # Models of the demo are trained only where a journey looks at them.
    environment |= {"TAXLIEN_GATEWAY_LIMITS": NO_LIMITS, PAST_SETTING: "0", **(settings or {})}
    log = (home.parent / f"{home.name}.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "taxlien.run", "up", "--any-port", *options],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while "is up" not in Path(log.name).read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"taxlien up did not come up:\n{Path(log.name).read_text()}")
        time.sleep(0.05)
    url = json.loads((home / "stack.json").read_text())["environment"]["TAXLIEN_GATEWAY_URL"]
    return RunningProduct(home, process, environment, httpx2.Client(base_url=url, timeout=10))


@contextmanager
def running_product(
    home: Path, *options: str, settings: Mapping[str, str] | None = None
) -> Iterator[RunningProduct]:
    """A product for the time of a block, stopped whatever happens in it."""
    product = start_product(home, *options, settings=settings)
    try:
        yield product
    finally:
        stop_product(product)


def stop_product(product: RunningProduct) -> None:
    """Stop it as Ctrl-C does."""
    product.http.close()
    product.process.send_signal(signal.SIGINT)
    assert product.process.wait(60) == 0
