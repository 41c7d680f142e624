"""The table "What becomes of input" (INTERFACES), the lines about a file's bytes: one run of `eakte ingest --wait`.

Every file is offered with good ones between: each ends in the state of its line with a German reason, a row in the
ledger and an audit event, without a stack trace, and the good ones are not touched by it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from archive.models import ContentFile, DocumentVersion
from ingest import quarantine
from ingest.models import MailItem, Receipt
from ingest.reporting import reconcile
from tests.ingest import hostile_files as hostile
from tests.ingest.door import House, book, letter, open_house
from tests.support import stored_file

# file name, bytes, state, reason; a taken file has no certain case and goes to clearing with the note beside it.
TABLE: list[tuple[str, Callable[[], bytes], str, str | None]] = [
    ("01-good.pdf", lambda: book(letter("erster")), "clearing", None),
    ("02-owner-password.pdf", lambda: hostile.locked("", "geheim"), "clearing", "decrypted"),
    ("03-empty-password.pdf", lambda: hostile.locked("", ""), "clearing", "decrypted"),
    ("04-active.pdf", hostile.active, "clearing", "active_content"),
    ("05-hidden-action.pdf", hostile.hidden_action, "clearing", "active_content"),
    ("06-opens-at-a-page.pdf", hostile.opens_at_a_page, "clearing", None),
    ("07-wrong-name.jpg", lambda: book(letter("falsche Endung")), "clearing", "wrong_extension"),
    ("08-no-table.pdf", hostile.without_cross_references, "clearing", "repaired"),
    ("09-form-loop.pdf", hostile.form_loop, "clearing", None),
    ("10-phone.jpg", hostile.phone_photo, "clearing", None),
    ("20-empty.pdf", lambda: b"", "rejected", "empty_file"),
    ("21-no-pages.pdf", hostile.no_pages, "rejected", "no_pages"),
    ("22-text.txt", lambda: b"Sehr geehrte Damen und Herren", "rejected", "unknown_type"),
    ("23-archive.pdf", hostile.zip_archive, "rejected", "unknown_type"),
    ("24-mail.eml", lambda: b"From: a@example.org\nSubject: x\n\nText", "rejected", "unknown_type"),
    ("25-good.pdf", lambda: book(letter("zweiter")), "clearing", None),
    ("30-truncated.pdf", lambda: hostile.truncated(0.5), "quarantined", "damaged"),
    ("31-nearly-whole.pdf", lambda: hostile.truncated(0.97), "quarantined", "damaged"),
    ("32-cut.jpg", hostile.cut_jpeg, "quarantined", "damaged"),
    ("33-head-only.png", lambda: b"\x89PNG\r\n\x1a\n", "quarantined", "damaged"),
    ("34-password.pdf", lambda: hostile.locked("geheim", "x"), "quarantined", "needs_password"),
    ("35-only-user-password.pdf", lambda: hostile.locked("geheim", ""), "quarantined", "needs_password"),
    ("36-bomb.pdf", hostile.page_bomb, "quarantined", "decompression_bomb"),
    ("37-bomb-in-bomb.pdf", lambda: hostile.page_bomb(2), "quarantined", "decompression_bomb"),
    ("38-huge.png", hostile.huge_png, "quarantined", "too_many_pixels"),
    ("39-hidden-image.pdf", hostile.hidden_image, "quarantined", "too_many_pixels"),
    ("40-wall.pdf", hostile.wall, "quarantined", "too_many_pixels"),
    ("41-tree-loop.pdf", hostile.page_tree_loop, "quarantined", "recursion"),
    ("42-nested.pdf", hostile.deep_nesting, "quarantined", "damaged"),
    ("43-broken-scan.pdf", hostile.broken_scan, "quarantined", "page_unreadable"),
    ("99-good.pdf", lambda: book(letter("letzter")), "clearing", None),
]
pytestmark = pytest.mark.timeout(900)
NAMES = [line[0] for line in TABLE]
GERMAN = re.compile(r"\b(Die|Eine|Der|Bitte|Diese)\b")


@dataclass
class Run:
    """What one run over all files said."""

    house: House
    lines: dict[str, dict[str, Any]]
    stderr: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("input")
    mail = folder / "mail"
    mail.mkdir()
    for name, make, _, _ in TABLE:
        (mail / name).write_bytes(make())
    house = open_house(folder / "home")
    lines, stderr = house.ingest(mail)
    return Run(house, {Path(line["source"]).name: line for line in lines}, stderr)


@pytest.mark.parametrize(("name", "state", "code"), [(name, state, code) for name, _, state, code in TABLE], ids=NAMES)
def test_each_file_ends_as_the_table_says(run: Run, name: str, state: str, code: str | None) -> None:
    line = run.lines[name]
    codes = [reason["code"] for reason in line["reasons"]]
    assert line["state"] == state, codes
    assert (code in codes) if code else not set(codes) & {"active_content", "decrypted", "repaired"}
    assert all(GERMAN.search(reason["text"]) and reason["text"].endswith(".") for reason in line["reasons"])
    assert line["inbox"] == ("clearing" if state == "clearing" else None)
    assert line["pages"] == (0 if line["item_no"] == 0 else 1)
    assert line["seconds"] is not None


def test_nothing_was_taken_twice_or_lost(run: Run) -> None:
    assert sorted(run.lines) == NAMES
    counts = reconcile(run.house.services.database, run.house.services.blobs, run.house.agency, 3600)
    assert (counts["received"], counts["difference"], counts["orphans"]) == (len(TABLE), 0, 0)


def test_no_stack_trace_reaches_people(run: Run) -> None:
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_file_has_its_row_and_its_events(run: Run, name: str) -> None:
    receipt_id = run.lines[name]["receipt_id"]
    accepted = [str(event.object_id) for event in run.house.events("receipt.accepted")]
    assert accepted.count(receipt_id) == 1
    state = run.lines[name]["state"]
    action = {"clearing": "receipt.split"}.get(state, f"receipt.{state}")
    if name == "43-broken-scan.pdf":  # its structure was sound: the item, not the receipt, is quarantined
        action = "receipt.split"
    assert [str(event.object_id) for event in run.house.events(action)].count(receipt_id) == 1


def test_what_acts_stays_in_the_master_only(run: Run) -> None:
    rendition, master = (_content(run, "04-active.pdf", role) for role in ("rendition", "scan_master"))
    assert hostile_words(master)
    assert not hostile_words(rendition)
    with pikepdf.open(io.BytesIO(rendition)) as pdf:
        assert len(pdf.pages) == 1
        assert not pdf.attachments
        assert "/OpenAction" not in pdf.Root


def hostile_words(data: bytes) -> set[str]:
    """Names and contents of active parts, wherever they stand in the file."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        everything = pdf.Root.unparse(resolved=True) + b"".join(
            one.unparse(resolved=True) + (one.read_bytes() if isinstance(one, pikepdf.Stream) else b"")
            for one in pdf.objects
            if isinstance(one, pikepdf.Stream | pikepdf.Dictionary | pikepdf.Array)
        )
    words = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"ANHANG-KANARIE", b"app.alert")
    return {word.decode() for word in words if word in everything}


