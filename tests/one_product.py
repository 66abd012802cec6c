"""One running product for several files of tests: a start and an end take as long as many tests do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from order_of_files import ONE_PRODUCT, TESTS
from product_runner import RunningProduct, start_product, stop_product

SETTINGS = {
    # whoever wants to be forgotten is forgotten at once
    "TAXLIEN_USERS_DELETION_GRACE_DAYS": "0",
    # mails wait two seconds for more of the same
    "TAXLIEN_NOTIFICATIONS_GATHER_SECONDS": "2",
    # thousands of requests come from one address; what a hash costs and how often one may try, auth tests
    "TAXLIEN_AUTH_ARGON2_MEMORY_KIB": "64",
    "TAXLIEN_AUTH_ARGON2_PASSES": "1",
    "TAXLIEN_AUTH_EVEN_ANSWER_MS": "0",
    "TAXLIEN_AUTH_THROTTLE_PER_ADDRESS": "100000",
    "TAXLIEN_AUTH_MAILS_PER_HOUR_AND_ADDRESS": "100000",
}

_running: list[RunningProduct] = []


@contextmanager
def one_product(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """A product with demo data that collects nothing, for a module among ``ONE_PRODUCT``.

    The first of them starts it, and the last of this run stops it.
    """
    if not _running:
        home = folders.mktemp("product") / "home"
        _running.append(start_product(home, "--no-simulate", settings=SETTINGS))
        request.config.add_cleanup(_stop)
    yield _running[0]
    files = [item.path for item in request.session.items]
    if [file for file in files if file.relative_to(TESTS).as_posix() in ONE_PRODUCT][
        -1
    ] == request.path:
        _stop()


def _stop() -> None:
    while _running:
        stop_product(_running.pop())
