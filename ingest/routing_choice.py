"""Which case: what counts as sure, what contradicts it, and which of several cases of one household. Pure.

Sure = two independent facts (DESIGN "Two agreeing facts"): number as printed with name, birth date or address ·
number after undoing confusions with name and one more · name and birth date of one person · exact name and complete
address of one person. Several open cases: INTERFACES, "Several open cases share a number", read strictly: where the
rule for the number and the rule for the named person disagree, nobody guesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from archive.names import name_key
from ingest.routing_facts import related
from ingest.routing_model import CaseSigns
from ingest.tagging.document_type import UNCLEAR, type_rules
from ingest.tagging.extract import Extraction

BENEFITS = "LEIST"
# Words (beginnings, folded) of a heading that speak for a file type even where the document type was misread.
_HINTS: Mapping[str, tuple[str, ...]] = {
    "WID": ("widerspruch", "einspruch"),
    "KLAGE": ("klage", "rechtsstreit", "sozialgericht", "einstweilig"),
    "FORD": ("forderung", "ruckforderung", "ratenzahlung", "stundung", "mahnung", "zahlungsaufforderung"),
    "OWI": ("bussgeld", "ordnungswidrig", "geldbusse"),
    "BUT": ("bildung und teilhabe", "klassenfahrt", "schulbedarf", "mittagsverpflegung", "lernforderung"),
    "UNTH": ("unterhalt",),
    "VERM": ("arbeitsunfahig", "teilnehmer", "massnahme", "vermittlung", "bewerbung", "schweigepflicht"),
    "ERST": ("erstattungsanspruch", "erstattungsanzeige"),
}


def is_sure(signs: CaseSigns) -> bool:
    """Two independent facts agree on the case (module docstring)."""
    if signs.number == 2 and (signs.named or signs.born or signs.housed):
        return True
    if signs.number == 1 and signs.named and (signs.born or signs.housed):
        return True
    return signs.person_sure or signs.home_sure


def contradiction(chosen: CaseSigns, all_signs: Sequence[CaseSigns], extraction: Extraction) -> str | None:
    """The code of what speaks against the chosen case, or None."""
    for other in all_signs:
        if other is chosen or related(other.case, chosen.case):
            continue
        if other.number == 2 or is_sure(other):
            return "several_cases"
        if other.number == 1 and other.named:
            return "contradiction"
    if not chosen.named:
        return _other_name(chosen, all_signs, extraction)
    if chosen.number == 0 and not chosen.person_sure:
        return _against_home(chosen, all_signs, extraction)
    return None


def choose(
    sure: Sequence[CaseSigns], all_signs: Sequence[CaseSigns], types: Sequence[str], headings: Sequence[str] = ()
) -> tuple[CaseSigns | None, str]:
    """The one case, or None with the code of the reason. `types` are the plausible document types, likeliest first;
    `headings` the lines of subject and title.
    """
    if any(not related(one.case, other.case) for one in sure for other in sure if one is not other):
        return None, "several_cases"
    own = [one for one in sure if one.own and one.number == 2]
    if len(own) == 1:
        return own[0], ""
    pool = own or _pool(sure, all_signs)
    still_open = [one for one in pool if one.case.closed_on is None]
    if not still_open:
        return (pool[0], "") if len(pool) == 1 else (None, "case_closed")
    if len(still_open) > 1 and tuple(types[:1]) == (UNCLEAR,):
        return None, "type_unsure"
    first, code = _by_type(sure, still_open, types)
    if first is None:
        return None, code
    if _meant_closed(first, pool, types):
        return None, "case_closed"
    return (None, "type_unsure") if _hinted_elsewhere(first, still_open, headings) else (first, "")


def _by_type(
    sure: Sequence[CaseSigns], still_open: Sequence[CaseSigns], types: Sequence[str]
) -> tuple[CaseSigns | None, str]:
    """The case that every plausible document type leads to, by the number's rule and by the person's."""
    people = _people(sure)
    personal = [one for one in still_open if {p.person_id for p in one.members} & people] or still_open
    present = {one.case.file_plan_unit for one in still_open}
    found: list[CaseSigns | None] = []
    for position, wanted in enumerate(_file_types(types)):
        if position and wanted not in present:
            continue
        by_number, by_person = _pick(still_open, wanted), _pick(personal, wanted)
        # Nobody is named: which of two files of this kind is meant, nobody can say.
        anybody = not people and sum(one.case.file_plan_unit == wanted for one in still_open) > 1
        found.append(by_number if by_number is by_person and not anybody else None)
    first = found[0]
    if first is None or first not in sure:
        return None, "several_cases"
    return (first, "") if all(one is first for one in found) else (None, "type_unsure")


def _hinted_elsewhere(chosen: CaseSigns, still_open: Sequence[CaseSigns], headings: Sequence[str]) -> bool:
    """A heading names the matter of another open file: a misread type must not send the letter past it."""
    text = " " + " ".join(name_key(line) for line in headings)
    others = {one.case.file_plan_unit for one in still_open} - {chosen.case.file_plan_unit}
    return any(f" {word}" in text for other in others for word in _HINTS.get(other, ()))


def _pool(sure: Sequence[CaseSigns], all_signs: Sequence[CaseSigns]) -> list[CaseSigns]:
    """All cases that share the number; without a number all cases of the people who are sure."""
    numbered = [one for one in all_signs if one.number and any(related(one.case, s.case) for s in sure)]
    if any(one.number for one in sure):
        return numbered
    people = _people(sure)
    return [one for one in all_signs if {person.person_id for person in one.members} & people]


def _people(sure: Sequence[CaseSigns]) -> set[UUID]:
    members = [person for one in sure for person in one.members]
    named = {person.person_id for person in members if person.name}
    return named or {person.person_id for person in members if person.birth or person.customer}


def _pick(cases: Sequence[CaseSigns], file_type: str | None) -> CaseSigns | None:
    if len(cases) == 1:
        return cases[0]
    for wanted in (file_type, BENEFITS):
        matching = [one for one in cases if one.case.file_plan_unit == wanted]
        if len(matching) == 1:
            return matching[0]
    return None


def _file_types(types: Sequence[str]) -> list[str | None]:
    rules = type_rules()
    found: list[str | None] = []
    for code in types:
        file_type = rules[code].file_type if code in rules else None
        if file_type not in found:
            found.append(file_type)
    return found or [None]


def _meant_closed(first: CaseSigns, pool: Sequence[CaseSigns], types: Sequence[str]) -> bool:
    """The benefit case of the number is closed, and what is open under it is another kind of file."""
    if first.case.file_plan_unit in (BENEFITS, *_file_types(types)[:1]):
        return False
    return any(one.case.file_plan_unit == BENEFITS and one.case.closed_on is not None for one in pool)


def _other_name(chosen: CaseSigns, all_signs: Sequence[CaseSigns], extraction: Extraction) -> str | None:
    """Without a member's name: a former member, anybody else of the register, or a labelled name speaks against it."""
    if any(person.name and not person.member for person in chosen.persons):
        return "membership_ended"
    members = {person.person_id for person in chosen.members}
    if any(p.name == 2 and p.person_id not in members for other in all_signs for p in other.persons):
        return "contradiction"
    known = {part for person in chosen.case.persons for name in person.names
             for part in name_key(f"{name.family} {name.given}").split()}  # fmt: skip
    labelled = [name for name in extraction.names if name.label in ("field", "birth", "sender", "subject")]
    if labelled and not any(_shares(name.parts, known) for name in labelled):
        return "other_name"
    return None


