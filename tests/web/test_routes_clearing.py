"""Clearing over the real services: evidence, candidates, filing and the way back; sealed cases stay unseen."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import event, select

from archive.models import CaseFile, Filing
from inbox.models import InboxItem
from organisation.models import OrgUnit, User
from tests.web.room import Room, csrf_of, fields, make_room, undo_of
from web.mapping_clearing import preselected

HTMX = {"HX-Request": "true"}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def candidate(room: Room, case: str, number: str, strength: int) -> dict[str, Any]:
    return {"case_file_id": str(room.cases[case]), "file_number": number, "strength": strength, "sure": False}


def sign(number: str, text: str, box: list[int], page: int = 1, verdict: str = "agrees") -> dict[str, Any]:
    return {"kind": "name", "verdict": verdict, "page": page, "box": box, "text": text, "candidate": number}


def doubtful(room: Room, title: str = "Unklar", first: int = 8, second: int = 4) -> Any:
    """A letter with two candidates: Dirks with two signs, Harms with one."""
    dirks, harms = "99801//0004711", "99801//0004712"
    return room.unclear(
        title,
        [candidate(room, "dirks", dirks, first), candidate(room, "harms", harms, second)],
        [
            sign(dirks, "Die Nummer stimmt.", [100, 200, 300, 240]),
            sign(dirks, "Name Anna Dirks stimmt.", [100, 300, 300, 340], 2),
            sign(harms, "Nur der Ort stimmt.", [100, 400, 300, 440], 1, "partly"),
        ],
    )


def decide(client: TestClient, item: Any, what: str = "ablegen", htmx: bool = False, **data: str) -> Response:
    form = {"csrf": csrf_of(client), "version": "1", "kennung": str(uuid4()), **data}
    answer: Response = client.post(f"/klaerung/{item}/{what}", data=form, headers=HTMX if htmx else {})
    return answer


def test_a_letter_shows_its_evidence_and_its_candidates(room: Room) -> None:
    item = doubtful(room)
    page = room.client("rhinnerksen").get(f"/klaerung/{item}").text
    assert "Das Schreiben passt zu mehreren Akten." in page
    assert "Dirks, Anna" in page
    assert "12.05.1991 · Lindenweg 12" in page
    assert "Die Nummer stimmt." in page
    radio = re.search(rf'<input type="radio"[^>]*value="{room.cases["dirks"]}"[^>]*>', page)
    assert radio
    assert "checked" in radio[0]
    assert 'data-beleg="1"' in page
    assert 'data-beleg="3"' in page
    assert 'data-beleg="2"' not in page
    second = room.client("rhinnerksen").get(f"/klaerung/{item}?seite=2").text
    assert 'data-beleg="2"' in second


def test_a_tie_preselects_nothing(room: Room) -> None:
    item = doubtful(room, first=5, second=5)
    page = room.client("rhinnerksen").get(f"/klaerung/{item}").text
    assert not re.search(r'<input type="radio"[^>]*checked', page)
    assert preselected([]) == preselected([{"case_file_id": "x"}]) == ""
    assert preselected([{"case_file_id": "x", "strength": 1}]) == "x"


def test_a_contradicted_or_closed_candidate_is_not_preselected(room: Room) -> None:
    """He left the community and still writes its number: one Enter must not file him there."""
    dirks = "99801//0004711"
    only = [candidate(room, "dirks", dirks, 8)]
    left = room.unclear("Ausgezogen", only, [sign(dirks, "Gehört nicht mehr dazu.", [1, 1, 9, 9], verdict="against")])
    whole = room.unclear("Sicher", only, [sign(dirks, "Die Nummer stimmt.", [1, 1, 9, 9])])
    client = room.client("rhinnerksen")
    checked = re.compile(r'<input type="radio"[^>]*checked')
    assert not checked.search(client.get(f"/klaerung/{left}").text)
    assert checked.search(client.get(f"/klaerung/{whole}").text)
    with room.database.write() as tx:
        tx.session.get_one(CaseFile, room.cases["dirks"]).state = "closed"
    assert not checked.search(client.get(f"/klaerung/{whole}").text)


def test_filing_and_undo_without_javascript(room: Room) -> None:
    item = doubtful(room, "Mietbescheinigung")
    client = room.client("rhinnerksen")
    page = client.get("/klaerung").text
    form = fields(page, f"/klaerung/{item}/ablegen")
    assert re.search(r'name="art"', page)
    assert 'value="24.11.2026"' in page
    decision = {"akte": str(room.cases["dirks"]), "art": "MITTEILUNG", "eingang": "23.11.2026"}
    done = client.post(f"/klaerung/{item}/ablegen", data={**form, **decision})
    assert done.status_code == 303
    assert done.headers["location"].startswith("/klaerung?getan=")
    after = client.get(done.headers["location"]).text
    assert "Abgelegt in Akte Dirks, Anna, 99801//0004711." in after
    assert "Alles geklärt" in after
    case = room.client("tnommen")
    assert "Mietbescheinigung" in case.get("/postkorb").text
    assert "23.11.2026" in case.get("/akte/99801-0004711/dokument/1").text
    assert client.get("/akte/99801-0004711").status_code == 404
    action = undo_of(after)
    undone = client.post(action, data=fields(after, action))
    assert undone.headers["location"].startswith(f"/klaerung/{item}")
    assert room.item(item).state == "open"
    assert "Postkorb leer" in case.get("/postkorb").text


def test_filing_with_htmx_brings_the_next_letter(room: Room) -> None:
    first, second = doubtful(room, "Erster"), doubtful(room, "Zweiter")
    client = room.client("rhinnerksen")
    answer = decide(client, first, htmx=True, akte=str(room.cases["dirks"]), art="MITTEILUNG")
    assert answer.status_code == 200
    assert f'data-fall="{second}"' in answer.text
    assert "Noch 1. Nächstes: Zweiter." in answer.text
    assert room.item(first).state == "done"
    assert len(room.items_of(first)) == 2


def test_wrong_input_comes_back_with_a_sentence_and_the_input(room: Room) -> None:
    item = doubtful(room, first=5, second=5)
    client = room.client("rhinnerksen")
    nothing = decide(client, item, eingang="heute")
    assert nothing.status_code == 422
    assert "Wählen Sie zuerst eine Akte." in nothing.text
    assert "Schreiben Sie das Datum so: 24.11.2026." in nothing.text
    assert 'value="heute"' in nothing.text
    harms = str(room.cases["harms"])
    future = decide(client, item, htmx=True, akte=harms, eingang="01.01.2027")
    assert future.status_code == 422
    assert "Das Datum liegt in der Zukunft." in future.text
    assert re.search(rf'value="{harms}"[^>]*checked', future.text)
    assert "<html" not in future.text
    assert decide(client, item, akte=harms, schlagwort="GIBTESNICHT").status_code == 422
    assert decide(client, item, akte=harms, art="GIBTESNICHT").status_code == 422
    assert room.item(item).version == 1


def test_a_stale_decision_changes_nothing(room: Room) -> None:
    item = doubtful(room)
    client = room.client("rhinnerksen")
    assert decide(client, item, "zurueckstellen").status_code == 303
    late = decide(client, item, akte=str(room.cases["dirks"]))
    assert late.status_code == 409
    assert "Jemand war schneller" in late.text
    with room.database.read() as session:
        assert session.query(Filing).count() == 0


def test_putting_aside_moves_the_letter_to_its_own_list(room: Room) -> None:
    item = doubtful(room, "Später")
    client = room.client("rhinnerksen")
    page = client.get(decide(client, item, "zurueckstellen").headers["location"]).text
    assert "Zurückgestellt: Später." in page
    assert "Zurückgestellte ansehen" in page
    assert f'data-fall="{item}"' in client.get("/klaerung?liste=zurueckgestellt").text


def test_the_lists_tell_their_numbers_anew_with_every_answer(room: Room) -> None:
    item = doubtful(room, "Später")
    client = room.client("rhinnerksen")
    listed = re.compile(r'liste=zurueckgestellt">.*?<span>(\d+)</span>', re.DOTALL)
    assert listed.findall(client.get("/klaerung").text) == ["0"]
    answer = client.post(
        f"/klaerung/{item}/zurueckstellen",
        data=fields(client.get(f"/klaerung/{item}").text, f"/klaerung/{item}/zurueckstellen"),
        headers=HTMX,
    )
    assert 'hx-target="#reiter"' in answer.text
    assert listed.findall(answer.text) == ["1"]


def test_the_case_search_finds_covers_and_no_sealed_case(room: Room) -> None:
    item = doubtful(room)
    client = room.client("rhinnerksen")
    for words in ("Dirks", "dirks anna", "0004711", "99801 BG 0004711", "12.05.1991", "Dirks 12.05.1991"):
        part = client.get(f"/klaerung/{item}/akten", params={"q": words}).text
        assert "Dirks, Anna" in part, words
        assert "Harms" not in part, words
    for words in ("", "x", "%", "_", "Dirks 03.02.1968", "31.02.1991"):
        assert "Dirks, Anna" not in client.get(f"/klaerung/{item}/akten", params={"q": words}).text, words
    with room.database.write() as tx:
        tx.session.get_one(CaseFile, room.cases["dirks"]).sealed = True
    assert "Dirks" not in client.get(f"/klaerung/{item}/akten", params={"q": "Dirks"}).text
    assert "Dirks, Anna" not in client.get(f"/klaerung/{item}").text
    assert decide(client, item, akte=str(room.cases["dirks"])).status_code == 404


def test_evidence_about_a_sealed_case_stays_unsaid(room: Room) -> None:
    item = doubtful(room)
    with room.database.write() as tx:
        tx.session.get_one(CaseFile, room.cases["dirks"]).sealed = True
    page = room.client("rhinnerksen").get(f"/klaerung/{item}").text
    assert "Name Anna Dirks stimmt." not in page
    assert "Die Nummer stimmt." not in page
    assert "Nur der Ort stimmt." in page


def test_who_gets_the_letter_sees_what_spoke_for_its_case(room: Room) -> None:
    item = doubtful(room)
    assert decide(room.client("rhinnerksen"), item, akte=str(room.cases["dirks"])).status_code == 303
    (delivered,) = [one for one in room.items_of(item) if one.state == "open"]
    page = room.client("tnommen").get(f"/postkorb/e/{delivered.id}").text
    assert "Die Nummer stimmt." in page
    assert "Name Anna Dirks stimmt." in page
    assert "Nur der Ort stimmt." not in page


def test_restricted_letters_are_for_the_lead_alone(room: Room) -> None:
    with room.database.read() as session:
        unit = session.scalar(select(OrgUnit.id).where(OrgUnit.code == "SZ-HAL-L1"))
    item = room.unclear("Beschwerde", scope="restricted", unit_id=unit)
    lead = room.client("kfeddermann")
    assert "Beschwerde" in lead.get("/klaerung").text
    assert 'href="/klaerung"' in lead.get("/postkorb").text
    for user in ("tnommen", "rhinnerksen", "pclausbrook", "uharmsdoerfer"):
        client = room.client(user)
        assert "Beschwerde" not in client.get("/klaerung").text
        assert client.get(f"/klaerung/{item}").status_code == 404


def test_hits_become_choices_without_javascript(room: Room) -> None:
    item = room.unclear()
    page = room.client("rhinnerksen").get(f"/klaerung/{item}", params={"akte_suche": "Gerdes"}).text
    assert f'value="{room.cases["gerdes"]}"' in page
    assert 'value="Gerdes"' in page


def test_clearing_is_not_for_everybody(room: Room) -> None:
    item = doubtful(room)
    for user in ("tnommen", "mockholm", "sbahnsand", "pruefung1"):
        client = room.client(user)
        assert client.get(f"/klaerung/{item}").status_code == 404
        assert client.get(f"/klaerung/{item}/akten?q=Dirks").status_code == 404
        assert "Dirks" not in client.get("/klaerung").text
        assert decide(client, item, akte=str(room.cases["dirks"])).status_code == 404
    assert room.item(item).state == "open"


def test_a_lease_tells_colleagues_and_locks_nobody(room: Room) -> None:
    item, other = doubtful(room, "Gehalten"), doubtful(room, "Frei")
    client = room.client("rhinnerksen")
    held = client.post(f"/klaerung/{item}/halten", headers={"X-CSRF-Token": csrf_of(client)})
    assert held.status_code == 204
    assert room.item(item).version == 1
    with room.database.write() as tx:
        row = tx.session.get_one(InboxItem, item)
        row.taken_by = _user(room, "tnommen")
    page = client.get("/klaerung").text
    assert f'data-fall="{other}"' in page
    assert "Tjark Nommen klärt dieses Schreiben gerade." in client.get(f"/klaerung/{item}").text
    assert decide(client, item, akte=str(room.cases["dirks"])).status_code == 303


def test_forwarding_out_of_clearing(room: Room) -> None:
    item = doubtful(room, "Für das Team")
    client = room.client("rhinnerksen")
    assert "team:SZ-HAL-L1" in client.get(f"/klaerung/{item}/weiterleiten").text
    assert decide(client, item, "weiterleiten", an="").status_code == 422
    assert decide(client, item, "weiterleiten", an="team:SZ-HAL-L1", bemerkung="Bitte prüfen").status_code == 303
    assert client.get(f"/klaerung/{item}").status_code == 404
    page = room.client("tnommen").get("/postkorb/team/SZ-HAL-L1").text
    assert "Für das Team" in page
    assert "Bitte prüfen" in page


def test_mail_that_belongs_to_no_case_ends_with_a_reason(room: Room) -> None:
    """Without JavaScript: the button is a page, the form posts, undo is offered."""
    item = doubtful(room, "Prospekt")
    client = room.client("rhinnerksen")
    assert f'href="/klaerung/{item}/kein-vorgang"' in client.get("/klaerung").text
    form = client.get(f"/klaerung/{item}/kein-vorgang").text
    for words in ("Kein Vorgang", "Was ist es?", "Werbung", "Irrläufer: weitergeleitet", "Zurück an Absender"):
        assert words in form
    path = f"/klaerung/{item}/kein-vorgang"
    assert "Wählen Sie, was mit dem Schreiben ist." in client.post(path, data=fields(form, path)).text
    wrong = client.post(path, data={**fields(form, path), "kennung": str(uuid4()), "grundart": "misdirected"})
    assert wrong.status_code == 422
    assert "Bitte geben Sie eine Begründung an." in wrong.text
    assert re.search(r'value="misdirected" checked', wrong.text)
    told = {"kennung": str(uuid4()), "grundart": "misdirected", "grund": "Finanzamt"}
    done = client.post(path, data={**fields(form, path), **told})
    assert done.status_code == 303
    after = client.get(done.headers["location"]).text
    assert "Kein Vorgang: Prospekt." in after
    assert "Alles geklärt" in after
    assert "1 von Hand beendet" in client.get("/poststelle").text
    assert client.get(path).status_code == 404
    document = room.item(item).document_id
    assert client.get(f"/api/v1/documents/{document}").status_code == 200
    assert room.client("akurtoglu").get(f"/api/v1/documents/{document}").status_code == 404
    action = undo_of(after)
    assert client.post(action, data=fields(after, action)).headers["location"].startswith(f"/klaerung/{item}")
    assert room.item(item).state == "open"
    assert "1 in Klärung" in client.get("/poststelle").text


def test_machines_dismiss_with_a_kind_and_a_reason(room: Room) -> None:
    item = doubtful(room, "Prospekt")
    client = room.client("rhinnerksen")
    path, token = f"/api/v1/inbox/items/{item}/acts", {"X-CSRF-Token": csrf_of(client)}
    act: dict[str, Any] = {"act": "dismiss", "version": 1}
    assert client.post(path, json=act, headers=token).status_code == 422
    assert client.post(path, json={**act, "kind": "gibtesnicht", "reason": "x"}, headers=token).status_code == 422
    done = client.post(path, json={**act, "kind": "duplicate", "reason": "liegt bei Dirks"}, headers=token)
    assert done.json() == {"item_id": str(item), "state": "dismissed", "version": 2}
    assert client.post("/api/v1/inbox/undo", headers=token).json()["state"] == "open"


def test_a_new_applicant_gets_a_provisional_case(room: Room) -> None:
    item = room.unclear("Hauptantrag")
    client = room.client("rhinnerksen")
    assert f"/klaerung/{item}/neue-akte" in client.get(f"/klaerung/{item}").text
    assert "Leistung 1, Sozialzentrum Halvesund" in client.get(f"/klaerung/{item}/neue-akte").text
    wrong = decide(client, item, "neue-akte", name="Neumann", geburtsdatum="31.02.1990")
    assert wrong.status_code == 422
    for words in ("wie er auf dem Schreiben steht", "Wählen Sie das Team", "Schreiben Sie das Datum so", "Neumann"):
        assert words in wrong.text
    told = {"name": "Neumann", "vorname": "Nadja", "aktenart": "LEIST", "einheit": "SZ-HAL-L1"}
    done = decide(client, item, "neue-akte", geburtsdatum="17.05.1990", **told)
    assert done.status_code == 303
    after = client.get(done.headers["location"]).text
    assert "Abgelegt in Akte Neumann, Nadja, VORL-" in after
    team = room.client("tnommen").get("/postkorb/team/SZ-HAL-L1").text
    assert "Hauptantrag" in team
    assert "Neumann, Nadja" in team
    action = undo_of(after)
    assert client.post(action, data=fields(after, action)).status_code == 303
    assert room.item(item).state == "open"
    assert decide(room.client("tnommen"), item, "neue-akte", **told).status_code == 404


def test_a_provisional_case_is_merged_by_its_number(room: Room) -> None:
    item = room.unclear("Hauptantrag")
    told = {"name": "Neumann", "vorname": "Nadja", "aktenart": "LEIST", "einheit": "SZ-HAL-L1"}
    assert decide(room.client("rhinnerksen"), item, "neue-akte", **told).status_code == 303
    with room.database.read() as session:
        number = session.scalars(select(CaseFile.file_number).where(CaseFile.provisional)).one()
    worker, path = room.client("tnommen"), f"/akte/{number}"
    assert f"{path}/zusammenfuehren" in worker.get(path).text
    form = fields(worker.get(f"{path}/zusammenfuehren").text, f"{path}/zusammenfuehren")
    wrong = worker.post(f"{path}/zusammenfuehren", data={**form, "nummer": "gibt es nicht"})
    assert wrong.status_code == 422
    assert "keine oder mehrere Akten" in wrong.text
    assert room.client("pclausbrook").get(f"{path}/zusammenfuehren").status_code == 404
    assert worker.get("/akte/99801-0004711/zusammenfuehren").status_code == 404
    done = worker.post(f"{path}/zusammenfuehren", data={**form, "nummer": "99801//0004711"})
    assert done.headers["location"].startswith("/akte/99801-0004711")
    assert "Hauptantrag" in worker.get("/akte/99801-0004711").text
    assert worker.get(path).headers["location"].startswith("/akte/99801-0004711")


def test_evidence_of_any_shape_never_breaks_the_page(room: Room) -> None:
    odd = [{}, {"page": 9, "box": [1, 2, 3, 4]}, {"page": 1, "box": []}, {"verdict": "?", "text": None, "candidate": 7}]
    item = room.unclear("Seltsam", [{}, {"case_file_id": "kein"}, {"case_file_id": str(uuid4())}], odd)
    page = room.client("rhinnerksen").get(f"/klaerung/{item}")
    assert page.status_code == 200
    assert "Es gibt keinen Vorschlag." in page.text


def _user(room: Room, name: str) -> Any:
    with room.database.read() as session:
        return session.scalar(select(User.id).where(User.username == name))


def ahead(page: str) -> list[str]:
    found = re.search(r'data-vorab="([^"]*)"', page)
    assert found
    return found[1].replace("&amp;", "&").split()


def test_the_next_three_letters_are_fetched_ahead_as_they_will_be_shown(room: Room) -> None:
    on_page_two = [sign("99801//0004711", "Die Nummer stimmt.", [100, 200, 300, 240], 2)]
    candidates = [candidate(room, "dirks", "99801//0004711", 8)]
    first = room.unclear("Eins")
    others = [room.unclear(f"Weiter {n}", candidates, on_page_two if n == 1 else ()) for n in range(5)]
    client = room.client("rhinnerksen")
    with room.database.write() as tx:
        item = tx.session.get_one(InboxItem, others[0])
        item.taken_by = tx.session.scalars(select(User.id).where(User.username == "akurtoglu")).one()
        item.taken_until = tx.now + timedelta(minutes=1)
    images = ahead(client.get(f"/klaerung/{first}").text)
    documents = [str(room.item(item).document_id) for item in others[1:4]]
    assert [address.split("/")[4] for address in images] == documents, "in order, without the one a colleague holds"
    assert ["/pages/2/" in address for address in images] == [True, False, False]
    shown = client.get(f"/klaerung/{others[1]}").text.replace("&amp;", "&")
    assert f'src="{images[0]}"' in shown or f'href="{images[0]}"' in shown


@pytest.mark.parametrize("typed", ["24.11.26", "24.11.0026", "31.02.2026", "24.11.", "24.11.2026 abends", "२४.११.२०२६"])
def test_only_a_whole_date_of_our_times_is_taken(room: Room, typed: str) -> None:
    """A typed "24.11.26" would be the year 26, and every deadline would run from there."""
    item = doubtful(room)
    client = room.client("rhinnerksen")
    answer = decide(client, item, akte=str(room.cases["dirks"]), eingang=typed)
    assert answer.status_code == 422
    assert "Schreiben Sie das Datum so: 24.11.2026." in answer.text
    assert room.item(item).state == "open"


def test_a_page_never_needs_a_second_connection_while_it_holds_one(room: Room) -> None:
    """As many requests at once as the pool has places would else wait for each other."""
    item, client = doubtful(room), room.client("rhinnerksen")
    pool, held = room.database.engine.pool, list[int]()
    event.listen(room.database.engine, "before_cursor_execute", lambda *_: held.append(pool.checkedout()))  # type: ignore[attr-defined]
    for address in (
        "/klaerung",
        f"/klaerung/{item}",
        f"/klaerung/{item}?akte_suche=Harms",
        f"/klaerung/{item}/akten?q=Dirks",
    ):
        assert client.get(address).status_code == 200
    assert max(held) == 1
