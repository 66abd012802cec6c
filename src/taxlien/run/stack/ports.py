"""Ports: the usual ones while they are free, others when they are taken."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

import psutil

# Below the range from which Linux takes ports for outgoing connections (32768 and up): a port
# chosen there could be in use by the time its part is restarted.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Tell whether a server could listen on ``port`` of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without it, connections of a server that has just stopped would keep its port busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(usual: int, last: int | None, taken: Collection[int] = ()) -> int:
    """Return the usual port, else the one used last, else any that is free.

    ``taken``: ports already promised to other parts. A usual port of 0 means any.
    """
    for port in (usual, last):
        if port and port not in taken and is_free(port):
            return port
    while True:
        port = random.randint(FIRST, LAST)  # noqa: S311 - not a secret
        if port not in taken and is_free(port):
            return port


def occupants(ports: Collection[int]) -> dict[int, str]:
    """Say in words which process listens on each of ``ports``; those that are free are left out.

    Looks once at every open file of the machine (a tenth of a second): ask for many at a time.
    Another user's process cannot always be named.
    """
    found = {port: "a process of another user" for port in ports if not is_free(port)}
    if not found:
        return found
    try:
        for connection in psutil.net_connections("tcp"):
            port = connection.laddr[1] if connection.laddr else 0
            if connection.status == psutil.CONN_LISTEN and port in found and connection.pid:
                name = psutil.Process(connection.pid).name()
                found[port] = f"{name} (pid {connection.pid})"
    except psutil.Error:
        pass
    return found