def _shares(parts: Sequence[str], known: set[str]) -> bool:
    return any(part in known or any(_near(part, one) for one in known) for part in parts if len(part) > 2)


def _near(part: str, known: str) -> bool:
    """Half of a name as recognition spoils it: the same beginning or end."""
    return len(part) > 4 and len(known) > 4 and (part[:4] == known[:4] or part[-4:] == known[-4:])


def _against_home(chosen: CaseSigns, all_signs: Sequence[CaseSigns], extraction: Extraction) -> str | None:
    """Name and address only: another birth date, or another known person in the letter, and nobody guesses."""
    labelled = [mention.value for mention in extraction.dates if mention.label == "birth"]
    if (
        labelled
        and not chosen.born
        and not any(_one_digit_off(one, known) for one in labelled for known in _born(chosen))
    ):
        return "contradiction"
    members = {person.person_id for person in chosen.members}
    household = {p.person_id for one in all_signs if related(one.case, chosen.case) for p in one.persons}
    strangers = (p for one in all_signs for p in one.persons if p.name == 2 and p.person_id not in members | household)
    return "contradiction" if any(strangers) else None


def _born(chosen: CaseSigns) -> list[date]:
    return [person.birth_date for person in chosen.case.persons if person.birth_date]


def _one_digit_off(read: date, known: date) -> bool:
    return sum(a != b for a, b in zip(f"{read:%d%m%Y}", f"{known:%d%m%Y}", strict=True)) <= 1
