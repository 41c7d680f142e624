"""The next date by which the agency must act on a letter. Pure; the rules are data (document-types.yaml).

Only rules that run from receipt and bind us are computed; all others depend on facts that a person knows. Legal ends
are never moved to a later working day for own duties (`move_to_working_day: false`).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from archive.datafiles import data_file


@cache
def deadline_rules() -> Mapping[str, Mapping[str, Any]]:
    """The deadline rules by id."""
    return {rule["id"]: rule for rule in data_file("document-types")["deadline_rules"]}


def due_on(rule_ids: Iterable[str], received_on: date) -> date | None:
    """The earliest of our own deadlines that run from receipt; None when the type has none."""
    dates = [
        _add(received_on, rule["amount"], rule["unit"])
        for rule in (deadline_rules().get(rule_id) for rule_id in rule_ids)
        if rule and rule["runs_from"] == "received_on" and rule["whose"] == "ours" and rule["amount"]
    ]
    return min(dates, default=None)


def _add(start: date, amount: int, unit: str) -> date:
    """End of a period that runs from the day after `start` (§ 187 Abs. 1, § 188 Abs. 2, 3 BGB)."""
    if unit == "day":
        return start + timedelta(days=amount)
    if unit == "week":
        return start + timedelta(weeks=amount)
    months = amount * (12 if unit == "year" else 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))
