"""`eakte bench pipeline`: the whole chain on given files in a throw-away installation, measured from outside.

CPU is that of this process and all its children; memory is the peak sum of proportional set sizes, sampled. CPU of
servers, where the installation is on some, is kept apart.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from sqlalchemy import func, select

from archive.pagetext import decode
from core.settings import Settings, server_variables
from eakte.bootstrap import Services, agency_id, open_services
from eakte.demo.load import load_demo
from eakte.duties import duties
from eakte.intake import take_in
from eakte.supervisor import Supervisor
from ingest.models import ItemPage, MailItem

_SAMPLE_SECONDS = 1.0
"""Each look costs 30 ms of a core."""
_WARM_SECONDS = 300.0
_LIMIT_SECONDS = 3600.0


class Meter(threading.Thread):
    """Samples memory and knows the CPU seconds of this process and its children, without its own.

    `servers` are measured with their children, apart from these. Who has ended counts with its parent, so nobody has to
    be watched for that.
    """

    def __init__(self, servers: Mapping[str, int] | None = None) -> None:
        super().__init__(daemon=True)
        self.peak_pss = 0
        self._roots = {"": psutil.Process()} | {name: psutil.Process(pid) for name, pid in (servers or {}).items()}
        self._own = 0.0
        self._ending = threading.Event()

    def run(self) -> None:
        """Sample until `stop`."""
        while not self._ending.wait(_SAMPLE_SECONDS):
            self.sample()
            self._own = time.thread_time()

    def stop(self) -> None:
        """Sample once more, then no more."""
        self.sample()
        self._ending.set()

    def sample(self) -> None:
        """Look at the memory of this process and its children."""
        pss = 0
        for process in _family(self._roots[""]):
            with suppress(psutil.Error):
                pss += process.memory_full_info().pss
        self.peak_pss = max(self.peak_pss, pss)

    def cpu(self, name: str = "") -> float:
        """Seconds so far: of a server and what it has started, or of this process and its children."""
        spent = sum(_spent(process) for process in _family(self._roots[name]))
        return spent if name else spent - self._own


def _spent(process: psutil.Process) -> float:
    """With what its ended children spent; nothing when it has just ended itself: then its parent has it."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def bench_pipeline(paths: Sequence[Path], lanes: int = 2) -> dict[str, Any]:
    """Ledger to index for all files with warm workers; figures as INTERFACES names them."""
    with (
        tempfile.TemporaryDirectory(prefix="eakte-bench-") as folder,
        installation(Path(folder)) as services,
        workers(services, lanes),
    ):
        return measure_chain(services, paths)


@contextmanager
def workers(services: Services, lanes: int = 2) -> Iterator[None]:
    """Warm workers in this process and its children."""
    supervisor = Supervisor(services, duties(services), lanes)
    supervisor.start()
    try:
        until = time.monotonic() + _WARM_SECONDS
        while not supervisor.warm and time.monotonic() < until:
            time.sleep(0.1)
        yield
    finally:
        supervisor.stop()


def measure_chain(
    services: Services, paths: Sequence[Path], servers: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Take the files in and wait for the end. `servers`: process ids whose CPU is told apart, by name."""
    meter = Meter(servers)
    before = {name: meter.cpu(name) for name in ("", *(servers or {}))}
    started = time.monotonic()
    meter.start()
    outcome = take_in(services, agency_id(services), paths, None, None, _LIMIT_SECONDS)
    elapsed = time.monotonic() - started
    meter.stop()
    spent = {name: meter.cpu(name) - seconds for name, seconds in before.items()}
    pages, words = _pages(services, {UUID(line["receipt_id"]) for line in outcome.lines})
    states = [line["state"] for line in outcome.lines]
    apart = {name: round(seconds / max(1, pages), 3) for name, seconds in spent.items() if name}
    return {
        "pages": pages,
        "items": len(states),
        "states": {state: states.count(state) for state in sorted(set(states))},
        "pages_per_second": round(pages / elapsed, 3),
        "cpu_seconds_per_page": round(spent[""] / max(1, pages), 3),
        "peak_pss_mb": meter.peak_pss // (1024 * 1024),
        "words_per_page": round(words / max(1, pages), 1),
        **({"servers_cpu_seconds_per_page": apart} if apart else {}),
    }


@contextmanager
def installation(folder: Path, servers: Mapping[str, str] | None = None) -> Iterator[Services]:
    """A throw-away installation with the demo authority, embedded or on the servers that these settings name."""
    with _environment({**(servers or {}), "EAKTE_HOME": str(folder)}):
        services = open_services(Settings(), migrate=True)
        try:
            load_demo(services, with_mail=False)
            yield services
        finally:
            services.database.dispose()


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Children read their settings from the environment: they must find this installation, and no server of another."""
    names = {*settings, *server_variables()}
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in settings:
            os.environ.pop(name, None)
        os.environ.update(before)


def _pages(services: Services, receipts: set[UUID]) -> tuple[int, int]:
    """Pages and words of the items of these receipts."""
    words = 0
    mine = MailItem.receipt_id.in_(receipts)
    with services.database.read() as session:
        pages = session.scalar(select(func.coalesce(func.sum(MailItem.page_count), 0)).where(mine)) or 0
        texts = select(ItemPage.text_sha256).join(MailItem, MailItem.id == ItemPage.mail_item_id)
        for address in session.scalars(texts.where(mine, ItemPage.text_sha256.is_not(None))):
            with services.blobs.open(str(address)) as file:
                words += len(decode(file.read()).words)
    return int(pages), words
