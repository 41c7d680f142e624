"""Which entries apply to a case file, which period wins, what a hold does to it. Pure.

Rules (schedule, conventions.rule): the longest applicable period wins; a hold always wins.

- The file type's own entry applies, unless a person recorded that it does not.
- An entry with a condition applies when a person recorded that the condition is met; without such a record only when its
  own trigger is on record and it may run longer than the file's own entry, since keeping too long can be put right.
- An entry for single documents (Teilvernichtung) that may run longer than the file's counts for the file too: a file is
  never disposed of before the last of its documents may be. One that runs shorter never shortens the file.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from retention.dates import (
    DateFact,
    Facts,
    Outcome,
    RetentionEnd,
    Undecidable,
    longest,
    retention_end,
    unknown_schedule,
)
from retention.schedule import DisposalAction, EndRule, Entry, Schedule, strictest_action

Key = TypeVar("Key", bound=Hashable)
_NONE: Mapping[str, DateFact] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FilingFacts:
    """A document in the file: its keyword, its type, an entry named for it; days and conditions that are its alone."""

    keyword: str | None = None
    document_type: str | None = None
    schedule_id: str | None = None
    triggers: Mapping[str, DateFact] = field(default_factory=lambda: _NONE)
    conditions: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything that decides a case file's end. `conditions`: entry id → a person's record that it applies or not.

    `confirmed` are the ids of entries that a mandated person confirmed; `named_partial` the entries that the file plan
    lists as partial retention of the file type. A file that is not `closed` has no end, whatever triggers are known.
    """

    file_type: str
    schedule_id: str | None
    triggers: Mapping[str, DateFact] = field(default_factory=lambda: _NONE)
    filings: Sequence[FilingFacts] = ()
    conditions: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    confirmed: frozenset[str] = frozenset()
    named_partial: Sequence[str] = ()
    closed: bool = True


@dataclass(frozen=True, slots=True)
class CaseEnd:
    """What follows for a case file: the outcome that wins and the strictest disposal action of what applies."""

    outcome: Outcome
    disposal_action: DisposalAction


def case_end(schedule: Schedule, case: CaseFacts, parents: Sequence[Outcome] = ()) -> CaseEnd:
    """The case file's retention end. Never raises for any facts."""
    base = schedule.entries.get(case.schedule_id or "")
    if base is None:
        return CaseEnd(unknown_schedule(case.schedule_id), DisposalAction.APPRAISE)
    if not case.closed:
        still_open = Undecidable("case_open", "Die Akte ist nicht geschlossen.", "zdA-Verfügung", base.id)
        return CaseEnd(still_open, base.disposal_action)
    entries = [base] if case.conditions.get(base.id, True) else []
    entries += [
        entry
        for entry in schedule.entries_for(case.file_type)
        if entry.id != base.id and _condition_met(entry, base, case.conditions, case.triggers)
    ]
    outcomes = [_end(entry, case, case.triggers, parents) for entry in entries]
    actions = [entry.disposal_action for entry in entries]
    whole = longest(outcomes)
    for filing in case.filings:
        for entry in _entries_of_filing(schedule, case, filing, base):
            outcome = _end(entry, case, {**case.triggers, **filing.triggers}, parents)
            if entry.may_outlast(base) or _ends_later(outcome, whole):
                outcomes.append(outcome)
                actions.append(entry.disposal_action)
    return CaseEnd(longest(outcomes), strictest_action(actions))


def filing_end(schedule: Schedule, case: CaseFacts, filing: FilingFacts, parents: Sequence[Outcome] = ()) -> Outcome:
    """When a single document may leave its file: by the longest of its own entries, else with the file.

    Does not shorten anything by itself: partial disposal is a person's proposal like any other.
    """
    base = schedule.entries.get(case.schedule_id or "")
    own = _entries_of_filing(schedule, case, filing, base) if base else []
    if base is None or not own:
        return case_end(schedule, case, parents).outcome
    return longest([_end(entry, case, {**case.triggers, **filing.triggers}, parents) for entry in own])


def resolve(
    schedule: Schedule,
    cases: Mapping[Key, CaseFacts],
    parents: Mapping[Key, Sequence[Key]],
    known: Mapping[Key, Outcome],
) -> dict[Key, CaseEnd]:
    """The ends of many case files that refer to each other; `known` are outcomes of files that exist no more.

    Files that follow each other in a circle, or follow such files, are undecidable (parent_cycle); a parent that is
    neither in `cases` nor in `known` counts as missing.
    """
    ends: dict[Key, CaseEnd] = {}
    waiting = {key: list(parents.get(key, ())) if _follows(schedule, case) else [] for key, case in cases.items()}
    while ready := [key for key, above in waiting.items() if not any(one in waiting for one in above)]:
        for key in ready:
            above = [ends[one].outcome if one in ends else known.get(one) for one in waiting[key]]
            ends[key] = case_end(schedule, cases[key], [_present(outcome) for outcome in above])
        for key in ready:
            del waiting[key]
    for key in waiting:
        circle = Undecidable("parent_cycle", "Die Bezugsakten verweisen im Kreis aufeinander.", "Bezugsakte")
        ends[key] = CaseEnd(circle, case_end(schedule, cases[key], [circle]).disposal_action)
    return ends


