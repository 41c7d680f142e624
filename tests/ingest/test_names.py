"""Names and addresses of known persons in a letter; labelled names; folding."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.pagetext import PageText
from ingest.register_view import AddressFact, NameFact, PersonFact
from ingest.routing_names import NameFinder
from ingest.routing_places import AddressFinder
from ingest.tagging.addresses import OwnAddress, find_blocks, is_ours, misdirected, recipient
from ingest.tagging.extract import name_words
from ingest.tagging.folding import name_parts, split_street
from ingest.tagging.people import find_names
from ingest.tagging.tokens import read_tokens
from tests.ingest.pages import page, placed

OWN = OwnAddress(
    names=("Jobcenter Kreis Halvesund", "Kreis Halvesund Jobcenter", "Sozialzentrum Hollmersiel"),
    streets=("Deichtorplatz", "Postfach 12 34"),
    postal_codes=("00811", "00810"),
    place_names=("Kreis Halvesund", "Halvesund", "Hollmersiel"),
    staff=("Fenja Ohlsdorp",),
)


def _person(family: str, given_names: str) -> PersonFact:
    return PersonFact(UUID(int=1), None, (NameFact(family, given_names),), None)


def _edits(family: str, given_names: str, *lines: str, close: bool = True) -> int | None:
    finder = NameFinder(name_words(read_tokens([page(*lines)])))
    return min((match.edits for match in finder.full_names(_person(family, given_names), close)), default=None)


@pytest.mark.parametrize(
    "line",
    [
        "Frau Anna Kowalczyk",
        "Kowalczyk, Anna",
        "Anna Maria Kowalczyk",
        "KOWALCZYK ANNA",
        "Name: Kowalczyk Vorname: Anna",
        "Herrn und Frau Anna Kowalczyk,",
    ],
)
def test_a_name_is_found_in_its_spellings(line: str) -> None:
    assert _edits("Kowalczyk", "Anna Maria", line) == 0


@pytest.mark.parametrize(
    ("family", "given_names", "line"),
    [
        ("Müller", "Jörg", "Joerg Mueller"),
        ("Şahinkaya", "Ayşe", "Ayse Sahinkaya"),
        ("Łukasiewicz", "Małgorzata", "Malgorzata Lukasiewicz"),
        ("Weiß", "Renée", "Renee Weiss"),
        ("von der Heide", "Telse", "Telse von der Heide"),
        ("Meier-Özkan", "Eva", "Eva Meier-Oezkan"),
    ],
)
def test_letters_of_other_alphabets_fold(family: str, given_names: str, line: str) -> None:
    assert _edits(family, given_names, line) == 0


@pytest.mark.parametrize(
    "line", ["Anna Kowalczvk", "AnnaKowalczyk", "Anna Kowal czyk", "Anna Kowa1czyk", "Arna Kowalczyk"]
)
def test_misread_names_are_close_not_exact_or_folded(line: str) -> None:
    assert _edits("Kowalczyk", "Anna", line) in (0, 1)


@pytest.mark.parametrize(
    "lines",
    [
        ("Anna Müller, Kowalczyk Peter",),
        ("Müller, Anna", "Kowalczyk, Peter"),
        ("Frau Kowalczyk",),
        ("Anna",),
        ("Anke Kowalczyk",),
        ("Anna Kowalska",),
    ],
)
def test_half_a_name_or_a_neighbours_is_none(lines: tuple[str, ...]) -> None:
    assert _edits("Kowalczyk", "Anna", *lines) is None


def test_half_of_a_double_name_is_only_close() -> None:
    assert (_edits("Callsen", "Wencke", "Wencke Callsen-Özdemir") or 0) > 0
    assert _edits("Callsen", "Wencke", "Wencke Callsen-Özdemir", close=False) is None


def test_short_names_are_never_close() -> None:
    assert _edits("Lang", "Jan", "Jon Lang") is None


@pytest.mark.parametrize("read", ["Jana Petersen", "Jon Petersen"])
def test_another_short_given_name_is_another_person(read: str) -> None:
    assert _edits("Petersen", "Jan", read) is None


@pytest.mark.parametrize(
    ("line", "found", "complete"),
    [
        ("Op de Warft 73, 00815 Wittenkoog", True, True),
        ("Op de Warft 73", True, False),
        ("Op de Warft73 00815 Wittenkoog", True, True),
        ("0p de Warft 73 Wittenkoog", True, True),
        ("Op de Warft 74, 00815 Wittenkoog", False, False),
        ("Op de Warft, 00815 Wittenkoog", False, False),
    ],
)
def test_addresses_need_street_and_number(line: str, found: bool, complete: bool) -> None:
    finder = AddressFinder(read_tokens([page(line)]).tokens)
    place, whole = finder.find(AddressFact("Op de Warft 73", "00815", "Wittenkoog"))
    assert (place is not None, whole) == (found, complete)


def test_strasse_is_one_word_however_spelled() -> None:
    finder = AddressFinder(read_tokens([page("Norderstr. 7a, 00811 Halvesund")]).tokens)
    assert finder.find(AddressFact("Norderstraße 7 a", "00811", "Halvesund"))[1]


@pytest.mark.parametrize(
    ("street", "parts"), [("Weg 7", ("Weg", "7")), ("Am Siel 12 b", ("Am Siel", "12b")), ("Am Deich", ("Am Deich", ""))]
)
def test_house_numbers_are_split_off(street: str, parts: tuple[str, str]) -> None:
    assert split_street(street) == parts


def _window(*lines: str) -> PageText:
    return placed(*((25, 60 + 5 * number, line) for number, line in enumerate(lines)))


@pytest.mark.parametrize(
    "lines",
    [
        ("Jobcenter Kreis Halvesund", "Postfach 12 34", "00810 Halvesund"),
        ("An das Jobcenter", "Deichtorplatz", "00811 Halvesund"),
        ("Sozialzentrum Hollmersiel", "z. Hd. Leistungsabteilung", "00821 Hollmersiel"),
        ("Arbeitsamt", "Deichtorplatz 1", "00811 Halvesund"),
        ("Sozialamt z. Hd. Frau Ohlsdorp", "Deichtorplatz 1", "00811 Halvesund"),
    ],
)
def test_our_address_in_its_spellings_is_ours(lines: tuple[str, ...]) -> None:
    assert is_ours(lines, OWN)
    reading = read_tokens([_window(*lines)])
    assert misdirected(reading, find_blocks(reading, OWN), OWN) is None


@pytest.mark.parametrize(
    "lines",
    [
        ("An: Agentur für Arbeit Halvesund", "Arbeitsweg 2", "00817 Halvesund"),
        ("Finanzamt Halvesund", "Zehntweg 20", "00818 Halvesund"),
        ("Sozialamt Geestmoor", "Kreishausallee 1", "00651 Geestmoor"),
        ("Jobcenter Nordstadt", "Marktweg 3", "00999 Nordstadt"),
    ],
)
def test_another_authority_in_the_window_is_a_misdirected_letter(lines: tuple[str, ...]) -> None:
    reading = read_tokens([_window(*lines)])
    block = misdirected(reading, find_blocks(reading, OWN), OWN)
    assert block is not None
    assert block.kind == "authority"


def test_a_person_in_the_window_is_the_recipient_of_a_copy() -> None:
    reading = read_tokens([_window("Finanzamt · Zehntweg 20 · 00818 Halvesund", "Herrn", "Olaf Kahlke", "Twiete 2",
                                   "00821 Hollmersiel")])  # fmt: skip
    blocks = find_blocks(reading, OWN)
    target = recipient(blocks)
    assert target is not None
    assert target.kind == "person"
    assert misdirected(reading, blocks, OWN) is None


def test_labelled_names_are_found() -> None:
    letter = page(
        "Mieterin: Anna Kowalczyk", "Herrn Olaf Kahlke", "Petra Lund, geb. 12.03.1984", "Sehr geehrte Damen und Herren"
    )
    reading = read_tokens([letter])
    found = {(name.parts, name.label) for name in find_names(reading, find_blocks(reading, OWN))}
    assert (("anna", "kowalczyk"), "field") in found
    assert (("olaf", "kahlke"), "salutation") in found
    assert (("petra", "lund"), "birth") in found
    assert len(found) == 3


@given(st.text(max_size=40))
def test_name_parts_are_lower_letters(word: str) -> None:
    assert all(part.isalpha() for part in name_parts(word))
