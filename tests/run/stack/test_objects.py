"""What SeaweedFS leaves outside its folder."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from taxlien.run.stack import Site, StackHome
from taxlien.run.stack.parts.objects import PORTS, SOCKETS, Objects

NO_PORT = 70_000  # what no server can have


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(SOCKETS.format(server="filer", port=NO_PORT))
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


def clear(home: Path) -> None:
    home.mkdir()
    Objects().clear(Site(StackHome(home), {}, dict.fromkeys(PORTS, NO_PORT), dict, dict))


def test_socket_of_a_killed_run_is_removed(home: Path, place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
    clear(home)
    assert not place.exists()


def test_socket_that_another_stack_listens_on_stays(home: Path, place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        clear(home)
        assert place.exists()
