"""`eakte bench pipeline`: the whole chain on given files in a throw-away installation, measured from outside.

CPU is that of this process and all its children; memory is the peak sum of proportional set sizes, sampled.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select

from archive.pagetext import decode
from core.settings import Settings
from eakte.bootstrap import Services, agency_id, open_services
from eakte.demo.load import load_demo
from eakte.duties import duties
from eakte.intake import take_in
from eakte.supervisor import Supervisor
from ingest.models import ItemPage, MailItem

_SAMPLE_SECONDS = 0.5
_WARM_SECONDS = 4.0
_LIMIT_SECONDS = 3600.0


class _Meter(threading.Thread):
    """Samples memory and keeps the CPU seconds of children, also of those that end; its own do not count."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_pss = 0
        self._cpu: dict[int, float] = {}
        self._own = 0.0
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(_SAMPLE_SECONDS):
            self.sample()
            self._own = time.thread_time()

    def stop(self) -> None:
        self.sample()
        self._stopped.set()

    def sample(self) -> None:
        pss = 0
        me = psutil.Process()
        for process in (me, *me.children(recursive=True)):
            try:
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
                pss += process.memory_full_info().pss
            except psutil.Error:
                continue
        self.peak_pss = max(self.peak_pss, pss)

    def cpu(self) -> float:
        return sum(self._cpu.values()) - self._own


def bench_pipeline(paths: Sequence[Path], lanes: int = 2) -> dict[str, Any]:
    """Ledger to index for all files with warm workers; figures as INTERFACES names them."""
    with tempfile.TemporaryDirectory(prefix="eakte-bench-") as folder, _installation(Path(folder)) as services:
        supervisor = Supervisor(services, duties(services), lanes)
        supervisor.start()
        time.sleep(_WARM_SECONDS)
        meter = _Meter()
        meter.sample()
        cpu_before, started = meter.cpu(), time.monotonic()
        meter.start()
        outcome = take_in(services, agency_id(services), paths, None, None, _LIMIT_SECONDS)
        elapsed = time.monotonic() - started
        meter.stop()
        supervisor.stop()
        pages, words = _pages(services)
        states = [line["state"] for line in outcome.lines]
    return {
        "pages": pages,
        "items": len(states),
        "states": {state: states.count(state) for state in sorted(set(states))},
        "pages_per_second": round(pages / elapsed, 3),
        "cpu_seconds_per_page": round((meter.cpu() - cpu_before) / max(1, pages), 3),
        "peak_pss_mb": meter.peak_pss // (1024 * 1024),
        "words_per_page": round(words / max(1, pages), 1),
    }


@contextmanager
def _installation(folder: Path) -> Iterator[Services]:
    # Children read their settings from the environment: they must find the same data folder.
    before = os.environ.get("EAKTE_HOME")
    os.environ["EAKTE_HOME"] = str(folder)
    services = open_services(Settings().embedded(folder), migrate=True)
    try:
        load_demo(services, with_mail=False)
        yield services
    finally:
        services.database.dispose()
        if before is None:
            os.environ.pop("EAKTE_HOME")
        else:
            os.environ["EAKTE_HOME"] = before


def _pages(services: Services) -> tuple[int, int]:
    words = 0
    with services.database.read() as session:
        pages = session.scalar(select(func.coalesce(func.sum(MailItem.page_count), 0))) or 0
        for address in session.scalars(select(ItemPage.text_sha256).where(ItemPage.text_sha256.is_not(None))):
            with services.blobs.open(str(address)) as file:
                words += len(decode(file.read()).words)
    return int(pages), words
