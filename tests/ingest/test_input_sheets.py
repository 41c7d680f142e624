"""The table "What becomes of input" (INTERFACES), the lines about sheets, counts and cases: through `eakte ingest`.

All pages hold their own text, so nothing is recognised; sheets are pages with a barcode and nothing else.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from fastapi.testclient import TestClient
from zxingcpp import BarcodeFormat

from eakte.intake import take_in
from eakte.serve import build_app
from inbox.models import InboxItem
from organisation.models import OrgUnit
from tests.databases import enter
from tests.ingest.door import BLANK, CLOSED, House, Sheet, Stuck, book, letter, open_house

pytestmark = pytest.mark.timeout(900)
ANNA = ("Anna Kowalczyk", "geb. 12.03.1984", "Deichweg 3, 00811 Halvesund")
OLAF = ("Ihr Zeichen 99801BG0055555", "Olaf Kahlke, geb. 20.05.1971")
WIEBKE = ("BG-Nummer 99801BG0077777", "Wiebke Thomsen, geb. 02.10.1990")
PLAIN = letter("Ein Schreiben")
SEP = Sheet("EA1|SEP")
NOTE = """Erika Beispiel, Deichweg 3, 00811 Halvesund
Sehr geehrte Damen und Herren,
anbei erhalten Sie die Bescheinigung meines Vermieters zur Miete ab Dezember.
Bitte bestätigen Sie mir den Eingang und sagen Sie mir, ob noch etwas fehlt.
Mit freundlichen Grüßen
Erika Beispiel"""


def _case(number: str) -> Sheet:
    return Sheet(f"EA1|CASE={number}")


# name, pages, and for each item: its pages, its state, the case, reasons that must be there
Expected = tuple[int, str, str | None, set[str]]
BATCHES: list[tuple[str, bytes, list[Expected]]] = [
    ("case", book(_case("W-00317/26"), PLAIN), [(1, "filed", "W-00317/26", set())]),
    ("case-unknown", book(_case("GIBTESNICHT"), PLAIN), [(1, "clearing", None, {"sheet_case_unknown"})]),
    ("case-closed", book(_case(CLOSED), PLAIN), [(1, "clearing", None, {"case_closed"})]),
    ("case-contradicted", book(_case("W-00317/26"), letter(*OLAF)), [(1, "clearing", None, {"sheet_contradicted"})]),
    ("unit", book(Sheet("EA1|UNIT=SZ-HOL-L"), PLAIN), [(1, "clearing", None, {"sheet_unit"})]),
    ("unit-unknown", book(Sheet("EA1|UNIT=NIRGENDS"), PLAIN), [(1, "clearing", None, {"sheet_unit_unknown"})]),
    ("field-unknown", book(Sheet("EA1|CASE=W-00317/26|FARBE=rot"), PLAIN), [(1, "clearing", None, {"sheet_fields"})]),
    ("field-doubled", book(Sheet("EA1|CASE=W-00317/26|CASE=L-1/26"), PLAIN), [(1, "clearing", None, {"sheet_fields"})]),
    ("doc-unknown", book(Sheet("EA1|CASE=W-00317/26|DOC=GIBTESNICHT"), letter("Art")),
     [(1, "clearing", None, {"sheet_doc_unknown"})]),
    ("key-unknown", book(Sheet("EA1|CASE=W-00317/26|KEY=L05"), letter("Wort")),
     [(1, "clearing", None, {"sheet_key_unknown"})]),
    ("count-wrong", book(Sheet("EA1|BATCH=1|SHEETS=3"), letter(*ANNA), SEP, PLAIN),
     [(1, "clearing", None, {"sheet_count"}), (1, "clearing", None, {"sheet_count"})]),
    ("count-simplex", book(Sheet("EA1|BATCH=2|SHEETS=2"), letter(*ANNA, "a"), letter("S. 2")),
     [(2, "filed", "99801BG0004711", set())]),
    ("count-duplex", book(Sheet("EA1|BATCH=3|SHEETS=1"), letter(*ANNA, "b"), BLANK),
     [(2, "filed", "99801BG0004711", set())]),
    ("batch-faulty", book(Sheet("EA1|BATCH=4|BATCH=5"), SEP, letter(*ANNA, "c"), SEP, letter(*ANNA, "d")),
     [(1, "clearing", None, {"sheet_fields"}), (1, "clearing", None, {"sheet_fields"})]),
    ("patch-39", book(PLAIN, Sheet("PATCHT", BarcodeFormat.Code39), letter("39")), [(1, "clearing", None, set())] * 2),
    ("patch-128", book(PLAIN, Sheet("PATCHT", BarcodeFormat.Code128), letter("128")), [(1, "clearing", None, set())] * 2),
    ("patch-qr", book(PLAIN, Sheet("PATCHT"), letter("qr")), [(1, "clearing", None, set())] * 2),
    ("batch-separates", book(letter("vorn"), Sheet("EA1|BATCH=6"), letter("hinten")), [(1, "clearing", None, set())] * 2),
    ("two-sheets", book(SEP, SEP, _case("W-00317/26"), letter("zwei")), [(1, "filed", "W-00317/26", set())]),
    ("blank-back", book(_case("W-00317/26"), BLANK, letter("Rücken")), [(1, "filed", "W-00317/26", set())]),
    ("sheet-last", book(letter("am Ende"), SEP), [(1, "clearing", None, set())]),
    ("foreign-code", book(letter("fremd"), Sheet("https://shop.example/q"), letter("davor")),
     [(3, "clearing", None, set())]),
    ("stuck-code", book(letter("davor"), Stuck("EA1|CASE=W-00317/26", NOTE), letter("danach")),
     [(3, "clearing", None, set())]),
    ("advertising", book(letter("Sonderangebot: Katalog", "Newsletter")), [(1, "clearing", None, {"advertising"})]),
    ("wrong-addressee", book(letter("An: Finanzamt Halvesund", "Zehntweg 20", "00818 Halvesund", *ANNA)),
     [(1, "clearing", None, {"wrong_addressee"})]),
    ("only-sheets", book(SEP, SEP), [(2, "clearing", None, {"only_sheets"})]),
    ("one-leist", book(letter("BG-Nummer 99801BG0004711", *ANNA)), [(1, "filed", "99801BG0004711", set())]),
    ("two-leist", book(letter(*WIEBKE)), [(1, "clearing", None, {"several_cases"})]),
]  # fmt: skip
NAMES = [name for name, _, _ in BATCHES]
# name, pages, the number of sheets that the station tells with them
TOLD = [
    ("told-right", book(letter(*ANNA, "e"), letter("Seite 2")), 2),
    ("told-wrong", book(letter(*ANNA, "f"), letter("Seite 2")), 3),
]


@dataclass
class Run:
    """What one run over all batches said."""

    house: House
    lines: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("sheets")
    mail = folder / "mail"
    mail.mkdir()
    for name, data, _ in BATCHES:
        (mail / f"{name}.pdf").write_bytes(data)
    house = open_house(folder / "home")
    told = folder / "told"
    told.mkdir()
    for name, data, _ in TOLD:
        (told / f"{name}.pdf").write_bytes(data)
    _send(house)
    lines, stderr = house.ingest(mail, str(told))
    assert "Traceback" not in stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        found.setdefault(Path(line["source"]).stem, []).append(line)
    return Run(house, found)


def _send(house: House) -> None:
    """As the station does; `ingest` of the same bytes from the same station on the same day is the same delivery."""
    with TestClient(build_app(house.services), headers={"Authorization": f"Bearer {house.token}"}) as client:
        for name, data, sheets in TOLD:
            headers = {"Content-Type": "application/pdf", "X-Sheets": str(sheets)}
            assert client.put(f"/api/v1/batches/{name}", content=data, headers=headers).status_code == 201


@pytest.mark.parametrize(("name", "expected"), [(name, items) for name, _, items in BATCHES], ids=NAMES)
def test_each_batch_becomes_the_items_of_the_table(run: Run, name: str, expected: list[Expected]) -> None:
    lines = run.lines[name]
    assert [line["item_no"] for line in lines] == list(range(1, len(expected) + 1))
    for line, (pages, state, case, codes) in zip(lines, expected, strict=True):
        assert (line["pages"], line["state"], line["case_file_number"]) == (pages, state, case), line["reasons"]
        found = {reason["code"] for reason in line["reasons"]}
        assert codes <= found
        assert not found & ({"sheet_count", "sheet_fields", "only_sheets"} - codes)
        assert all(reason["text"].endswith(".") for reason in line["reasons"])


@pytest.mark.parametrize(
    ("name", "state", "codes"), [("told-right", "filed", set()), ("told-wrong", "clearing", {"sheet_count"})]
)
def test_the_number_of_sheets_that_a_station_tells_counts(run: Run, name: str, state: str, codes: set[str]) -> None:
    (line,) = run.lines[name]
    assert (line["state"], line["pages"], line["duplicate_of"]) == (state, 2, None)
    assert {reason["code"] for reason in line["reasons"]} & {"sheet_count"} == codes


def test_a_blank_page_stays_in_the_master_and_is_named(run: Run) -> None:
    (line,) = run.lines["count-duplex"]
    assert line["blank_pages"] == [2]


def test_a_unit_without_a_case_clears_itself_an_unknown_one_nobody_else_would(run: Run) -> None:
    with run.house.services.database.read() as session:
        items = {str(one.document_id): one for one in session.query(InboxItem)}
        units = {one.id: one.code for one in session.query(OrgUnit)}
    named = items[run.lines["unit"][0]["document_ids"][0]]
    lost = items[run.lines["unit-unknown"][0]["document_ids"][0]]
    assert (named.inbox_kind, units.get(named.unit_id)) == ("clearing", "SZ-HOL-L")
    assert (lost.inbox_kind, lost.unit_id) == ("clearing", None)


def test_the_same_batch_twice_gives_the_old_lines(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is at its end is not waited for: no worker is started."""
    enter(monkeypatch, run.house.home)
    monkeypatch.delattr("eakte.supervisor.Supervisor")
    first = [line for name in NAMES for line in run.lines[name]]
    house, mail = run.house, Path(first[0]["source"]).parent
    again = take_in(house.services, house.agency, [mail], None, None, 600)
    assert sorted(again.lines, key=str) == sorted(first, key=str)


