"""Reading an item once more (`eakte reprocess`, a retry) beside people and beside its own older steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archive.access import wholly_visible_documents
from archive.models import CaseFile, Document, DocumentVersion, Filing
from core import jobs
from core.actor import Role
from core.clock import agency_date
from eakte.doctor import examine
from eakte.intake import take_in
from inbox.acts import FileInto, ItemRef, file_item
from inbox.models import InboxItem
from inbox.passing import forward
from ingest import quarantine
from ingest.kinds import ASSEMBLE, READ
from ingest.mailroom import day_balance
from ingest.models import MailItem
from ingest.pipeline import Pipeline
from ingest.reporting import reconcile
from organisation.actors import build_actor, users_as
from organisation.models import OrgUnit, User
from tests.eakte.support import work_off
from tests.ingest.door import House, book, letter, open_house

CHOSEN = "99801BG0055555"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """One born-digital letter without any fact was received, nothing was worked on."""
    house = open_house(tmp_path / "home")
    (tmp_path / "letter.pdf").write_bytes(book(letter("Guten Tag")))
    take_in(house.services, house.agency, [tmp_path / "letter.pdf"], None, None, None)
    return house


def item_of(house: House) -> MailItem:
    with house.services.database.read() as session:
        return session.scalars(select(MailItem)).one()


def versions(house: House) -> int:
    with house.services.database.read() as session:
        return session.scalar(select(func.count()).select_from(DocumentVersion)) or 0


def file_as_a_person(house: House) -> None:
    with house.services.database.write() as tx:
        user = tx.session.scalars(select(User).where(User.username == "rhinnerksen")).one()
        waiting = tx.session.scalars(select(InboxItem).where(InboxItem.state == "open")).one()
        ref = ItemRef(waiting.id, waiting.version)
        file_item(tx, build_actor(tx.session, user, tx.today), ref, FileInto(case_number=CHOSEN))


def test_what_a_person_filed_meanwhile_stays_where_it_is(house: House) -> None:
    services = house.services
    work_off(services)
    assert item_of(house).state == "clearing"
    quarantine.reprocess(services.database, house.agency, item_of(house).id)
    file_as_a_person(house)
    work_off(services)
    with services.database.read() as session:
        filed = session.scalars(
            select(CaseFile.file_number)
            .join(Filing, Filing.case_file_id == CaseFile.id)
            .where(Filing.ended_at.is_(None))
        ).all()
        waiting = session.scalars(select(InboxItem).where(InboxItem.state == "open")).all()
    assert filed == [CHOSEN]
    assert [one.inbox_kind for one in waiting] == ["team"]
    assert versions(house) == 1
    assert examine(services) == []
    counts = reconcile(services.database, services.blobs, house.agency, 3600)
    assert (counts["filed"], counts["clearing"], counts["in_work"]) == (1, 0, 0)


def test_who_had_it_forwarded_loses_sight_when_it_is_read_once_more(house: House) -> None:
    """It lies in clearing again; whoever had it because of the forwarding has it no longer."""
    services = house.services
    work_off(services)
    with services.database.write() as tx:
        clerk = tx.session.scalars(select(User).where(User.username == "rhinnerksen")).one()
        worker = users_as(tx.session, tx.session.scalars(select(OrgUnit.id)).all(), Role.CASEWORKER)[0]
        waiting = tx.session.scalars(select(InboxItem).where(InboxItem.state == "open")).one()
        by, ref = build_actor(tx.session, clerk, tx.today), ItemRef(waiting.id, waiting.version)
        forward(tx, by, ref, to_user=worker.username, to_unit=None)

    def seen() -> bool:
        with services.database.read() as session:
            reader = build_actor(session, worker, agency_date(services.database.clock.now()))
            return session.scalar(select(Document.id).where(wholly_visible_documents(reader))) is not None

    assert seen()
    quarantine.reprocess(services.database, house.agency, item_of(house).id)
    work_off(services)
    assert not seen()


def test_the_mailroom_counts_what_a_person_filed_as_filed(house: House) -> None:
    work_off(house.services)
    file_as_a_person(house)
    now = house.services.database.clock.now()
    with house.services.database.read() as session:
        user = session.scalars(select(User).where(User.username == "rhinnerksen")).one()
        balance = day_balance(session, build_actor(session, user, agency_date(now)), agency_date(now))
    assert (balance.counts["filed"], balance.counts["clearing"], balance.received) == (1, 0, 1)


def test_a_page_read_once_too_often_makes_no_second_record(house: House) -> None:
    services = house.services
    work_off(services)
    with services.database.write() as tx:
        jobs.enqueue(tx, house.agency, READ, item_of(house).id, payload={"page_no": 1}, generation=99)
    assert work_off(services) == 1
    assert versions(house) == 1


def test_an_older_assembly_leaves_the_item_to_the_newer_reading(house: House) -> None:
    services = house.services
    pipeline = Pipeline(services.database, services.blobs, services.settings)
    while True:
        with services.database.write() as tx:
            job = jobs.lease(tx, "test")
        assert job is not None
        if job.kind == ASSEMBLE:
            break
        pipeline.perform(replace(job, isolated=True))  # by single steps
    quarantine.reprocess(services.database, house.agency, item_of(house).id)
    pipeline.perform(job)
    assert (versions(house), item_of(house).state) == (0, "in_work")
    work_off(services)
    assert (versions(house), item_of(house).state) == (1, "clearing")
