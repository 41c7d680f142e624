"""Bringing the retention schedule of the data file into an agency. Idempotent; confirmation by a person is kept."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.database import Transaction
from core.ids import new_id
from core.yaml_data import load_yaml
from retention.models import ScheduleEntry
from retention.schedule_file import default_schedule


@cache
def schedule_data() -> tuple[dict[str, Any], str]:
    """The schedule's data file and its version (SHA-256 of the bytes). Raises ScheduleFaults when it has any."""
    raw = resources.files("retention").joinpath("data", "retention-schedule.yaml").read_bytes()
    loaded: dict[str, Any] = load_yaml(raw)
    return loaded, default_schedule().version


def load_schedule(tx: Transaction, agency_id: UUID, *, confirmed: bool = False) -> str:
    """Load or update every entry; entries that need a decision stay unconfirmed unless `confirmed`."""
    data, version = schedule_data()
    for entry in data["entries"]:
        query = select(ScheduleEntry).where(ScheduleEntry.agency_id == agency_id, ScheduleEntry.code == entry["id"])
        row = tx.session.scalar(query)
        settled = confirmed or not entry.get("needs_decision", False)
        if row is None:
            row = ScheduleEntry(id=new_id(), agency_id=agency_id, code=entry["id"], confirmed=settled)
            tx.session.add(row)
        row.confirmed = row.confirmed or settled
        row.data, row.schedule_version = _plain(entry), version
    return version


def _plain(value: Any) -> Any:
    """YAML dates as text, so that the entry is plain JSON."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
