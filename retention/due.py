"""What is due on a day, what a hold keeps beyond its period, what nobody can decide yet (I7), holds up for review.

Page by page in the order of the numbers, each page in a short read transaction of its own: an authority closes some
hundred thousand case files, and nothing here grows with them. What changes during the walk may or may not be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from core.database import Database
from retention import repository
from retention.cases import disposal_state, review_due
from retention.dates import RetentionEnd, Undecidable
from retention.facts import Judged, adopted_schedule, judge

PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class DueRow:
    """A closed case file that is due, held although its period is over, or undecidable, or any with a hold that is up for
    review; `work_item` says what a person has to find out or to look at.
    """

    case_file_id: UUID
    file_number: str
    schedule_id: str | None
    retention_end: date | None
    due_on: date | None
    disposal_action: str
    holds: Sequence[str]
    work_item: str | None

    def as_json(self) -> dict[str, Any]:
        """The object of INTERFACES `retention due --json`."""
        return {
            "file_number": self.file_number,
            "schedule_id": self.schedule_id,
            "retention_end": self.retention_end.isoformat() if self.retention_end else None,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "disposal_action": self.disposal_action,
            "holds": list(self.holds),
            "work_item": self.work_item,
        }


def due(database: Database, agency_id: UUID, on: date) -> Iterator[DueRow]:
    """The rows of a day by number. Open case files only for the sake of a review.

    Checks no rights: the caller is the operator or asked for the role.
    """
    with database.read() as session:
        adopted = adopted_schedule(session, agency_id)
    after: repository.Place | None = None
    while True:
        with database.read() as session:
            page = repository.cases_to_look_at_after(session, agency_id, on, after, PAGE)
            judged = judge(session, agency_id, [key for _, key in page], adopted)
            rows = [row for one in judged if (row := _row(one, on)) is not None]
        yield from rows
        if not page:
            return
        after = page[-1]


def _row(one: Judged, on: date) -> DueRow | None:
    """The row of INTERFACES, or None for a file that gives nothing to do on that day."""
    outcome, review = one.end.outcome, review_due(one.holds, on)
    state = disposal_state(outcome, one.holds, on)
    decided = outcome if isinstance(outcome, RetentionEnd) else None
    undecided = outcome.text if isinstance(outcome, Undecidable) and one.case_file.state == "closed" else None
    over = decided is not None and decided.due_on <= on
    if not (over or undecided or review):
        return None
    return DueRow(
        case_file_id=one.case_file.id,
        file_number=one.case_file.file_number,
        schedule_id=outcome.schedule_id,
        retention_end=decided.retention_end if decided else None,
        due_on=state.due_on if over else None,
        disposal_action=one.end.disposal_action.value,
        holds=[hold.reason_id for hold in one.holds],
        work_item=" ".join(text for text in (undecided, review) if text) or None,
    )
