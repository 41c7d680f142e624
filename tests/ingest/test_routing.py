"""Routing: two agreeing facts or clearing, never a guess. Examples for each rule, then properties over random letters."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.pagetext import PageText
from ingest.register_view import AddressFact, CaseCandidate, MemoryRegister, NameFact, PersonFact
from ingest.routing import candidates_for, route
from ingest.routing_model import RoutingContext, RoutingDecision, SheetFields
from ingest.routing_texts import REASONS
from ingest.tagging.addresses import OwnAddress
from ingest.tagging.extract import HouseKnowledge, extract
from tests.ingest.pages import page

DAY = date(2026, 11, 24)
HOME = AddressFact("Deichweg 3", "00811", "Halvesund")
STAFF = ("Fenja Ohlsdorp", "Tjark Nommen")
HOUSE = HouseKnowledge(OwnAddress(names=("Jobcenter Kreis Halvesund",), postal_codes=("00811",), staff=STAFF), STAFF)
CONTEXT = RoutingContext(DAY, staff=STAFF)
_SPACE = UUID(int=7)


def person(name: str, born: str = "1984-03-12", number: str = "", *, home: AddressFact | None = HOME,
           marks: Sequence[str] = (), since: date | None = None, until: date | None = None) -> PersonFact:  # fmt: skip
    """A member; the id follows from name and birth date, so that the same person may stand in several cases."""
    given_names, family = name.rsplit(" ", 1)
    return PersonFact(
        uuid5(_SPACE, name + born), number or None, (NameFact(family, given_names),), date.fromisoformat(born),
        (home,) if home else (), frozenset(marks), since, until,
    )  # fmt: skip


def case(number: str, *persons: PersonFact, unit: str = "LEIST", bg: str = "", closed: date | None = None,
         secrecy: str = "SOZ") -> CaseCandidate:  # fmt: skip
    """A case; a LEIST case's number is its BG number."""
    return CaseCandidate(
        uuid5(_SPACE, number), number, unit, bg or (number if unit == "LEIST" else None), "SZ-HAL-L1", closed, secrecy,
        False, persons,
    )  # fmt: skip


ANNA = person("Anna Kowalczyk", number="998A004711")
PETER = person("Peter Kowalczyk", "1980-07-01", "998B001234")
OTHER = person("Olaf Kahlke", "1971-05-20", "998C777777", home=AddressFact("Große Twiete 26a", "00821", "Hollmersiel"))
BENEFIT = case("99801BG0004711", ANNA, PETER)
FOREIGN = case("99801BG0055555", OTHER)


def decide(cases: Sequence[CaseCandidate], *lines: str, context: RoutingContext = CONTEXT) -> RoutingDecision:
    """Route a one-page letter against a register."""
    return decide_pages(cases, [page(*lines)], context)


def decide_pages(cases: Sequence[CaseCandidate], pages: Sequence[PageText], context: RoutingContext) -> RoutingDecision:
    """Route pages against a register."""
    extraction = extract(pages, context.received_on, HOUSE)
    return route(extraction, candidates_for(extraction, context, MemoryRegister(cases)), context)


def codes(decision: RoutingDecision) -> list[str]:
    """The reasons' codes."""
    return [code for code, _ in decision.reasons]


@pytest.mark.parametrize(
    "lines",
    [
        ("Ihr Zeichen 99801BG0004711", "Frau Anna Kowalczyk"),
        ("BG-Nr. 99801//0004711", "Kowalczyk, Peter"),
        ("99801 BG 0004711", "geb. 12.03.1984"),
        ("99801BG0004711", "Deichweg 3, 00811 Halvesund"),
        ("Kundennummer 998A004711", "Anna Kowalczyk"),
        ("Kundennummer 998 A 004711", "geboren am 12. März 1984"),
        ("Anna Kowalczyk, geb. 12.03.1984",),
        ("Anna Kowalczyk", "Deichweg 3", "00811 Halvesund"),
        ("BG-Nummer 99801BGOOO4711", "Anna Kowalczyk, geb. 12.03.1984"),
        ("99801BG0004711", "Anna Kowalczvk"),
    ],
)
def test_two_agreeing_facts_file(lines: tuple[str, ...]) -> None:
    decision = decide([BENEFIT, FOREIGN], *lines)
    assert decision.state == "filed"
    assert decision.case_file_id == BENEFIT.case_file_id
    assert decision.keyword
    assert 0.8 < decision.confidence <= 1
    assert not decision.reasons


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("Ihr Zeichen 99801BG0004711",), "number_alone"),
        (("Kundennummer 998A004711",), "number_alone"),
        (("BG-Nummer 99801BGOOO4711",), "number_unsure"),
        (("BG-Nummer 99801BGOOO4711", "Anna Kowalczyk"), "number_unsure"),
        (("Frau Anna Kowalczyk",), "name_alone"),
        (("geb. 12.03.1984",), "birth_date_alone"),
        (("Deichweg 3, 00811 Halvesund",), "no_candidate"),
        (("Frau Kowalczyk", "geb. 12.03.1984"), "birth_date_alone"),
        (("99801BG0099999", "Max Unbekannt"), "no_candidate"),
        (("Das Wetter ist schön.",), "no_candidate"),
    ],
)
def test_one_fact_never_files(lines: tuple[str, ...], code: str) -> None:
    decision = decide([BENEFIT, FOREIGN], *lines)
    assert decision.state == "clearing"
    assert codes(decision) == [code]


