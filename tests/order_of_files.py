"""Which files of tests begin first, and which a worker takes together."""

from __future__ import annotations

from pathlib import Path

from xdist.scheduler import LoadFileScheduling

TESTS = Path(__file__).parent

# These ask one running product, in this order: the first meets its liens as they were made, and the last
# sends it whatever can be thought of.
ONE_PRODUCT = (
    "e2e/test_alert_walk.py",
    "e2e/test_main_job.py",
    "e2e/test_account_walk.py",
    "contract/test_openapi.py",
)

# What begins first, the longest before the others: whatever is long and begins late is waited for alone.
# To name these files before ``tests`` says nothing to pytest, which leaves out what a later folder holds.
LONGEST = (
    *ONE_PRODUCT,
    "e2e/test_collecting_walk.py",
    "tough/test_kill_collecting.py",
    "kit/data/test_bus_contract.py",
    "e2e",
    "services/liens/test_import_kill.py",
    "tough/test_kill_nine.py",
    "run/stack",
    "services/scraper/faults",
    "services/auth/providers",
    "services/users",
    "services/notifications",
    "kit/data",
)


def rank(file: Path) -> int:
    """Return when the tests of ``file`` begin: the lowest first."""
    path = file.relative_to(TESTS).as_posix()
    return next((n for n, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))


class FilesTogether(LoadFileScheduling):
    """Gives each file to one worker, and all files of one product to the same."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return ONE_PRODUCT[0] if file.removeprefix("tests/") in ONE_PRODUCT else file
