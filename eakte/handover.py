"""A leased job on its way from the supervisor to a child, as plain data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.jobs import LeasedJob


def job_to(job: LeasedJob) -> dict[str, Any]:
    """A leased job as plain data for the child."""
    return {
        "id": str(job.id),
        "agency_id": str(job.agency_id),
        "kind": job.kind,
        "subject_id": str(job.subject_id),
        "payload": job.payload,
        "fencing": job.fencing,
        "isolated": job.isolated,
        "attempts": job.attempts,
        "source": None if job.source is None else str(job.source),
    }


def job_from(request: dict[str, Any]) -> LeasedJob:
    """Inverse of `job_to`."""
    return LeasedJob(
        UUID(request["id"]),
        UUID(request["agency_id"]),
        request["kind"],
        UUID(request["subject_id"]),
        request["payload"],
        request["fencing"],
        request["isolated"],
        request["attempts"],
        UUID(request["source"]) if request["source"] else None,
    )
