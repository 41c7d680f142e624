"""The same mail embedded and on the real servers, in the same run (docs/benchmarks.md).

    python -m bench.stack [--pages 40] [--papers 120] [--digital] [--rounds 1]

Letters of the demo as 300-dpi grey scans in one batch, then one-page born-digital papers, each through the whole chain
with two workers: embedded, then on PostgreSQL, MinIO, OpenSearch and Redis as throw-away processes (Celery wakes). Then
`READERS` people ask the main routes of the house that was filled so. Prints both, the servers' CPU apart, and the ratios
as JSON; `--digital` leaves the scans out. With several rounds the ratios are those of the medians. One round of papers
on the servers comes before all and does not count: servers that have just started are slower than any in an office.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ["OMP_THREAD_LIMIT"] = "1"

from bench.drawing import draw_batch, draw_papers
from bench.routes import measure_routes
from bench.servers import Servers, real_servers
from eakte.benching import installation, measure_chain, workers

SPEED, PATIENCE = 0.8, 1.5
"""At least this share of the embedded pages/s; at most this many times its p95."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Files of a measurement: a scanned batch (None = left out) and a folder with papers."""

    scans: Path | None
    papers: Path


def main() -> int:
    """Run and print; status 1 when a target was missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=40, help="letters to draw")
    parser.add_argument("--papers", type=int, default=120, help="one-page papers: they fill the house, too")
    parser.add_argument("--digital", action="store_true", help="papers only")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, real_servers() as servers:
        mail = _draw(Path(name), 0 if arguments.digital else arguments.pages, arguments.papers)
        _on(servers, arguments.rounds, replace(mail, scans=None))
        runs = [(_alone(mail, None, {}), _on(servers, number, mail)) for number in range(arguments.rounds)]
    ratios = _ratios(runs)
    met = all(one["met"] for one in ratios.values())
    print(
        json.dumps({"embedded": [run[0] for run in runs], "full": [run[1] for run in runs], "ratios": ratios}, indent=1)
    )
    return 0 if met else 1


def _draw(folder: Path, letters: int, papers: int) -> Mail:
    """Drawn in a process of its own, whose memory is not the chain's."""
    mail = Mail(folder / "batch.pdf" if letters else None, folder / "papers")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        if mail.scans is not None:
            pool.submit(draw_batch, mail.scans, letters).result()
        pool.submit(draw_papers, mail.papers, papers, one_page=True).result()
    return mail


def _on(servers: Servers, number: int, mail: Mail) -> dict[str, Any]:
    return _alone(mail, servers.fresh(number), servers.processes)


def _alone(mail: Mail, settings: Mapping[str, str] | None, processes: Mapping[str, int]) -> dict[str, Any]:
    """Measured in a process of its own, which inherits nothing and whose children are the chain's alone."""
    print("embedded …" if settings is None else "full stack …", file=sys.stderr)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, mail, settings, processes).result()


def _measure(mail: Mail, settings: Mapping[str, str] | None, processes: Mapping[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="eakte-bench-") as folder, installation(Path(folder), settings) as services:
        with workers(services):
            if mail.scans is not None:
                found["scans"] = measure_chain(services, [mail.scans], processes)
            found["papers"] = measure_chain(services, [mail.papers], processes)
        found["routes"] = measure_routes(services, next(mail.papers.iterdir()).read_bytes())
    return found


def _ratios(runs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What the servers' installation reaches of the embedded one, by the medians of all rounds."""
    embedded, full = [one for one, _ in runs], [one for _, one in runs]
    found: dict[str, dict[str, Any]] = {}
    for kind in ("scans", "papers"):
        if kind in embedded[0]:
            speed = _median(full, kind, "pages_per_second") / _median(embedded, kind, "pages_per_second")
            cpu = _median(full, kind, "cpu_seconds_per_page") / _median(embedded, kind, "cpu_seconds_per_page")
            found[kind] = {"speed": round(speed, 2), "cpu": round(cpu, 2), "met": speed >= SPEED}
    for route in embedded[0]["routes"]:
        ratio = _median(full, "routes", route, "p95_ms") / _median(embedded, "routes", route, "p95_ms")
        found[route] = {"p95": round(ratio, 2), "met": ratio <= PATIENCE}
    return found


def _median(runs: Sequence[dict[str, Any]], *path: str) -> float:
    values = []
    for run in runs:
        value: Any = run
        for name in path:
            value = value[name]
        values.append(float(value))
    return statistics.median(values)


if __name__ == "__main__":
    sys.exit(main())
