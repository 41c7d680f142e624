"""The certificate of destruction (Vernichtungsnachweis): JSON for machines, PDF/A-2b for people, hashes of both in the
database.

It names every object by its number with schedule, legal basis and decision, who proposed, appraised, approved and
executed, the version of the schedule, hashes of the bytes that went, what was searched afterwards, and what it can't
speak for. No contents, no names of the persons concerned. It is the one place that maps an id of the audit log to a
former file number (DESIGN, Audit chain).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.actor import Actor
from core.audit import record_act
from core.clock import AGENCY_ZONE
from core.database import Database
from organisation.models import Agency, User
from retention import repository
from retention.models import DestructionCertificate, DisposalList, DisposalObject
from retention.pdf import Report
from retention.verification import CHECKED

FORMAT = "eakte-destruction-certificate/1"
LIMITS = (
    "Sicherungen außerhalb der E-Akte enthalten das Vernichtete, bis sie überschrieben oder abgelaufen sind; dieser "
    "Nachweis kann darüber nichts sagen.",
    "Nicht durchsucht: ausgegebene Exporte und Dateien, die eine Person gespeichert hat, und erledigte Dateien in "
    "Übergabeordnern der Scanstationen.",
)
_STATES = {"destroyed": "vernichtet", "kept": "nicht vernichtet", "refused": "abgelehnt"}


def path_of(folder: Path, listed: DisposalList, suffix: str) -> Path:
    """Where the certificate of a list lies."""
    name = re.sub(r"[^0-9A-Za-zÄÖÜäöüß_-]+", "-", listed.name).strip("-")[:40]
    return folder / f"Vernichtungsnachweis-{name}-{listed.id.hex[-8:]}.{suffix}"


def issue(database: Database, folder: Path, actor: Actor, list_id: UUID) -> None:
    """Write the certificate of a list whose objects are all final, and close the list. Idempotent.

    Files first, durably; then row, state and audit event in one transaction. Killed between, the next call writes the
    files again.
    """
    with database.read() as session:
        listed = session.get_one(DisposalList, list_id)
        if listed.state == "done":
            return
        content = contents(session, listed, database.clock.now(), (*CHECKED, database.forgetting))
    as_json = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()
    as_pdf = render(content)
    _write(path_of(folder, listed, "json"), as_json)
    _write(path_of(folder, listed, "pdf"), as_pdf)
    with database.write() as tx:
        row = tx.session.get_one(DisposalList, list_id)
        if row.state == "done":
            return
        row.state, row.finished_at = "done", tx.now
        issued = DestructionCertificate(
            agency_id=row.agency_id, list_id=row.id, json_sha256=hashlib.sha256(as_json).hexdigest(),
            pdf_sha256=hashlib.sha256(as_pdf).hexdigest(), issued_at=tx.now,
        )  # fmt: skip
        tx.session.add(issued)
        record_act(
            tx, actor, "disposal.certified", "disposal_list", row.id, json_sha256=issued.json_sha256,
            pdf_sha256=issued.pdf_sha256,
        )  # fmt: skip


def contents(session: Session, listed: DisposalList, at: datetime, searched: Sequence[str]) -> dict[str, Any]:
    """The certificate as plain data. `searched`: where nothing was found."""
    objects = repository.objects(session, listed.id)
    agency = session.get_one(Agency, listed.agency_id)
    return {
        "format": FORMAT,
        "agency": {"code": agency.code, "name": agency.name},
        "list": {"id": str(listed.id), "name": listed.name, "due_on_or_before": listed.as_of.isoformat()},
        "schedule_version": listed.schedule_version,
        "issued_at": at.isoformat(),
        "proposed": _act(session, listed.proposed_by, listed.proposed_at),
        "approved": _act(session, listed.approved_by, listed.approved_at),
        "executed": _act(session, listed.executed_by, at),
        "objects": [_object(session, one) for one in objects],
        "verification": {"searched": list(searched), "traces": []},
        "limits": list(LIMITS),
    }


def render(content: dict[str, Any]) -> bytes:
    """The certificate as PDF/A-2b."""
    issued = datetime.fromisoformat(content["issued_at"])
    report = Report("Vernichtungsnachweis", issued, landscape=True)
    report.facts(
        [
            ("Behörde", content["agency"]["name"]),
            ("Liste", content["list"]["name"]),
            ("Fällig bis", _day(content["list"]["due_on_or_before"])),
            ("Vorgeschlagen", _who(content["proposed"])),
            ("Freigegeben", _who(content["approved"])),
            ("Ausgeführt", _who(content["executed"])),
            ("Fassung des Fristenkatalogs", content["schedule_version"]),
        ]
    )
    objects = content["objects"]
    gone = sum(one["state"] == "destroyed" for one in objects)
    report.heading(f"Objekte: {len(objects)}, davon vernichtet: {gone}")
    report.table(
        ("Nr.", "Aktenzeichen", "Frist", "Fristende", "Art", "Entscheidung des Archivs", "Schriftstücke", "Ergebnis"),
        [_row(one) for one in objects],
        (5, 16, 20, 11, 5, 24, 11, 34),
    )
    report.heading("Rechtsgrundlagen")
    for name, basis in sorted({one["schedule_id"]: one["legal_basis"] for one in objects}.items()):
        report.paragraph(f"{name}: {basis}")
    _hashes(report, objects)
    report.heading("Prüfung nach der Vernichtung")
    report.paragraph("Ohne Fund durchsucht: " + "; ".join(content["verification"]["searched"]) + ".")
    for limit in content["limits"]:
        report.paragraph(limit)
    return report.to_bytes()


def _hashes(report: Report, objects: Sequence[dict[str, Any]]) -> None:
    rows = [
        (str(one["number"]), document["id"], str(document["pages"]), file["role"], file["sha256"])
        for one in objects
        for document in one["documents"]
        for file in document["files"]
    ]
    if rows:
        report.heading("Prüfsummen der vernichteten Dateien (SHA-256)")
        report.table(("Nr.", "Kennung des Schriftstücks", "Seiten", "Datei", "Prüfsumme"), rows, (4, 24, 6, 10, 46))


def _object(session: Session, one: DisposalObject) -> dict[str, Any]:
    facts = one.proof.get("facts", {})
    return {
        "number": one.number,
        "case_file_id": str(one.case_file_id),
        "file_number": one.file_number,
        "schedule_id": one.schedule_id,
        "legal_basis": facts.get("legal_basis", ""),
        "retention_end": one.retention_end.isoformat(),
        "source": facts.get("source", ""),
        "disposal_action": one.disposal_action,
        "decision": one.decision,
        "decided": _act(session, one.decided_by, one.decided_at),
        "state": one.state,
        "reason": one.reason,
        "finished_at": one.finished_at.isoformat() if one.finished_at else None,
        "documents": one.proof.get("documents", []),
        "kept_elsewhere": one.proof.get("surviving_documents", 0),
    }


def _act(session: Session, user_id: UUID | None, at: datetime | None) -> dict[str, Any] | None:
    user = session.get(User, user_id) if user_id else None
    if user is None or at is None:
        return None
    return {"user_id": str(user.id), "name": user.display_name, "at": at.isoformat()}


def _row(one: dict[str, Any]) -> Sequence[str]:
    decision = {"destroy": "vernichten", "archive": "abgeben", None: "keine"}[one["decision"]]
    decided = f"{decision} ({_who(one['decided'])})" if one["decided"] else decision
    documents = str(len(one["documents"]))
    if one["kept_elsewhere"]:
        documents += f" (+ {one['kept_elsewhere']} in anderen Akten erhalten)"
    outcome = _STATES[one["state"]] + (f": {one['reason']}" if one["reason"] else "")
    return (
        str(one["number"]), one["file_number"], one["schedule_id"], _day(one["retention_end"]),
        one["disposal_action"], decided, documents, outcome,
    )  # fmt: skip


def _who(act: dict[str, Any] | None) -> str:
    if act is None:
        return ""
    at = datetime.fromisoformat(act["at"]).astimezone(AGENCY_ZONE)
    return f"{act['name']}, {at:%d.%m.%Y %H:%M}"


def _day(text: str) -> str:
    return f"{datetime.fromisoformat(text):%d.%m.%Y}"


def _write(path: Path, data: bytes) -> None:
    """Complete or not there: temporary file, fsync, rename, fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")  # a fixed name: a run that was killed leaves nothing behind
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
