"""Helpers for tests on a whole installation."""

from __future__ import annotations

from uuid import UUID

from core import jobs
from core.audit.sealing import seal
from eakte.bootstrap import Services, agency_id
from eakte.searching import index_pending
from ingest.pipeline import Pipeline


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
    seal(services.database, services.settings.anchor_file)
    return done
