"""Filed or to clearing: two independent facts that agree on one case, or a person decides. Pure; never a guess on a tie.

Facts about a case: a number of it (exact, or only after undoing confusions), the full name of a member, a member's birth
date, a member's address. Sure means: exact number and name or birth date or (family name and address) · corrected number
and full name · full name and birth date, or full name and address, of one member. A number alone, a name alone or an
address alone is never enough. Anything that speaks for another case sends the letter to clearing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from ingest.judging.candidates import Candidate, PersonFacts
from ingest.judging.document_type import UNCLEAR, TypeGuess
from ingest.judging.facts import Facts, NumberFact, Place

_LONG_NAME = 5
_RIVAL = 0.34
_NEAR = 3  # words between given and family name ("Kowalczyk, Anna", "Anna Maria Kowalczyk")


@dataclass(frozen=True, slots=True)
class Sign:
    """One piece of evidence: kind number | name | birth_date | address, verdict, place, the case it speaks of."""

    kind: str
    verdict: str
    place: Place
    candidate: str
    text: str


@dataclass(slots=True)
class Weighed:
    """A candidate with its signs. `person` is the member that name or birth date point to."""

    candidate: Candidate
    exact: bool = False
    corrected: bool = False
    named_exactly: bool = False
    name: bool = False
    family: bool = False
    birth: bool = False
    person_sure: bool = False
    housed: bool = False
    address: bool = False
    signs: list[Sign] = field(default_factory=list)

    @property
    def sure(self) -> bool:
        """Two independent facts agree (module docstring)."""
        if self.exact and (self.name or self.birth or (self.family and self.address)):
            return True
        return (self.corrected and self.name) or self.person_sure or self.housed

    @property
    def strength(self) -> int:
        """Order of candidates on the clearing page."""
        return (
            8 * self.exact + 4 * self.corrected + 6 * self.person_sure + 4 * self.name + 3 * self.birth + self.address
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """`case` None = clearing, with the code of the reason. `ranked` are the candidates worth showing."""

    case: Weighed | None
    code: str | None
    ranked: Sequence[Weighed]
    confidence: float


def decide(facts: Facts, candidates: Sequence[Candidate], guess: TypeGuess, sheet_case: Candidate | None) -> Verdict:
    """The decision for a letter. `sheet_case` is the case that our own separator sheet named."""
    weighed = [weigh(facts, candidate) for candidate in candidates]
    ranked = sorted(
        (one for one in weighed if one.strength >= 4), key=lambda one: (-one.strength, one.candidate.file_number)
    )
    if sheet_case is not None:
        return _by_sheet(ranked, sheet_case, weighed)
    if not ranked:
        return Verdict(None, "no_candidate", (), 0.0)
    sure = [one for one in ranked if one.sure]
    if not sure:
        return Verdict(None, _why_unsure(ranked), ranked, 0.3)
    chosen, undecided = _choose(sure, guess)
    if chosen is None:
        return Verdict(None, undecided, ranked, 0.5)
    code = _blocked(chosen) or _contradicted(chosen, ranked)
    if code is not None:
        return Verdict(None, code, ranked, 0.6)
    return Verdict(chosen, None, ranked, 0.97 if chosen.exact and chosen.name else 0.92)


def weigh(facts: Facts, candidate: Candidate) -> Weighed:
    """All signs of a letter for one case."""
    weighed = Weighed(candidate)
    for number in facts.numbers:
        _weigh_number(weighed, number)
    for person in candidate.persons:
        _weigh_person(weighed, facts, person)
    return weighed


def _weigh_number(weighed: Weighed, number: NumberFact) -> None:
    case = weighed.candidate
    own = number.key in case.keys
    if not own and number.key != case.bg_key and number.key not in {p.customer_key for p in case.persons}:
        return
    seen = weighed.corrected if number.corrected else weighed.exact
    weighed.named_exactly |= own and not number.corrected and number.key != case.bg_key
    if number.corrected:
        weighed.corrected = True
    else:
        weighed.exact = True
    if not seen:
        verdict = "partly" if number.corrected else "agrees"
        text = (
            f"Nummer gelesen als {number.place.text}. Nach Ausgleich unsicherer Zeichen passt nur diese Akte."
            if number.corrected
            else f"Nummer {number.place.text} gehört zu dieser Akte."
        )
        weighed.signs.append(Sign("number", verdict, number.place, case.file_number, text))


def _weigh_person(weighed: Weighed, facts: Facts, person: PersonFacts) -> None:
    place = full_name_place(facts, person, tolerant=weighed.exact)
    birth = next((fact for fact in facts.dates if person.birth_date and fact.value == person.birth_date), None)
    family = any(set(family.split()) <= {word.key for word in facts.words} for family, _ in person.names if family)
    number = weighed.candidate.file_number
    if place is not None:
        if not weighed.name:
            weighed.signs.append(Sign("name", "agrees", place, number, f"Name {person.shown_name} stimmt."))
        weighed.name = True
    if birth is not None:
        if not weighed.birth:
            weighed.signs.append(Sign("birth_date", "agrees", birth.place, number, "Das Geburtsdatum stimmt."))
        weighed.birth = True
    weighed.person_sure |= place is not None and birth is not None
    weighed.family |= family
    lives_there = any(_street_stands_in(facts, street) for street, _ in person.streets)
    weighed.address |= lives_there
    weighed.housed |= place is not None and lives_there


def full_name_place(facts: Facts, person: PersonFacts, *, tolerant: bool = False) -> Place | None:
    """Where a given and the family name stand next to each other; None when they never do.

    `tolerant` (only beside an exact number) lets each longer word differ by one letter: recognition errs.
    """
    keys = [word.key for word in facts.words]
    for family, given in person.names:
        parts, first_names = family.split(), given.split()
        if not parts or not first_names:
            continue
        for start in _starts(keys, parts[0], tolerant):
            stop = start + len(parts)
            if not all(_same(*pair, tolerant) for pair in zip(keys[start:stop], parts, strict=False)):
                continue
            near = [*keys[max(0, start - _NEAR) : start], *keys[stop : stop + _NEAR]]
            if stop <= len(keys) and any(_same(word, first, tolerant) for word in near for first in first_names):
                return facts.words[start].place
    return None


def _starts(keys: Sequence[str], first: str, tolerant: bool) -> list[int]:
    return [index for index, key in enumerate(keys) if _same(key, first, tolerant)]


def _same(word: str, wanted: str, tolerant: bool) -> bool:
    if word == wanted:
        return True
    return tolerant and len(wanted) >= _LONG_NAME and OSA.distance(word, wanted, score_cutoff=1) <= 1


def _street_stands_in(facts: Facts, street: str) -> bool:
    """Whether street and house number stand in the letter, as whole words."""
    return any(char.isdigit() for char in street) and street in facts.streets


def _choose(sure: Sequence[Weighed], guess: TypeGuess) -> tuple[Weighed | None, str]:
    """Which of the sure cases: named by its own number, else by file type, else the one LEIST; else nobody knows."""
    named = [one for one in sure if one.named_exactly]
    if len(named) == 1:
        return named[0], ""
    if not _one_household(sure):
        return None, "several_cases"
    still_open = [one for one in sure if one.candidate.state == "open"]
    if not still_open:
        return (sure[0], "") if len(sure) == 1 else (None, "case_closed")
    if len(still_open) == 1:
        return still_open[0], ""
    wanted = guess.rule.file_type if guess.rule.code != UNCLEAR else None
    if wanted not in {one.candidate.file_plan_unit for one in still_open}:
        wanted = "LEIST"
    matching = [one for one in still_open if one.candidate.file_plan_unit == wanted]
    if len(matching) != 1 or _rivals(wanted, still_open, guess):
        return None, "several_cases"
    return matching[0], ""


def _rivals(wanted: str, still_open: Sequence[Weighed], guess: TypeGuess) -> bool:
    """Whether the letter's wording speaks nearly as much for the file type of another of the cases."""
    own = guess.by_file_type.get(wanted, 0.0)
    others = {one.candidate.file_plan_unit for one in still_open} - {wanted}
    return any(guess.by_file_type.get(other, 0.0) > _RIVAL * own for other in others)


