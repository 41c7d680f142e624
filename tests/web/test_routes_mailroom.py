"""The mailroom's pages over the real services: the balance of a day, quarantine as work, and who sees what."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from archive.models import Document
from core.actor import system_actor
from core.ids import new_id
from core.models import AuditEvent
from ingest.models import MailItem, Receipt, ReceiptPage
from ingest.quarantine import open_entries
from organisation.models import ScanStation
from organisation.stations import create_station
from tests.web.room import TODAY, Room, make_room, post

BASE = "/poststelle/quarantaene"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = make_room(tmp_path)
    with made.database.write() as tx:
        create_station(tx, system_actor(made.agency_id), "SCAN-1", "JC-POST")
        create_station(tx, system_actor(made.agency_id), "SCAN-FERN", "SZ-HOL-L")
    return made


def receipt(room: Room, station: str | None, states: list[str], pages: int | None = None, **values: Any) -> UUID:
    """A split receipt with one page for each item, or one that says another number of pages."""
    with room.database.write() as tx:
        found = tx.session.scalar(select(ScanStation.id).where(ScanStation.code == station)) if station else None
        one = Receipt(
            id=new_id(), agency_id=room.agency_id, sha256="0" * 64, size=1, channel="station", station_id=found,
            idempotency_key=str(uuid4()), source_name="stapel-0417.pdf", received_on=TODAY, received_on_source="told",
            accepted_at=tx.now, state="split", page_count=len(states) if pages is None else pages, **values,
        )  # fmt: skip
        tx.session.add(one)
        tx.session.flush()
        for number, state in enumerate(states, 1):
            reasons = [{"code": "damaged", "text": "Die Datei ist beschädigt"}]
            item = MailItem(
                id=new_id(), agency_id=room.agency_id, receipt_id=one.id, item_no=number, page_count=1, state=state,
                reasons=reasons,
            )  # fmt: skip
            tx.session.add(item)
            tx.session.flush()
            page = ReceiptPage(receipt_id=one.id, page_no=number, kind="item", mail_item_id=item.id, item_page_no=1)
            tx.session.add(page)
        return one.id


def entry(room: Room, receipt_id: UUID, state: str = "quarantined") -> MailItem:
    with room.database.read() as session:
        query = select(MailItem).where(MailItem.receipt_id == receipt_id, MailItem.state == state)
        return session.scalars(query).one()


def test_the_balance_adds_up_and_names_what_is_open(room: Room) -> None:
    receipt(room, "SCAN-1", ["filed", "filed", "clearing", "in_work", "quarantined", "rejected"])
    page = room.client("akurtoglu").get("/poststelle").text
    assert "6 Sendungen angenommen" in page
    for words in ("2 abgelegt", "1 in Klärung", "1 in Arbeit", "1 in Quarantäne", "1 nicht verarbeitbar"):
        assert words in page
    assert "Differenz 0" in page
    assert "Tag danach" not in page
    assert "An diesem Tag ist nichts eingegangen" in room.client("akurtoglu").get("/poststelle?tag=23.11.2026").text


@pytest.mark.parametrize("decided", [{"filed": True}, {"state": "dismissed"}])
def test_a_letter_that_a_person_decided_about_meanwhile_waits_no_more(room: Room, decided: dict[str, Any]) -> None:
    """Read once more it came into quarantine, while it lay in clearing."""
    found = entry(room, receipt(room, "SCAN-1", ["quarantined"]))
    client = room.client("akurtoglu")
    with room.database.write() as tx:
        document = room.document(tx)
        tx.session.get_one(MailItem, found.id).document_id = document.id
    assert str(found.id) in client.get(BASE).text
    with room.database.write() as tx:
        for name, value in decided.items():
            setattr(tx.session.get_one(Document, document.id), name, value)
    assert str(found.id) not in client.get(BASE).text
    assert open_entries(room.database, room.agency_id) == []


def test_a_lost_page_shows(room: Room) -> None:
    receipt(room, "SCAN-1", ["filed", "filed"], pages=3)
    page = room.client("akurtoglu").get("/poststelle").text
    assert "Differenz: 1 Seite liegt in keiner Sendung." in page
    assert "1 Seite fehlt" in page


@pytest.mark.parametrize("damage", ["page_without_item", "item_without_page"])
def test_damage_by_hand_shows(room: Room, damage: str) -> None:
    receipt(room, "SCAN-1", ["filed", "filed"])
    with room.database.write() as tx:
        page = tx.session.scalars(select(ReceiptPage).where(ReceiptPage.page_no == 2)).one()
        if damage == "page_without_item":
            page.mail_item_id = None
        else:
            tx.session.delete(page)
    assert "Differenz 0" not in room.client("akurtoglu").get("/poststelle").text


def test_an_unsplit_receipt_is_one_item_in_work(room: Room) -> None:
    receipt(room, "SCAN-1", [], pages=None, sheets_told=12)
    page = room.client("akurtoglu").get("/poststelle").text
    assert "1 Sendung angenommen" in page
    assert "1 in Arbeit" in page


def test_a_wrong_day_is_said_and_a_future_one_is_today(room: Room) -> None:
    client = room.client("akurtoglu")
    for typed in ("gestern", "01.01.0001", "31.12.9999", "30.02.2026", "24.11.26"):
        wrong = client.get(f"/poststelle?tag={typed}")
        assert wrong.status_code == 422, typed
        assert "Schreiben Sie das Datum so" in wrong.text
    assert "Heute, 24.11.2026" in client.get("/poststelle?tag=01.01.2030").text


def test_a_person_ends_an_entry_with_a_reason(room: Room) -> None:
    item = entry(room, receipt(room, "SCAN-1", ["quarantined"])).id
    client = room.client("akurtoglu")
    listed = client.get(BASE).text
    assert "stapel-0417.pdf" in listed
    assert "Die Datei ist beschädigt." in listed
    nothing = post(client, f"{BASE}/{item}/beenden")
    assert nothing.status_code == 422
    assert "Wählen Sie zuerst, was geschehen ist." in nothing.text
    without = post(client, f"{BASE}/{item}/beenden", wie="released", grund=" ")
    assert without.status_code == 422
    assert "Bitte geben Sie eine Begründung an." in without.text
    assert post(client, f"{BASE}/{item}/beenden", wie="released", grund="x" * 401).status_code == 422
    done = post(client, f"{BASE}/{item}/beenden", wie="rejected", grund="Absender angerufen")
    assert done.headers["location"] == f"{BASE}?getan=beendet"
    assert "Nichts in Quarantäne" in client.get(done.headers["location"]).text
    again = post(client, f"{BASE}/{item}/beenden", wie="released", grund="noch einmal")
    assert again.status_code == 409
    with room.database.read() as session:
        ended = session.get_one(MailItem, item)
        assert (ended.state, ended.ended_reason) == ("rejected", "Absender angerufen")
        act = session.scalars(select(AuditEvent).where(AuditEvent.action == "quarantine.rejected")).one()
        assert act.actor_id == ended.ended_by
    assert "1 von Hand beendet" in client.get("/poststelle").text


def test_an_entry_is_processed_once_more(room: Room) -> None:
    item = entry(room, receipt(room, "SCAN-1", ["quarantined"])).id
    client = room.client("rhinnerksen")
    assert post(client, f"{BASE}/{item}/nochmal").headers["location"] == f"{BASE}?getan=nochmal"
    with room.database.read() as session:
        assert session.get_one(MailItem, item).state == "in_work"
    assert post(client, f"{BASE}/{item}/nochmal").status_code == 404


def test_everybody_sees_only_what_they_answer_for(room: Room) -> None:
    """The mailroom: stations of its own units; clearing: all of the agency; everybody else: nothing, not a number."""
    own, far = receipt(room, "SCAN-1", ["quarantined"]), receipt(room, "SCAN-FERN", ["quarantined"])
    unknown = receipt(room, None, ["quarantined"])
    items = {one: entry(room, one).id for one in (own, far, unknown)}
    assert room.client("akurtoglu").get(BASE).text.count("ea-eintraege") == 1
    for user, seen in (("akurtoglu", {own}), ("rhinnerksen", {own, far, unknown})):
        client = room.client(user)
        for receipt_id, item in items.items():
            expected = 200 if receipt_id in seen else 404
            assert client.get(f"{BASE}/{item}/beenden").status_code == expected
    assert "3 Sendungen angenommen" in room.client("rhinnerksen").get("/poststelle").text
    assert "1 Sendung angenommen" in room.client("akurtoglu").get("/poststelle").text
    for user in ("tnommen", "kfeddermann", "sbahnsand", "mockholm", "pruefung1", "tharksand"):
        client = room.client(user)
        assert client.get("/poststelle").status_code == client.get(BASE).status_code == 404
        assert 'href="/poststelle"' not in client.get("/einstellungen").text
        assert post(client, f"{BASE}/{items[own]}/beenden", wie="released", grund="x").status_code == 404
        assert post(client, f"{BASE}/{items[own]}/nochmal").status_code == 404
    assert entry(room, own).ended_at is None


def test_filed_mail_is_no_entry(room: Room) -> None:
    filed = entry(room, receipt(room, "SCAN-1", ["filed"]), "filed").id
    assert room.client("rhinnerksen").get(f"{BASE}/{filed}/beenden").status_code == 404


def test_the_statement_is_for_everybody(room: Room) -> None:
    for client in (room.client(), room.client("tnommen")):
        page = client.get("/barrierefreiheit")
        assert page.status_code == 200
        assert "Erklärung zur Barrierefreiheit" in page.text
    assert 'href="/barrierefreiheit"' in room.client().get("/anmelden").text


def test_an_auditor_checks_the_chain(room: Room) -> None:
    client = room.client("pruefung1")
    log = "/pruefung/aktuell/protokoll"
    assert "noch nicht geprüft" in client.get(log).text
    assert "lückenlos und unverändert" in client.get(f"{log}?kette=pruefen").text
    room.settings.anchor_file.parent.mkdir(parents=True, exist_ok=True)
    room.settings.anchor_file.write_text('{"block_no": 7, "last_no": 40, "hash": "00"}\n')
    broken = client.get(f"{log}?kette=pruefen").text
    assert "Die Kette ist nicht in Ordnung. Das Ende fehlt: Bis Eintrag 40 müsste etwas da sein." in broken


def seen(pattern: str, client: TestClient, path: str) -> tuple[list[str], list[str]]:
    """What stands on all pages from `path` on, page by page, and where each page led."""
    found, ways = [], []
    while path:
        page = client.get(path).text
        found += re.findall(pattern, page)
        onward = re.search(r'href="([^"]+)" rel="next">Weitere', page)
        path = unescape(onward[1]) if onward else ""
        ways.append(path)
    return found, ways


def test_quarantine_is_paged_and_nothing_is_left_out_or_shown_twice(room: Room) -> None:
    for _ in range(3):
        receipt(room, "SCAN-1", ["quarantined"] * 40)
    client = room.client("akurtoglu")
    found, ways = seen(r'<h3 id="e-([^"]+)"', client, BASE)
    assert ways == [f"{BASE}?ab=50", f"{BASE}?ab=100", ""]
    assert (len(found), len(set(found))) == (120, 120)
    assert f'href="{BASE}?ab=50" rel="prev"' in client.get(ways[1]).text
    beyond = client.get(f"{BASE}?ab=5000").text
    assert re.findall(r'<h3 id="e-([^"]+)"', beyond) == found[100:], "ended meanwhile: the last page, not an empty one"
    assert client.get(f"{BASE}?ab=-1").status_code == 422


def test_the_day_is_paged_and_its_balance_stays_that_of_the_day(room: Room) -> None:
    for _ in range(110):
        receipt(room, "SCAN-1", ["filed"])
    receipt(room, "SCAN-1", ["quarantined"])
    client = room.client("akurtoglu")
    rows, ways = seen(r'<th scope="row">(SCAN-1)</th>', client, "/poststelle?tag=24.11.2026")
    assert (len(rows), len(ways)) == (111, 3)
    pages = [client.get(path).text for path in ("/poststelle", *ways[:2])]
    assert all("111 Sendungen angenommen" in page for page in pages)
    assert ["1 in Quarantäne</td>" in page for page in pages] == [True, False, False], "problems first"


@pytest.mark.parametrize("day", ["01.01.0001", "31.12.9999", "24.11.26"])
def test_a_day_outside_the_calendar_is_told_and_no_fault_of_ours(room: Room, day: str) -> None:
    board = room.client("akurtoglu").get("/poststelle", params={"tag": day})
    log = room.client("pruefung1").get("/pruefung/aktuell/protokoll", params={"bis": day})
    assert (board.status_code, log.status_code) == (422, 422)
    assert "Schreiben Sie das Datum so: 24.11.2026." in board.text
    assert "Schreiben Sie das Datum so: 24.11.2026." in log.text
