"""Disposal from the list to the certificate: destroyed everywhere, refused where the rules say so, resumed anywhere."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf.pdfa
import pytest
from pikepdf import Pdf
from sqlalchemy import select

import retention.disposal as disposal
from archive.blobs import claims
from archive.blobs.port import StoredBlob
from archive.models import CaseFile, Document, Filing, Person
from core import leases
from core.audit.anchors import AnchorFile
from core.audit.verify import verify
from core.errors import InvalidInput
from core.models import AuditEvent
from core.singletons import INDEXER, settle_index, settle_seals
from eakte.bootstrap import Services
from eakte.doctor import examine
from ingest.models import MailItem
from ingest.reporting import reconcile
from retention import appraising, certificate, erasure, holding, proposing, service
from retention.disposal import Report, execute
from retention.due import due
from retention.errors import NotFinished
from retention.models import DestructionCertificate, DisposalList
from tests.databases import settings_at
from tests.retention.world import TODAY, World, add_case, add_letter, person_of, relate, stored


def propose(world: World, name: str = "L1", on: date = TODAY) -> None:
    proposing.propose(world.database, world.actor("rita"), name, on)


def appraise(world: World, decision: str = "destroy", number: int | None = None) -> None:
    appraising.appraise(world.database, world.actor("arne"), "L1", decision, number)


def approve(world: World, who: str = "ralf") -> int:
    with world.database.write() as tx:
        return service.approve(tx, world.actor(who), "L1")


def prepare(world: World) -> None:
    """A list that may be executed."""
    world.settle_index()
    propose(world)
    appraise(world)
    approve(world)


def run(world: World) -> Report:
    return execute(world.stores, world.actor("rita"), "L1")


def states(report: Report) -> list[str]:
    return [one.state for one in report.results]


def hold(world: World, number: str, reason: str = "FORDERUNG") -> None:
    with world.database.write() as tx:
        holding.set_hold(tx, world.actor("anna"), number, reason)


def test_a_destroyed_case_is_gone_from_every_store(world: World) -> None:
    letters = [add_letter(world, add_case(world, "99801BG0000001")) for _ in range(1)]
    world.settle_index()
    words = list(world.canaries)
    missed = [word for word in words if not world.hits([word])]
    assert not missed, "the search for canaries would not find these"
    prepare(world)
    report = run(world)
    assert states(report) == ["destroyed"]
    assert world.hits(words) == []
    assert set(stored(world)).isdisjoint(letters[0].blobs)
    assert world.index.documents() == set()
    with world.database.read() as session:
        assert session.scalars(select(Person)).all() == []
        assert session.scalars(select(Filing)).all() == []
        document = session.get_one(Document, letters[0].document)
        assert (document.state, document.title, document.sender) == ("destroyed", "", None)


def test_the_certificate_names_the_case_and_none_of_its_contents(world: World) -> None:
    letter = add_letter(world, add_case(world, "99801BG0000001"))
    prepare(world)
    report = run(world)
    as_pdf = report.certificate.read_bytes()
    as_json = report.certificate.with_suffix(".json").read_bytes()
    content = json.loads(as_json)
    one = content["objects"][0]
    assert one["file_number"] == "99801BG0000001"
    assert one["documents"][0]["id"] == str(letter.document)
    assert {file["sha256"] for file in one["documents"][0]["files"]} == {letter.blobs[0], letter.blobs[2]}
    assert "§ 45 Abs. 3" in one["legal_basis"]
    who = {step: content[step]["name"] for step in ("proposed", "approved", "executed")}
    assert who == {"proposed": "Rita Beispiel", "approved": "Ralf Beispiel", "executed": "Rita Beispiel"}
    assert one["decided"]["name"] == "Arne Beispiel"
    assert len(content["schedule_version"]) == 64
    assert not [word for word in world.canaries if word.encode() in as_json + as_pdf]
    with Pdf.open(io.BytesIO(as_pdf)) as pdf:
        assert pikepdf.pdfa.check(pdf, "2b").violations == ()
    with world.database.read() as session:
        row = session.scalars(select(DestructionCertificate)).one()
        listed = session.scalars(select(DisposalList)).one()
        assert certificate.path_of(world.stores.certificates, listed, "pdf") == report.certificate
    assert (row.json_sha256, row.pdf_sha256) == (sha(as_json), sha(as_pdf))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_executing_twice_destroys_once(world: World) -> None:
    add_letter(world, add_case(world, "99801BG0000001"))
    prepare(world)
    first = run(world)
    files = {path.name: path.read_bytes() for path in world.stores.certificates.iterdir()}
    with world.database.read() as session:
        events = len(session.scalars(select(AuditEvent)).all())
    world.later(days=1)
    assert run(world) == first
    assert {path.name: path.read_bytes() for path in world.stores.certificates.iterdir()} == files
    with world.database.read() as session:
        assert len(session.scalars(select(AuditEvent)).all()) == events


def test_a_letter_that_a_person_filed_counts_as_filed_for_ever(world: World) -> None:
    """Routing left it to clearing; whoever filed it there is said by the document alone, which goes."""
    add_letter(world, add_case(world, "99801BG0000001"), state="clearing")
    counted = reconcile(world.database, world.blobs, world.agency, 3600)
    prepare(world)
    assert states(run(world)) == ["destroyed"]
    assert reconcile(world.database, world.blobs, world.agency, 3600) == counted
    assert (counted["filed"], counted["clearing"], counted["difference"]) == (1, 0, 0)


def test_erasing_twice_erases_once(world: World) -> None:
    case = add_case(world, "99801BG0000001")
    add_letter(world, case)
    for expected in (1, 0):
        with world.database.write() as tx:
            erasure.strike(tx, case)
            assert (erasure.erase_part(tx, case) is not None) == bool(expected)
            assert erasure.erase_rest(tx, case) == expected


def test_a_letter_in_two_cases_loses_one_filing_and_stays_whole_in_the_other(world: World) -> None:
    gone, stays = add_case(world, "99801BG0000001"), add_case(world, "99801BG0000002", closed_on=None)
    shared = add_letter(world, (gone, 1, 1), (stays, 2, 2))
    prepare(world)
    assert states(run(world)) == ["destroyed"]
    assert set(shared.blobs) <= set(stored(world))
    with world.database.read() as session:
        filings = session.scalars(select(Filing)).all()
        assert [(one.case_file_id, one.page_from) for one in filings] == [(stays, 2)]
        assert session.get_one(Document, shared.document).state == "active"
        item = session.get_one(MailItem, shared.item)
        assert (item.case_file_id, item.evidence, item.candidates, item.sheet) == (stays, [], [], {})
        assert item.master_sha256 == shared.blobs[0]
    assert world.index.documents() == {str(shared.document)}


def test_bytes_that_another_record_claims_stay(world: World) -> None:
    letter = add_letter(world, add_case(world, "99801BG0000001"))
    with world.database.write() as tx:
        blob = StoredBlob(letter.blobs[0], 1)
        claims.claim(tx, claims.DOCUMENT, letter.receipt, {"twin": blob})
    prepare(world)
    assert states(run(world)) == ["destroyed"]
    assert letter.blobs[0] in set(stored(world))
    assert set(stored(world)).isdisjoint(letter.blobs[1:])


def test_a_person_in_another_case_stays(world: World) -> None:
    first = add_case(world, "99801BG0000001")
    person = person_of(world, first)
    add_case(world, "99801BG0000002", closed_on=None, person=person)
    prepare(world)
    run(world)
    with world.database.read() as session:
        assert session.get(Person, person) is not None


@pytest.mark.parametrize("moment", ["before", "after_approval", "between_objects"])
def test_a_hold_wins_whenever_it_is_set(world: World, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [add_letter(world, add_case(world, f"99801BG000000{n}")) for n in (1, 2)]
    prepare(world)
    if moment == "between_objects":
        original = disposal._decide

        def and_then_hold(*arguments: Any) -> None:
            original(*arguments)
            hold(world, "99801BG0000002")

        monkeypatch.setattr(disposal, "_decide", and_then_hold)
    else:
        hold(world, "99801BG0000002")
    report = run(world)
    assert states(report) == ["destroyed", "kept"]
    assert report.results[1].reason is not None
    assert report.results[1].reason.startswith("Sperre seit 24.11.2026: nicht vernichtet")
    assert set(letters[1].blobs) <= set(stored(world))
    assert world.index.documents() == {str(letters[1].document)}


def test_a_hold_on_the_parent_keeps_the_follower(world: World) -> None:
    parent, child = add_case(world, "99801BG0000001"), add_case(world, "W-00001/10", "WID")
    relate(world, child, parent)
    with world.database.write() as tx:
        holding.record_trigger(tx, world.actor("anna"), "W-00001/10", "decision_final", date(2009, 1, 1), "Bescheid")
    prepare(world)
    hold(world, "99801BG0000001")
    assert states(run(world)) == ["kept", "kept"]


def test_a_follower_is_due_after_its_parent_is_gone(world: World) -> None:
    parent, child = add_case(world, "99801BG0000001"), add_case(world, "W-00001/10", "WID")
    relate(world, child, parent)
    prepare(world)
    assert states(run(world)) == ["destroyed"]
    with world.database.write() as tx:
        holding.record_trigger(tx, world.actor("anna"), "W-00001/10", "decision_final", date(2009, 1, 1), "Bescheid")
    rows = due(world.database, world.agency, TODAY)
    assert [(row.file_number, row.retention_end, row.work_item) for row in rows] == [
        ("W-00001/10", date(2020, 12, 31), None)
    ]


@pytest.mark.parametrize(
    ("file_type", "number"), [("LEIST", "99801BG0000001"), ("BESCHW", "B-0001/10"), ("SICH", "S-0001/10")]
)
def test_without_the_archive_nothing_goes(world: World, file_type: str, number: str) -> None:
    letter = add_letter(world, add_case(world, number, file_type))
    propose(world)
    assert approve(world) == 1
    report = run(world)
    assert states(report) == ["refused"]
    assert "des Archivs: nicht vernichtet" in (report.results[0].reason or "")
    assert set(letter.blobs) <= set(stored(world))


@pytest.mark.parametrize("moved", [False, True], ids=["filed", "merged"])
def test_what_came_in_after_the_appraisal_is_not_destroyed_with_it(world: World, moved: bool) -> None:
    """Opened again and closed as of the old day: nobody appraised the letter that was filed meanwhile, or came along with
    a provisional case, or took the place of another one.
    """
    case, other = add_case(world, "99801BG0000001"), add_case(world, "99801BG0000002", closed_on=None)
    first, old = add_letter(world, case), add_letter(world, other)
    prepare(world)
    world.later(minutes=5)
    new = old if moved else add_letter(world, case)
    ended, here = (Filing.document_id == one.document for one in (first, new))
    with world.database.write() as tx:
        if moved:
            filing = tx.session.scalars(select(Filing).where(here)).one()
            filing.case_file_id, filing.ordinal = case, 2
        else:
            tx.session.scalars(select(Filing).where(ended)).one().ended_at = tx.now
    report = run(world)
    assert states(report) == ["kept"]
    assert report.results[0].reason == "Seit Vorschlag und Bewertung kamen Schriftstücke hinzu: nicht vernichtet."
    assert set(new.blobs) <= set(stored(world))


def test_what_the_archive_wants_is_kept(world: World) -> None:
    letters = [add_letter(world, add_case(world, f"99801BG000000{n}")) for n in (1, 2)]
    propose(world)
    appraise(world)
    appraise(world, "archive", 2)
    assert approve(world) == 0
    assert states(run(world)) == ["destroyed", "kept"]
    assert set(letters[1].blobs) <= set(stored(world))


def test_what_is_archival_is_never_destroyed(world: World) -> None:
    case = add_case(world, "312.01-0001", "VERW")
    letter = add_letter(world, case, keyword="A01")
    with world.database.write() as tx:
        holding.record_trigger(
            tx, world.actor("anna"), "312.01-0001", "superseded", date(2012, 1, 1), "Neue Fassung", letter.document
        )
    propose(world)
    with pytest.raises(InvalidInput):
        appraise(world, "destroy", 1)
    appraise(world, "archive")
    approve(world)
    assert states(run(world)) == ["kept"]


def test_a_case_reopened_after_the_freeze_is_kept(world: World) -> None:
    case = add_case(world, "99801BG0000001")
    prepare(world)
    with world.database.write() as tx:
        row = tx.session.get_one(CaseFile, case)
        row.state, row.closed_on = "open", None
    assert states(run(world)) == ["kept"]


def test_a_list_for_the_future_destroys_nothing_early(world: World) -> None:
    add_case(world, "99801BG0000001", closed_on=date(2020, 1, 1))
    propose(world, on=date(2031, 1, 1))
    appraise(world)
    approve(world)
    report = run(world)
    assert states(report) == ["kept"]
    assert report.results[0].reason == "Die Aufbewahrungsfrist läuft noch bis 31.12.2030."


def test_a_batch_in_work_keeps_its_letters(world: World) -> None:
    letter = add_letter(world, add_case(world, "99801BG0000001"))
    with world.database.write() as tx:
        tx.session.add(MailItem(agency_id=world.agency, receipt_id=letter.receipt, item_no=2, page_count=1))
    prepare(world)
    assert states(run(world)) == ["kept"]
    assert set(letter.blobs) <= set(stored(world))


def test_traces_are_found_and_no_certificate_is_issued(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = add_letter(world, add_case(world, "99801BG0000001"))
    prepare(world)
    monkeypatch.setattr(disposal, "unlink_released", lambda *_, **__: 0)
    monkeypatch.setattr(disposal, "settle_index", lambda *_: True)
    with pytest.raises(NotFinished) as caught:
        run(world)
    traces = set(caught.value.traces)
    assert {f"blobs:bytes:{address}" for address in letter.blobs} <= traces
    assert f"index:document:{letter.document}" in traces
    assert not list(world.stores.certificates.glob("V*"))
    monkeypatch.undo()


def test_an_index_that_another_process_holds_is_waited_for_and_never_written(world: World) -> None:
    add_letter(world, add_case(world, "99801BG0000001"))
    with world.database.write() as tx:
        leases.acquire(tx, INDEXER, "worker", 60)
    assert not settle_index(world.database, world.catch_up, wait=0)
    assert world.index.documents() == set()
    world.later(seconds=61)
    assert settle_index(world.database, world.catch_up, wait=0)
    assert len(world.index.documents()) == 1


def test_rows_left_behind_are_found(world: World) -> None:
    case = add_case(world, "99801BG0000001")
    letter = add_letter(world, case)
    with world.database.read() as session:
        found = set(erasure.left_over(session, case, [letter.document]))
    assert {
        "case_alias", "case_file", "document", "document_version", "document_grant", "filing", "follow_up", "inbox_item",
        "membership", "note", "date_correction", "blob_claim", "mail_item:master_sha256", "item_page:text_sha256",
        "receipt_page:image_sha256", "transfer_note:document_id",
    } <= found  # fmt: skip


def test_doctor_and_ledger_find_nothing_that_was_not_there_before(world: World) -> None:
    gone, stays = add_case(world, "99801BG0000001"), add_case(world, "99801BG0000002", closed_on=None)
    add_letter(world, gone)
    add_letter(world, (gone, 1, 1), (stays, 2, 2))
    add_letter(world, stays)
    prepare(world)
    services = Services(settings_at(world.home), world.database, world.blobs, world.places.anchors)
    before = {(one.kind, one.id) for one in examine(services)}
    counted = reconcile(world.database, world.blobs, world.agency, 3600)
    run(world)
    world.later(days=30)
    after = {(one.kind, one.id) for one in examine(services)}
    assert {one for one in after - before if one[0] != "cut_tail"} == set()
    assert reconcile(world.database, world.blobs, world.agency, 3600) == counted
    assert counted["difference"] == 0


def test_the_log_of_acts_outlives_the_case(world: World, tmp_path: Path) -> None:
    case = add_case(world, "99801BG0000001")
    add_letter(world, case)
    prepare(world)
    anchor = AnchorFile(tmp_path / "audit.jsonl")
    settle_seals(world.database, anchor)
    run(world)
    settle_seals(world.database, anchor)
    assert verify(world.database, anchor).ok
    with world.database.read() as session:
        actions = session.scalars(select(AuditEvent.action).where(AuditEvent.case_file_id == case)).all()
    assert {"disposal.appraised", "document.destroyed", "case.destroyed", "disposal.bytes_removed"} <= set(actions)
