"""Becomes another program: ``python -I -S launch.py OPTIONS -- program arguments``.

Between fork and exec, this little program makes sure that a child never outlives its supervisor
(even one killed with SIGKILL), and gives up root's rights where a server refuses to run as root.
A program of its own, because nothing of the supervisor (its threads, its locks) is in it.
It imports only the standard library: the interpreter is started without site-packages.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


def main(arguments: list[str]) -> None:
    """Options: ``parent`` pid, death ``signal``, ``uid``, ``gid`` (-1: stay), ``passage`` (0/1)."""
    split = arguments.index("--")
    parent, signal, uid, gid, passage = (int(value) for value in arguments[:split])
    program = arguments[split + 1 :]
    libc = ctypes.CDLL(None, use_errno=True)
    if uid >= 0:
        become(libc, uid, gid, bool(passage))
    if sys.platform == "linux":
        # After the change of user, which clears it.
        libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606


def become(libc: ctypes.CDLL, uid: int, gid: int, passage: bool) -> None:
    """Turn root into ``uid``. With ``passage`` the right to pass through folders closed to that
    user is kept (a home below /root), and no other right."""
    if passage and sys.platform == "linux":
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if passage and sys.platform == "linux":
        # Containers often lack the first, narrower right.
        keep(libc, CAP_DAC_READ_SEARCH) or keep(libc, CAP_DAC_OVERRIDE)


def keep(libc: ctypes.CDLL, capability: int) -> bool:
    """Keep one capability over exec. Return whether the kernel allowed it."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable
    if libc.capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        return False
    return bool(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


if __name__ == "__main__":
    main(sys.argv[1:])
