"""Export of a case: names that courts take, an order, hashes that add up, an extract that verifies alone."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import date

import pikepdf.pdfa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Pdf
from sqlalchemy import delete, select, update

from archive.blobs.port import BlobMissing
from archive.granting import Admission, admit
from archive.models import CaseFile, ContentFile, Document, Filing
from core.errors import NotFound, Unavailable
from core.ids import new_id
from core.models import AuditEvent
from organisation.models import RoleAssignment, User
from retention.export import case_export
from retention.export.case_export import Exported, export_case
from retention.export.checking import check_extract
from retention.export.names import MAX_LENGTH, file_name, safe_part
from tests.retention.world import World, add_case, add_letter

NAME = re.compile(r"[0-9A-Za-zÄÖÜäöüß_-]+\.[a-z0-9]+")


@given(st.integers(1, 10**6), st.dates(), st.text(), st.sampled_from(["pdf", "tif"]))
def test_any_title_gives_a_name_that_courts_take(number: int, day: date, title: str, extension: str) -> None:
    name = file_name(number, day, title, extension)
    assert NAME.fullmatch(name), name
    assert len(name) <= MAX_LENGTH
    assert name.startswith(f"{number:04d}_{day.isoformat()}")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Antrag auf Übernahme (§ 22 SGB II)", "Antrag-auf-Übernahme-Par-22-SGB-II"),
        ("Yıldız/Łukasz Çelik", "Yildiz-Lukasz-Celik"),
        ("Übernahme", "Übernahme"),
        ("../../etc/passwd", "etc-passwd"),
        ("...", ""),
        ("a.b.pdf", "a-b-pdf"),
        ("Привет", ""),
    ],
)
def test_what_becomes_of_a_title(text: str, part: str) -> None:
    assert safe_part(text) == part


@pytest.fixture
def exported(world: World) -> tuple[World, zipfile.ZipFile]:
    case = add_case(world, "W-00317/26", closed_on=None)
    other = add_case(world, "99801BG0000002", closed_on=None)
    for title in ("Widerspruch gegen den Bescheid " * 6, "=SUMME(A1)", "Antwort: „ärztlich“"):
        add_letter(world, case, title=title, pages=2)
    add_letter(world, (case, 2, 3), (other, 1, 1), title="Sammelrechnung", pages=3)
    done = export(world, "W-00317/26")
    assert done.documents == 4
    assert done.path.name == "Akte_W-00317-26_2026-11-24.zip"
    assert hashlib.sha256(done.path.read_bytes()).hexdigest() == done.sha256
    assert [path.name for path in done.path.parent.iterdir()] == [done.path.name]
    return world, zipfile.ZipFile(done.path)


def export(world: World, number: str, who: str = "anna") -> Exported:
    return export_case(world.database, world.blobs, world.actor(who), number, world.places)


def test_the_documents_stand_in_order_as_single_pdfs(exported: tuple[World, zipfile.ZipFile]) -> None:
    _, packed = exported
    names = [name for name in packed.namelist() if name.startswith("0")]
    assert names == sorted(names)
    assert len(names) == 4
    assert all(NAME.fullmatch(name) and len(name) <= MAX_LENGTH for name in packed.namelist())
    for name in [*names, "Register.pdf"]:
        with Pdf.open(io.BytesIO(packed.read(name))) as pdf:
            assert pikepdf.pdfa.check(pdf, "2b").violations == (), name


def test_a_filing_of_some_pages_goes_out_with_those_pages_only(exported: tuple[World, zipfile.ZipFile]) -> None:
    _, packed = exported
    name = next(name for name in packed.namelist() if "Sammelrechnung" in name)
    with Pdf.open(io.BytesIO(packed.read(name))) as pdf:
        assert len(pdf.pages) == 2


def test_register_and_hash_list_agree_with_the_files(exported: tuple[World, zipfile.ZipFile]) -> None:
    _, packed = exported
    rows = list(csv.DictReader(io.StringIO(packed.read("Register.csv").decode("utf-8-sig")), delimiter=";"))
    assert [row["Nr."] for row in rows] == ["1", "2", "3", "4"]
    assert [row["Seiten"] for row in rows] == ["2", "2", "2", "2"]
    assert rows[0]["Eingang"] == "2009-03-01"
    assert rows[1]["Bezeichnung"] == "'=SUMME(A1)"
    lines = packed.read("SHA256SUMS.txt").decode().splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    assert set(sums) == set(packed.namelist()) - {"SHA256SUMS.txt"}
    for name, sha256 in sums.items():
        assert hashlib.sha256(packed.read(name)).hexdigest() == sha256
    assert {row["Datei"]: row["SHA-256"] for row in rows} == {name: sums[name] for name in sums if name.startswith("0")}


def test_the_extract_verifies_and_holds_the_export_itself(exported: tuple[World, zipfile.ZipFile]) -> None:
    _, packed = exported
    extract = json.loads(packed.read("Protokollauszug.json"))
    assert extract["unsealed"] == 0
    assert [entry["event"]["action"] for entry in extract["events"]][-1] == "case.exported"
    verdict = check_extract(extract)
    assert verdict.ok
    assert verdict.checked == len(extract["events"])


@pytest.mark.parametrize("who", ["otto", "rita", "arne"])
def test_whoever_may_not_read_the_case_exports_nothing(world: World, who: str) -> None:
    add_letter(world, add_case(world, "99801BG0000001", closed_on=None))
    with pytest.raises(NotFound):
        export(world, "99801BG0000001", who)
    with world.database.read() as session:
        assert session.scalars(select(AuditEvent).where(AuditEvent.action == "case.exported")).all() == []
    assert not world.places.out.exists()


def test_missing_bytes_leave_no_half_export(world: World) -> None:
    letter = add_letter(world, add_case(world, "99801BG0000001", closed_on=None))
    world.blobs.unlink(letter.blobs[2])
    with pytest.raises(BlobMissing):
        export(world, "99801BG0000001")
    assert not world.places.out.exists()
    assert list(world.places.work.iterdir()) == []


def test_destroyed_and_empty_files(world: World) -> None:
    case = add_case(world, "99801BG0000001", closed_on=None)
    done = export(world, "99801BG0000001")
    assert done.documents == 0
    with world.database.write() as tx:
        tx.session.execute(update(CaseFile).where(CaseFile.id == case).values(state="destroyed"))
    with pytest.raises(NotFound):
        export(world, "99801BG0000001")
    with world.database.read() as session:
        assert session.scalars(select(Document)).all() == []


def test_a_letter_that_only_its_original_shows_keeps_its_other_pages_to_itself(world: World) -> None:
    case, other = add_case(world, "99801BG0000001", closed_on=None), add_case(world, "99801BG0000002", closed_on=None)
    letter = add_letter(world, (case, 2, 2), (other, 1, 1), pages=2)
    with world.database.write() as tx:
        tx.session.execute(delete(ContentFile).where(ContentFile.role == "rendition"))
    with zipfile.ZipFile(export(world, "99801BG0000001").path) as packed:
        name = next(name for name in packed.namelist() if name.startswith("0001"))
        data = packed.read(name)
    with Pdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 1
    assert hashlib.sha256(data).hexdigest() not in letter.blobs


def test_many_letters_keep_their_order_by_name(world: World) -> None:
    case = add_case(world, "99801BG0000001", closed_on=None)
    add_letter(world, case, title="Erster")
    add_letter(world, case, title="Letzter")
    with world.database.write() as tx:
        tx.session.execute(update(Filing).where(Filing.ordinal == 2).values(ordinal=10_000))
    with zipfile.ZipFile(export(world, "99801BG0000001").path) as packed:
        assert [name.split("_")[0] for name in packed.namelist()[:2]] == ["00001", "10000"]


def test_nothing_leaves_while_the_log_cannot_be_sealed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add_letter(world, add_case(world, "99801BG0000001", closed_on=None))
    monkeypatch.setattr(case_export, "settle_seals", lambda *_: False)
    with pytest.raises(Unavailable):
        export(world, "99801BG0000001")
    assert not world.places.out.exists()
    assert list(world.places.work.iterdir()) == []


def test_an_auditor_exports_the_assigned_cases_within_the_time_and_no_other(world: World) -> None:
    mine = add_case(world, "W-00317/26", closed_on=None)
    add_case(world, "W-00318/26", closed_on=None)
    with world.database.write() as tx:
        auditor = User(id=new_id(), agency_id=world.agency, username="ines", display_name="Ines Beispiel")
        tx.session.add(auditor)
        tx.session.flush()
        tx.session.add(RoleAssignment(agency_id=world.agency, user_id=auditor.id, role="auditor", unit_id=world.unit))
    with world.database.write() as tx:
        admit(tx, world.actor("lena"), [mine], Admission("ines", date(2026, 11, 25), date(2026, 11, 26), "Prüfung"))
    for day in ("2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"):
        for number in ("W-00317/26", "W-00318/26"):
            if number == "W-00317/26" and day in ("2026-11-25", "2026-11-26"):
                assert day in export(world, number, "ines").path.name
            else:
                with pytest.raises(NotFound):
                    export(world, number, "ines")
        world.later(days=1)
    assert len(list(world.places.out.iterdir())) == 2
