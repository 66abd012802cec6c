"""``taxlien import`` as a user runs it: what it prints, where it writes, how it ends."""

from __future__ import annotations

import asyncio
import csv
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from taxlien.run.commands import import_file

LARIMER = (
    "SCHEDULE_NUMBER,CERTIFICATE_NUMBER,ISSUE_DATE,SUBTAX,REDEMPTION_DATE,TAX_YEAR,PRINCIPAL,"
    "INTEREST,PREMIUMBIDFEE,TREASURERDEEDFEE"
)
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(
    catalogue: Any,
    stack_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Run:
    """``run(words...)``: the command, with the settings of the test's own database."""
    for name, value in stack_environment.items():
        monkeypatch.setenv(name, value)
    url = catalogue.database.engine.url.set(drivername="postgresql")
    own = url.render_as_string(hide_password=False)
    monkeypatch.setenv("TAXLIEN_LIENS_DATABASE_URL", own)
    monkeypatch.setenv("TAXLIEN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    app = Typer()
    import_file.register(app)
    runner = CliRunner()

    async def invoke(*words: object) -> Result:
        # In a thread of its own, as the command starts an event loop of its own.
        return await asyncio.to_thread(runner.invoke, app, [str(word) for word in words])

    return invoke


@pytest.fixture
def larimer(tmp_path: Path) -> Path:
    """A list of Larimer County's shape: 1,199 certificates and a later tax of the first."""
    rows = [
        f"R{n:07d},{4000 + n},11/14/01,N,09/08/09,2000,{100 + n}.66,1.25,0,0" for n in range(1_199)
    ]
    rows.append("R0000000,4000,08/07/02,Y,09/08/09,2001,45.38,1.06,0,0")
    path = tmp_path / "larimer_co" / "liens.csv"
    path.parent.mkdir()
    path.write_text("\n".join([LARIMER, *rows]) + "\n")
    return path


def spoil(path: Path, *changes: tuple[str, str], line: int | None = None) -> str:
    """Replace text in a file, or in one line of it (1-based). Return the spoilt line or file."""
    lines = path.read_text().splitlines()
    chosen = range(len(lines)) if line is None else [line - 1]
    for number in chosen:
        for old, new in changes:
            lines[number] = lines[number].replace(old, new)
    path.write_text("\n".join(lines) + "\n")
    return "\n".join(lines[number] for number in chosen)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


async def test_known_file_is_imported_with_its_mapping(
    run: Run, larimer: Path, catalogue: Any
) -> None:
    done = await run(larimer)
    assert done.exit_code == 0, done.output
    assert "larimer_co" in done.stdout
    assert "1,200" in done.stdout
    assert await catalogue.count("liens") == 1_200
    assert not larimer.with_name("liens.csv.rejects.csv").exists()


async def test_second_import_of_a_file_reports_all_rows_unchanged(
    run: Run, larimer: Path, catalogue: Any
) -> None:
    await run(larimer)
    await catalogue.events()
    assert (await run(larimer)).exit_code == 0
    assert await catalogue.events() == []
    [(counts,)] = await catalogue.rows(
        "SELECT counts FROM liens.imports ORDER BY finished_at DESC LIMIT 1"
    )
    assert (counts["new"], counts["unchanged"]) == (0, 1_200)


async def test_dry_run_keeps_nothing(run: Run, larimer: Path, catalogue: Any) -> None:
    done = await run("--dry-run", larimer)
    assert done.exit_code == 0, done.output
    assert "dry run" in done.stdout
    for table in ("liens", "observations", "imports", "sources", "outbox"):
        assert await catalogue.count(table) == 0


async def test_bad_rows_go_to_the_rejects_file_with_line_and_reason(
    run: Run, larimer: Path, catalogue: Any
) -> None:
    spoilt = spoil(larimer, ("102.66", "1O2.66"), line=4)
    done = await run(larimer)
    assert done.exit_code == 0, done.output
    rejects = larimer.with_name("liens.csv.rejects.csv")
    assert str(rejects) in done.stdout.replace("\n", "")
    [row] = rows_of(rejects)
    assert (row["line"], row["column"], row["raw"]) == ("4", "PRINCIPAL", spoilt)
    assert await catalogue.count("liens") == 1_199


async def test_file_with_too_many_bad_rows_is_refused_whole_unless_allowed(
    run: Run, larimer: Path, catalogue: Any
) -> None:
    spoil(larimer, (".66,", ".6x,"))
    refused = await run(larimer)
    assert refused.exit_code == 1
    assert "1199 of 1200 rows were rejected" in refused.stderr
    assert "nothing of it was imported" in refused.stderr
    assert await catalogue.count("liens") == 0
    [(status, reason)] = await catalogue.rows("SELECT status, reason FROM liens.imports")
    assert status == "refused"
    assert "1199 of 1200" in reason
    assert (await run("--allow-rejects", larimer)).exit_code == 0
    assert await catalogue.count("liens") == 1


async def test_cut_off_gzip_is_refused_and_the_other_files_are_imported(
    run: Run, larimer: Path, catalogue: Any
) -> None:
    cut = larimer.with_name("cut.csv.gz")
    body = "".join(f"R{n},{n},11/14/01,N,,2000,{n}.66,,0,0\n" for n in range(20_000, 40_000))
    cut.write_bytes(gzip.compress(f"{LARIMER}\n{body}".encode())[:-5_000])
    done = await run(cut, larimer)
    assert done.exit_code == 1
    assert "cut.csv.gz" in done.stderr
    assert await catalogue.count("liens") == 1_200


async def test_unknown_file_gets_a_proposed_mapping_to_edit(
    run: Run, tmp_path: Path, catalogue: Any
) -> None:
    unknown = tmp_path / "somewhere.csv"
    rows = "".join(f"12-34-{n:05d},{n + 1}00.50,2021,{n} ELM ST\n" for n in range(20))
    unknown.write_text("Parcel Number,Total Due,Tax Year,Property Address\n" + rows)
    done = await run(unknown, "--county", "12105")
    assert done.exit_code == 1
    assert "parcel_id" in done.stdout
    draft = tmp_path / "somewhere.csv.mapping.yml"
    assert "--mapping" in done.stderr
    assert await catalogue.count("liens") == 0
    imported = await run(unknown, "--county", "12105", "--mapping", draft)
    assert imported.exit_code == 0, imported.output
    assert await catalogue.count("liens") == 20


async def test_proposed_mapping_is_used_when_the_user_says_yes(
    run: Run, tmp_path: Path, catalogue: Any
) -> None:
    unknown = tmp_path / "somewhere.csv"
    rows = "".join(f"12-34-{n:05d},{n + 1}00.50,2021\n" for n in range(20))
    unknown.write_text("Parcel Number,Total Due,Tax Year\n" + rows)
    done = await run(unknown, "--yes", "--county", "12105", "--source", "my_list")
    assert done.exit_code == 0, done.output
    assert await catalogue.rows("SELECT name FROM liens.sources") == [("my_list",)]


async def test_rows_of_no_known_county_are_rows_once_and_refuse_their_file(
    run: Run, tmp_path: Path, catalogue: Any
) -> None:
    unknown = tmp_path / "[bold]somewhere.csv"
    rows = "".join(f"12-34-{n:05d},{n + 1}00.50,2021,[/no] ST\n" for n in range(20))
    unknown.write_text("Parcel Number,Total Due,Tax Year,Property Address\n" + rows)
    refused = await run(unknown, "--yes", "--county", "08999")
    assert refused.exit_code == 1
    assert "20 of 20 rows were rejected" in refused.stderr
    assert "missing: county" not in refused.stdout
    taken = await run(unknown, "--yes", "--county", "larimer county, colorado")
    assert taken.exit_code == 0, taken.output
    assert "[bold]somewhere.csv" in taken.stdout
    fips = await catalogue.rows("SELECT DISTINCT county_fips FROM liens.liens")
    assert fips == [("08069",)]


async def test_rejects_that_cannot_be_written_are_said_in_a_sentence(
    run: Run, larimer: Path, catalogue: Any
) -> None:
    spoil(larimer, (".66,", ".6x,"), line=4)
    done = await run(larimer, "--rejects", "nowhere/rejects.csv")
    assert done.exit_code == 1
    assert "nowhere/rejects.csv: No such file or directory" in done.stderr
    assert await catalogue.count("liens") == 0


async def test_file_that_is_still_written_to_is_refused_whole(
    run: Run, larimer: Path, catalogue: Any
) -> None:
    importing = asyncio.create_task(run(larimer))
    while not importing.done():
        await asyncio.to_thread(larimer.touch)
        await asyncio.wait({importing}, timeout=0.01)
    done = await importing
    assert done.exit_code == 1
    assert "liens.csv changed while it was read" in done.stderr
    assert await catalogue.count("liens") == 0


async def test_patterns_name_several_files(run: Run, larimer: Path, catalogue: Any) -> None:
    done = await run(f"{larimer.parent}/*.csv")
    assert done.exit_code == 0, done.output
    assert await catalogue.count("liens") == 1_200


@pytest.mark.parametrize("name", ["missing.csv", "*.xlsx", ".", "/dev/zero"])
async def test_what_is_no_file_is_said_in_a_sentence(run: Run, name: str) -> None:
    done = await run(name)
    assert done.exit_code == 1
    assert done.stderr.startswith("taxlien import: ")
    assert "Traceback" not in done.output


async def test_file_in_a_folder_nobody_may_write_to_leaves_its_rejects_at_home(
    run: Run, larimer: Path, tmp_path: Path
) -> None:
    spoil(larimer, (".66,", ".6x,"), line=4)
    larimer.parent.chmod(0o555)
    try:
        done = await run(larimer)
    finally:
        larimer.parent.chmod(0o755)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "home" / "imports" / "liens.csv.rejects.csv").exists()
