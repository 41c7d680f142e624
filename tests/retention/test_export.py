"""Export of a case: names that courts take, an order, hashes that add up, an extract that verifies alone."""

from __future__ import annotations

import copy
import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf.pdfa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Pdf
from sqlalchemy import select, update

from archive.blobs.port import BlobMissing
from archive.models import CaseFile, Document
from core.audit import record_act
from core.errors import NotFound
from core.models import AuditEvent
from retention.export.audit_extract import build_extract, verify_extract
from retention.export.case_export import export_case
from retention.export.names import MAX_LENGTH, file_name, safe_part
from retention.singletons import settle_seals
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
def exported(world: World, tmp_path: Path) -> tuple[World, zipfile.ZipFile]:
    case = add_case(world, "W-00317/26", closed_on=None)
    other = add_case(world, "99801BG0000002", closed_on=None)
    for title in ("Widerspruch gegen den Bescheid " * 6, "=SUMME(A1)", "Antwort: „ärztlich“"):
        add_letter(world, case, title=title, pages=2)
    add_letter(world, (case, 2, 3), (other, 1, 1), title="Sammelrechnung", pages=3)
    done = export_case(world.database, world.blobs, world.actor("anna"), "W-00317/26", tmp_path / "out", anchor(world))
    assert done.documents == 4
    assert done.path.name == "Akte_W-00317-26_2026-11-24.zip"
    assert hashlib.sha256(done.path.read_bytes()).hexdigest() == done.sha256
    assert [path.name for path in done.path.parent.iterdir()] == [done.path.name]
    return world, zipfile.ZipFile(done.path)


def anchor(world: World) -> Path:
    return world.home / "anchors" / "audit.jsonl"


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
    verdict = verify_extract(extract)
    assert verdict.ok
    assert verdict.checked == len(extract["events"])


@pytest.mark.parametrize("who", ["otto", "rita", "arne"])
def test_whoever_may_not_read_the_case_exports_nothing(world: World, tmp_path: Path, who: str) -> None:
    add_letter(world, add_case(world, "99801BG0000001", closed_on=None))
    with pytest.raises(NotFound):
        export_case(world.database, world.blobs, world.actor(who), "99801BG0000001", tmp_path / "out", anchor(world))
    with world.database.read() as session:
        assert session.scalars(select(AuditEvent).where(AuditEvent.action == "case.exported")).all() == []
    assert not (tmp_path / "out").exists()


def test_missing_bytes_leave_no_half_export(world: World, tmp_path: Path) -> None:
    letter = add_letter(world, add_case(world, "99801BG0000001", closed_on=None))
    world.blobs.unlink(letter.blobs[2])
    with pytest.raises(BlobMissing):
        export_case(world.database, world.blobs, world.actor("anna"), "99801BG0000001", tmp_path / "out", anchor(world))
    assert list((tmp_path / "out").iterdir()) == []


def test_destroyed_and_empty_files(world: World, tmp_path: Path) -> None:
    case = add_case(world, "99801BG0000001", closed_on=None)
    done = export_case(world.database, world.blobs, world.actor("anna"), "99801BG0000001", tmp_path, anchor(world))
    assert done.documents == 0
    with world.database.write() as tx:
        tx.session.execute(update(CaseFile).where(CaseFile.id == case).values(state="destroyed"))
    with pytest.raises(NotFound):
        export_case(world.database, world.blobs, world.actor("anna"), "99801BG0000001", tmp_path, anchor(world))
    with world.database.read() as session:
        assert session.scalars(select(Document)).all() == []


@pytest.fixture
def extract(world: World) -> dict[str, Any]:
    """Nine events of one case in three blocks, among others'."""
    case, other = add_case(world, "99801BG0000001"), add_case(world, "99801BG0000002")
    actor = world.actor("anna")
    for block in range(3):
        with world.database.write() as tx:
            for number in range(3):
                record_act(tx, actor, f"test.{block}{number}", "case_file", case, case_file_id=case)
                record_act(tx, actor, "test.other", "case_file", other, case_file_id=other)
        settle_seals(world.database, anchor(world))
    with world.database.read() as session:
        return build_extract(session, case, anchor(world))


def kinds(extract: Any) -> set[str]:
    return {problem.kind for problem in verify_extract(extract).problems}


def test_an_honest_extract_is_sound_also_after_json(extract: dict[str, Any]) -> None:
    verdict = verify_extract(json.loads(json.dumps(extract)))
    assert (verdict.ok, verdict.checked) == (True, 9)
    assert len(extract["blocks"]) == len(extract["anchors"]) == 3


def test_every_change_to_an_extract_is_found(extract: dict[str, Any]) -> None:
    def with_change(change: Any) -> set[str]:
        forged = copy.deepcopy(extract)
        change(forged)
        return kinds(forged)

    assert "changed" in with_change(lambda e: e["events"][4]["event"].update(action="nothing"))
    assert "missing" in with_change(lambda e: e["events"].pop(4))
    assert "missing" in with_change(lambda e: e["events"].pop())
    assert "extra" in with_change(lambda e: e["events"].append(e["events"][0]))
    assert "reordered" in with_change(lambda e: e["events"].reverse())
    assert "block_changed" in with_change(lambda e: e["blocks"][1].update(last_no=99))
    assert "block_changed" in with_change(lambda e: e["blocks"][1].update(merkle_root="00" * 32))
    assert "anchor_mismatch" in with_change(lambda e: e["anchors"][0].update(hash="00" * 32))
    assert "extra" in with_change(lambda e: e.update(case_file_id="another"))
    assert "changed" in with_change(lambda e: e["events"][0].update(path=[]))
    assert "unreadable" in with_change(lambda e: e["blocks"].pop())
    assert "unreadable" in with_change(lambda e: e.update(format="eakte-audit-extract/2"))


@given(st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_no_file_breaks_the_verifier(value: Any) -> None:
    assert kinds(value) == {"unreadable"}