def test_number_of_one_with_the_name_of_another_is_a_contradiction() -> None:
    decision = decide([BENEFIT, FOREIGN], "99801BG0004711", "Herrn Olaf Kahlke", "Deichweg 3, 00811 Halvesund")
    assert codes(decision) == ["contradiction"]
    assert codes(decide([BENEFIT, FOREIGN], "99801BG0004711", "Herrn Olaf Kahlke")) == ["contradiction"]


def test_number_and_birth_date_yield_to_a_labelled_other_name() -> None:
    decision = decide([BENEFIT], "99801BG0004711", "Mieterin: Berta Unbekannt", "Geburtsdatum 12.03.1984")
    assert codes(decision) == ["other_name"]


def test_two_cases_with_strong_evidence_are_left_to_people() -> None:
    decision = decide([BENEFIT, FOREIGN], "1. Anna Kowalczyk, 99801BG0004711", "2. Olaf Kahlke, 99801BG0055555")
    assert codes(decision) == ["several_cases"]
    assert decision.preselected is None


def test_a_number_of_unrelated_people_beside_a_sure_case_is_left_to_people() -> None:
    assert codes(decide([BENEFIT, FOREIGN], "Anna Kowalczyk, 99801BG0004711", "99801BG0055555")) == ["several_cases"]


def test_namesakes_with_one_birth_date_tie() -> None:
    twin = case("99801BG0066666", person("Anna Kowalczyk", "1984-03-12", "998D000001", home=None))
    twin = replace(twin, persons=(replace(twin.persons[0], person_id=UUID(int=99)),))
    decision = decide([BENEFIT, twin], "Anna Kowalczyk, geb. 12.03.1984")
    assert codes(decision) == ["several_cases"]
    assert decision.preselected is None


def test_father_and_son_of_one_name_at_one_address_tie() -> None:
    son = case("99801BG0066666", person("Anna Kowalczyk", "2001-01-01"))
    assert decide([BENEFIT, son], "Anna Kowalczyk, Deichweg 3, 00811 Halvesund").state == "clearing"


def test_another_birth_date_beats_name_and_address() -> None:
    decision = decide([BENEFIT], "Anna Kowalczyk, geb. 30.08.1999", "Deichweg 3, 00811 Halvesund")
    assert codes(decision) == ["contradiction"]


def test_only_members_on_the_day_of_receipt_count() -> None:
    left = replace(PETER, member_until=date(2026, 9, 30))
    own = case("99801BG0077777", replace(PETER, member_from=date(2026, 10, 1)))
    old = case("99801BG0004711", ANNA, left)
    assert codes(decide([old, own], "99801BG0004711", "Peter Kowalczyk")) == ["membership_ended"]
    assert decide([old, own], "99801BG0077777", "Peter Kowalczyk").case_file_id == own.case_file_id
    before = replace(CONTEXT, received_on=date(2026, 9, 1))
    decision = decide([old, own], "99801BG0004711", "Peter Kowalczyk", context=before)
    assert decision.case_file_id == old.case_file_id


