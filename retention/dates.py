"""When a retention period ends: every end rule of the schedule as pure arithmetic on agency-local dates.

No clock, no database. A date here is a day at the agency; turning an instant into one is the caller's work
(`core.clock.agency_date`: closing at 23:30 UTC on 31 December is 1 January in Berlin, so the period starts a year later).

What a result says: `retention_end` is the last day on which the record must be kept, `due_on` the first day on which it
may be disposed of, so `due_on` is always the day after `retention_end`. What cannot be decided is an `Undecidable` with a
German text for the work list: never None, never an exception (DESIGN I7).

End rules (`retention-schedule.yaml`, conventions.end_rules):

- year_end: "Frist beginnt mit Ablauf des Kalenderjahres des Auslösers; fällig am 1. Januar nach Ablauf". Ten years from
  any day of 2023 end on 31.12.2033 and are due on 01.01.2034. Periods in other units run from 31 December and end with
  the year in which they end.
- exact: §§ 187 Abs. 1, 188 Abs. 1 to 3 BGB. The day of the trigger does not count; a missing day of the last month is
  that month's last day. § 193 BGB (weekends) is about acts and payments and moves no retention period.
- immediate: due on the day of the trigger itself ("sobald der Auslöser eingetreten und vermerkt ist"), so the last day
  of keeping is the day before.
- follow_parent: the longest of all parents' ends and the own minimum, which runs like year_end.
- fixed: kept until a fixed date, due on the day after it.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, timedelta
from types import MappingProxyType

from retention.schedule import EndRule, Entry, Period, PeriodUnit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DateFact:
    """A day and where it comes from (a field, a person's record): dates without a source decide nothing."""

    on: date
    source: str


@dataclass(frozen=True, slots=True)
class RetentionEnd:
    """A decided period. `basis` is the legal basis of the entry, `source` where the deciding date comes from."""

    retention_end: date
    due_on: date
    schedule_id: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Undecidable:
    """A period that cannot be decided: a work item. `text` is German, `missing` names the fact that is missing.

    Codes: trigger_missing, fixed_date_missing, not_confirmed, parent_missing, parent_undecided, parent_cycle,
    case_open, unknown_schedule, no_schedule, out_of_range.
    """

    code: str
    text: str
    missing: str
    schedule_id: str | None = None


Outcome = RetentionEnd | Undecidable


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a record: days by trigger name, the outcomes of its parents, whether the entry is confirmed.

    `confirmed` says that a mandated person confirmed the entry; entries that need no decision ignore it.
    """

    triggers: Mapping[str, DateFact] = field(default_factory=lambda: MappingProxyType({}))
    parents: Sequence[Outcome] = ()
    confirmed: bool = False


def retention_end(entry: Entry, facts: Facts) -> Outcome:
    """The end of one entry's period on these facts. Never raises for any facts."""
    if entry.needs_decision and not facts.confirmed:
        return _missing(entry, "not_confirmed", "Die Frist ist noch nicht bestätigt ({0}).", entry.mandate)
    own = _fixed_date(entry, facts) if entry.end_rule is EndRule.FIXED else _own_end(entry, facts)
    if entry.end_rule is not EndRule.FOLLOW_PARENT:
        return own
    if not facts.parents:
        return _missing(entry, "parent_missing", "Die {0} ist nicht verknüpft.", "Bezugsakte")
    return longest([own, *(_followed(entry, parent) for parent in facts.parents)])


def longest(outcomes: Sequence[Outcome]) -> Outcome:
    """The longest applicable period wins. One that is undecided might be the longest, so it decides first."""
    for outcome in outcomes:
        if isinstance(outcome, Undecidable):
            return outcome
    ends = [outcome for outcome in outcomes if isinstance(outcome, RetentionEnd)]
    if not ends:
        return Undecidable("no_schedule", "Für diese Akte gilt kein Eintrag des Fristenkatalogs.", "Eintrag")
    return max(ends, key=lambda outcome: outcome.retention_end)


def unknown_schedule(schedule_id: str | None) -> Undecidable:
    """The outcome for a record that names an entry which the schedule does not hold, or none at all."""
    if not schedule_id:
        return Undecidable("unknown_schedule", "Zur Aktenart fehlt der Eintrag im Fristenkatalog.", "Eintrag")
    text = f"Den Eintrag {schedule_id} gibt es im Fristenkatalog nicht."
    return Undecidable("unknown_schedule", text, "Eintrag", schedule_id)


def add_period(start: date, period: Period) -> date | None:
    """The last day of a period after the day `start` (§§ 187 Abs. 1, 188 BGB); None beyond the calendar's last year."""
    if period.unit in (PeriodUnit.DAYS, PeriodUnit.WEEKS):
        days = period.count * (7 if period.unit is PeriodUnit.WEEKS else 1)
        return start + timedelta(days=days) if days <= (date.max - start).days else None
    months = period.count * (12 if period.unit is PeriodUnit.YEARS else 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > MAXYEAR:
        return None
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def review_date(set_on: date, months: int) -> date:
    """When a hold of that day has to be looked at again; the calendar's last day when there is none later."""
    return add_period(set_on, Period(months, PeriodUnit.MONTHS)) or date.max


def _own_end(entry: Entry, facts: Facts) -> Outcome:
    fact = facts.triggers.get(entry.trigger)
    if fact is None:
        return _missing(entry, "trigger_missing", "Das Datum fehlt: {0}.", entry.trigger_title)
    if entry.end_rule is EndRule.IMMEDIATE:
        last = fact.on - _DAY if fact.on > date.min else None
    elif entry.end_rule is EndRule.EXACT:
        last = add_period(fact.on, entry.period)
    else:
        last = _year_end(fact.on, entry.period)
    return _decided(entry, last, fact.source)


def _year_end(trigger: date, period: Period) -> date | None:
    last = add_period(date(trigger.year, 12, 31), period)
    return date(last.year, 12, 31) if last else None


def _fixed_date(entry: Entry, facts: Facts) -> Outcome:
    """The date entered for the record or the schedule's own; the later one when both are there."""
    known = [fact for fact in (facts.triggers.get(entry.trigger),) if fact is not None]
    if entry.fixed_date is not None:
        known.append(DateFact(entry.fixed_date, "schedule"))
    if not known:
        return _missing(entry, "fixed_date_missing", "Das feste Datum ist nicht eingetragen: {0}.", entry.trigger_title)
    fact = max(known, key=lambda one: one.on)
    return _decided(entry, fact.on, fact.source)


def _followed(entry: Entry, parent: Outcome) -> Outcome:
    if isinstance(parent, Undecidable):
        text = f"Die Frist der Bezugsakte ist offen: {parent.text}"
        code = parent.code if parent.code in ("parent_cycle", "parent_missing") else "parent_undecided"
        return Undecidable(code, text, "Bezugsakte", entry.id)
    return _decided(entry, parent.retention_end, f"parent:{parent.schedule_id}:{parent.source}")


def _decided(entry: Entry, last: date | None, source: str) -> Outcome:
    if last is None or last >= date.max:
        return _missing(entry, "out_of_range", "Das {0} liegt außerhalb des Kalenders.", "Fristende")
    return RetentionEnd(last, last + _DAY, entry.id, entry.legal_basis, source)


def _missing(entry: Entry, code: str, text: str, missing: str) -> Undecidable:
    return Undecidable(code, text.format(missing), missing, entry.id)
