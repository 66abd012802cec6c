"""``python -m taxlien.run.forks``: loads our code, then forks a process of it for each wish.

Standard input is a socket to the supervisor. A forked process shares every page with its siblings until
one of them writes to it: a worker costs a fourth of what it would as a program of its own, and starts
without importing anything. It belongs to the supervisor, not to this process.

There are two of it, each with a socket. The first has what the mailbox and the simulator need, 30 MB. The
second, a fork of it, goes on to load everything: the mailbox forked from that one was 75 MB of PSS, from
the first it is 29.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
from pathlib import Path

import msgspec

import taxlien.run.mailbox.serving
import taxlien.run.simulator.casting
import taxlien.run.simulator.serving.program
from taxlien.run.cli import main
from taxlien.run.stack.parts.fork_server import HANDED, LARGEST, READY, Wish
from taxlien.run.stack.processes import PART_MARK, ROOM

LOADED = (
    taxlien.run.mailbox.serving,
    taxlien.run.simulator.casting,
    taxlien.run.simulator.serving.program,
)
PR_SET_PDEATHSIG = 1


def load() -> None:
    """Import every room that a program of ours may enter, and keep the collector off what that made."""
    # numpy's algebra would start a thread, and a process with threads is no good one to fork.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import taxlien.run.job_worker
    import taxlien.run.serving
    import taxlien.run.worker  # noqa: F401 - they are loaded for who is forked
    from taxlien.run import registry

    for service in registry.service_names():
        registry.router(service)
        registry.handlers(service)
        registry.background_jobs(service)
        registry.jobs(service)
    _leave_alone()


def _leave_alone() -> None:
    """Keep the collector off what there is: a walk over old objects would write to their pages."""
    gc.collect()
    gc.freeze()


def doors() -> tuple[socket.socket, socket.socket]:
    """Return the sockets of the small and of the whole image."""
    small = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    word, handles, _, _ = socket.recv_fds(small, len(HANDED), 1)
    if word != HANDED:
        sys.exit("the supervisor hung up")
    return small, socket.socket(fileno=handles[0])


def split(small: socket.socket, whole: socket.socket) -> socket.socket:
    """Fork the process that loads everything. Returns the door that this one answers at."""
    _leave_alone()
    parent = os.getpid()
    child = os.fork()
    if child:
        whole.close()
        signal.signal(signal.SIGCHLD, lambda *_: _follow(child))
        return small
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    small.close()
    load()
    return whole


def _follow(child: int) -> None:
    """End when the whole image could not be loaded: the supervisor watches this process alone."""
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended and status:
        os._exit(1)


def serve(door: socket.socket) -> Wish | None:
    """Fork for each wish. Returns the wish in the forked process, None in this one when asked no more."""
    door.send(READY)
    while True:
        message, handles, _, _ = socket.recv_fds(door, LARGEST, 1)
        if not message:
            return None
        wish = msgspec.json.decode(message, type=Wish)
        if _fork(door, wish, handles[0]):
            return wish
        os.close(handles[0])


def _fork(door: socket.socket, wish: Wish, output: int) -> bool:
    """Fork twice and let the process between end, so that the supervisor inherits the second.

    Return whether this is the new process.
    """
    waiting, going = os.pipe()
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        os.write(going, b"!")  # only now has the new process its final parent
        os.close(waiting)
        os.close(going)
        return False
    if os.fork():
        os._exit(0)
    os.read(waiting, 1)
    os.close(waiting)
    os.close(going)
    _settle(wish, output)
    door.send(str(os.getpid()).encode())
    door.close()
    return True


def _settle(wish: Wish, output: int) -> None:
    """Make this process what an exec would have made of it. Ends it where the supervisor is gone."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, wish.death_signal, 0, 0, 0)
    if os.getppid() != wish.parent:
        os._exit(1)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(wish.folder)
    os.environ.clear()
    os.environ.update(wish.environment)
    _be_known_as(wish)


def _be_known_as(wish: Wish) -> None:
    """Write name and command over the words that this program was started with, for `ps` and later runs."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    arguments, arguments_end, begin, end = (int(field) for field in fields[45:49])
    words = b"\0".join(os.fsencode(word) for word in ("taxlien", *wish.arguments))
    room = arguments_end - arguments - 1
    ctypes.memmove(arguments, words[:room].ljust(room, b"\0"), room)
    mark = f"{PART_MARK}=".encode()
    at = ctypes.string_at(begin, end - begin).find(mark)
    if at >= 0:
        name = wish.environment[PART_MARK].encode()[:ROOM].ljust(ROOM)
        ctypes.memmove(begin + at + len(mark), name, ROOM)


def run() -> None:
    """Serve, and in a forked process be the command line."""
    wish = serve(split(*doors()))
    if wish is not None:
        sys.argv = ["taxlien", *wish.arguments]
        main()


if __name__ == "__main__":
    run()
