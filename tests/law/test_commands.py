"""``taxlien payoff`` and ``taxlien rules`` as a user runs them: as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).with_name("worked_examples.jsonl")

# the two commands alone: the program's other commands have their own tests
PROGRAM = (
    "import typer; from taxlien.run.commands import payoff, rules; app = typer.Typer();"
    "payoff.register(app); rules.register(app); app()"
)


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        input=given,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_a_file_of_cases_is_answered_line_by_line(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    done = run("payoff", "--input", str(EXAMPLES), "--output", str(results))
    assert done.returncode == 0, done.stderr
    cases = [json.loads(line) for line in EXAMPLES.read_text("utf-8").splitlines()]
    found = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    assert [answer["id"] for answer in found] == [case["id"] for case in cases]
    for case, answer in zip(cases, found, strict=True):
        wanted = case.get("expected_owner_payoff")
        assert wanted is None or answer["owner_payoff"] == wanted


def test_bad_lines_never_stop_the_rest() -> None:
    good = EXAMPLES.read_bytes().splitlines()[0]
    given = b"\xef\xbb\xbf" + good + b"\nnot json\n\xff\xfe\n\n" + b"x" * 3_000_000 + b"\r\n" + good
    done = run("payoff", "--input", "-", "--output", "-", given=given)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [answer.get("owner_payoff") for answer in found] == [
        "2239.94",
        None,
        None,
        None,
        "2239.94",
    ]


def test_input_and_output_may_not_be_one_file(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_bytes(EXAMPLES.read_bytes())
    done = run("payoff", "--input", str(cases), "--output", str(cases))
    assert done.returncode == 2
    assert cases.read_bytes() == EXAMPLES.read_bytes()


def test_a_full_disk_is_said_in_a_sentence() -> None:
    done = run("payoff", "--input", str(EXAMPLES), "--output", "/dev/full")
    assert done.returncode == 2
    assert done.stderr.decode().strip() == "taxlien payoff: /dev/full: No space left on device"


def test_a_missing_input_is_named() -> None:
    done = run("payoff", "--input", "/nowhere/cases.jsonl")
    assert done.returncode == 2
    assert b"/nowhere/cases.jsonl" in done.stderr


def test_the_rule_of_a_day_is_shown_with_its_statute() -> None:
    done = run("rules", "FL", "--on", "2026-06-01")
    assert done.returncode == 0, done.stderr
    for part in (b"FL/lien/2000-01-01", b"197.472(2)", b"flsenate.gov", b"high"):
        assert part in done.stdout


def test_a_doubtful_rule_is_shown_with_a_warning() -> None:
    done = run("rules", "ny", "--on", "2026-06-01")
    assert b"WARNING" in done.stdout
    assert b"low confidence" in done.stdout


def test_rules_as_json_name_every_version_and_local_rate() -> None:
    shown = json.loads(run("rules", "MD", "--json").stdout)
    assert shown["state"] == "MD"
    assert [rule["id"] for rule in shown["rules"]] == ["MD/lien/2000-01-01"]
    assert {rate["county_fips"] for rate in shown["local_rates"]} >= {"24021", "24510"}


def test_an_unknown_state_or_date_ends_with_an_error() -> None:
    assert run("rules", "ZZ").returncode == 1
    assert b"no_rule" in run("rules", "FL", "--on", "1901-01-01").stderr
    assert run("rules", "FL", "--on", "June").returncode == 2