@pytest.mark.parametrize(
    ("changed", "code", "scope"),
    [
        (replace(BENEFIT, closed_on=date(2026, 1, 1)), "case_closed", "general"),
        (replace(BENEFIT, secrecy_class="SOZ_G"), "sealed", "restricted"),
        (replace(BENEFIT, sealed=True), "sealed", "restricted"),
        (replace(BENEFIT, persons=(replace(ANNA, marks=frozenset({"deceased"})),)), "deceased", "general"),
        (
            replace(BENEFIT, persons=(replace(ANNA, marks=frozenset({"protected_address"})),)),
            "protected_address",
            "restricted",
        ),
        (replace(BENEFIT, persons=(ANNA, replace(PETER, marks=frozenset({"sealed"})))), "sealed", "restricted"),
    ],
)  # fmt: skip
def test_closed_and_marked_cases_are_left_to_people(changed: CaseCandidate, code: str, scope: str) -> None:
    decision = decide([changed], "99801BG0004711", "Anna Kowalczyk, geb. 12.03.1984")
    assert codes(decision) == [code]
    assert decision.scope == scope


def test_a_sealed_candidate_never_shows_in_general_clearing() -> None:
    hidden = case("99801BG0088888", person("Anna Kowalczyk", "1990-01-01"), secrecy="SOZ_G")
    decision = decide([BENEFIT, hidden], "99801BG0004711", "Olaf Irgendwer", "Anna Kowalczyk hat angerufen")
    shown = {one.file_number for one in decision.candidates} | {one.candidate for one in decision.evidence}
    assert "99801BG0088888" not in shown


def test_the_living_of_a_house_with_a_death_still_get_their_mail() -> None:
    house = replace(BENEFIT, persons=(ANNA, replace(PETER, marks=frozenset({"deceased"}))))
    assert decide([house], "99801BG0004711", "Anna Kowalczyk").state == "filed"
    assert codes(decide([house], "99801BG0004711", "Peter Kowalczyk")) == ["deceased"]


SICK = ("Arbeitsunfähigkeitsbescheinigung", "arbeitsunfähig seit 12.11.2026", "Erstbescheinigung")
OBJECTION = ("Widerspruch gegen den Bescheid vom 02.11.2026", "hiermit lege ich Widerspruch ein.")
REMEDY = case("W-00317/26", ANNA, unit="WID", bg="99801BG0004711")
PLACEMENT = case("V-998A004711", ANNA, unit="VERM", bg="99801BG0004711")
PARTNERS = case("V-998B001234", PETER, unit="VERM", bg="99801BG0004711")


def test_several_open_cases_follow_the_document_type_then_the_benefit_case() -> None:
    cases = [BENEFIT, REMEDY, PLACEMENT]
    facts = ("99801BG0004711", "Anna Kowalczyk")
    assert decide(cases, *OBJECTION, *facts).case_file_id == REMEDY.case_file_id
    assert decide(cases, *SICK, *facts).case_file_id == PLACEMENT.case_file_id
    assert decide(cases, "Kontoauszug", "neuer Kontostand", *facts).case_file_id == BENEFIT.case_file_id


def test_where_number_and_person_lead_apart_nobody_guesses() -> None:
    cases = [BENEFIT, PLACEMENT, PARTNERS]
    assert codes(decide(cases, *SICK, "99801BG0004711", "Anna Kowalczyk")) == ["several_cases"]
    assert decide(cases, *SICK, "998A004711", "Anna Kowalczyk").case_file_id == PLACEMENT.case_file_id
    assert codes(decide([BENEFIT, REMEDY], *OBJECTION, "99801BG0004711", "Peter Kowalczyk")) == ["several_cases"]


def test_two_benefit_cases_of_one_person_are_left_to_people() -> None:
    second = case("99801BG0099001", ANNA)
    assert codes(decide([BENEFIT, second], "Kontoauszug", "Anna Kowalczyk, geb. 12.03.1984")) == ["several_cases"]
    assert decide([BENEFIT, second], "99801BG0004711", "Anna Kowalczyk").case_file_id == BENEFIT.case_file_id


def test_a_files_own_number_wins_over_the_type() -> None:
    decision = decide([BENEFIT, REMEDY], "Kontoauszug", "Ihr Zeichen W-00317/26", "Anna Kowalczyk")
    assert decision.case_file_id == REMEDY.case_file_id


def test_an_unclear_type_never_chooses_between_files() -> None:
    assert codes(decide([BENEFIT, REMEDY], "99801BG0004711", "Anna Kowalczyk")) == ["type_unsure"]


