"""How a step's errors are told apart: the store's are tried again without limit, the file's count."""

from __future__ import annotations

import errno
from uuid import UUID

import pytest
from PIL import UnidentifiedImageError
from sqlalchemy.exc import OperationalError

from archive.blobs.port import BlobDamaged, BlobMissing
from core.errors import LeaseLost, StorageFull, Unavailable
from core.jobs import LeasedJob
from eakte import steps
from eakte.handover import job_from, job_to

JOB = LeasedJob(UUID(int=1), UUID(int=2), "read", UUID(int=3), {"page_no": 1}, 4, True, 5)

ENDS = [
    (None, "done"),
    (LeaseLost(""), "lost"),
    (Unavailable("besetzt"), "retry"),
    (StorageFull("voll"), "retry"),
    (BlobMissing("weg"), "retry"),
    (BlobDamaged("verändert"), "retry"),
    (OperationalError("", {}, Exception()), "retry"),
    (OSError(errno.ENOSPC, "no space"), "retry"),
    (OSError(errno.EMFILE, "too many files"), "retry"),
    (FileNotFoundError(errno.ENOENT, "work folder"), "retry"),
    (OSError("broken data stream when reading image file"), "failed"),
    (UnidentifiedImageError("cannot identify"), "failed"),
    (OSError(errno.EFBIG, "too large"), "failed"),
    (ValueError("hostile"), "failed"),
    (RecursionError(), "failed"),
]


@pytest.mark.parametrize(("error", "status"), ENDS, ids=lambda one: repr(one)[:40])
def test_the_end_of_a_step(monkeypatch: pytest.MonkeyPatch, error: Exception | None, status: str) -> None:
    class Pipeline:
        def perform(self, job: LeasedJob) -> None:
            assert job == JOB
            if error is not None:
                raise error

    monkeypatch.setattr(steps, "_pipeline", Pipeline)
    assert steps.perform(job_to(JOB))["status"] == status


def test_a_job_survives_the_way_to_the_child() -> None:
    assert job_from(job_to(JOB)) == JOB
