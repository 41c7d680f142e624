"""The retention schedule (Fristenkatalog) as typed values: parsing, validation with all faults, lookup. Pure.

The schedule is data, never code: this module knows the end rules and units it can compute, everything else (triggers,
entries, hold reasons) is what the file says. A schedule with a fault is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core.errors import InvalidInput


class EndRule(StrEnum):
    """How a period ends (see retention.dates)."""

    YEAR_END = "year_end"
    EXACT = "exact"
    IMMEDIATE = "immediate"
    FOLLOW_PARENT = "follow_parent"
    FIXED = "fixed"


class PeriodUnit(StrEnum):
    """Units of a period."""

    YEARS = "years"
    MONTHS = "months"
    WEEKS = "weeks"
    DAYS = "days"


class DisposalAction(StrEnum):
    """Aussonderungsart: A archive, B appraise, V destroy (xdomea code list Aussonderungsart 1.0)."""

    ARCHIVE = "A"
    APPRAISE = "B"
    DESTROY = "V"


_CAUTION = (DisposalAction.ARCHIVE, DisposalAction.APPRAISE, DisposalAction.DESTROY)
_DAYS = {PeriodUnit.YEARS: 366, PeriodUnit.MONTHS: 31, PeriodUnit.WEEKS: 7, PeriodUnit.DAYS: 1}
MAX_PERIOD = 1000


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time. Raises ValueError for a negative one: it cannot exist."""

    count: int
    unit: PeriodUnit

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("a period is never negative")

    @property
    def longest_days(self) -> int:
        """An upper bound in days, to compare periods of different units."""
        return self.count * _DAYS[self.unit]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `kind` is what it applies to: case_file, paper, audit_log. `condition` (German) must be met for it to
    apply; `keywords` and `document_types` narrow it to single documents (Teilvernichtung).
    """

    id: str
    title: str
    trigger: str
    trigger_title: str
    period: Period
    end_rule: EndRule
    legal_basis: str
    mandate: str
    disposal_action: DisposalAction
    applies_to: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    document_types: frozenset[str] = frozenset()
    kind: str = "case_file"
    condition: str | None = None
    fixed_date: date | None = None
    extension_grounds: tuple[str, ...] = ()
    needs_decision: bool = False
    confidence: str = "practice"

    @property
    def partial(self) -> bool:
        """Whether it is for single documents of a file, not for the file."""
        return bool(self.keywords or self.document_types)

    def may_outlast(self, other: Entry) -> bool:
        """Whether this period may run longer than `other`'s. A period that cannot be compared may."""
        if self.end_rule is EndRule.IMMEDIATE:
            return False
        if EndRule.FIXED in (self.end_rule, other.end_rule) or self.end_rule is EndRule.FOLLOW_PARENT:
            return True
        return self.period.longest_days >= other.period.longest_days


@dataclass(frozen=True, slots=True)
class HoldReason:
    """A reason for a hold (Löschsperre), and after how many months somebody has to look at it again."""

    id: str
    title: str
    basis: str
    set_by: str
    release_when: str
    review_after_months: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """All entries and hold reasons of one version; `version` is the SHA-256 of the bytes it was read from."""

    version: str
    entries: Mapping[str, Entry]
    hold_reasons: Mapping[str, HoldReason]

    def entries_for(self, file_type: str) -> Sequence[Entry]:
        """The entries for files of a type as a whole, in the order of the schedule."""
        return [e for e in self.entries.values() if file_type in e.applies_to and not e.partial]

    def partial_entries(
        self, file_type: str, keyword: str | None, document_type: str | None, named: Sequence[str] = ()
    ) -> Sequence[Entry]:
        """The entries for a document of a file: by its keyword or its type. `named` are those that the file plan lists
        as partial retention of the file type, for entries that name no file type themselves.
        """
        return [
            e
            for e in self.entries.values()
            if e.partial
            and (file_type in e.applies_to or e.id in named)
            and (keyword in e.keywords or document_type in e.document_types)
        ]

    def extension_reasons(self, schedule_id: str) -> Sequence[HoldReason]:
        """The hold reasons to expect for an entry. Others may be set as well; an unknown entry expects none."""
        entry = self.entries.get(schedule_id)
        return [self.hold_reasons[one] for one in entry.extension_grounds] if entry else []


def strictest_action(actions: Sequence[DisposalAction]) -> DisposalAction:
    """The action for a file to which several entries apply: A before B before V. Without any, B: ask the archive."""
    return next((action for action in _CAUTION if action in actions), DisposalAction.APPRAISE)


class ScheduleFaults(InvalidInput):
    """The schedule has faults; `faults` lists all of them, and nothing of it is used."""

    code = "schedule_faults"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(
            f"Der Fristenkatalog hat {len(faults)} Fehler. Nichts wurde übernommen.",
            "the retention schedule has faults",
            faults=faults,
        )