def test_a_heading_on_the_matter_of_another_file_stops() -> None:
    lines = (
        "Betreff: Widerspruchsache, Kontoauszug",
        "Kontoauszug",
        "neuer Kontostand",
        "99801BG0004711",
        "Anna Kowalczyk",
    )
    assert decide([BENEFIT, REMEDY], *lines).state == "clearing"


def test_mail_for_a_closed_benefit_case_does_not_slip_into_the_claims_file() -> None:
    gone = replace(BENEFIT, closed_on=date(2026, 5, 1))
    claim = case("F-004711", ANNA, unit="FORD", bg="99801BG0004711")
    lines = ("99801BG0004711", "Anna Kowalczyk")
    assert codes(decide([gone, claim], "Kontoauszug", "neuer Kontostand", *lines)) == ["case_closed"]
    assert (
        decide([gone, claim], "Ich beantrage Ratenzahlung, hilfsweise Stundung.", *lines).case_file_id
        == claim.case_file_id
    )


def test_a_complaint_that_names_staff_goes_to_the_head_only() -> None:
    lines = ("Dienstaufsichtsbeschwerde über Frau Ohlsdorp", "99801BG0004711", "Anna Kowalczyk")
    decision = decide([BENEFIT], *lines)
    assert codes(decision) == ["complaint_names_staff"]
    assert (decision.scope, decision.scope_unit) == ("restricted", None)


def test_a_first_application_of_somebody_unknown() -> None:
    decision = decide([BENEFIT], "Antrag auf Bürgergeld", "Hauptantrag", "Max Neumann, geb. 01.02.1990")
    assert codes(decision) == ["new_applicant"]


def test_advertising_and_mail_for_others() -> None:
    assert codes(decide([BENEFIT], "Sonderangebot: Katalog", "Newsletter")) == ["advertising"]
    stray = decide(
        [BENEFIT], "An: Finanzamt Halvesund", "Zehntweg 20", "00818 Halvesund", "Anna Kowalczyk, geb. 12.03.1984"
    )
    assert codes(stray) == ["wrong_addressee"]


def _sheet(case: str = "", doc: str = "", key: str = "", unit: str = "") -> RoutingContext:
    return replace(CONTEXT, sheet=SheetFields(case, doc, key, unit))


def test_the_sheets_case_is_a_fact() -> None:
    decision = decide([BENEFIT, FOREIGN], "Kontoauszug", context=_sheet(case="99801//0004711", key="L05"))
    assert (decision.state, decision.case_file_id, decision.keyword) == ("filed", BENEFIT.case_file_id, "L05")


@pytest.mark.parametrize(
    ("fields", "lines", "code"),
    [
        ({"case": "99801BG0000000"}, ("99801BG0004711", "Anna Kowalczyk"), "sheet_case_unknown"),
        ({"case": "99801BG0004711"}, ("99801BG0055555", "Olaf Kahlke"), "sheet_contradicted"),
        ({"case": "99801BG0004711"}, ("Olaf Kahlke, geb. 20.05.1971",), "sheet_contradicted"),
        ({"unit": "SZ-HAL-L1"}, ("99801BG0004711", "Anna Kowalczyk"), "sheet_unit"),
        ({"doc": "GIBTESNICHT"}, ("99801BG0004711", "Anna Kowalczyk"), "sheet_doc_unknown"),
        ({"key": "GIBTESNICHT"}, ("99801BG0004711", "Anna Kowalczyk"), "sheet_key_unknown"),
        ({"case": "99801BG0004711", "key": "W01"}, ("Kontoauszug",), "sheet_key_unknown"),
    ],
)
def test_sheets_that_send_to_clearing(fields: dict[str, str], lines: tuple[str, ...], code: str) -> None:
    decision = decide([BENEFIT, FOREIGN], *lines, context=_sheet(**fields))
    assert codes(decision) == [code]


def test_a_unit_sheet_goes_to_that_units_clearing() -> None:
    decision = decide([BENEFIT], "Kontoauszug", context=_sheet(unit="SZ-HAL-L1"))
    assert (decision.scope, decision.scope_unit) == ("unit", "SZ-HAL-L1")


