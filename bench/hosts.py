"""Workers on several hosts with the same servers: do they share, what does it cost, does anybody wait (docs/benchmarks.md).

    python -m bench.hosts [--pages 24] [--hosts 2] [--behind 500]

Each host is a namespace of this machine with a host name, a network and an EAKTE_HOME of its own, and one lane. The same
scans on one host with as many lanes, then on the hosts. Then one station brings a batch of `--behind` pages and another
one a single letter behind it: how long that one waits. Prints JSON; status 1 when a page was read twice, a letter came out
twice, or one host did nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

os.environ["OMP_THREAD_LIMIT"] = "1"

import psutil
from sqlalchemy import exists, func, select

from archive.models import Document
from bench.drawing import draw_batch, draw_long_batch
from bench.servers import Servers, real_servers
from core import leases
from core.database import Database
from core.errors import Unavailable
from core.models import Job
from eakte.benching import installation, measure_chain
from eakte.bootstrap import Services, agency_id
from eakte.intake import take_in
from eakte.services.host import on_host, ports_of, why_not
from ingest.models import MailItem, Receipt

_LIMIT_SECONDS = 1200.0
_LOOK_SECONDS = 0.05
_WARM_SEED, _MAIL_SEED, _BEHIND_SEED = 31, 32, 33


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=24, help="letters to draw")
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument(
        "--behind", type=int, default=500, help="pages of the batch that a letter waits behind; 0 = skip"
    )
    arguments = parser.parse_args()
    if reason := why_not():
        print(f"this machine lets us have no hosts of our own: {reason}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name, real_servers() as servers:
        folder = Path(name)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(draw_batch, folder / "batch.pdf", arguments.pages, _MAIL_SEED).result()
            pool.submit(draw_batch, folder / "warm.pdf", 4 * arguments.hosts, _WARM_SEED).result()
            pool.submit(draw_batch, folder / "letter.pdf", 1, _BEHIND_SEED, separators="none").result()
            if arguments.behind:
                pool.submit(draw_long_batch, folder / "long.pdf", arguments.behind, _BEHIND_SEED + 1).result()
        together = _alone(servers, 0, folder, [arguments.hosts], 0)
        apart = _alone(servers, 1, folder, [1] * arguments.hosts, arguments.behind)
    sound = apart["doubled"] == 0 and all(apart["steps_seen_by_host"].values())
    ratios = {
        "speed": round(apart["pages_per_second"] / together["pages_per_second"], 2),
        "cpu": round(apart["cpu_seconds_per_page"] / together["cpu_seconds_per_page"], 2),
    }
    print(json.dumps({"one_host": together, "hosts": apart, "ratios": ratios, "met": sound}, indent=1))
    return 0 if sound else 1


def _alone(servers: Servers, number: int, folder: Path, lanes: Sequence[int], behind: int) -> dict[str, Any]:
    """Measured in a process of its own: its children are these hosts alone."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        settings = servers.fresh(number)
        return pool.submit(_measure, settings, servers.processes, folder, lanes, behind).result()


def _measure(
    settings: Mapping[str, str], processes: Mapping[str, int], folder: Path, lanes: Sequence[int], behind: int
) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="eakte-bench-") as home,
        installation(Path(home), settings) as services,
        _hosts(services, Path(home), settings, lanes) as hosts,
    ):
        _warm(services, folder / "warm.pdf", [name for name, _ in hosts])
        cables = -_own_cpu(hosts)
        with _watched(services.database) as seen:
            figures = measure_chain(services, [folder / "batch.pdf"], processes)
        cables += _own_cpu(hosts)
        found = {
            **figures,
            "cables_cpu_seconds_per_page": round(cables / figures["pages"], 3),
            "steps_seen_by_host": {name: len(seen[name]) for name, _ in hosts},
            **_doubles(services.database),
        }
        if behind:
            found["behind"] = _behind(services, folder / "long.pdf", folder / "letter.pdf", figures)
        return found


