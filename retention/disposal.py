"""Executing an approved list: a state machine in the database that can be killed anywhere and resumed by the same call.

List: frozen → approved → executing → done. Object: open → kept | refused, or open → executing → destroyed.

1. One object per transaction. Inside it, everything is checked again as it is now: holds, period, appraisal, approval.
   A hold always wins, also one set after approval; B (and V) never go without the archive's decision; A never goes.
   In that transaction the case is struck: gone for everybody from then on. The object becomes `executing`. The check
   reads what kinds of documents there are, not the documents, and the stroke writes one row.
2. Its documents go in parts, some in each transaction, however large the case is.
3. After that its bytes are unlinked (the claims are checked again, under the lock); the object becomes `destroyed`.
4. At the end of the list: the index is rebuilt without what went, the write-ahead log emptied, the stores are searched
   for traces. Only when none is left, the certificate is issued and the list is `done`.

Destruction is idempotent: the same call on a list that is done changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from archive.blobs.claims import unlink_released
from archive.blobs.port import BlobStore
from archive.models import CaseFile
from core.actor import Actor, Role
from core.audit import record_act
from core.clock import agency_date
from core.database import Database, Transaction
from core.singletons import settle_index
from retention import certificate, repository
from retention.cases import DisposalVerdict, disposal_state
from retention.erasure import Erased, erase_part, erase_rest, ledger_busy, strike
from retention.errors import NotFinished, WrongListState
from retention.facts import judge
from retention.models import DisposalList, DisposalObject
from retention.service import end_offer, require_list, require_role
from retention.verification import bytes_left, find_traces
from search.index import SearchIndex

_WAL_SECONDS: Final = 10.0
_FINAL: Final = ("kept", "refused", "destroyed")


@dataclass(frozen=True, slots=True)
class Stores:
    """Where destruction has to reach: `index` is asked what is left in it, `catch_up` brings it up to the outbox (called
    only by the one who holds it); `certificates` is the folder for certificates.
    """

    database: Database
    blobs: BlobStore
    index: SearchIndex
    catch_up: Callable[[], object]
    certificates: Path


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one object, with the German reason where it was not destroyed. `as_decided` says whether that is what
    the archive decided: destroyed, or kept for it.
    """

    number: int
    file_number: str
    state: str
    reason: str | None
    as_decided: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a list; `certificate` is the PDF, the JSON lies beside it."""

    name: str
    results: Sequence[Result]
    certificate: Path


def execute(stores: Stores, actor: Actor, name: str) -> Report:
    """Carry out an approved list, or go on with one that was interrupted. Records managers only.

    Idempotent: called again after the end it returns the same report and touches nothing. Raises WrongListState before
    approval, NotFinished when traces are left (call again).
    """
    require_role(actor, Role.RECORDS_MANAGER)
    carry_on(stores, actor, _begin(stores.database, actor, name))
    return report(stores, actor, name)


def carry_on(stores: Stores, actor: Actor, list_id: UUID) -> None:
    """Do what is left of a list that was started. Idempotent, and harmless beside another run of the same list.

    Checks no role: `execute` did when the list was started. A list that was not started is left alone.
    """
    with stores.database.read() as session:
        if session.get_one(DisposalList, list_id).state != "executing":
            return
    for object_id in _waiting(stores.database, list_id, "open"):
        _decide(stores.database, actor, list_id, object_id)
    for object_id in _waiting(stores.database, list_id, "executing"):
        while _erase_next(stores.database, actor, object_id):
            pass
        _remove_bytes(stores, actor, object_id)
    _finish(stores, actor, list_id)


def report(stores: Stores, actor: Actor, name: str) -> Report:
    """What became of each object of a list so far."""
    with stores.database.read() as session:
        listed = require_list(session, actor, name)
        results = [
            Result(one.number, one.file_number, one.state, one.reason, _as_decided(one))
            for one in repository.objects(session, listed.id)
        ]
    return Report(listed.name, results, certificate.path_of(stores.certificates, listed, "pdf"))


def _as_decided(one: DisposalObject) -> bool:
    return one.state == "destroyed" or (one.state == "kept" and one.decision == "archive")


def _begin(database: Database, actor: Actor, name: str) -> UUID:
    with database.write() as tx:
        listed = require_list(tx.session, actor, name)
        if listed.state == "frozen" or listed.approved_by is None or listed.approved_by == listed.proposed_by:
            raise WrongListState("Die Liste ist noch nicht durch eine zweite Person freigegeben.")
        if listed.state == "approved":
            listed.state, listed.executed_by = "executing", actor.user_id
            record_act(tx, actor, "disposal.started", "disposal_list", listed.id)
        return listed.id


def _waiting(database: Database, list_id: UUID, state: str) -> list[UUID]:
    with database.read() as session:
        return list(repository.object_ids(session, list_id, state))


def _decide(database: Database, actor: Actor, list_id: UUID, object_id: UUID) -> None:
    """One object, one transaction: look again, then erase or say why not."""
    with database.write() as tx:
        one = tx.session.get_one(DisposalObject, object_id)
        listed = tx.session.get_one(DisposalList, list_id)
        if one.state != "open" or listed.state != "executing":
            return
        verdict = _objection(tx, one)
        if verdict is not None:
            one.state, one.reason = verdict
            one.finished_at = tx.now
            end_offer(tx, DisposalObject.id == one.id)
            record_act(
                tx, actor, f"disposal.{one.state}", "disposal_object", one.id, case_file_id=one.case_file_id,
                list=listed.id,
            )  # fmt: skip
            return
        _strike(tx, actor, one, listed)


def _objection(tx: Transaction, one: DisposalObject) -> tuple[str, str] | None:
    """Why the object is not destroyed now: (state, German reason), or None. As things are in this transaction."""
    case_file = tx.session.get(CaseFile, one.case_file_id)
    judged = judge(tx.session, case_file.agency_id, [case_file.id]) if case_file is not None else []
    if case_file is None or not judged:
        return "kept", "Die Akte gibt es nicht mehr: nichts zu vernichten."
    found = judged[0]
    state = disposal_state(found.end.outcome, found.holds, agency_date(tx.now))
    if state.verdict is not DisposalVerdict.DUE:
        return "kept", state.text[:300]
    actions = {one.disposal_action, found.end.disposal_action.value}
    if "A" in actions or one.decision == "archive":
        return "kept", "Archivwürdig: wird an das Archiv abgegeben, nicht vernichtet."
    if one.decision != "destroy" or one.decided_by is None:
        missing = "Bewertung" if "B" in actions else "Zustimmung"
        return "refused", f"Ohne {missing} des Archivs: nicht vernichtet."
    if _grown(tx, one):
        return "kept", "Seit Vorschlag und Bewertung kamen Schriftstücke hinzu: nicht vernichtet."
    if ledger_busy(tx, case_file.id):
        return "kept", "Ein Stapel mit Schreiben dieser Akte wird noch bearbeitet: nicht vernichtet."
    return None


def _grown(tx: Transaction, one: DisposalObject) -> bool:
    """Whether the case holds what nobody appraised: it was opened again meanwhile and closed as of the old day, and a
    letter was filed, or came along when another case was merged into it.
    """
    listed = one.proof.get("facts", {}).get("documents")
    if listed is not None and repository.count_filings(tx.session, one.case_file_id) > listed:
        return True
    return one.decided_at is not None and repository.filed_after(tx.session, one.case_file_id, one.decided_at)


def _strike(tx: Transaction, actor: Actor, one: DisposalObject, listed: DisposalList) -> None:
    """The moment of destruction. The proof tells what went as it goes; `persons` is noted at the end."""
    documents = repository.count_filings(tx.session, one.case_file_id)
    strike(tx, one.case_file_id)
    one.proof = {**one.proof, "documents": [], "released": [], "surviving_documents": 0}
    one.state, one.reason = "executing", None
    record_act(
        tx, actor, "case.destroyed", "case_file", one.case_file_id, case_file_id=one.case_file_id, list=listed.id,
        object=one.id, documents=documents, schedule=one.schedule_id, schedule_version=listed.schedule_version,
    )  # fmt: skip


def _erase_next(database: Database, actor: Actor, object_id: UUID) -> bool:
    """Erase the next part of a struck case, in one short transaction; False when nothing is left in the database."""
    with database.write() as tx:
        one = tx.session.get_one(DisposalObject, object_id)
        if one.state != "executing" or "persons" in one.proof:
            return False
        erased = erase_part(tx, one.case_file_id)
        if erased is not None:
            _note_erased(tx, actor, one, erased)
        else:
            one.proof = {**one.proof, "persons": erase_rest(tx, one.case_file_id)}
        return True


def _note_erased(tx: Transaction, actor: Actor, one: DisposalObject, erased: Erased) -> None:
    one.proof = {
        **one.proof,
        "documents": [*one.proof["documents"], *erased.documents],
        "released": [*one.proof["released"], *erased.released],
        "surviving_documents": one.proof["surviving_documents"] + erased.surviving,
    }
    for document in erased.documents:
        record_act(
            tx, actor, "document.destroyed", "document", UUID(document["id"]), case_file_id=one.case_file_id,
            list=one.list_id,
        )  # fmt: skip


def _remove_bytes(stores: Stores, actor: Actor, object_id: UUID) -> None:
    """Unlink what nobody claims any more, then note it. Killed between, the next call finds nothing left to unlink; what the
    store refuses to remove (a lock that this identity may not break) leaves the object as it is, for the next call.
    """
    with stores.database.read() as session:
        released = set(session.get_one(DisposalObject, object_id).proof.get("released", []))
    unlink_released(stores.database, stores.blobs, timedelta(0), only=released)
    with stores.database.read() as session:
        if bytes_left(session, stores.blobs, session.get_one(DisposalObject, object_id)):
            return
    with stores.database.write() as tx:
        one = tx.session.get_one(DisposalObject, object_id)
        if one.state == "executing":
            one.state, one.finished_at = "destroyed", tx.now
            record_act(
                tx, actor, "disposal.bytes_removed", "disposal_object", one.id, case_file_id=one.case_file_id,
                blobs=len(released),
            )  # fmt: skip


def _finish(stores: Stores, actor: Actor, list_id: UUID) -> None:
    database = stores.database
    with database.read() as session:
        listed = session.get_one(DisposalList, list_id)
        objects = repository.objects(session, list_id)
    if listed.state == "done":
        return
    traces = [] if settle_index(database, stores.catch_up) else ["index:busy:-"]
    _empty_log(database)
    traces += find_traces(database, stores.blobs, stores.index, objects)
    traces += [f"list:{one.state}:{one.id}" for one in objects if one.state not in _FINAL]
    if traces:
        raise NotFinished(traces)
    certificate.issue(database, stores.certificates, actor, list_id)
    _empty_log(database)


def _empty_log(database: Database) -> None:
    """Readers come and go: try until the log is empty, for a while. Verification says when it is not."""
    until = time.monotonic() + _WAL_SECONDS
    while not database.forget_deleted() and time.monotonic() < until:
        time.sleep(0.1)
