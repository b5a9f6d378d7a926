"""Programs that we start and that must not outlive us, and ports for them."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
from pathlib import Path

UNPRIVILEGED = "nobody"

_PORTS = range(20_000, 32_000)
"""Below what the kernel hands out by itself, so that a port found free stays free until the program binds it."""


def tied_to_us() -> tuple[str, ...]:
    """Words to put before a command: it ends with the process that started it (even one killed with -9), and as root
    it gives up all rights first. Nothing where util-linux is missing: `stop()` is all there is then."""
    if not shutil.which("setpriv"):
        return ()
    drop: tuple[str, ...] = ()
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        drop = ("--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups")
    return ("setpriv", "--pdeathsig", "KILL", "--no-new-privs", *drop)


def give_away(*paths: os.PathLike[str]) -> None:
    """As root: make them belong to the user that `tied_to_us` changes to."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)


def ports_of(pid: int) -> set[int]:
    """UDP ports that a program of ours has bound, on any IPv4 address."""
    sockets = set()
    with contextlib.suppress(FileNotFoundError):  # it has ended, or closes one just now
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                sockets.add(descriptor.readlink().name)
    rows = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return {int(row[1].partition(":")[2], 16) for row in rows if f"socket:[{row[9]}]" in sockets}


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """Different ports, free for both TCP and UDP on that address."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(_PORTS)
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind((address, port))
            udp.bind((address, port))
            if port not in found:
                found.append(port)
    return found