@contextmanager
def _hosts(
    services: Services, folder: Path, settings: Mapping[str, str], lanes: Sequence[int]
) -> Iterator[list[tuple[str, int]]]:
    """Workers on hosts of their own; name and process id of each. Ended afterwards."""
    with ExitStack() as ending:
        hosts = []
        for number, count in enumerate(lanes, 1):
            name = f"wirt-{number}"
            home = folder / name
            home.mkdir()
            command = [sys.executable, "-m", "eakte", "worker", "--count", str(count)]
            process = subprocess.Popen(
                on_host(name, ports_of(settings), command), env={**os.environ, "EAKTE_HOME": str(home)}
            )
            ending.callback(process.wait, 60)
            ending.callback(process.terminate)
            hosts.append((name, process.pid))
        _until(lambda: _alive(services) == len(hosts))
        yield hosts


def _alive(services: Services) -> int:
    with services.database.read() as session:
        return leases.alive(session, "worker/", services.database.clock.now())


def _warm(services: Services, path: Path, names: Sequence[str]) -> None:
    """Letters until every host has begun a step: from then on its engine is loaded."""
    with _watched(services.database) as seen:
        take_in(services, agency_id(services), [path], None, None, _LIMIT_SECONDS)
        tried = 0
        while not all(seen[name] for name in names):
            tried += 1
            again = path.with_name(f"warm-{tried}.pdf")
            again.write_bytes(path.read_bytes() + f"\n% {tried}\n".encode())
            take_in(services, agency_id(services), [again], None, None, _LIMIT_SECONDS)


@contextmanager
def _watched(database: Database) -> Iterator[dict[str, set[UUID]]]:
    """The steps that each host was seen at."""
    seen: dict[str, set[UUID]] = defaultdict(set)
    done = threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_SECONDS):
            with suppress(Unavailable), database.read() as session:  # a look that fails is made up for by the next
                for job, owner in session.execute(select(Job.id, Job.leased_by).where(Job.state == "leased")):
                    seen[str(owner).partition(":")[0]].add(job)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _doubles(database: Database) -> dict[str, int]:
    """Steps that were begun more than once, and letters that came out more than once."""
    with database.read() as session:
        begun = session.scalar(select(func.coalesce(func.sum(Job.attempts - 1), 0)).where(Job.state == "done"))
        letters = session.scalar(select(func.count()).select_from(MailItem))
        documents = session.scalar(select(func.count()).select_from(Document))
    return {"begun_again": int(begun or 0), "doubled": int(documents or 0) - int(letters or 0)}


def _behind(services: Services, long: Path, letter: Path, figures: Mapping[str, Any]) -> dict[str, Any]:
    """One station's batch, and when all its pages are to be read, another station's letter."""
    agency = agency_id(services)
    take_in(services, agency, [long], "SCAN-1", None, None)
    _until(lambda: _given_out(services.database))
    before = _waiting(services.database)
    began = time.monotonic()
    take_in(services, agency, [letter], "SCAN-SAN", None, None)
    _until(lambda: _finished(services.database))
    return {
        "pages_waiting_before": before,
        "pages_waiting_after": _waiting(services.database),
        "letter_seconds": round(time.monotonic() - began, 1),
        "without_turns_seconds": round(before / figures["pages_per_second"], 1),
    }


def _waiting(database: Database) -> int:
    with database.read() as session:
        return (
            session.scalar(select(func.count()).select_from(Job).where(Job.kind == "read", Job.state == "ready")) or 0
        )


def _given_out(database: Database) -> bool:
    """Whether no batch is still being split: its pages are given out in portions."""
    with database.read() as session:
        return not session.scalar(select(exists().where(Job.kind == "split", Job.state != "done")))


def _finished(database: Database) -> bool:
    with database.read() as session:
        return session.scalars(select(Receipt.final_at).order_by(Receipt.id.desc()).limit(1)).one() is not None


def _own_cpu(hosts: Sequence[tuple[str, int]]) -> float:
    """CPU seconds of the processes that carry the bytes of the cables, without the workers."""
    times = [psutil.Process(pid).cpu_times() for _, pid in hosts]
    return sum(one.user + one.system for one in times)


def _until(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + _LIMIT_SECONDS
    while not reached():
        if time.monotonic() > until:
            raise RuntimeError("waited in vain")
        time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
