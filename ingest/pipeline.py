"""The state machine of the way in: split, read, assemble. One job is one step and one transaction; all can
resume. A one-page paper with a text of its own is one step in all (ADR 0019).
"""

from __future__ import annotations

import os
from functools import cache

import cv2

from archive.blobs.port import BlobStore
from core.clock import agency_date
from core.database import Database
from core.jobs import LeasedJob
from core.settings import Settings
from ingest import step_assemble, step_read, step_split
from ingest.engines.choice import isolated_engine, usual_engine
from ingest.engines.port import OcrEngine
from ingest.kinds import ASSEMBLE, READ, SPLIT
from ingest.tagging.extract import extract
from ingest.tagging.keywords import catalogues


class Pipeline:
    """Does leased jobs in a worker's child, with the stores and the engine that the child holds."""

    def __init__(self, database: Database, store: BlobStore, settings: Settings) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        os.environ["OMP_THREAD_LIMIT"] = "1"  # Tesseract reads it when a model is loaded; more threads only cost time
        cv2.setNumThreads(1)  # there is a child for every processor

    def warm_up(self) -> None:
        """Load the engine's models and the rules of tagging."""
        self._engine(isolated=False)
        extract((), agency_date(self._database.clock.now()))
        catalogues()

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
