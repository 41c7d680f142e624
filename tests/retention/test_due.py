"""What is due among many: page by page, the same rows in the same order, and nothing that grows with their number."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive.models import Document, Filing
from eakte.cli.common import results
from retention import due as due_module
from retention import holding, proposing, repository
from retention.cases import CaseFacts, FilingFacts, case_end
from retention.dates import DateFact
from retention.due import due
from retention.facts import judge
from retention.models import DisposalObject
from retention.schedule_file import default_schedule
from tests.databases import ON_POSTGRESQL
from tests.retention.bulk import add_cases, costs, fill
from tests.retention.world import TODAY, World, add_case

PAGE, ON = 20, TODAY + timedelta(days=1)
SCHEDULE = default_schedule()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_module, "PAGE", PAGE)
    monkeypatch.setattr(proposing, "PAGE", PAGE)


def many(world: World) -> list[str]:
    """300 due cases made in any order, among some that run, one that is held, and open ones with a hold."""
    numbers = [f"99801BG{number:07d}" for number in range(300)]
    add_cases(world, random.sample(numbers, len(numbers)))
    add_cases(world, [f"99801BG{number:07d}r" for number in range(0, 300, 7)], closed_on=date(2025, 1, 1))
    add_cases(world, ["99801BG0000100o", "99801BG0000200o"], state="open", closed_on=None)
    with world.database.write() as tx:
        for number in ("99801BG0000007", "99801BG0000100o"):
            holding.set_hold(tx, world.actor("rita"), number, "FORDERUNG", ON)
    return numbers


def test_many_cases_come_once_and_in_order(world: World) -> None:
    numbers = many(world)
    rows = list(due(world.database, world.agency, ON))
    assert [row.file_number for row in rows] == sorted([*numbers, "99801BG0000100o"])
    odd = {row.file_number: row.work_item for row in rows if row.due_on is None}
    assert set(odd) == {"99801BG0000007", "99801BG0000100o"}
    assert all("Sperre prüfen" in (text or "") for text in odd.values())
    proposing.propose(world.database, world.actor("rita"), "L1", ON)
    with world.database.read() as session:
        listed = session.scalars(select(DisposalObject.file_number).order_by(DisposalObject.number)).all()
    assert listed == [number for number in numbers if number != "99801BG0000007"]


@pytest.mark.skipif(ON_POSTGRESQL, reason="rows are counted in the driver of SQLite")
def test_no_statement_answers_more_than_a_page(world: World) -> None:
    """Neither with many cases nor with a case of many documents."""
    many(world)
    fill(world, add_case(world, "99801BG0000150a"), 400)
    with world.database.read() as session:
        catalogue = len(repository.schedule_rows(session, world.agency)) + len(
            repository.file_plan(session, world.agency)
        )
    with costs(world) as counted:
        assert len(list(due(world.database, world.agency, ON))) == 302
        assert PAGE <= counted.answered <= max(PAGE, catalogue)
        proposing.propose(world.database, world.actor("rita"), "L1", ON)
        assert counted.answered <= max(PAGE, catalogue)


def test_a_page_is_read_when_it_is_wanted(world: World) -> None:
    """What happens behind the page that was read is seen: nothing is held open for the whole walk."""
    numbers = many(world)
    rows = due(world.database, world.agency, ON)
    assert next(rows).file_number == numbers[0]
    with world.database.write() as tx:
        holding.set_hold(tx, world.actor("rita"), numbers[-1], "GERICHT")
    *_, last = rows
    assert (last.file_number, last.holds) == (numbers[-1], ["GERICHT"])


@pytest.mark.parametrize("rows", [[], [{"a": "ä"}], [{"a": 1}, {"b": None}]])
def test_a_list_is_written_as_it_always_was(rows: list[dict[str, object]], capsys: pytest.CaptureFixture[str]) -> None:
    results(iter(rows))
    assert capsys.readouterr().out == json.dumps(rows, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("file_type", ["LEIST", "VERW", "SAMM", "OWI"])
def test_kinds_of_documents_decide_as_the_documents_do(world: World, file_type: str) -> None:
    """The reference looks at each document; some have days and findings of their own."""
    chance = random.Random(file_type)
    case = add_case(world, f"X-{file_type}", file_type)
    documents = fill(world, case, 60)
    with world.database.write() as tx:
        for document_id in documents:
            row = tx.session.get_one(Document, document_id)
            row.document_type = chance.choice(["ATTEST", "BESCHEID", "WERBUNG"])
            row.document_date = chance.choice([None, date(2000, 1, 1) + timedelta(days=chance.randrange(9000))])
            row.document_date_source = "read" if row.document_date else None
        for filing in tx.session.scalars(select(Filing)):
            filing.keyword = chance.choice([None, "A01", "B02"])
            filing.retention_id = chance.choice([None, None, *SCHEDULE.entries])
        actor = world.actor("rita")
        for document_id in chance.sample(documents, 5):
            day, own = date(2001, 1, 1) + timedelta(days=chance.randrange(8000)), chance.choice([*SCHEDULE.entries])
            holding.record_trigger(tx, actor, f"X-{file_type}", "superseded", day, "Bescheid", document_id)
            holding.record_condition(tx, actor, f"X-{file_type}", own, chance.random() < 0.5, document_id)
    with world.database.read() as session:
        (judged,) = judge(session, world.agency, [case])
        noted = repository.noted_documents(session, [case])[case]
        alike = repository.filed_alike(session, [case])[case]
        latest: dict[tuple[str | None, str, str | None], date] = {}
        for filing, document in session.execute(
            select(Filing, Document).join(Document, Document.id == Filing.document_id)
        ):
            if document.id not in {one.id for _, one in noted}:
                kind = filing.keyword, document.document_type, filing.retention_id
                day = document.document_date or document.received_on
                latest[kind] = max(latest.get(kind, day), day)
    assert len(noted) == 5
    found: dict[tuple[str | None, str, str | None], date] = {}
    for one in alike:
        kind = one.keyword, one.document_type, one.retention_id
        found[kind] = max(found.get(kind, one.day), one.day)
    assert found == latest
    assert judged.case_file.id == case


days = st.dates(date(1990, 1, 1), date(2060, 1, 1))
kinds = st.tuples(
    st.sampled_from([None, "A01", "B02"]), st.sampled_from(["ATTEST", "BESCHEID"]),
    st.sampled_from([None, *SCHEDULE.entries]),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["LEIST", "VERW", "SAMM", "OWI", "WID"]), st.lists(st.tuples(kinds, days), max_size=8), days)
def test_the_latest_of_a_kind_speaks_for_all(
    file_type: str, filed: Sequence[tuple[tuple[str | None, str, str | None], date]], closed: date
) -> None:
    """What `judge` relies on: leaving out the earlier ones of a kind changes no end."""
    latest: dict[tuple[str | None, str, str | None], date] = {}
    for kind, day in filed:
        latest[kind] = max(latest.get(kind, day), day)
    assert _end(file_type, closed, filed) == _end(file_type, closed, list(latest.items()))


def _end(file_type: str, closed: date, filed: Sequence[tuple[tuple[str | None, str, str | None], date]]) -> object:
    triggers: Mapping[str, DateFact] = {
        "case_closed": DateFact(closed, "closed_on"),
        "document_date": DateFact(max([closed, *(day for _, day in filed)]), "x"),
    }
    base = {"LEIST": "SGB2_LEISTUNG", "SAMM": "SAMMEL_POST", "OWI": "OWI"}.get(file_type, "SGB2_LEISTUNG")
    filings = [FilingFacts(*kind, {"document_date": DateFact(day, "x")}) for kind, day in filed]
    found = case_end(SCHEDULE, CaseFacts(file_type, base, triggers, filings))
    return found.disposal_action, getattr(found.outcome, "retention_end", None), getattr(found.outcome, "code", None)
