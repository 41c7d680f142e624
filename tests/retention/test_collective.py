"""Mail that belongs to no case, from its dismissal to the certificate: the year's collective file has a period."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select

from archive.access import registered, require_document, visible_case_files
from archive.models import CaseFile, Document
from core.actor import system_actor
from core.errors import NotFound
from eakte.bootstrap import Services
from eakte.doctor import examine
from inbox.acts import ItemRef, dismiss
from inbox.collecting import keep_collective_files
from inbox.delivery import Clearing, deliver_to_clearing
from inbox.errors import NotUndoable
from inbox.undo import undo
from ingest.models import MailItem
from ingest.reporting import reconcile
from retention import appraising, disposal, holding, proposing, service
from retention.due import DueRow, due
from tests.databases import settings_at
from tests.retention.test_disposal import run, states
from tests.retention.test_disposal_resume import Killed, dying
from tests.retention.world import Letter, World, add_letter, stored

DUE = date(2028, 1, 1)


def advertising(world: World, name: str = "paula") -> Letter:
    """A letter of this month that came to the general clearing and was dismissed there."""
    letter = add_letter(world, state="clearing")
    with world.database.write() as tx:
        document = tx.session.get_one(Document, letter.document)
        document.received_on, document.document_date = date(2026, 11, 20), None
        item = deliver_to_clearing(tx, system_actor(world.agency), document, Clearing())
    with world.database.write() as tx:
        dismiss(tx, world.actor(name), ItemRef(item.id, item.version), "advertising", world.canary("dismissal"))
    return letter


def collective(world: World) -> CaseFile:
    with world.database.read() as session:
        return session.scalars(select(CaseFile).where(CaseFile.file_plan_unit == "SAMM")).one()


def at(world: World, day: date) -> list[DueRow]:
    """The day is there; the worker has done its duty; what is due."""
    world.clock.instant = world.clock.instant.replace(year=day.year, month=day.month, day=day.day)
    keep_collective_files(world.database)
    return list(due(world.database, world.agency, day))


def prepare(world: World) -> None:
    """The list of the first day on which the file is due, ready to be executed."""
    at(world, DUE)
    proposing.propose(world.database, world.actor("rita"), "L1", DUE)
    appraising.appraise(world.database, world.actor("arne"), "L1", "destroy")
    with world.database.write() as tx:
        service.approve(tx, world.actor("ralf"), "L1")


def test_from_the_dismissal_to_the_certificate(world: World) -> None:
    letters = [advertising(world) for _ in range(3)]
    words = list(world.canaries)
    world.settle_index()
    counted = reconcile(world.database, world.blobs, world.agency, 3600)
    assert (counted["rejected"], counted["difference"]) == (3, 0)
    assert (collective(world).file_number, collective(world).state) == ("P-2026", "open")
    assert at(world, date(2026, 12, 31)) == []
    assert collective(world).state == "open"
    assert at(world, date(2027, 1, 1)) == []
    assert (collective(world).state, collective(world).closed_on) == ("closed", date(2026, 12, 31))
    assert at(world, date(2027, 12, 31)) == []
    (row,) = at(world, DUE)
    assert row.as_json() == {
        "file_number": "P-2026", "schedule_id": "SAMMEL_POST", "retention_end": "2027-12-31", "due_on": "2028-01-01",
        "disposal_action": "V", "holds": [], "work_item": None,
    }  # fmt: skip
    assert len(world.hits(words)) > 0
    prepare(world)
    report = run(world)
    assert states(report) == ["destroyed"]
    assert world.hits(words) == []
    assert {address for letter in letters for address in letter.blobs}.isdisjoint(stored(world))
    (one,) = json.loads(report.certificate.with_suffix(".json").read_bytes())["objects"]
    assert (one["file_number"], one["decision"], one["state"]) == ("P-2026", "destroy", "destroyed")
    assert {document["id"] for document in one["documents"]} == {str(letter.document) for letter in letters}
    assert reconcile(world.database, world.blobs, world.agency, 3600) == counted


def test_the_certificate_leaves_no_finding_and_the_ledger_adds_up(world: World) -> None:
    letter = advertising(world)
    services = Services(settings_at(world.home), world.database, world.blobs, world.places.anchors)
    before = {(one.kind, one.id) for one in examine(services)}
    prepare(world)
    assert states(run(world)) == ["destroyed"]
    assert {(one.kind, one.id) for one in examine(services)} <= before
    with world.database.read() as session:
        item = session.get_one(MailItem, letter.item)
        assert (item.state, item.ended_at is not None, item.ended_reason) == ("rejected", True, None)


def test_a_hold_keeps_the_whole_year(world: World) -> None:
    letter = advertising(world)
    prepare(world)
    with world.database.write() as tx:
        holding.set_hold(tx, world.actor("rita"), "P-2026", "DSGVO_ANTRAG")
    assert states(run(world)) == ["kept"]
    assert set(letter.blobs) <= set(stored(world))


def test_without_the_archive_it_stays(world: World) -> None:
    letter = advertising(world)
    at(world, DUE)
    proposing.propose(world.database, world.actor("rita"), "L1", DUE)
    with world.database.write() as tx:
        service.approve(tx, world.actor("ralf"), "L1")
    assert states(run(world)) == ["refused"]
    assert set(letter.blobs) <= set(stored(world))


def test_what_is_taken_back_meanwhile_does_not_go(world: World) -> None:
    """A misdirected application that turns up late can still be taken back out of the closed file."""
    letters = [advertising(world) for _ in range(2)]
    prepare(world)
    with world.database.write() as tx:
        undo(tx, world.actor("paula"))
    assert states(run(world)) == ["destroyed"]
    with world.database.read() as session:
        found = [session.get_one(Document, letter.document) for letter in letters]
        assert [(one.state, one.filed) for one in found] == [("destroyed", False), ("active", False)]
    assert set(letters[1].blobs) <= set(stored(world))


def test_who_sees_the_file_and_what_is_in_it(world: World) -> None:
    """The people of its unit, its leads and the archive to whom it is offered read nothing; only who clears reads on."""
    letter = advertising(world)
    at(world, DUE)
    proposing.propose(world.database, world.actor("rita"), "L1", DUE)
    names = ("rita", "ralf", "arne", "anna", "lena", "otto", "paula")
    with world.database.read() as session:
        number = CaseFile.file_number == "P-2026"
        actors = {name: world.actor(name) for name in names}
        opens = {n for n, who in actors.items() if session.scalar(select(number).where(visible_case_files(who, DUE)))}
        knows = {n for n, who in actors.items() if session.scalar(select(number).where(registered(who, DUE)))}
        reads = set()
        for name, who in actors.items():
            try:
                require_document(session, who, letter.document, DUE)
                reads.add(name)
            except NotFound:
                continue
    assert (opens, knows, reads) == ({"arne"}, {"rita", "ralf", "arne"}, {"paula"})


def test_nobody_reads_or_takes_back_what_is_being_destroyed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    letter, paula = advertising(world), world.actor("paula")
    prepare(world)
    monkeypatch.setattr(disposal, "erase_part", dying(disposal.erase_part, 1, afterwards=False))
    with pytest.raises(Killed):
        run(world)
    monkeypatch.undo()
    with world.database.read() as session, pytest.raises(NotFound):
        require_document(session, paula, letter.document, DUE)
    with pytest.raises(NotUndoable), world.database.write() as tx:
        undo(tx, paula)
    assert states(run(world)) == ["destroyed"]
