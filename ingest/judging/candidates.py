"""Cases and people as judging knows them. Pure values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A member of a case on the day of receipt. Name keys are (family, given) folded, former names included."""

    id: UUID
    names: Sequence[tuple[str, str]]
    shown_name: str
    birth_date: date | None
    customer_key: str | None
    streets: Sequence[tuple[str, str]]
    marks: frozenset[str]


@dataclass(slots=True)
class Candidate:
    """A case with its members on the day of receipt."""

    id: UUID
    file_number: str
    keys: frozenset[str]
    bg_key: str | None
    file_plan_unit: str
    org_unit_id: UUID
    state: str
    sealed: bool
    persons: list[PersonFacts] = field(default_factory=list)
