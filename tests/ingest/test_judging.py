"""Judging on the real register: the database answers like the list in memory, and no letter goes into a wrong case."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from archive.models import CaseFile
from bench.routing import house, memory_register
from core.clock import SetClock
from core.ids import new_id
from eakte.bootstrap import Services, agency_id, open_services
from eakte.demo.drawing.recognise import letter_text
from eakte.demo.letters.mix import make_letters
from eakte.demo.letters.model import Letter
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import make_register
from ingest.judging import Judgement, house_knowledge, judge
from ingest.models import MailItem, Receipt
from ingest.register_lookup import ArchiveRegister
from ingest.routing import candidates_for
from ingest.routing_model import RoutingContext
from ingest.tagging.extract import extract
from tests.databases import settings_at
from tests.support import NOON

DAY: date = NOON.date()
LETTERS = 80


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    home = tmp_path_factory.mktemp("judging")
    opened = open_services(settings_at(home), SetClock(NOON), migrate=True)
    load_demo(opened, with_mail=False)
    return opened


@pytest.fixture(scope="module")
def letters() -> list[Letter]:
    return make_letters(make_register(SEED, DAY), LETTERS, 41, DAY)


def test_the_database_answers_like_the_list(services: Services, letters: list[Letter]) -> None:
    memory, numbers = memory_register(make_register(SEED, DAY))
    context = RoutingContext(DAY)
    for number, letter in enumerate(letters):
        extraction = extract(letter_text(letter, 0.01, number), DAY, house())
        expected = {numbers[case.case_file_id] for case in candidates_for(extraction, context, memory)}
        with services.database.read() as session:
            register = ArchiveRegister(session, agency_id(services), DAY)
            found = {case.file_number for case in candidates_for(extraction, context, register)}
        assert found == expected


def test_the_house_knows_itself_as_the_bench_does(services: Services) -> None:
    with services.database.read() as session:
        known = house_knowledge(session, agency_id(services))
    assert set(known.own_address.postal_codes) == set(house().own_address.postal_codes)
    assert set(house().staff) <= set(known.staff)


def _judged(services: Services, agency: UUID, letter: Letter, seed: int, **sheet: str) -> tuple[Judgement, str | None]:
    receipt = Receipt(id=new_id(), agency_id=agency, received_on=DAY)
    item = MailItem(id=new_id(), agency_id=agency, sheet=sheet, forced_reasons=[])
    with services.database.read() as session:
        judgement = judge(session, receipt, item, letter_text(letter, 0.01, seed))
        case_id = judgement.case_file_id
        number = session.scalar(select(CaseFile.file_number).where(CaseFile.id == case_id)) if case_id else None
    return judgement, number


def test_no_letter_goes_into_a_wrong_case(services: Services, letters: list[Letter]) -> None:
    agency = agency_id(services)
    due = filed = 0
    for number, letter in enumerate(letters):
        judgement, where = _judged(services, agency, letter, number)
        assert where in (None, letter.truth.file_number), letter.truth
        assert where is None or letter.truth.expected == "file", letter.truth
        assert (judgement.state == "clearing") == bool(judgement.reasons)
        due += letter.truth.expected == "file"
        filed += where is not None
    assert filed >= 0.8 * due


def test_an_unknown_case_on_the_sheet_goes_to_clearing(services: Services, letters: list[Letter]) -> None:
    judgement, where = _judged(services, agency_id(services), letters[0], 1, CASE="W-99999/99")
    assert where is None
    assert [reason["code"] for reason in judgement.reasons] == ["sheet_case_unknown"]


def test_a_unit_on_the_sheet_goes_to_its_clearing(services: Services, letters: list[Letter]) -> None:
    judgement, where = _judged(services, agency_id(services), letters[0], 1, UNIT="JC-RECHT")
    assert where is None
    assert judgement.clearing_scope == "unit"
    assert judgement.clearing_unit_id is not None