def test_the_same_bytes_elsewhere_are_a_duplicate_and_never_filed_twice(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, source = run.house, Path(run.lines["case"][0]["source"])
    enter(monkeypatch, house.home)
    take_in(house.services, house.agency, [source], "SCAN-2", None, None)
    other = take_in(house.services, house.agency, [source], None, date(2026, 1, 5), 600)
    outcome = take_in(house.services, house.agency, [source], "SCAN-2", None, 600)
    for line in outcome.lines + other.lines:
        assert line["duplicate_of"] == run.lines["case"][0]["receipt_id"]
        assert (line["state"], line["case_file_number"]) == ("clearing", None)
        assert "duplicate" in {reason["code"] for reason in line["reasons"]}


def test_a_station_no_longer_reads_what_is_filed(run: Run) -> None:
    house = run.house
    with TestClient(build_app(house.services), headers={"Authorization": f"Bearer {house.token}"}) as client:
        shown = {
            name: client.get(f"/api/v1/receipts/{run.lines[name][0]['receipt_id']}").json()["items"][0]
            for name in ("one-leist", "two-leist")
        }
    filed, waiting = shown["one-leist"], shown["two-leist"]
    assert run.lines["one-leist"][0]["evidence"]
    assert (filed["state"], filed["case_file_number"], filed["evidence"]) == ("filed", "99801BG0004711", [])
    assert waiting["evidence"] == run.lines["two-leist"][0]["evidence"] != []


def test_a_document_is_handed_out_to_its_readers_only_and_never_with_its_batch(run: Run, tmp_path: Path) -> None:
    """The batch has three sheets and pages of two letters; the letter's own master is one page."""
    house, (first, _) = run.house, run.lines["count-wrong"]
    (document,) = run.lines["one-leist"][0]["document_ids"]
    for form in ("text", "pdf", "original"):
        refused = house.command("documents", form, document, "--as", "stamsfeld", "--out", str(tmp_path / "refused"))
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert (
            house.command("documents", form, document, "--as", "tnommen", "--out", str(tmp_path / form)).exit_code == 0
        )
    assert not (tmp_path / "refused").exists()
    assert "Kowalczyk" in (tmp_path / "text").read_text("utf-8")
    for form in ("pdf", "original"):
        assert (
            house.command("documents", form, document, "--as", "tnommen").stdout_bytes == (tmp_path / form).read_bytes()
        )
    own = house.command("documents", "original", *first["document_ids"], "--as", "rhinnerksen").stdout_bytes
    with pikepdf.open(io.BytesIO(own)) as pdf:
        assert len(pdf.pages) == first["pages"] == 1
