"""Every fault of the simulator against the real collector: what is true then, and how it is whole again.

The site gives a page a parcel, forty in all, of which it promises at least thirty-two, and two of twenty
pages may fail. After every fault: what was said was said once, nothing was half-said, and the next run
after the fault makes it whole. Proxies that lie are in ``fetching/test_proxies.py``.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import psutil
import pytest

from simulated_counties import SimulatedCounties
from taxlien.run.simulator.serving.faults import Fault
from taxlien.services.scraper.adapters import current

from .conftest import Misbehaving

PARCELS = 40
LATE = {"since": 41}  # requests from here on: a part of the run was good before
MANY = {"at": [*range(41, 53)]}
SOME = {"at": [12, 18, 19]}


class Case(NamedTuple):
    """A fault, when it happens, and what then is true of the run."""

    fault: Fault
    when: dict[str, Any]
    state: str
    errors: set[str] = set()
    said: str | None = None
    missing: int = 0


CASES = [
    # What passes by itself, since pages are tried again.
    Case(Fault.SLOW, SOME, "published"),
    Case(Fault.SERVER_ERROR, SOME, "published"),
    Case(Fault.RESET, SOME, "published"),
    Case(Fault.BROKEN_OFF, SOME, "published"),
    Case(Fault.TRUNCATED, SOME, "published"),
    Case(Fault.SESSION_LOSS, SOME, "published"),
    Case(Fault.REPEATED_PAGE, SOME, "published"),
    # Pages that are not to be had: the rest is good, and the run may lack some.
    Case(Fault.FOREIGN_REDIRECT, SOME, "published", {"refused"}, missing=3),
    Case(Fault.GZIP_BOMB, SOME, "published", {"refused"}, missing=3),
    Case(Fault.HUGE_PAGE, SOME, "published", {"refused"}, missing=3),
    Case(Fault.REDIRECT_LOOP, LATE, "quarantined", {"refused"}, "could not be read"),
    Case(Fault.HUGE_PAGE, LATE, "quarantined", {"refused"}, "could not be read"),
    Case(Fault.GZIP_BOMB, MANY, "quarantined", {"refused"}, "could not be read"),
    Case(Fault.FOREIGN_REDIRECT, LATE, "quarantined", {"refused"}, "could not be read"),
    # A host that goes down is collected again later, and no person is asked.
    Case(Fault.SERVER_ERROR, LATE, "failed", {"unreachable"}, "the host was away for a part"),
    Case(Fault.RESET, LATE, "failed", {"unreachable"}, "the host was away for a part"),
    Case(Fault.BROKEN_OFF, LATE, "failed", {"unreachable"}, "the host was away for a part"),
    # A site that sends other pages than it did is looked at by a person.
    Case(Fault.TRUNCATED, LATE, "quarantined", {"truncated"}, "could not be read"),
    Case(Fault.CHANGED_LAYOUT, LATE, "quarantined", {"layout"}),
    Case(Fault.REPEATED_PAGE, LATE, "quarantined", {"no_session"}, "could not be read"),
    # A site that refuses us is left alone.
    Case(Fault.FORBIDDEN, LATE, "stopped", set(), "forbidden: status 403"),
    Case(Fault.TOO_MANY_REQUESTS, LATE, "stopped", set(), "too_many_requests: 429; Retry-After"),
    Case(Fault.CHALLENGE, LATE, "stopped", set(), "wants to know whether we are human"),
    # What does no harm at all.
    Case(Fault.SLOW, LATE, "published"),
    Case(Fault.STALE_ETAG, LATE, "published"),
    Case(Fault.SESSION_LOSS, LATE, "published"),
    Case(Fault.WRONG_CHARSET, LATE, "published"),
]


@pytest.fixture
def site(
    collector: Any, counties: SimulatedCounties, monkeypatch: pytest.MonkeyPatch
) -> Misbehaving:
    for name, value in (("READ_SECONDS", "0.4"), ("ATTEMPTS", "2"), ("PAGE_ATTEMPTS", "3")):
        monkeypatch.setenv(f"TAXLIEN_SCRAPER_{name}", value)
    current.settings.cache_clear()
    expected = {"min_records": 32, "max_error_share": 0.1, "required": {"land_use": 0.9}}
    [document, *_] = counties.sites("iasworld")
    polite = {**document["politeness"], "concurrency": 4}
    return Misbehaving(
        collector, counties, {**document, "expected": expected, "politeness": polite}
    )


def test_every_fault_has_its_case() -> None:
    assert {case.fault for case in CASES} == set(Fault)


async def test_pages_of_hundreds_of_megabytes_cost_little_memory(site: Misbehaving) -> None:
    """A page of 300 MB and one that unpacks to 2 GB, each several times, four at once."""
    await site.collector.know(site.site)
    huge = {"fault": Fault.HUGE_PAGE, "at": [*range(30, 36)]}
    site.fail(huge, {"fault": Fault.GZIP_BOMB, "at": [*range(40, 46)]})
    process, peak = psutil.Process(), 0
    before = process.memory_info().rss
    running = asyncio.create_task(site.run())
    while not running.done():
        await asyncio.sleep(0.005)
        peak = max(peak, process.memory_info().rss - before)
    assert (await running)["figures"]["errors"]["refused"] >= 4
    assert peak < 200_000_000


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.fault}-{'-'.join(c.when)}")
async def test_a_fault_is_told_from_data_and_the_next_run_makes_it_whole(
    site: Misbehaving, case: Case
) -> None:
    await site.collector.know(site.site)
    seconds = 0.6 if case.when is SOME else 0.01
    site.fail({"fault": case.fault, "seconds": seconds, **case.when})
    run = await site.run()
    [completed] = site.completed
    assert (run["state"], completed.state) == (case.state, case.state), run["reason"]
    kinds = completed.errors_by_kind.keys() - {"abandoned"}
    # Of a redesigned page some parsers read what is left: the run as a whole shows it then.
    assert kinds == case.errors or (not kinds and case.fault is Fault.CHANGED_LAYOUT)
    assert run["reason"] == completed.reason
    assert (case.said or "") in (run["reason"] or "")
    await holds_after_it(site, case)

    await site.heal()
    again = await site.run()
    assert (again["state"], again["reason"]) == ("published", None)
    assert site.completed[-1].complete_pct == 100.0
    assert await site.facts() == PARCELS == len(site.said)
    if case.fault is not Fault.WRONG_CHARSET:  # which says other words in fact
        assert set(site.said.values()) == {1}


async def holds_after_it(site: Misbehaving, case: Case) -> None:
    """What the database says between the fault and its end."""
    tasks = await site.tasks()
    assert await site.state() == {
        "stopped": "stopped",
        "quarantined": "quarantined",
    }.get(case.state, "active")
    if case.state == "published":
        assert await site.facts() == PARCELS - case.missing
        assert site.completed[0].complete_pct == 100 - 100 * case.missing / PARCELS
    else:
        assert (await site.facts(), len(site.said)) == (0, 0)
    assert (await site.left_over() > 0) == (case.state == "quarantined")
    if case.state in {"published", "failed"}:
        assert tasks == []
        return
    [task] = tasks
    assert (case.said or "").partition(": ")[2] in task["summary"]
    if case.state == "stopped":
        [stopped] = site.stopped
        assert f"{stopped.kind}: {stopped.reason}" == site.completed[0].reason
    else:
        assert f"not published: {site.completed[0].reason}" in task["summary"]
        assert "Run of" in task["detail"]["diff"]
        assert "What was found" in task["detail"]["diff"]
