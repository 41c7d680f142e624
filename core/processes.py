"""Names of processes that hold leases: unique, and a dead one can be told from a living one.

An owner is `HOST:PID:START`, or `PART/HOST:PID:START` where a part of a process holds leases of its own.
"""

from __future__ import annotations

import socket

import psutil


def owner_name(part: str = "") -> str:
    """Host, process and its start: two processes never share it. Parts of one process differ by `part`."""
    process = f"{socket.gethostname()}:{psutil.Process().pid}:{_started(psutil.Process())}"
    return f"{part}/{process}" if part else process


def owner_is_dead(owner: str) -> bool:
    """Whether `owner` was a process of this host that no longer runs. Owners elsewhere, or of another form, are never
    called dead: their leases run out.
    """
    host, pid, started = (*owner.rpartition("/")[2].rsplit(":", 2), "", "")[:3]
    if host != socket.gethostname() or not (pid.isdigit() and started.isdigit()):
        return False
    try:
        process = psutil.Process(int(pid))
        return process.status() == psutil.STATUS_ZOMBIE or _started(process) != int(started)
    except psutil.NoSuchProcess:
        return True


def _started(process: psutil.Process) -> int:
    return int(process.create_time() * 1000)