def _one_household(sure: Sequence[Weighed]) -> bool:
    """Whether the sure cases belong together: one BG number, or one person in all of them."""
    numbers = {one.candidate.bg_key for one in sure}
    if len(numbers) == 1 and None not in numbers:
        return True
    common = {person.id for person in sure[0].candidate.persons}
    for one in sure[1:]:
        common &= {person.id for person in one.candidate.persons}
    return bool(common)


def _blocked(chosen: Weighed) -> str | None:
    if chosen.candidate.sealed:
        return "sealed"
    marks = {mark for person in chosen.candidate.persons for mark in person.marks}
    for mark in ("sealed", "protected_address", "deceased"):
        if mark in marks:
            return mark
    return "case_closed" if chosen.candidate.state != "open" else None


def _contradicted(chosen: Weighed, ranked: Sequence[Weighed]) -> str | None:
    """Whether something in the letter speaks for a case of other people."""
    members = {person.id for person in chosen.candidate.persons}
    for other in ranked:
        if other is not chosen and other.exact and not chosen.exact:
            return "contradiction"
        same_number = other.candidate.bg_key is not None and other.candidate.bg_key == chosen.candidate.bg_key
        shared = members & {person.id for person in other.candidate.persons}
        if other is chosen or same_number or shared:
            continue
        if other.exact:
            return "several_cases"
        if other.person_sure or (other.corrected and other.name):
            return "contradiction"
    return None


def _by_sheet(ranked: Sequence[Weighed], sheet_case: Candidate, weighed: Sequence[Weighed]) -> Verdict:
    own = next((one for one in weighed if one.candidate.id == sheet_case.id), Weighed(sheet_case))
    code = _blocked(own) or _contradicted(own, [one for one in ranked if one.sure])
    if code is not None:
        return Verdict(None, "sheet_contradicted" if code in ("several_cases", "contradiction") else code, ranked, 0.4)
    return Verdict(own, None, ranked, 0.99)


def _why_unsure(ranked: Sequence[Weighed]) -> str:
    best = ranked[0]
    if best.exact:
        return "number_alone"
    if best.corrected:
        return "number_unsure"
    if best.birth and not best.name:
        return "birth_date_alone"
    return "name_alone" if best.name else "no_candidate"
