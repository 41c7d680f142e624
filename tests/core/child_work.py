"""What children do in the isolation tests; as a program, a parent that waits to be killed.

Many children start: what only one of them needs (the database) is imported there.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from core.isolation import Child
from core.progress import ahead


def pid() -> int:
    """Who am I."""
    return os.getpid()


def hit_myself(number: int) -> None:
    """End by a signal, also where whoever started the tests ignores it (nohup, a job in the background)."""
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    time.sleep(600)


def get_on(signs: int, things: int, hang: bool) -> str:
    """Show `signs` times that so many things follow; then be done, or show nothing any more."""
    for _ in range(signs):
        ahead(things)
    if hang:
        time.sleep(600)
    return "done"


def commit_late(database: str, request: dict[str, Any], gate: str) -> str:
    """Work, wait at the gate, then commit as a step does: result and lease in one transaction."""
    from core import jobs
    from core.actor import system_actor
    from core.audit import record_act
    from core.errors import LeaseLost
    from eakte.handover import job_from
    from tests.databases import open_at

    job = job_from(request)
    Path(f"{gate}.ready").touch()
    while not Path(gate).exists():
        time.sleep(0.02)
    try:
        with open_at(Path(database)).write() as tx:
            record_act(tx, system_actor(job.agency_id), "test.committed", "thing", None)
            jobs.finish(tx, job)
    except LeaseLost:
        return "lost"
    return "done"


if __name__ == "__main__":
    child = Child()
    child.call("tests.core.child_work:pid", {})
    print(child.pid, flush=True)
    time.sleep(600)
