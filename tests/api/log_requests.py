"""Requests for the access log of the house's case `foreign`, in every state, and one of the other agency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from archive.accesslog.models import LogRequest
from archive.accesslog.service import ask, decide
from core.actor import Actor
from core.clock import agency_date
from core.database import Transaction

# requests -> who may decide them; who may read the log
REQUESTS: Mapping[str, set[str]] = {"asked": {"records"}}
LOGS: Mapping[str, set[str]] = {"opened": {"protection"}}
# cases -> the people who know their number from a request, and nothing else of them
ASKED_FOR: Mapping[str, set[str]] = {"foreign": {"protection", "records"}}


def make_requests(
    tx: Transaction, officer: Actor, second: Actor, stranger: Actor, number: str, far_case: UUID
) -> dict[str, UUID]:
    """A request in every state, by name; `far` lies in the stranger's agency."""
    made: dict[str, LogRequest] = {}
    for name in ("asked", "opened", "refused", "expired", "far"):
        made[name] = ask(tx, officer, number, f"Anlass {name}")
        tx.session.flush()
        if name in ("opened", "refused", "expired"):
            decide(tx, second, made[name].id, version=1, approve=name != "refused", reason="Geprüft.")
    made["expired"].readable_until = agency_date(tx.now) - timedelta(days=1)
    made["far"].agency_id, made["far"].case_file_id = stranger.agency_id, far_case
    made["far"].requested_by = stranger.user_id or made["far"].requested_by
    tx.session.flush()
    return {name: one.id for name, one in made.items()}