def test_a_closed_case_on_the_sheet_and_faulty_or_forced_items() -> None:
    closed = replace(BENEFIT, closed_on=date(2026, 1, 1))
    assert codes(decide([closed], "x", context=_sheet(case="99801BG0004711"))) == ["case_closed"]
    faulty = replace(CONTEXT, sheet=SheetFields(faults=("COLOR",)))
    assert codes(decide([BENEFIT], "99801BG0004711", "Anna Kowalczyk", context=faulty)) == ["sheet_fields"]
    forced = replace(CONTEXT, forced=(("sheet_count", "Die Zahl der Blätter weicht ab."),))
    assert codes(decide([BENEFIT], "99801BG0004711", "Anna Kowalczyk", context=forced)) == ["sheet_count"]


def test_the_sheets_document_type_counts() -> None:
    decision = decide([BENEFIT, REMEDY], "99801BG0004711", "Anna Kowalczyk", context=_sheet(doc="WIDERSPRUCH"))
    assert (decision.case_file_id, decision.document_type) == (REMEDY.case_file_id, "WIDERSPRUCH")


def test_evidence_says_what_was_read_where_and_what_follows() -> None:
    decision = decide([BENEFIT], "Kontoauszug", "BG-Nummer 99801BGOOO4711", "Anna Kowalczyk, geb. 12.03.1984")
    signs = {one.kind: one for one in decision.evidence}
    assert {"number", "name", "birth_date", "document_type"} <= set(signs)
    number = signs["number"]
    assert number.verdict == "partly"
    assert number.sentence_de.startswith("Nummer gelesen als 99801BGOOO4711. Als 99801BG0004711")
    assert all(one.page == 1 and one.box[0] < one.box[2] and one.box[1] < one.box[3] for one in decision.evidence)


def test_every_reason_is_a_sentence_with_what_next() -> None:
    assert all(text.endswith(".") and len(text) < 130 and "!" not in text for text in REASONS.values())


# Properties ---------------------------------------------------------------------------------------------------------

_FAMILIES = ("Kowalczyk", "Kahlke", "Özdemir", "Petersen", "Petersen-Lund", "Müller")
_GIVEN = ("Anna", "Peter", "Mehmet", "Marie", "Maria", "Jan")
_BORN = ("1984-03-12", "1980-07-01", "2001-02-03")
_HOMES = (HOME, AddressFact("Op de Warft 73", "00815", "Wittenkoog"))


@st.composite
def registers(draw: st.DrawFn) -> list[CaseCandidate]:
    """Small registers full of namesakes, shared homes, shared persons and several files under one number."""
    people = [
        person(f"{draw(st.sampled_from(_GIVEN))} {draw(st.sampled_from(_FAMILIES))}", draw(st.sampled_from(_BORN)),
               f"998A00{number:04d}", home=draw(st.sampled_from(_HOMES)))
        for number in range(draw(st.integers(1, 5)))
    ]  # fmt: skip
    cases = []
    for number in range(draw(st.integers(1, 5))):
        members = {one.person_id: one for one in draw(st.lists(st.sampled_from(people), min_size=1, max_size=3))}
        bg = f"99801BG000000{draw(st.integers(1, 3))}"
        unit = draw(st.sampled_from(("LEIST", "LEIST", "VERM", "WID")))
        label = bg if unit == "LEIST" else f"{unit}-{number:05d}/26"
        closed = draw(st.sampled_from((None, None, None, date(2026, 1, 1))))
        cases.append(case(label, *members.values(), unit=unit, bg=bg, closed=closed))
    return list({one.file_number: one for one in cases}.values())


_LINES = st.sampled_from(
    [
        *(f"BG-Nummer 99801BG000000{number}" for number in (1, 2, 3)),
        *(f"Frau {one} {other}" for one in _GIVEN[:4] for other in _FAMILIES[:4]),
        *(f"geb. am {born[8:]}.{born[5:7]}.{born[:4]}" for born in _BORN),
        *(f"{home.street}, {home.postal_code} {home.city}" for home in _HOMES),
        "Widerspruch gegen den Bescheid", "Arbeitsunfähigkeitsbescheinigung", "Kontoauszug",
    ]
)  # fmt: skip
_LETTERS = st.lists(_LINES, min_size=1, max_size=6, unique=True)


