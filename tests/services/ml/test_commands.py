"""``taxlien ml``: what it says, and what it must not load."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.run.cli import app

Command = Callable[..., Awaitable[Result]]

ENGINES = ("xgboost", "mlflow", "polars", "sklearn", "pandas", "prophet", "torch", "onnxruntime")


def test_what_listens_and_what_answers_http_loads_no_engine_until_a_model_is_asked_for() -> None:
    code = (
        "import sys, taxlien.services.ml.events, taxlien.services.ml.endpoints\n"
        f"print([name for name in {ENGINES!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
async def command(office, stack_environment, monkeypatch, tmp_path) -> AsyncIterator[Command]:
    """``taxlien ml`` with these words, before this test's database."""
    for name, value in stack_environment.items():
        monkeypatch.setenv(name, value)
    url = office.database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TAXLIEN_ML_DATABASE_URL", url)
    monkeypatch.setenv("TAXLIEN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TAXLIEN_LOG_LEVEL", raising=False)

    async def invoke(*words: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["ml", *map(str, words)])

    yield invoke
    configure_logs(KitSettings(log_level="warning"), process="tests")


async def test_a_file_is_answered_line_by_line_and_nothing_else_is_said(
    command: Command, office, tmp_path: Path
) -> None:
    cases, results = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    asked = ("predict", office.name, "--input", cases, "--output", results)
    cases.write_text('{"id": "a"}\n\n{"id": 7}\n')
    nobody = await command(*asked)
    assert (nobody.exit_code, results.exists()) == (1, False)
    await office.appoint(5)
    done = await command(*asked)
    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        "",
        f"2 cases answered by {office.name} version 1.\n",
    )
    assert [json.loads(line)["id"] for line in results.read_text().splitlines()] == ["a", 7]
    cases.write_text('{"id": "a"}\n[1]\nno case\n{"id": "b"}\n')
    done = await command(*asked)
    assert (done.exit_code, done.stdout) == (1, "")
    told = [json.loads(line) for line in results.read_text().splitlines()]
    assert [(one["id"], one.get("line")) for one in told] == [
        ("a", None), (None, 2), (None, 3), ("b", None),
    ]  # fmt: skip
    assert all(told[n]["error"] for n in (1, 2))


async def test_what_a_file_cannot_be_written_to_is_said_in_words_and_no_special_file_is_replaced(
    command: Command, office, tmp_path: Path
) -> None:
    cases, pipe = tmp_path / "cases.jsonl", tmp_path / "pipe"
    cases.write_text('\ufeff{"id": "a"}\n')
    await office.appoint(5)
    for place in (tmp_path, Path("/proc/nowhere/results.jsonl")):
        done = await command("predict", office.name, "--input", cases, "--output", place)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("taxlien ml: /")
    os.mkfifo(pipe)
    reading = asyncio.create_task(asyncio.to_thread(pipe.read_bytes))
    done = await command("predict", office.name, "--input", cases, "--output", pipe)
    assert done.exit_code == 0
    assert json.loads(await reading)["id"] == "a"
    assert pipe.is_fifo()
    linked, kept = tmp_path / "linked.jsonl", tmp_path / "kept.jsonl"
    linked.symlink_to(kept)
    await command("predict", office.name, "--input", cases, "--output", linked)
    assert linked.is_symlink()
    assert json.loads(kept.read_text())["id"] == "a"


async def test_a_challenger_is_named_where_the_champion_answers_and_not_once_it_took_over(
    command: Command, office, tmp_path: Path
) -> None:
    cases, results = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    cases.write_text("{}\n")
    await office.appoint(5)
    await office.appoint(6, alias="challenger", reason="trained")
    done = await command("predict", office.name, "--input", cases, "--output", results)
    assert "answered by mean_face version 1." in done.stderr.replace(office.name, "mean_face")
    assert "Version 2 waits" in done.stderr
    await office.appoint(6, version=2)
    done = await command("predict", office.name, "--input", cases, "--output", results)
    assert "waits" not in done.stderr
    listed = (await command("models")).stdout.splitlines()
    assert [line.split()[1] for line in listed] == ["champion"]


@pytest.mark.parametrize(
    "words",
    [
        "train", "evaluate", "promote", "rollback", "remember", "card", "trial start", "trial status",
        "trial stop",
    ],
)  # fmt: skip
async def test_a_model_there_is_not_is_named_at_once(command: Command, words: str) -> None:
    done = await command(*words.split(), "nosuch")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("taxlien ml: name: ")
    assert "nosuch" in done.stderr


async def test_what_is_no_county_has_no_forecast(command: Command) -> None:
    done = await command("forecast", "Larimer")
    assert (done.exit_code, done.stderr) == (
        1,
        "taxlien ml: county_fips: Larimer is no county's five digits\n",
    )