def _content(run: Run, name: str, role: str) -> bytes:
    document = run.lines[name]["document_ids"][0]
    with run.house.services.database.read() as session:
        found = (
            session.query(ContentFile)
            .join(DocumentVersion, DocumentVersion.id == ContentFile.version_id)
            .filter(ContentFile.role == role)
            .all()
        )
        versions = {one.id: str(one.document_id) for one in session.query(DocumentVersion)}
    sha = next(one.sha256 for one in found if versions[one.version_id] == document)
    return stored_file(run.house.services.blobs, sha).read_bytes()


def test_refused_mail_is_open_work_until_a_person_ends_it(run: Run) -> None:
    house = run.house
    refused = sum(state in ("rejected", "quarantined") for _, _, state, _ in TABLE)
    entries = quarantine.open_entries(house.services.database, house.agency)
    assert len(entries) == refused
    listed = house.command("quarantine", "list")
    assert len(listed.stdout.splitlines()) == refused
    by_receipt = {entry["receipt_id"]: entry["id"] for entry in entries}
    released = by_receipt[run.lines["34-password.pdf"]["receipt_id"]]
    rejected = by_receipt[run.lines["20-empty.pdf"]["receipt_id"]]
    retried = by_receipt[run.lines["32-cut.jpg"]["receipt_id"]]
    assert house.command("quarantine", "release", released, "--reason", "neu angefordert").exit_code == 0
    assert house.command("quarantine", "reject", rejected, "--reason", "Absender benachrichtigt").exit_code == 0
    assert house.command("quarantine", "retry", retried).exit_code == 0
    again = house.command("quarantine", "release", released, "--reason", "noch einmal")
    assert again.exit_code == 1
    assert "schon erledigt" in again.stderr
    with house.services.database.read() as session:
        ended = session.query(MailItem).filter(MailItem.ended_at.is_not(None)).all()
        waiting = session.query(Receipt).filter(Receipt.state == "accepted").all()
    assert {item.ended_reason for item in ended} == {"neu angefordert", "Absender benachrichtigt"}
    assert [str(receipt.id) for receipt in waiting] == [run.lines["32-cut.jpg"]["receipt_id"]]
    assert len(quarantine.open_entries(house.services.database, house.agency)) == refused - 3
    assert [len(house.events(f"quarantine.{how}")) for how in ("released", "rejected", "retried")] == [1, 1, 1]
