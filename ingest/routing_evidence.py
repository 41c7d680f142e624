"""Signs as evidence for people: sentences, verdicts, ranking of candidates. Pure; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest import routing_texts as texts
from ingest.routing_choice import is_sure
from ingest.routing_model import CaseSigns, Evidence, Kind, PersonSigns, RankedCandidate, Verdict
from ingest.tagging.document_type import UNCLEAR, type_rules
from ingest.tagging.extract import Extraction
from ingest.tagging.tokens import Place, Zone

SHOWN = 9  # candidates in clearing have the keys 1 to 9


def strength(signs: CaseSigns) -> float:
    """Order of candidates, 0-1. No probability: only the order means something."""
    score = {0: 0.0, 1: 0.22, 2: 0.4}[signs.number]
    names = max((person.name for person in signs.members), default=0)
    score += {0: 0.0, 1: 0.2, 2: 0.26}[names]
    score += 0.2 * signs.born + 0.08 * signs.housed
    score += 0.06 * (not names and any(person.family for person in signs.members))
    score += 0.1 * any(person.name for person in signs.persons if not person.member)
    score -= 0.04 * (signs.case.closed_on is not None)
    return 1.0 if signs.sheet else round(min(max(score, 0.0), 0.99), 3)


def ranked(all_signs: Sequence[CaseSigns]) -> list[CaseSigns]:
    """Candidates worth a look, best first; ties in the order of their numbers."""
    worth = [one for one in all_signs if one.sheet or one.number or strength(one) >= 0.2]
    return sorted(worth, key=lambda one: (-strength(one), one.case.file_number, one.case.case_file_id))[:SHOWN]


def preselected(order: Sequence[CaseSigns]) -> CaseSigns | None:
    """The best candidate when it stands clear of the second; None on a tie (CONCEPT §1: no preselection on a tie)."""
    if not order or order[0].case.closed_on is not None:
        return None
    if len(order) > 1 and strength(order[0]) - strength(order[1]) < 0.05:
        return None
    return order[0] if is_sure(order[0]) or order[0].number or order[0].named else None


def candidate(signs: CaseSigns) -> RankedCandidate:
    """A candidate as clearing shows it."""
    kinds: dict[Verdict, list[Kind]] = {"agrees": [], "partly": [], "against": [], "open": []}
    for one in of_case(signs):
        if one.kind not in kinds[one.verdict]:
            kinds[one.verdict].append(one.kind)
    case = signs.case
    return RankedCandidate(
        case.case_file_id, case.file_number, case.file_plan_unit, strength(signs), tuple(kinds["agrees"]),
        tuple(kinds["partly"]), tuple(kinds["against"]),
    )  # fmt: skip


def of_case(signs: CaseSigns) -> Iterator[Evidence]:
    """All signs about one case."""
    number = signs.case.file_number
    if signs.sheet:
        yield Evidence("sheet", "agrees", 0, (0, 0, 0, 0), number, number, "Das Trennblatt nennt diese Akte.")
    if signs.number_place is not None:
        verdict: Verdict = "agrees" if signs.number == 2 else "partly"
        sentence = texts.number_sentence(signs.number_text, signs.number_value, signs.number, unique=True)
        yield _at("number", verdict, signs.number_place, number, sentence)
    yield from _names(signs.persons, number)
    birth = next((person.birth for person in signs.members if person.birth), None)
    if birth is not None:
        yield _at("birth_date", "agrees", birth, number, texts.birth_sentence(birth))
    full = next((person.full_address for person in signs.members if person.full_address), None)
    place = full or next((person.address for person in signs.members if person.address), None)
    if place is not None:
        yield _at("address", "agrees" if full else "partly", place, number, texts.address_sentence(place, bool(full)))


def of_letter(extraction: Extraction) -> Iterator[Evidence]:
    """Signs about the letter itself: its type, and a recipient who is not us."""
    finding = extraction.document_type
    best = next((one for one in finding.ranking if one.code == finding.code), None)
    if finding.code != UNCLEAR and best is not None and best.place is not None:
        zone: Zone = next((t.zone for t in extraction.reading.tokens
                     if t.page == best.place.page and t.box[1] == best.place.box[1]), "body")  # fmt: skip
        title = type_rules()[finding.code].title
        yield _at("document_type", "agrees", best.place, None, texts.type_sentence(title, best.place, zone))
    wrong = extraction.marks.misdirected
    if wrong is not None:
        yield _at("recipient", "against", wrong.place, None, texts.recipient_sentence(wrong.place))


def _names(persons: Sequence[PersonSigns], number: str) -> Iterator[Evidence]:
    named = [person for person in persons if person.name and person.member]
    former = [person for person in persons if person.name and not person.member]
    for person in sorted(named, key=lambda one: -one.name)[:2]:
        if person.name_place is not None:
            verdict: Verdict = "agrees" if person.name == 2 else "partly"
            sentence = texts.name_sentence(person.name_place, person.name, member=True)
            yield _at("name", verdict, person.name_place, number, sentence)
    for person in former[:1]:
        if person.name_place is not None:
            sentence = texts.name_sentence(person.name_place, person.name, member=False)
            yield _at("name", "against", person.name_place, number, sentence)
    family = next((person.family for person in persons if person.family), None)
    if not named and not former and family is not None:
        yield _at("name", "partly", family, number, texts.name_sentence(family, 0, member=True))


def _at(kind: Kind, verdict: Verdict, place: Place, number: str | None, sentence: str) -> Evidence:
    return Evidence(kind, verdict, place.page, place.box, place.text, number, sentence)
