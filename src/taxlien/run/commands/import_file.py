"""``taxlien import``: a county's files become liens, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from taxlien.run.commands.import_mapping import Refusal, beside, choose_mapping
from taxlien.run.commands.import_summary import Outcome, summarise

if TYPE_CHECKING:
    from rich.console import Console

    from taxlien.kit.blobs import Blobs
    from taxlien.kit.database import Database
    from taxlien.kit.outbox import Pace
    from taxlien.services.liens import service
    from taxlien.services.liens.logic.mapping import Mapping
    from taxlien.services.liens.service import ImportReport

RECONNECT_SECONDS = 60.0
INDEX = "search.index_liens"
NICENESS = 10
"""An import gives way: what it announced is indexed, and people are answered, before it goes on."""


class Job(NamedTuple):
    """One file with the mapping that reads it; ``rejects`` is where its bad rows go, ``seen`` its length
    and time before anything was read."""

    path: Path
    mapping: Mapping
    rejects: Path
    seen: tuple[int, int]


class Choices(NamedTuple):
    """What the user said on the command line."""

    source: str | None
    mapping: Path | None
    values: dict[str, str]
    yes: bool
    dry_run: bool
    allow_rejects: bool


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("import")(import_files)


def import_files(
    files: Annotated[list[str], typer.Argument(help="CSV, XLSX or JSON, also gzipped; patterns.")],
    source: Annotated[str | None, typer.Option(help="Name of the source.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Your own mapping (YAML).")] = None,
    county: Annotated[
        str | None, typer.Option(help="FIPS or `Larimer, CO`, where no file says it.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Sale year, where no file says it.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="File (or folder, for several) for rows not taken.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Use a proposed mapping.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read, compare, keep nothing.")
    ] = False,
    allow_rejects: Annotated[
        bool, typer.Option("--allow-rejects", help="Import what can be read of an unexpected file.")
    ] = False,
) -> None:
    """Import county files. A file is imported whole or not at all; twice changes nothing.

    Ends with 1 when a file was refused; the others are imported all the same.
    """
    from rich.console import Console

    from taxlien.kit.settings import SettingsError
    from taxlien.run import environment

    console, errors = Console(), Console(stderr=True)
    environment.load()
    values = {"county": county, "year": None if year is None else str(year)}
    choices = Choices(
        source,
        mapping,
        {name: value for name, value in values.items() if value is not None},
        yes,
        dry_run,
        allow_rejects,
    )
    try:
        failed = _run(list(_expand(files)), choices, rejects, console, errors)
    except SettingsError as error:
        hint = "TAXLIEN is not running here: start it with `taxlien up`. "
        errors.print(f"{hint}({error})", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except Refusal as error:
        errors.print(f"taxlien import: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        errors.print("stopped: files imported before stay, nothing was kept of the one being read")
        raise typer.Exit(130) from None
    if failed:
        raise typer.Exit(1)


def _expand(names: list[str]) -> Iterator[Path]:
    """Yield the files of names and patterns (``*``, ``?``, ``**``), sorted. Raises ``Refusal``."""
    from glob import glob

    for name in names:
        found = [name] if Path(name).exists() else sorted(glob(name, recursive=True))  # noqa: PTH207
        if not found:
            raise Refusal(f"there is no file {name}")
        for path in map(Path, found):
            if path.is_dir():
                raise Refusal(f"{path} is a folder: name its files, such as {path}/*.csv")
            if not path.is_file():  # a pipe can be read only once, and a file is looked at before
                raise Refusal(f"{path} is no file on a disk: save it, and import that")
            yield path


def _run(
    paths: list[Path],
    choices: Choices,
    rejects: Path | None,
    console: Console,
    errors: Console,
) -> int:
    """Import the files one after another; return how many were refused."""
    import asyncio
    import os

    import uvloop

    from taxlien.kit.blobs import Blobs
    from taxlien.kit.bus import connect_bus
    from taxlien.kit.database import Database
    from taxlien.kit.outbox import Pace
    from taxlien.kit.settings import KitSettings, read_settings
    from taxlien.run.garbage import between_files, few_collections

    settings = read_settings(KitSettings)
    settings.require("database_url")
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(nice, NICENESS))

    async def work() -> int:
        blobs = Blobs.from_settings(settings) if settings.objects_url else None
        database = Database(settings.database_url_for("liens"), service="liens", pool_size=1)
        bus = connect_bus(settings.bus_url) if settings.bus_url else None
        pace = Pace(database, bus, INDEX) if bus else None
        done, failed = [], 0
        try:
            for path in paths:
                try:
                    job = _job(path, choices, rejects, several=len(paths) > 1, console=console)
                    came = await _import(job, database, blobs, pace, choices, console)
                    done.append(Outcome(job.path, job.rejects, *came))
                except Refusal as error:
                    failed += 1
                    errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
                between_files()
        finally:
            await database.close()
            if bus is not None:
                await bus.close()
        if done:
            summarise(done, console, dry_run=choices.dry_run)
        return failed

    with few_collections(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


def _job(
    path: Path, choices: Choices, rejects: Path | None, *, several: bool, console: Console
) -> Job:
    from taxlien.services.liens.logic.mapping import MappingError
    from taxlien.services.liens.logic.records import UnreadableFile

    try:
        seen = _as_seen(path)
        mapping = choose_mapping(
            path,
            mapping=choices.mapping,
            source=choices.source,
            given=choices.values,
            yes=choices.yes,
            console=console,
        )
    except MappingError as error:
        raise Refusal(f"{choices.mapping or path}: {error}") from error
    except UnreadableFile as error:
        raise Refusal(f"{path.name} was not imported: it cannot be read: {error}") from error
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from error
    return Job(path, mapping, _rejects_path(path, rejects, several=several), seen)


def _as_seen(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


def _rejects_path(path: Path, wanted: Path | None, *, several: bool) -> Path:
    name = f"{path.name}.rejects.csv"
    if wanted is None:
        return beside(path, name)
    if several or wanted.is_dir():
        wanted.mkdir(parents=True, exist_ok=True)
        return wanted / name
    return wanted


async def _import(
    job: Job,
    database: Database,
    blobs: Blobs | None,
    pace: Pace | None,
    choices: Choices,
    console: Console,
) -> tuple[ImportReport, float]:
    """Import one file; return what came of it and the seconds it took. Raises ``Refusal``."""
    import time
    from datetime import UTC, datetime

    from taxlien.services.liens import service

    started, started_at = time.perf_counter(), datetime.now(UTC)
    file = _facts(job.path)
    if blobs is not None and not choices.dry_run:
        await _keep(job.path, blobs)
    try:
        report = await _with_patience(job, file, database, pace, choices, console)
    except service.RefusedFile as error:
        if not choices.dry_run:
            async with database.session() as session:
                await service.record_refusal(
                    session, job.mapping, file, str(error),
                    started_at=started_at, source_name=choices.source,
                )  # fmt: skip
        rows = f"rows and reasons: {job.rejects}" if job.rejects.exists() else ""
        allow = "--allow-rejects imports it as it is" if error.readable else ""
        hint = "; ".join(filter(None, (rows, allow)))
        hint = f" ({hint})" if hint else ""
        raise Refusal(f"{error}; nothing of it was imported{hint}") from error
    return report, time.perf_counter() - started


async def _keep(path: Path, blobs: Blobs) -> None:
    """Store the file as it came, by its hash, so that every observation can be traced to its bytes."""
    try:
        await blobs.put_file(path)
    except Exception as error:
        raise Refusal(
            f"{path.name} was not imported: the object store (TAXLIEN_OBJECTS_URL) did not take it:"
            f" {type(error).__name__}: {str(error).splitlines()[0][:200]}"
        ) from error


async def _with_patience(
    job: Job,
    file: service.FileFacts,
    database: Database,
    pace: Pace | None,
    choices: Choices,
    console: Console,
) -> ImportReport:
    """Import a file; when the server goes away, wait for it and begin again: nothing was kept."""
    import asyncio
    import time

    from taxlien.kit.backoff import Backoff
    from taxlien.kit.database import describe, is_connection_lost

    backoff, deadline = Backoff(first=0.2, longest=5.0), None
    while True:
        try:
            report = await _attempt(job, file, database, pace, choices, console)
        except Exception as error:
            if not is_connection_lost(error):
                raise _in_words(job, error) from error
            deadline = deadline or time.monotonic() + RECONNECT_SECONDS
            if time.monotonic() > deadline:
                raise Refusal(
                    f"{job.path.name} was not imported: the database cannot be reached"
                    f" ({describe(error)}). Is `taxlien up` running?"
                ) from error
            console.print(f"{job.path.name}: waiting for the database", markup=False)
        else:
            if pace is not None and not choices.dry_run:
                await pace.send()
                await pace.wait(0)  # reading the next file would take from who indexes a large one
            return report
        await asyncio.sleep(backoff.next())


def _in_words(job: Job, error: Exception) -> Exception:
    """Return what to raise for an error of the database: words where the cause is known."""
    from psycopg.errors import DataError, UndefinedTable
    from sqlalchemy.exc import DBAPIError

    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, OSError) and str(error.filename) == str(job.rejects):
        return Refusal(f"{job.path.name} was not imported: {job.rejects}: {error.strerror}")
    if isinstance(cause, UndefinedTable):
        return Refusal("the database has no tables yet: run `taxlien migrate`, or `taxlien up`")
    if isinstance(cause, DataError):
        line = str(cause).splitlines()[0]
        return Refusal(f"{job.path.name} was not imported: the database refuses a value ({line})")
    return error


class _DryRun(Exception):
    """Leaves the transaction of a dry run, so that it is rolled back."""


async def _attempt(
    job: Job,
    file: service.FileFacts,
    database: Database,
    pace: Pace | None,
    choices: Choices,
    console: Console,
) -> ImportReport:
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from taxlien.services.liens import service
    from taxlien.services.liens.adapters.reading import ReadOptions, read_records
    from taxlien.services.liens.adapters.rejects import RejectsWriter

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
               TextColumn("{task.fields[rows]:,} rows"), TimeRemainingColumn())  # fmt: skip
    report: ImportReport | None = None
    with RejectsWriter(job.rejects) as rejects, Progress(*columns, console=console) as progress:
        task = progress.add_task(escape(job.path.name), total=file.size_bytes, rows=0)
        try:
            async with database.session() as session:
                lookup = await service.county_lookup(session)
                stream = read_records(
                    job.path,
                    job.mapping,
                    options=ReadOptions(values=choices.values, county_fips=lookup),
                    on_progress=lambda counts: progress.update(
                        task, completed=counts.bytes_read, rows=counts.records
                    ),
                )
                report = await service.import_file(
                    session, stream, job.mapping, file, on_reject=rejects.write,
                    allow_rejects=choices.allow_rejects, source_name=choices.source,
                )  # fmt: skip
                if _as_seen(job.path) != job.seen:
                    raise Refusal(
                        f"{job.path.name} changed while it was read; nothing of it was imported:"
                        " import it again when it is complete"
                    )
                if choices.dry_run:
                    raise _DryRun
                if pace is not None:
                    # Read while the last file was indexed; committed when that is about done.
                    await pace.wait(report.liens.new + report.liens.changed + report.redated)
        except _DryRun:
            pass
    assert report is not None
    return report


def _facts(path: Path) -> service.FileFacts:
    import hashlib

    from taxlien.services.liens import service

    try:
        with path.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").digest()
            return service.FileFacts(name=path.name, sha256=sha256, size_bytes=content.tell())
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from error
