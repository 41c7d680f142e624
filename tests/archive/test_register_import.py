"""The register CSV: everything or nothing, all faults by line, and a second run updates instead of doubling."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from archive.fileplan import load_defaults
from archive.models import CaseFile, Membership, Person, PersonAddress, PersonName
from archive.numbers import number_key, path_form
from archive.register_import import HEADER, LONGEST, import_register, parse
from archive.repository import case_file_by_exact_number, case_files_by_number
from core.actor import Actor, system_actor
from core.database import Database
from core.errors import InvalidInput
from core.ids import new_id
from core.models import AuditEvent
from organisation.models import OrgUnit, User
from tests.support import make_agency, make_database

HEAD = ",".join(HEADER)
ANNA = "99801BG0004711,LEIST,99801BG0004711,998A004711,Kowalczyk,Anna,1991-05-12,Lindenweg 12,00811,Halvesund,T1,anna"
JAN = "99801BG0004711,LEIST,99801BG0004711,998A004712,Kowalczyk,Jan,2019-02-03,Lindenweg 12,00811,Halvesund,T1,anna"
WID = "W-00317/26,WID,99801BG0004711,998A004711,Kowalczyk,Anna,1991-05-12,Lindenweg 12,00811,Halvesund,T1,"


@pytest.fixture
def actor(tmp_path: Path) -> tuple[Database, Actor]:
    database = make_database(tmp_path)
    with database.write() as tx:
        agency = make_agency(tx)
        tx.session.add(OrgUnit(id=new_id(), agency_id=agency, code="T1", title="Team 1", kind="team"))
        tx.session.add(User(id=new_id(), agency_id=agency, username="anna", display_name="Anna A."))
        load_defaults(tx, agency)
    return database, system_actor(agency)


def bring(where: tuple[Database, Actor], *lines: str) -> None:
    database, actor = where
    with database.write() as tx:
        import_register(tx, actor, "\n".join([HEAD, *lines]).encode())


def count(where: tuple[Database, Actor], model: type) -> int:
    with where[0].read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_rows_with_one_number_are_one_case(actor: tuple[Database, Actor]) -> None:
    bring(actor, ANNA, JAN, WID)
    assert count(actor, CaseFile) == 2
    assert count(actor, Person) == 2
    assert count(actor, Membership) == 3


def test_a_second_run_changes_nothing(actor: tuple[Database, Actor]) -> None:
    bring(actor, ANNA, JAN, WID)
    before = [count(actor, model) for model in (CaseFile, Person, PersonName, PersonAddress, Membership)]
    bring(actor, ANNA, JAN, WID)
    assert [count(actor, model) for model in (CaseFile, Person, PersonName, PersonAddress, Membership)] == before


def test_a_new_name_keeps_the_old_one(actor: tuple[Database, Actor]) -> None:
    bring(actor, ANNA)
    bring(actor, ANNA.replace("Kowalczyk", "Meier-Özkan").replace("Lindenweg 12", "Hafenstraße 3"))
    with actor[0].read() as session:
        names = session.execute(select(PersonName.family_name, PersonName.valid_until)).all()
    assert {name for name, until in names if until is None} == {"Meier-Özkan"}
    assert {name for name, until in names if until is not None} == {"Kowalczyk"}


@pytest.mark.parametrize("spelling", ["99801BG0004711", "99801 BG 0004711", "99801//0004711", "99801-0004711"])
def test_any_spelling_finds_the_case(actor: tuple[Database, Actor], spelling: str) -> None:
    bring(actor, ANNA, WID)
    with actor[0].read() as session:
        found = case_file_by_exact_number(session, actor[1].agency_id, spelling)
        other = case_file_by_exact_number(session, actor[1].agency_id, path_form("W-00317/26"))
        by_customer = case_files_by_number(session, actor[1].agency_id, "998 A 004711")
    assert found is not None
    assert found.file_number == "99801BG0004711"
    assert other is not None
    assert other.file_number == "W-00317/26"
    assert {case.file_number for case in by_customer} == {"99801BG0004711", "W-00317/26"}


def test_all_faults_are_listed_and_nothing_is_imported(actor: tuple[Database, Actor]) -> None:
    bad = [
        ANNA.replace("1991-05-12", "12.05.1991"),
        JAN.replace(",T1,", ",T9,"),
        WID.replace("W-00317/26,WID", "W-1/26,XYZ"),
        "zu,wenig,Felder",
        ANNA.replace("99801BG0004711,LEIST", ",LEIST", 1),
    ]
    with pytest.raises(InvalidInput) as caught:
        bring(actor, *bad)
    faults = "\n".join(caught.value.faults)
    for line, word in ((2, "Datum"), (3, "T9"), (4, "XYZ"), (5, "Felder"), (6, "Aktenzeichen")):
        assert any(f"Zeile {line}:" in fault and word in fault for fault in caught.value.faults), (line, faults)
    assert count(actor, CaseFile) == 0


def row(number: str, family: str = "Ott") -> str:
    return f"{number},LEIST,,,{family},Ina,1990-01-01,,,,T1,"


def test_numbers_of_one_key_are_told_apart_by_their_path(actor: tuple[Database, Actor]) -> None:
    bring(actor, row("1/23"), row("12/3", "Ude"))
    with actor[0].read() as session:
        for number in ("1/23", "12/3"):
            for spelling in (number, path_form(number)):
                found = case_file_by_exact_number(session, actor[1].agency_id, spelling)
                assert found is not None
                assert found.file_number == number
        assert case_file_by_exact_number(session, actor[1].agency_id, "123") is None


@pytest.mark.parametrize(
    "lines", [[row("X-1")], [row("Y/1"), row("Y-1")], [row("..")], [row("Z" * 81)], [row("Z1", "Z" * 121)]]
)
def test_what_no_address_or_column_holds_is_a_fault(actor: tuple[Database, Actor], lines: list[str]) -> None:
    bring(actor, row("X/1"))
    with pytest.raises(InvalidInput) as raised:
        bring(actor, *lines)
    assert len(raised.value.faults) == 1
    bring(actor, row("X/1"))
    assert count(actor, CaseFile) == 1


def test_semicolons_and_a_byte_order_mark_are_fine() -> None:
    rows, faults = parse(b"\xef\xbb\xbf" + "\r\n".join([HEAD, ANNA]).replace(",", ";").encode())
    assert faults == []
    assert rows[0].family_name == "Kowalczyk"


@given(st.binary(max_size=400))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    rows, faults = parse(data)
    assert rows or faults


@given(st.text(max_size=200))
def test_no_text_under_a_good_header_breaks_the_parser(text: str) -> None:
    rows, faults = parse(f"{HEAD}\n{text}".encode("utf-8", "replace"))
    assert rows or faults


@given(st.from_regex(r"\d{5}BG\d{7}", fullmatch=True))
def test_folding_is_stable(number: str) -> None:
    spelled = f"{number[:5]} // {number[7:]}"
    assert number_key(spelled) == number_key(number) == number_key(number_key(number))


def test_a_line_without_a_customer_number_keeps_the_known_one(actor: tuple[Database, Actor]) -> None:
    bring(actor, ANNA)
    bring(actor, ANNA.replace("998A004711", ""))
    with actor[0].read() as session:
        assert session.execute(select(Person.customer_number, Person.customer_key)).all() == [("998A004711",) * 2]


def test_two_people_under_one_customer_number_are_a_fault(actor: tuple[Database, Actor]) -> None:
    """They would become one person, and mail of the one would be filed with the other."""
    other = "B-2,LEIST,,998A 004711,Petersen,Jan,1970-01-01,,,,T1,anna"
    with pytest.raises(InvalidInput) as refused:
        bring(actor, ANNA, other)
    assert refused.value.faults == ("Zeile 3: Das Geburtsdatum weicht von Zeile 2 derselben Kundennummer ab.",)
    assert count(actor, Person) == 0
    bring(actor, ANNA, other.replace("1970-01-01", ""))


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ("postal_code", "Zeile 2: Die Postleitzahl ist länger als 10 Zeichen."),
        ("file_number", "Zeile 2: Das Aktenzeichen ist länger als 80 Zeichen."),
        ("family_name", "Zeile 2: Der Familienname ist länger als 120 Zeichen."),
        ("city", "Zeile 2: Der Ort ist länger als 120 Zeichen."),
    ],
)
def test_what_a_column_cannot_hold_is_named_by_line(column: str, fault: str) -> None:
    """SQLite would take it, PostgreSQL would refuse the whole file without a line."""
    cells = dict(zip(HEADER, ANNA.split(","), strict=True)) | {column: "x" * 201}
    assert parse("\n".join([HEAD, ",".join(cells.values())]).encode())[1] == [fault]


def test_the_limits_are_those_of_the_columns() -> None:
    columns = (
        CaseFile.file_number, CaseFile.bg_nummer, Person.customer_number, PersonName.family_name,
        PersonName.given_names, PersonAddress.street, PersonAddress.postal_code, PersonAddress.city,
    )  # fmt: skip
    assert {column.key: column.type.length for column in columns} == LONGEST


def test_the_folded_number_has_to_fit_too() -> None:
    """`-` becomes `BG`: the key of a number can be longer than the number."""
    number = "99801-0004711" + "7" * 26
    assert len(number_key(number)) == LONGEST["customer_number"]
    assert parse("\n".join([HEAD, ANNA.replace("998A004711", number)]).encode())[1] == []
    assert parse("\n".join([HEAD, ANNA.replace("998A004711", f"{number}7")]).encode())[1] == [
        "Zeile 2: Die Kundennummer ist länger als 40 Zeichen."
    ]


def test_a_stricter_file_type_closes_the_case_to_others_and_a_laxer_one_opens_nothing(
    actor: tuple[Database, Actor],
) -> None:
    """Nobody but the person reads a placement file: also where it was registered as something else at first."""
    for file_type in ("LEIST", "VERM", "LEIST"):
        bring(actor, ANNA.replace("LEIST", file_type))
    with actor[0].read() as session:
        assert session.scalars(select(CaseFile.secrecy_class)).all() == ["SOZ_B"]


def test_who_may_read_a_case_from_now_on_stands_in_its_log(actor: tuple[Database, Actor]) -> None:
    bring(actor, WID)
    bring(actor, WID)
    bring(actor, WID + "anna")
    with actor[0].read() as session:
        anna, unit = session.scalars(select(User.id)).one(), session.scalars(select(OrgUnit.id)).one()
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "case.reassigned")).one()
        assert event.case_file_id == session.scalars(select(CaseFile.id)).one()
    assert (event.details["user"], event.details["unit"]) == (str(anna), str(unit))