def _facts(chosen: CaseCandidate, lines: Sequence[str]) -> set[str]:
    """Kinds of facts that the lines hold for a case, read naively and without the router."""
    text = "\n".join(lines)
    found = {"number"} if chosen.bg_nummer and chosen.bg_nummer in text else set()
    for one in chosen.persons:
        name = f"{one.names[0].given} {one.names[0].family}"
        found |= {"name"} if name in text else set()
        found |= {"birth"} if one.birth_date and f"{one.birth_date:%d.%m.%Y}" in text else set()
        found |= {"address"} if one.addresses[0].street in text else set()
        close = one.names[0].family.split("-")[0] in text and any(given_name in text for given_name in _GIVEN)
        found |= {"name"} if close else set()
    return found


@settings(max_examples=150, deadline=None)
@given(registers(), _LETTERS)
def test_never_filed_on_fewer_than_two_facts(cases: list[CaseCandidate], lines: list[str]) -> None:
    decision = decide(cases, *lines)
    if decision.state == "filed":
        chosen = next(one for one in cases if one.case_file_id == decision.case_file_id)
        assert len(_facts(chosen, lines)) >= 2
        assert chosen.closed_on is None
    else:
        assert decision.reasons
        assert decision.case_file_id is None


@settings(max_examples=100, deadline=None)
@given(registers(), _LETTERS, st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing(
    cases: list[CaseCandidate], lines: list[str], chance: random.Random
) -> None:
    extraction = extract([page(*lines)], DAY, HOUSE)
    found = list(candidates_for(extraction, CONTEXT, MemoryRegister(cases)))
    shuffled = chance.sample(found, len(found))
    assert route(extraction, found, CONTEXT) == route(extraction, shuffled, CONTEXT)


@settings(max_examples=100, deadline=None)
@given(registers(), registers(), _LETTERS)
def test_more_cases_never_turn_clearing_into_filed(
    cases: list[CaseCandidate], more: list[CaseCandidate], lines: list[str]
) -> None:
    numbers = {one.bg_nummer for one in cases}
    members = {one.person_id for known in cases for one in known.persons}
    unrelated = [
        one for one in more
        if one.bg_nummer not in numbers and not {each.person_id for each in one.persons} & members
    ]  # fmt: skip
    extraction = extract([page(*lines)], DAY, HOUSE)
    alone = route(extraction, cases, CONTEXT)
    together = route(extraction, [*cases, *unrelated], CONTEXT)
    if alone.state == "clearing" and together.state == "filed":
        # Only a case that the letter itself is about may be filed into, never one that was in doubt before.
        assert together.case_file_id in {one.case_file_id for one in unrelated}
    if alone.state == "filed":
        assert together.state == "clearing" or together.case_file_id == alone.case_file_id


@settings(max_examples=60, deadline=None)
@given(registers(), _LETTERS)
def test_a_mirror_image_of_every_case_never_files(cases: list[CaseCandidate], lines: list[str]) -> None:
    twins = [
        replace(one, case_file_id=uuid5(_SPACE, "twin" + one.file_number), file_number="T" + one.file_number,
                persons=tuple(replace(each, person_id=uuid5(_SPACE, "twin" + str(each.person_id))) for each in one.persons))
        for one in cases
    ]  # fmt: skip
    decision = decide([*cases, *twins], *lines)
    own_number = any(one.file_number in line for one in cases for line in lines)
    assert decision.state == "clearing" or own_number
    if not own_number:
        assert decision.preselected is None


_NOISE = "O0lI|1S5B8Z2G6,.-/ qx"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 0.15))
def test_noise_never_leads_to_a_wrong_case(seed: int, rate: float) -> None:
    chance = random.Random(seed)
    cases = [BENEFIT, FOREIGN, REMEDY, case("99801BG0004777", person("Anke Kowalczyk", "1984-03-17"))]
    cases.append(case("99801BG0004171", person("Anna Kowalski", "1994-03-12", "998A004111")))
    lines = ("Kontoauszug", "neuer Kontostand", "BG-Nummer 99801BG0004711", "Anna Kowalczyk, geb. 12.03.1984",
             "Deichweg 3, 00811 Halvesund")  # fmt: skip
    spoiled = ["".join(chance.choice(_NOISE) if chance.random() < rate else char for char in line) for line in lines]
    decision = decide(cases, *spoiled)
    assert decision.state == "clearing" or decision.case_file_id == BENEFIT.case_file_id


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=12), st.sampled_from([0, 90, 180, 270]))
def test_routing_is_total_on_any_text(lines: list[str], turn: int) -> None:
    decision = decide_pages([BENEFIT, FOREIGN], [replace(page(*lines), rotation=turn)], CONTEXT)
    assert decision.state == "clearing"
