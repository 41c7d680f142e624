"""Helpers for tests on a whole installation."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from core import jobs
from core.audit.sealing import seal
from core.clock import agency_date
from eakte.bootstrap import Services, agency_id, open_services
from eakte.demo.batches import write_scan_batch
from eakte.demo.letters.mix import make_letters
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import make_register
from eakte.intake import take_in
from eakte.searching import index_pending
from ingest.pipeline import Pipeline
from tests.databases import settings_at


def agency_of(services: Services) -> UUID:
    """The installation's agency."""
    return agency_id(services)


def work_off(services: Services) -> int:
    """Do every due job in this process, with the real engine, and bring index and seals up to date."""
    pipeline = Pipeline(services.database, services.blobs, services.settings)
    done = 0
    while True:
        with services.database.write() as tx:
            job = jobs.lease(tx, "test")
        if job is None:
            break
        pipeline.perform(job)
        done += 1
    index_pending(services)
    seal(services.database, services.anchors)
    return done


def worked_off_home(folder: Path, letters: int = 2) -> Path:
    """A demo installation below `folder` with some scanned letters and one empty file, all worked off."""
    opened = open_services(settings_at(folder / "home"), migrate=True)
    load_demo(opened, with_mail=False)
    day = agency_date(opened.database.clock.now())
    chosen = [one for one in make_letters(make_register(SEED, day), 20, 2, day) if one.truth.expected == "file"]
    write_scan_batch(chosen[:letters], folder / "batch.pdf", separators="both", profile="office", seed=2)
    (folder / "empty.pdf").write_bytes(b"")
    take_in(opened, agency_of(opened), [folder / "batch.pdf", folder / "empty.pdf"], None, None, None)
    work_off(opened)
    opened.database.dispose()
    return folder / "home"