class DisposalVerdict(StrEnum):
    """What may happen to a record on a day."""

    KEEP = "keep"
    DUE = "due"
    HELD = "held"
    WORK_ITEM = "work_item"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that is not released: reason id, its German title, since when, and when somebody has to look at it again."""

    reason_id: str
    title: str
    since: date
    review_on: date | None = None


@dataclass(frozen=True, slots=True)
class DisposalState:
    """The verdict with a German sentence for the row. `due_on` is null unless the record is due or will be."""

    verdict: DisposalVerdict
    text: str
    due_on: date | None


def disposal_state(outcome: Outcome, holds: Sequence[Hold], on: date) -> DisposalState:
    """Whether a record may be disposed of on a day. Any hold wins over everything, whenever it was set."""
    if holds:
        first = min(holds, key=lambda hold: (hold.since, hold.reason_id))
        text = f"Sperre seit {first.since:%d.%m.%Y}: nicht vernichtet ({first.title})."
        return DisposalState(DisposalVerdict.HELD, text, None)
    if isinstance(outcome, Undecidable):
        return DisposalState(DisposalVerdict.WORK_ITEM, outcome.text, None)
    if on < outcome.due_on:
        text = f"Die Aufbewahrungsfrist läuft noch bis {outcome.retention_end:%d.%m.%Y}."
        return DisposalState(DisposalVerdict.KEEP, text, outcome.due_on)
    return DisposalState(DisposalVerdict.DUE, f"Fällig seit {outcome.due_on:%d.%m.%Y}.", outcome.due_on)


def review_due(holds: Sequence[Hold], on: date) -> str | None:
    """The German work item for holds whose review date has come, the oldest first; None while there is none.

    A hold never ends by itself, so one that nobody looks at would keep a file for ever.
    """
    waiting = sorted((hold.review_on, hold.title) for hold in holds if hold.review_on and hold.review_on <= on)
    return " ".join(f"Sperre prüfen seit {day:%d.%m.%Y}: {title}." for day, title in waiting) or None


def _entries_of_filing(schedule: Schedule, case: CaseFacts, filing: FilingFacts, base: Entry) -> list[Entry]:
    found = list(
        schedule.partial_entries(case.file_type, filing.keyword, filing.document_type, tuple(case.named_partial))
    )
    conditions = {**case.conditions, **filing.conditions}
    own = [entry for entry in found if _condition_met(entry, base, conditions, filing.triggers)]
    named = schedule.entries.get(filing.schedule_id or "")
    return own if named is None or named in own or named.id == base.id else [*own, named]


def _condition_met(entry: Entry, base: Entry, conditions: Mapping[str, bool], triggers: Mapping[str, DateFact]) -> bool:
    recorded = conditions.get(entry.id)
    if recorded is not None:
        return recorded
    if entry.condition is None:
        return True
    return entry.trigger != base.trigger and entry.trigger in triggers and entry.may_outlast(base)


def _ends_later(outcome: Outcome, whole: Outcome) -> bool:
    """A shorter period that began later may end later; one that has not begun yet does not keep a whole file."""
    if not isinstance(outcome, RetentionEnd) or not isinstance(whole, RetentionEnd):
        return False
    return outcome.retention_end > whole.retention_end


def _end(entry: Entry, case: CaseFacts, triggers: Mapping[str, DateFact], parents: Sequence[Outcome]) -> Outcome:
    return retention_end(entry, Facts(triggers, parents, entry.id in case.confirmed))


def _follows(schedule: Schedule, case: CaseFacts) -> bool:
    """Whether any entry that may apply follows the parents; others need not wait for them."""
    named = {case.schedule_id, *(filing.schedule_id for filing in case.filings)}
    return any(
        entry.end_rule is EndRule.FOLLOW_PARENT and (entry.id in named or case.file_type in entry.applies_to)
        for entry in schedule.entries.values()
    )


def _present(outcome: Outcome | None) -> Outcome:
    if outcome is not None:
        return outcome
    return Undecidable("parent_missing", "Die Bezugsakte ist nicht bekannt.", "Bezugsakte")
