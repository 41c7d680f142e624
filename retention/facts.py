"""From rows to the facts that the pure rules decide on: the adopted schedule, triggers, filings, parents, holds.

How recorded facts are read:

- `case_closed` is the case's `closed_on`; a case that is not closed has no end.
- `parent_closed` is the last closing of all parents, once all are closed.
- `document_date` of a file as a whole is the latest date among its documents (date received where it bears none).
- every other trigger is a TriggerFact; one with a document belongs to that document's filing alone.
- a TriggerFact whose trigger is `if:ENTRY` or `no:ENTRY` records that a person found that the entry applies or not.
- parents are the cases that a case refers to; a merged one counts as the case it was merged into, a destroyed one by
  the end that its disposal list froze.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

from archive.datafiles import data_file
from archive.models import CaseFile, Document, Filing
from core.clock import agency_date
from retention import repository
from retention.cases import CaseEnd, CaseFacts, FilingFacts, Hold, resolve
from retention.dates import DateFact, Outcome, RetentionEnd
from retention.loading import schedule_data
from retention.models import DisposalHold, TriggerFact
from retention.repository import FiledAlike
from retention.schedule import EndRule, Schedule
from retention.schedule_file import default_schedule, entry_from_data

APPLIES, APPLIES_NOT = "if:", "no:"


@dataclass(frozen=True, slots=True)
class Adopted:
    """The agency's schedule with the entries that a mandated person confirmed."""

    schedule: Schedule
    confirmed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with its end and every hold that keeps it: its own and, where it follows parents, theirs."""

    case_file: CaseFile
    end: CaseEnd
    holds: Sequence[Hold]


def adopted_schedule(session: Session, agency_id: UUID) -> Adopted:
    """The schedule as the agency adopted it. Raises ScheduleFaults for a stored entry that cannot be read."""
    rows = repository.schedule_rows(session, agency_id)
    triggers = schedule_data()[0]["conventions"]["triggers"]
    entries = {row.code: entry_from_data(row.data, triggers) for row in rows}
    versions = sorted({row.schedule_version for row in rows})
    version = versions[0] if len(versions) == 1 else "+".join(one[:12] for one in versions)[:64]
    confirmed = frozenset(row.code for row in rows if row.confirmed)
    return Adopted(Schedule(version, entries, default_schedule().hold_reasons), confirmed)


def judge(session: Session, agency_id: UUID, ids: Collection[UUID], adopted: Adopted | None = None) -> list[Judged]:
    """Ends and holds of these cases, in the order of their numbers."""
    adopted = adopted or adopted_schedule(session, agency_id)
    web = _web(session, ids)
    facts = _facts(session, agency_id, web, adopted)
    ends = resolve(adopted.schedule, facts, web.parents, _ends_of_gone(session, web.gone))
    holds = repository.open_holds(session, [*web.cases, *web.gone])
    judged = [
        Judged(web.cases[one], ends[one], _holds(one, web, holds, adopted.schedule)) for one in ids if one in web.cases
    ]
    return sorted(judged, key=lambda one: (one.case_file.file_number, one.case_file.id))


@dataclass(frozen=True, slots=True)
class _Web:
    """Cases with all their parents, upwards. `gone` are parents that exist no more."""

    cases: Mapping[UUID, CaseFile]
    parents: Mapping[UUID, Sequence[UUID]]
    gone: Collection[UUID]


def _web(session: Session, ids: Collection[UUID]) -> _Web:
    cases: dict[UUID, CaseFile] = {}
    parents: dict[UUID, list[UUID]] = {}
    gone: set[UUID] = set()
    waiting = set(ids)
    while waiting:
        found = repository.case_files(session, waiting)
        alive = {key: row for key, row in found.items() if row.state in ("open", "closed")}
        gone |= {key for key, row in found.items() if row.state == "destroyed"}
        moved = {key: row.merged_into_id for key, row in found.items() if row.merged_into_id is not None}
        cases |= alive
        parents |= {key: [target] for key, target in moved.items()}
        parents |= repository.relations(session, set(alive))
        above = {one for key in found for one in parents.get(key, ())}
        waiting = above - set(cases) - gone - set(parents)
    known = {key: [_merged(one, cases, parents) for one in parents.get(key, ())] for key in cases}
    return _Web(cases, known, gone)


def _merged(one: UUID, cases: Mapping[UUID, CaseFile], parents: Mapping[UUID, Sequence[UUID]]) -> UUID:
    """Where a merged case went, however often."""
    seen: set[UUID] = set()
    while one not in cases and one in parents and one not in seen:
        seen.add(one)
        one = parents[one][0]
    return one


def _facts(session: Session, agency_id: UUID, web: _Web, adopted: Adopted) -> dict[UUID, CaseFacts]:
    plan = repository.file_plan(session, agency_id)
    recorded = repository.trigger_facts(session, list(web.cases))
    alike = repository.filed_alike(session, list(web.cases))
    noted = repository.noted_documents(session, list(web.cases))
    facts = {}
    for key, case in web.cases.items():
        unit = plan.get(case.file_plan_unit)
        rows, kinds, single = recorded.get(key, []), alike.get(key, []), noted.get(key, [])
        days = [DateFact(one.day, one.source) for one in kinds] + [_document_date(document) for _, document in single]
        facts[key] = CaseFacts(
            file_type=case.file_plan_unit,
            schedule_id=unit.retention_id if unit else None,
            triggers=_case_triggers(case, rows, days, [web.cases.get(one) for one in web.parents.get(key, ())]),
            filings=[*map(_filed_alike, kinds), *(_filing(filing, document, rows) for filing, document in single)],
            conditions=_conditions([row for row in rows if row.document_id is None]),
            confirmed=adopted.confirmed,
            named_partial=_named_partial().get(case.file_plan_unit, ()),
            closed=case.state == "closed",
        )
    return facts


def _case_triggers(
    case: CaseFile, rows: Sequence[TriggerFact], days: Sequence[DateFact], parents: Sequence[CaseFile | None],
) -> dict[str, DateFact]:  # fmt: skip
    known = _latest([row for row in rows if row.document_id is None])
    if case.closed_on is not None:
        known["case_closed"] = DateFact(case.closed_on, "closed_on")
    closings = [parent.closed_on if parent else None for parent in parents]
    if closings and all(closings):
        known["parent_closed"] = DateFact(max(day for day in closings if day), "parent.closed_on")
    if days:
        known.setdefault("document_date", max(days, key=lambda one: (one.on, one.source)))
    return known


def _filed_alike(kind: FiledAlike) -> FilingFacts:
    """Every end rule grows with its day, so the latest speaks for all."""
    day = {"document_date": DateFact(kind.day, kind.source)}
    return FilingFacts(kind.keyword, kind.document_type, kind.retention_id, day)


def _filing(filing: Filing, document: Document, rows: Sequence[TriggerFact]) -> FilingFacts:
    mine = [row for row in rows if row.document_id == document.id]
    own = _latest(mine)
    own.setdefault("document_date", _document_date(document))
    return FilingFacts(filing.keyword, document.document_type, filing.retention_id, own, _conditions(mine))


def _document_date(document: Document) -> DateFact:
    if document.document_date is not None:
        return DateFact(document.document_date, f"document_date:{document.document_date_source or ''}")
    return DateFact(document.received_on, f"received_on:{document.received_on_source}")


def _latest(rows: Sequence[TriggerFact]) -> dict[str, DateFact]:
    """The latest record of each trigger: the longest period wins."""
    known: dict[str, DateFact] = {}
    for row in rows:
        if row.trigger not in known or known[row.trigger].on < row.happened_on:
            known[row.trigger] = DateFact(row.happened_on, row.source)
    return known


def _conditions(rows: Sequence[TriggerFact]) -> dict[str, bool]:
    """What a person recorded; a later record replaces an earlier one."""
    known: dict[str, bool] = {}
    for row in sorted(rows, key=lambda row: row.recorded_at):
        for prefix, applies in ((APPLIES, True), (APPLIES_NOT, False)):
            if row.trigger.startswith(prefix):
                known[row.trigger.removeprefix(prefix)] = applies
    return known


@cache
def _named_partial() -> dict[str, tuple[str, ...]]:
    return {unit["code"]: tuple(unit.get("partial_retention", ())) for unit in data_file("fileplan")["units"]}


def _ends_of_gone(session: Session, gone: Collection[UUID]) -> dict[UUID, Outcome]:
    return {
        key: RetentionEnd(
            row.retention_end, row.retention_end + timedelta(days=1), row.schedule_id, "", "disposal_list"
        )
        for key, row in repository.destroyed_objects(session, gone).items()
    }


def _holds(
    key: UUID, web: _Web, holds: Mapping[UUID, Sequence[DisposalHold]], schedule: Schedule
) -> list[Hold]:  # fmt: skip
    """A file that follows its parents never ends before them, so their holds keep it too."""
    seen: set[UUID] = set()
    waiting = [key]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += web.parents.get(one, ()) if _follows(web.cases.get(one), schedule) else ()
    return [
        Hold(row.reason_id, reason.title if (reason := schedule.hold_reasons.get(row.reason_id)) else row.reason_id,
             agency_date(row.set_at), row.review_on)
        for one in sorted(seen, key=lambda one: (one != key, one))
        for row in holds.get(one, ())
    ]  # fmt: skip


def _follows(case: CaseFile | None, schedule: Schedule) -> bool:
    return case is not None and any(
        entry.end_rule is EndRule.FOLLOW_PARENT for entry in schedule.entries_for(case.file_plan_unit)
    )
