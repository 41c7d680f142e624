"""The state machine of the way in: split, read, assemble. One job is one step and one transaction; all can resume."""

from __future__ import annotations

import os
from functools import cache

from archive.blobs.port import BlobStore
from core.actor import system_actor
from core.audit import record_act
from core.database import Database, Transaction
from core.jobs import LeasedJob
from core.settings import Settings
from ingest import step_assemble, step_read, step_split
from ingest.engines.choice import isolated_engine, usual_engine
from ingest.engines.port import OcrEngine
from ingest.kinds import ASSEMBLE, READ, SPLIT
from ingest.models import MailItem, Receipt
from ingest.texts import quarantine_reason

__all__ = ["Pipeline", "quarantine_job"]


class Pipeline:
    """Does leased jobs in a worker's child, with the stores and the engine that the child holds."""

    def __init__(self, database: Database, store: BlobStore, settings: Settings) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        os.environ["OMP_THREAD_LIMIT"] = "1"  # Tesseract reads it when a model is loaded; more threads only cost time

    def warm_up(self) -> None:
        """Load the engine's models."""
        self._engine(isolated=False)

    def perform(self, job: LeasedJob) -> None:
        """Do the step and commit it. Raises LeaseLost when another worker has it now."""
        if job.kind == SPLIT:
            step_split.split(self._database, self._store, self._settings, job)
        elif job.kind == READ:
            step_read.read(self._database, self._store, self._engine, job)
        elif job.kind == ASSEMBLE:
            step_assemble.assemble(self._database, self._store, self._settings.work_folder, job)
        else:
            raise ValueError(f"unknown kind of job: {job.kind}")

    def _engine(self, isolated: bool) -> OcrEngine:
        """The engine held by this process; a page that crashed or hung it gets another one."""
        return _held_engine(isolated, self._settings.ocr_language, self._settings.ocr_latin == "auto")


@cache
def _held_engine(isolated: bool, language: str, latin: bool) -> OcrEngine:
    return isolated_engine(language, latin=latin) if isolated else usual_engine(language, latin=latin)


def quarantine_job(tx: Transaction, job: LeasedJob, error: str) -> None:
    """Put what the job worked on into quarantine: its step killed its own child, alone, three times."""
    reasons = [quarantine_reason("kills_its_child", error)]
    actor = system_actor(job.agency_id)
    if job.kind == SPLIT:
        receipt = tx.session.get_one(Receipt, job.subject_id)
        step_split.refuse_receipt(tx, receipt, "quarantined", reasons)
    else:
        item = tx.session.get_one(MailItem, job.subject_id)
        item.state, item.reasons, item.final_at = "quarantined", reasons, tx.now
        step_assemble.finish_receipt(tx, tx.session.get_one(Receipt, item.receipt_id))
    record_act(tx, actor, "mail.quarantined", job.kind, job.subject_id, code="kills_its_child")
