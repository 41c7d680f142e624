"""What a letter says about each candidate case: numbers, names, birth dates, addresses, with their places. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from archive.pagetext import Box
from ingest.references import NumberReading
from ingest.register_view import CaseCandidate, PersonFact, customer_keys
from ingest.routing_model import CaseSigns, PersonSigns
from ingest.routing_names import NameFinder, NameMatch
from ingest.routing_places import AddressFinder
from ingest.tagging.dates import DateMention
from ingest.tagging.extract import Extraction
from ingest.tagging.tokens import Place

_LEVEL = {"none": 2, "glyph": 1, "guess": 1}
_RANK = {"none": 0, "glyph": 1, "guess": 2}


def weigh(extraction: Extraction, candidates: Sequence[CaseCandidate]) -> list[CaseSigns]:
    """The signs of every candidate, in the order of their file numbers (so that order never matters)."""
    ordered = sorted(candidates, key=lambda case: (case.file_number, case.case_file_id))
    signs = [CaseSigns(case) for case in ordered]
    _weigh_numbers(extraction.numbers, signs)
    _weigh_persons(extraction, signs)
    return signs


def related(one: CaseCandidate, other: CaseCandidate) -> bool:
    """Whether two cases belong together: one BG number, or a person in both (at any time)."""
    if one.bg_key is not None and one.bg_key in {other.bg_key, *other.own_keys}:
        return True
    if other.bg_key is not None and other.bg_key in one.own_keys:
        return True
    return bool({person.person_id for person in one.persons} & {person.person_id for person in other.persons})


def _keys(case: CaseCandidate) -> frozenset[str]:
    return case.own_keys | customer_keys(case).keys() | ({case.bg_key} if case.bg_key else set())


def _weigh_numbers(numbers: Sequence[NumberReading], signs: Sequence[CaseSigns]) -> None:
    bearers: dict[str, list[CaseSigns]] = {}
    for one in signs:
        for key in _keys(one.case):
            bearers.setdefault(key, []).append(one)
    hits = sorted(
        (n for n in numbers if n.key in bearers), key=lambda n: (_RANK[n.correction], n.place.page, n.place.box)
    )
    taken: list[tuple[int, Place]] = []
    for number in hits:
        rank = _RANK[number.correction]
        if any(before < rank and _overlap(place, number.place) for before, place in taken):
            continue
        taken.append((rank, number.place))
        for one in bearers[number.key]:
            own = number.key in one.case.own_keys and len(bearers[number.key]) == 1
            _note_number(one, number, own)


def _note_number(signs: CaseSigns, number: NumberReading, own: bool) -> None:
    level = _LEVEL[number.correction]
    signs.own |= own and level == 2
    if level > signs.number:
        signs.number, signs.number_place = level, number.place
        signs.number_text, signs.number_value = number.place.text, number.value


def _overlap(one: Place, other: Place) -> bool:
    return one.page == other.page and _area(one.box, other.box)


def _area(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def _weigh_persons(extraction: Extraction, signs: Sequence[CaseSigns]) -> None:
    births = _births(extraction)
    people: dict[UUID, PersonFact] = {}
    for one in signs:
        for person in one.case.persons:
            people.setdefault(person.person_id, person)
    linked = {person.person_id for one in signs if one.number for person in one.case.persons}
    linked |= {person.person_id for person in people.values() if person.birth_date in births}
    finder, places = NameFinder(extraction.words), AddressFinder(extraction.reading.tokens)
    names = _exclusive({key: finder.full_names(person, key in linked) for key, person in people.items()})
    for one in signs:
        keys = customer_keys(one.case)
        numbers = {number.key for number in extraction.numbers if number.correction == "none"}
        for person in one.case.persons:
            found = PersonSigns(person.person_id, person.member_on(extraction.received_on), marks=person.marks)
            _note_name(found, names[person.person_id], finder, person)
            found.birth = births.get(person.birth_date) if person.birth_date else None
            found.customer = any(keys[key] == person.person_id for key in keys.keys() & numbers)
            _note_address(found, places, person)
            one.persons.append(found)


def _births(extraction: Extraction) -> dict[object, Place]:
    """Days that may be birth dates, with their places; labelled ones first, insurance numbers last."""
    mentions = sorted(extraction.birth_dates(), key=_birth_order)
    births: dict[object, Place] = {}
    for mention in mentions:
        births.setdefault(mention.value, mention.place)
    return births


def _birth_order(mention: DateMention) -> tuple[bool, int, Box]:
    return (mention.label != "birth", mention.place.page, mention.place.box)


def _exclusive(names: dict[UUID, list[NameMatch]]) -> dict[UUID, list[NameMatch]]:
    """A misread name gives way where somebody else's name fits the same place with fewer edits. Namesakes both stay."""
    every = [(key, match) for key, matches in names.items() for match in matches]
    return {
        key: [match for match in matches if not match.edits or not _taken(key, match, every)]
        for key, matches in names.items()
    }


def _taken(key: UUID, match: NameMatch, every: Sequence[tuple[UUID, NameMatch]]) -> bool:
    return any(
        other != key and found.edits < match.edits and match.start < found.stop and found.start < match.stop
        for other, found in every
    )


def _note_name(found: PersonSigns, matches: Iterable[NameMatch], finder: NameFinder, person: PersonFact) -> None:
    best = min(matches, key=lambda match: (match.edits, match.start), default=None)
    if best is not None:
        found.name, found.name_place = (1 if best.edits else 2), best.place
    elif found.member:
        found.family, found.given = finder.family(person), finder.given(person)


def _note_address(found: PersonSigns, places: AddressFinder, person: PersonFact) -> None:
    for address in person.addresses:
        place, complete = places.find(address)
        if place is not None:
            found.address = found.address or place
            if complete:
                found.full_address = place
                return
