"""What a worker's child does with one leased job. The child holds the engine and the models; the supervisor the lease.

The answer says how the step ended: done, lost (the lease went to another worker, nothing was committed), retry (a store
was not available), failed (the step itself cannot be done: counted only when it ran alone), unreadable (nor will it
ever be: the bytes of a page are damaged).
"""

from __future__ import annotations

import errno
import gc
from functools import cache
from typing import Any

from sqlalchemy.exc import OperationalError
from structlog.contextvars import bound_contextvars

from archive.blobs.port import BlobDamaged, BlobMissing
from core import telemetry
from core.errors import LeaseLost, StorageFull, Unavailable
from core.jobs import LeasedJob
from core.log import configure_logging, logger
from core.settings import Settings
from eakte.bootstrap import Services, open_services
from eakte.handover import job_from
from ingest.pageimage import PageUnreadable
from ingest.pipeline import Pipeline

_log = logger(__name__)
_COLLECT = (20_000, 20, 20)
# The machine's faults. Any other OSError says something of the file: parsers raise it for damaged images, the kernel
# for a file that outgrows the child's limit.
_STORE_FAULTS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOENT, errno.EAGAIN,
     errno.ESTALE, errno.EACCES, errno.EPERM, errno.ENOMEM}
)  # fmt: skip


@cache
def _services() -> Services:
    settings = Settings()
    configure_logging(settings.log_level)
    telemetry.start(settings.otel_endpoint, "eakte-worker")
    return open_services(settings, examine=False)


@cache
def _pipeline() -> Pipeline:
    services = _services()
    return Pipeline(services.database, services.blobs, services.settings)


def warm_up() -> dict[str, Any]:
    """Load services and models before the first job, so that the first letter does not wait for them."""
    _pipeline().warm_up()
    # What is loaded now stays: looking through it for garbage again and again was a tenth of a born-digital paper's work.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    return {"status": "warm"}


def perform(request: dict[str, Any]) -> dict[str, Any]:
    """Do the job and commit its result. Safe to be killed at any moment and to be run again."""
    job = job_from(request)
    known = {"job": str(job.id), "kind": job.kind}
    with bound_contextvars(**known), telemetry.span(f"step {job.kind}", **known, attempts=job.attempts) as span:
        answer = _perform(job)
        span.set_attribute("eakte.status", answer["status"])
        return answer


def _perform(job: LeasedJob) -> dict[str, Any]:
    try:
        _pipeline().perform(job)
    except LeaseLost:
        return {"status": "lost"}
    except (Unavailable, StorageFull, BlobDamaged, BlobMissing, OperationalError) as error:
        return {"status": "retry", "error": type(error).__name__}
    except PageUnreadable as error:
        return {"status": "unreadable", "error": type(error).__name__}
    except Exception as error:  # a hostile file may raise anything; the supervisor decides what it means
        if isinstance(error, OSError) and error.errno in _STORE_FAULTS:
            return {"status": "retry", "error": type(error).__name__}
        _log.warning("step_failed", error=type(error).__name__, exc_info=error)
        return {"status": "failed", "error": type(error).__name__}
    return {"status": "done"}
