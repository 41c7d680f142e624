"""Case files, documents, search and the auditor's room over the real services."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from archive.models import CaseFile, CaseGrant, ContentFile, Document, DocumentVersion
from core.errors import InvalidInput
from core.models import AuditEvent
from organisation.models import User
from tests.web.room import TODAY, Room, fields, make_room, post
from web import routes_records
from web.mapping_records import transfer_lines
from web.mapping_search import fragments, full_query

CASE = "/akte/99801-0004711"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def test_a_case_shows_cover_register_and_documents(room: Room) -> None:
    room.filed("dirks", "Nebenkosten")
    room.filed("dirks", "Vollmacht")
    client = room.client("tnommen")
    page = client.get(CASE)
    assert page.status_code == 200
    for words in ("Dirks, Anna", "Tjark Nommen, Leistung 1", "12.05.1991", "laufend", "Diese Woche", "Vollmacht"):
        assert words in page.text, words
    assert f"{CASE}/dokument/2" in page.text
    assert "Blatt 3–4" in page.text
    assert re.search(r'Dokumente <span class="ea-zahl"><span class="kern-sr-only">, </span><span[^>]*>2<', page.text)
    one = client.get(f"{CASE}?dokument=1", headers={"HX-Request": "true", "HX-Target": "section#vorschau"}).text
    assert "Nebenkosten" in one
    assert "Vollmacht" not in one
    assert "<html" not in one
    part = client.get(f"{CASE}?text=vollm", headers={"HX-Request": "true", "HX-Target": "div#liste-bereich"}).text
    assert "Vollmacht" in part
    assert "Nebenkosten" not in part
    for odd in ("dokument=99", "dokument=99999999999999999999"):
        assert client.get(f"{CASE}?{odd}").status_code == 404
    assert client.get(f"{CASE}?dokument=x&zeitraum=x&sortierung=x&schlagwort=x").status_code == 200


def test_a_number_in_another_spelling_leads_to_the_one_address(room: Room) -> None:
    client = room.client("tnommen")
    for spelling in ("99801BG0004711", "99801 BG 0004711", "99801-0004711 "):
        answer = client.get(f"/akte/{spelling}")
        assert (answer.status_code, answer.headers["location"]) == (303, CASE)


def test_a_foreign_case_and_a_missing_one_read_the_same_but_for_the_number(room: Room) -> None:
    client = room.client("tnommen")
    foreign, missing = client.get("/akte/99801-0004713"), client.get("/akte/99801-9999999")
    assert foreign.status_code == missing.status_code == 404
    assert "Unter 99801-0004713 finden Sie hier keine Akte." in foreign.text
    words = [re.sub(r"Kennung \w+|99801-\d+", "", page.text) for page in (foreign, missing)]
    assert words[0] == words[1]


def test_a_document_with_text_notes_and_transfer_note(room: Room) -> None:
    item = room.filed("dirks", "Nebenkosten")
    with room.database.read() as session:
        document = session.get_one(Document, room.item(item).document_id)
    client = room.client("tnommen")
    page = client.get(f"{CASE}/dokument/1").text
    assert "Nebenkosten" in page
    assert "24.11.2026, angegeben von der Poststelle" in page
    assert "Seite 1 von 2" in page
    assert f"{CASE}/dokument/1?seite=2" in page
    assert "unsicher gelesen" in client.get(f"{CASE}/dokument/1?ansicht=text").text
    done = post(client, f"{CASE}/dokument/1/notiz", text="Miete geprüft")
    after = client.get(done.headers["location"]).text
    assert "Notiz gespeichert." in after
    assert "Miete geprüft" in after
    assert client.get(f"{CASE}/dokument/2").status_code == client.get(f"{CASE}/dokument/x").status_code == 404
    assert document.title == "Nebenkosten"


def test_the_transfer_note_is_shown_with_what_it_has() -> None:
    assert transfer_lines({}) == (transfer_lines({"pages": []})[0],)
    note = {"creator": {"operator": "S-17", "station": "SCAN1"}, "pages": [{}, {}], "statement": "Übernommen."}
    lines = {line.term: line.text for line in transfer_lines(note)}
    assert lines == {"Erfasst von": "S-17, SCAN1", "Seiten": "2", "Erklärung": "Übernommen."}
    times = {"received_on": "2026-07-09", "accepted_at": "2026-07-10T22:05:34.501199+00:00"}
    shown = {line.term: line.text for line in transfer_lines({"times": times})}
    assert (shown["Eingang"], shown["Angenommen"]) == ("09.07.2026", "11.07.2026, 00:05 Uhr")


def test_pdf_and_original_are_sent_to_readers_only(room: Room) -> None:
    item = room.filed("dirks")
    blob = room.blobs.put_bytes(b"%PDF-1.7 test")
    with room.database.write() as tx:
        document_id = room.item(item).document_id
        version = tx.session.scalar(select(DocumentVersion).where(DocumentVersion.document_id == document_id))
        assert version is not None
        for role in ("scan_master", "rendition"):
            tx.session.add(
                ContentFile(version_id=version.id, role=role, sha256=blob.sha256, media_type="application/pdf", size=13)
            )
    client = room.client("tnommen")
    pdf = client.get(f"{CASE}/dokument/1/pdf")
    assert pdf.content == b"%PDF-1.7 test"
    assert pdf.headers["cache-control"] == "private, no-cache"
    again = client.get(f"{CASE}/dokument/1/pdf", headers={"If-None-Match": pdf.headers["etag"]})
    assert again.status_code == 304
    original = client.get(f"{CASE}/dokument/1/original")
    assert original.headers["content-disposition"].startswith("attachment")
    assert client.get(f"{CASE}/dokument/1/pdf", headers={"Range": "bytes=0-3"}).content == b"%PDF"
    for path in ("pdf", "original"):
        assert room.client("pclausbrook").get(f"{CASE}/dokument/1/{path}").status_code == 404


def test_closing_and_opening_again(room: Room) -> None:
    worker, lead = room.client("tnommen"), room.client("kfeddermann")
    form = fields(worker.get(CASE).text, f"{CASE}/schliessen")
    stale = worker.post(f"{CASE}/schliessen", data={**form, "version": "99", "kennung": "alt"})
    assert stale.status_code == 409
    closed = worker.post(f"{CASE}/schliessen", data=form)
    page = worker.get(closed.headers["location"]).text
    assert "Akte geschlossen." in page
    assert "zu den Akten seit 24.11.2026" in page
    assert "wieder-oeffnen" not in page
    version = str(int(form["version"]) + 1)
    assert post(worker, f"{CASE}/wieder-oeffnen", grund="x", version=version).status_code == 404
    assert "wieder-oeffnen" in lead.get(CASE).text
    empty = post(lead, f"{CASE}/wieder-oeffnen", grund=" ", version=version)
    assert empty.status_code == 422
    assert "Bitte geben Sie an, warum" in empty.text
    assert post(lead, f"{CASE}/wieder-oeffnen", grund="Neuer Antrag", version=version).status_code == 303
    with room.database.read() as session:
        assert session.get_one(CaseFile, room.cases["dirks"]).state == "open"


def test_search_shows_hits_and_narrows(room: Room) -> None:
    item = room.filed("dirks", "Nebenkosten")
    client = room.client("tnommen")
    assert "Wonach suchen Sie?" in client.get("/suche").text
    assert client.get("/suche?q=99801//0004711").headers["location"] == CASE
    result = {
        "document_id": str(room.item(item).document_id), "page": 2, "title": "Nebenkosten",
        "case_file_number": "99801//0004711", "snippet": "die »Miete« <b> steigt", "received_on": "2026-11-24",
    }  # fmt: skip
    room.search.found = {
        "total": 1, "results": [result], "facets": {"type": {"MITTEILUNG": 1}, "year": {"2026": 1}},
        "understood": "Wort „miete“", "next_cursor": "20", "late_since": "2026-11-24T09:38:00+00:00",
    }  # fmt: skip
    page = client.get("/suche?q=miete&jahr=2026").text
    assert "Schreiben seit 10:38 Uhr fehlen hier noch." in page
    assert "1 Treffer, Stand 12:00 Uhr" in page
    assert f"{CASE}/dokument/1?seite=2&amp;fund=1" in page
    assert "&lt;b&gt; steigt" in page
    assert "Dirks, Anna" in page
    assert "Wort „miete“" in page
    assert "/suche?q=miete&amp;art=MITTEILUNG&amp;jahr=2026" in page
    assert "ab=20" in page
    assert room.search.asked[-1] == 'miete jahr:"2026"'
    foreign = room.client("pclausbrook").get("/suche?q=99801//0004711")
    assert foreign.status_code == 200
    assert "0004711</a>" not in foreign.text


def test_a_case_is_found_by_name_birth_date_and_part_of_its_number_before_it_holds_anything(room: Room) -> None:
    client = room.client("tnommen")
    for typed in ("dirks", "Anna Dirks", "12.05.1991", "BG 0004711", "4711"):
        page = client.get("/suche", params={"q": typed}).text
        assert f'href="{CASE}">Dirks, Anna, 99801//0004711 · 12.05.1991 · Lindenweg 12</a>' in page, typed
        assert "Kein Treffer" not in page
    for typed in ("gerdes", "11.01.1980", "dirks gerdes", "miete"):
        page = client.get("/suche", params={"q": typed}).text
        assert "Kein Treffer" in page, typed
        assert 'href="/akte/' not in page, typed
    assert 'href="/akte/' not in client.get("/suche?q=dirks&jahr=2026").text
    with room.database.write() as tx:
        tx.session.get_one(CaseFile, room.cases["dirks"]).state = "closed"
    assert f'href="{CASE}">Dirks' in client.get("/suche?q=dirks").text


def test_a_query_that_cannot_be_understood_says_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise InvalidInput("Die Klammer ist nicht geschlossen. Gesucht wurde nichts.")

    monkeypatch.setattr(room.search, "answer", refuse)
    answer = room.client("tnommen").get("/suche?q=(miete")
    assert answer.status_code == 422
    assert "Die Klammer ist nicht geschlossen." in answer.text
    assert room.client("mockholm").get("/suche?q=miete").status_code == 404


def test_a_selection_looks_at_the_whole_case(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """More documents than one chunk: the oldest one is found by its word, and by sheet it comes first."""
    monkeypatch.setattr(routes_records, "PAGE_SIZE", 2)
    for title in ("Mietvertrag", "Zweites", "Drittes", "Viertes"):
        room.filed("dirks", title)
    client = room.client("tnommen")
    newest = client.get(CASE).text
    assert "Mietvertrag" not in newest
    assert "Weitere Dokumente anzeigen" in newest
    assert "Mietvertrag" in client.get(f"{CASE}?text=mietv").text
    by_sheet = client.get(f"{CASE}?sortierung=blatt").text
    assert by_sheet.index("Mietvertrag") < by_sheet.index("Viertes")


def test_an_auditor_sees_assigned_cases_and_the_acts_on_them(room: Room) -> None:
    item = room.filed("dirks")
    room.filed("gerdes")
    post(room.client("tnommen"), f"/postkorb/e/{item}/erledigt")
    auditor = room.client("pruefung1")
    assert "Keine Akte in diesem Auftrag" in auditor.get("/pruefung/aktuell").text
    with room.database.write() as tx:
        user = tx.session.scalar(select(User.id).where(User.username == "pruefung1"))
        grant = CaseGrant(agency_id=room.agency_id, case_file_id=room.cases["dirks"], user_id=user, reason="audit")
        grant.valid_until = TODAY + timedelta(days=24)
        tx.session.add(grant)
    assert auditor.get("/pruefung").headers["location"] == "/pruefung/aktuell"
    page = auditor.get("/pruefung/aktuell").text
    assert "Dirks, Anna" in page
    assert "Gerdes" not in page
    assert "noch 24 Tage" in page
    log = auditor.get("/pruefung/aktuell/protokoll").text
    assert "Erledigt" in log
    assert "Tjark Nommen" in log
    assert "noch nicht gesiegelt" in log
    assert "look." not in log
    assert "99801//0004713" not in log
    assert "Erledigt</td>" not in auditor.get("/pruefung/aktuell/protokoll?vorgang=document.filed").text
    assert "Kein Vorgang passt" in auditor.get("/pruefung/aktuell/protokoll?bis=23.11.2026").text
    assert auditor.get("/pruefung/aktuell/protokoll?von=gestern").status_code == 422
    assert auditor.get("/pruefung/aktuell/protokoll?bis=31.12.9999").status_code == 422
    assert "schliessen" not in auditor.get(CASE).text
    assert post(auditor, f"{CASE}/schliessen", version="2").status_code == 404
    assert room.client("tnommen").get("/pruefung").status_code == 404
    room.clock.instant += timedelta(days=25)
    assert room.client("pruefung1").get(CASE).status_code == 404


def test_a_lead_opens_a_case_to_an_auditor_and_takes_that_back(room: Room) -> None:
    room.filed("dirks", "Nebenkosten")
    lead, auditor = room.client("kfeddermann"), room.client("pruefung1")
    assert f"{CASE}/freigeben" in lead.get(CASE).text
    assert f"{CASE}/freigabe-beenden" not in lead.get(CASE).text
    form = lead.get(f"{CASE}/freigeben").text
    assert 'value="pruefung1"' in form
    for wrong in (
        {"person": "pruefung1", "tag": "morgen", "grund": "x"},
        {"person": "pruefung1", "tag": "23.11.2026", "grund": "x"},
        {"person": "pruefung1", "tag": "30.11.2026", "grund": " "},
        {"tag": "30.11.2026", "grund": "x"},
    ):
        answer = post(lead, f"{CASE}/freigeben", **wrong)
        assert answer.status_code == 422
        assert wrong["tag"] in answer.text
    for other in ("tnommen", "pruefung1", "glevsen", "mockholm"):
        refused = post(room.client(other), f"{CASE}/freigeben", person="pruefung1", tag="30.11.2026", grund="x")
        assert refused.status_code == 404, other
    assert auditor.get(CASE).status_code == 404
    given = post(lead, f"{CASE}/freigeben", person="pruefung1", tag="30.11.2026", grund="Prüfung 4/26")
    page = lead.get(given.headers["location"]).text
    assert "Akte freigegeben." in page
    assert "bis 30.11.2026: Prüfung 4/26" in page
    shown = auditor.get(CASE).text
    assert "Nebenkosten" in shown
    assert "freigeben" not in shown
    assert "Freigabe beenden" in lead.get(f"{CASE}/freigabe-beenden").text
    ended = post(lead, f"{CASE}/freigabe-beenden", person="pruefung1")
    assert "Freigabe beendet." in lead.get(ended.headers["location"]).text
    assert auditor.get(CASE).status_code == 404


def test_every_look_is_in_the_log_and_a_refused_one_is_not(room: Room) -> None:
    room.filed("dirks")
    room.client("pclausbrook").get(f"{CASE}/dokument/1")
    with room.database.read() as session:
        assert session.scalar(select(AuditEvent.id).where(AuditEvent.category == "look")) is None
    room.client("tnommen").get(f"{CASE}/dokument/1")
    with room.database.read() as session:
        assert session.scalar(select(AuditEvent.id).where(AuditEvent.category == "look")) is not None


@given(st.text())
def test_a_snippet_keeps_its_text(text: str) -> None:
    shown = "".join(part.text for part in fragments(text))
    assert shown.replace("»", "").replace("«", "") == text.replace("»", "").replace("«", "")


@given(st.text(), st.text())
def test_narrowing_never_opens_a_quote(query: str, value: str) -> None:
    assert full_query(query, {"jahr": value}).count('"') == query.count('"') + (2 if value else 0)
