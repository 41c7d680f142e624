"""Values of routing: the question (context), the signs, and the decision with its evidence. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from archive.pagetext import Box
from ingest.register_view import CaseCandidate
from ingest.tagging.tokens import Place

Verdict = Literal["agrees", "partly", "against", "open"]
Kind = Literal["sheet", "number", "name", "birth_date", "address", "document_type", "recipient", "staff"]
Scope = Literal["general", "unit", "restricted"]


@dataclass(frozen=True, slots=True)
class SheetFields:
    """Fields of our own separator sheet (INTERFACES "What becomes of input"); `faults`: unknown or doubled fields.

    A value that the file plan does not know sends the letter to clearing as an unknown field does.
    """

    case: str = ""
    doc: str = ""
    key: str = ""
    unit: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """What the letter itself does not say. `forced` are codes and German texts that send it to clearing anyway
    (sheet count, duplicate); `staff` people of the house by display name.
    """

    received_on: date
    sheet: SheetFields = field(default_factory=SheetFields)
    staff: tuple[str, ...] = ()
    forced: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sign: what was read, where, and what follows. `candidate` is a file number, or None for the letter itself.
    `page` 0 with an empty box: the sign stands on the separator sheet, not on a page.
    """

    kind: Kind
    verdict: Verdict
    page: int
    box: Box
    text: str
    candidate: str | None
    sentence_de: str


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A case worth showing in clearing, best first. `agrees`, `partly`, `against` are kinds of signs."""

    case_file_id: UUID
    file_number: str
    file_plan_unit: str
    strength: float
    agrees: tuple[Kind, ...]
    partly: tuple[Kind, ...]
    against: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Filed in one case, or for a person with reasons. `preselected`: the candidate clearing may offer first; None on
    a tie. `scope`: who may see the letter in clearing; `scope_unit`: code of the unit for "unit" and "restricted".
    Restricted candidates are never in `candidates` or `evidence` of a letter that is not restricted itself.
    """

    state: Literal["filed", "clearing"]
    case_file_id: UUID | None
    keyword: str | None
    document_type: str
    confidence: float
    reasons: tuple[tuple[str, str], ...]
    evidence: tuple[Evidence, ...]
    candidates: tuple[RankedCandidate, ...]
    preselected: UUID | None
    scope: Scope = "general"
    scope_unit: str | None = None


@dataclass(slots=True)
class PersonSigns:
    """What the letter says about one person of a case. Places are None where nothing was found.

    `name`: 2 full name, 1 close to it (misread or half a double name), 0 no. `family` alone is no name.
    """

    person_id: UUID
    member: bool
    name: int = 0
    name_place: Place | None = None
    family: Place | None = None
    given: Place | None = None
    birth: Place | None = None
    address: Place | None = None
    full_address: Place | None = None
    customer: bool = False
    marks: frozenset[str] = frozenset()


@dataclass(slots=True)
class CaseSigns:
    """What the letter says about one case. `own`: its own number that no other candidate bears. `number` counts 2 as
    printed, 1 after undoing confusions, 0 none.
    """

    case: CaseCandidate
    number: int = 0
    own: bool = False
    number_place: Place | None = None
    number_text: str = ""
    number_value: str = ""
    persons: list[PersonSigns] = field(default_factory=list)
    sheet: bool = False

    @property
    def members(self) -> list[PersonSigns]:
        """Signs of those who belong to the case on the day of receipt."""
        return [one for one in self.persons if one.member]

    @property
    def named(self) -> bool:
        """A member's full name stands in the letter."""
        return any(one.name for one in self.members)

    @property
    def born(self) -> bool:
        """A member's birth date stands in the letter."""
        return any(one.birth for one in self.members)

    @property
    def housed(self) -> bool:
        """A member's street and house number stand in the letter."""
        return any(one.address for one in self.members)

    @property
    def person_sure(self) -> bool:
        """Name and birth date of the same member."""
        return any(one.name and one.birth for one in self.members)

    @property
    def home_sure(self) -> bool:
        """Exactly printed name and complete address of the same member."""
        return any(one.name == 2 and one.full_address for one in self.members)
