"""Zuteilen, and an unfiled letter that somebody got from clearing: on the page, without JavaScript, and over the API."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func, or_, select

from archive.models import CaseFile
from core.actor import system_actor
from core.models import AuditEvent
from inbox.models import InboxItem
from organisation import service
from organisation.models import User
from tests.web.room import TODAY, Room, csrf_of, fields, make_room, post, undo_of

LEAD, WORKER, COLLEAGUE, DEPUTY = "kfeddermann", "tnommen", "myelkenci", "fohlsdorp"
CLERK, OTHER, OTHER_LEAD = "rhinnerksen", "pclausbrook", "uharmsdoerfer"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def act(client: TestClient, item: UUID, **told: object) -> Response:
    """An act over the API."""
    answer: Response = client.post(
        f"/api/v1/inbox/items/{item}/acts", json={"version": 1, **told}, headers={"X-CSRF-Token": csrf_of(client)}
    )
    return answer


def away(room: Room, name: str) -> None:
    with room.database.write() as tx:
        service.set_absence(tx, system_actor(room.agency_id), name, TODAY, None)


def newest(room: Room, item: UUID) -> InboxItem:
    """The open item of the same letter."""
    (found,) = [one for one in room.items_of(item) if one.state == "open"]
    return found


def inbox_acts(room: Room) -> int:
    """How much was done to mail, and noted on it."""
    done = or_(AuditEvent.action.startswith("inbox."), AuditEvent.action == "note.added")
    with room.database.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEvent).where(done)) or 0


def holder(room: Room, item: UUID) -> str:
    """Who has the letter."""
    with room.database.read() as session:
        return session.scalars(select(User.username).where(User.id == newest(room, item).user_id)).one()


def user_id(room: Room, name: str) -> UUID:
    with room.database.read() as session:
        return service.require_user(session, room.agency_id, name).id


def test_a_lead_finds_and_assigns_mail_of_somebody_who_is_ill(room: Room) -> None:
    item, _ = room.filed("dirks", "Kontoauszug"), room.filed("gerdes", "Fremdes")
    away(room, WORKER)
    client = room.client(LEAD)
    assert "/postkorb/personen" in client.get("/postkorb").text
    page = client.get("/postkorb/personen").text
    assert "Kontoauszug" in page
    assert "Fremdes" not in page
    assert "bei Tjark Nommen" in page
    assert "Tjark Nommen (abwesend)" in page
    assert "Kontoauszug" in client.get(f"/postkorb/personen?person={WORKER}").text
    assert "Kein Schreiben passt zur Auswahl" in client.get(f"/postkorb/personen?person={COLLEAGUE}").text
    path = f"/postkorb/e/{item}/zuteilen"
    assert path in page
    form = client.get(path).text
    assert f'value="{COLLEAGUE}"' in form
    assert f'value="{LEAD}"' in form
    for name in (WORKER, OTHER, CLERK):
        assert f'value="{name}"' not in form
    done = client.post(path, data={**fields(form, path), "an": COLLEAGUE, "bemerkung": "Bitte heute"})
    assert done.status_code == 303
    landed = client.get(done.headers["location"]).text
    assert "Zugeteilt an Murat Yelkenci: Kontoauszug." in landed
    assert "Postkörbe der Personen im Team" in landed
    got = room.client(COLLEAGUE).get("/postkorb").text
    assert "Kontoauszug" in got
    assert "Bitte heute" in got
    undo = undo_of(landed)
    assert client.post(undo, data=fields(landed, undo)).status_code == 303
    assert (room.item(item).state, holder(room, item)) == ("open", WORKER)


def test_a_wrong_choice_comes_back_with_what_was_typed(room: Room) -> None:
    item = room.filed("harms")
    client = room.client(LEAD)
    for name in ("", OTHER, CLERK, "niemand"):
        answer = post(client, f"/postkorb/e/{item}/zuteilen", an=name, bemerkung="bleibt stehen")
        assert answer.status_code == 422
        assert "Bitte wählen Sie neu" in answer.text
        assert "bleibt stehen" in answer.text
    assert room.item(item).state == "open"


def test_a_stale_page_says_who_was_faster(room: Room) -> None:
    item = room.filed("harms")
    assert post(room.client(WORKER), f"/postkorb/e/{item}/zuweisen").status_code == 303
    late = post(room.client(LEAD), f"/postkorb/e/{item}/zuteilen", an=COLLEAGUE)
    assert late.status_code == 409
    assert "Tjark Nommen hat dieses Schreiben um 12:00 Uhr bearbeitet." in late.text


def test_nobody_forges_an_assignment(room: Room) -> None:
    """An ordinary caseworker, another team's lead, who has no inbox, a stranger's item; somebody absent as the target."""
    team, own = room.filed("harms", "Teampost"), room.filed("dirks", "Kontoauszug")
    away(room, DEPUTY)
    before = inbox_acts(room)
    for who, item, status in (
        (COLLEAGUE, team, 403), (WORKER, own, 403), (OTHER_LEAD, team, 404), (OTHER_LEAD, own, 404), (OTHER, own, 404),
        (CLERK, team, 404), ("sbahnsand", team, 404), (LEAD, uuid4(), 404),
    ):  # fmt: skip
        page = room.client(who)
        answer = act(page, item, act="assign", to_user=COLLEAGUE)
        assert answer.status_code == status, (who, answer.text)
        assert post(page, f"/postkorb/e/{item}/zuteilen", an=COLLEAGUE).status_code == 404, who
        assert page.get(f"/postkorb/e/{item}/zuteilen").status_code == 404, who
        if who not in (LEAD, OTHER_LEAD):
            assert page.get("/postkorb/personen").status_code == 404, who
            assert "/postkorb/personen" not in page.get("/postkorb").text
    lead = room.client(LEAD)
    for target in (DEPUTY, OTHER, "niemand", None):
        assert act(lead, own, act="assign", to_user=target).status_code == 422, target
    assert act(lead, own, act="assign", to_user=COLLEAGUE, version=2).json()["code"] == "stale"
    assert inbox_acts(room) == before
    assert (room.item(team).version, room.item(own).version) == (1, 1)


def test_a_lead_assigns_over_the_interface(room: Room) -> None:
    item = room.filed("dirks")
    client = room.client(LEAD)
    listed = client.get("/api/v1/inbox/items", params={"box": "members"}).json()["items"]
    assert [(one["item_id"], one["inbox"]) for one in listed] == [(str(item), f"user:{WORKER}")]
    named = {"box": "members", "box_id": str(user_id(room, COLLEAGUE))}
    assert client.get("/api/v1/inbox/items", params=named).json()["items"] == []
    assert room.client(COLLEAGUE).get("/api/v1/inbox/items", params={"box": "members"}).json()["items"] == []
    assert act(room.client(LEAD), item, act="assign", to_user=COLLEAGUE).status_code == 200
    assert holder(room, item) == COLLEAGUE


def passed_on(room: Room, title: str = "Ohne Nummer") -> UUID:
    """A letter that clearing could not place and sent to a caseworker."""
    item = room.unclear(title)
    done = post(room.client(CLERK), f"/klaerung/{item}/weiterleiten", an=f"user:{WORKER}")
    assert done.status_code == 303
    return newest(room, item).id


def test_the_recipient_of_an_unfiled_letter_files_it(room: Room) -> None:
    item = passed_on(room)
    client = room.client(WORKER)
    page = client.get("/postkorb").text
    for command in ("andere-akte", "neue-akte", "zurueck", "weiterleiten"):
        assert f"/postkorb/e/{item}/{command}" in page
    assert ">Ablegen<" in page
    assert ">Andere Akte<" not in page
    path = f"/postkorb/e/{item}/andere-akte"
    assert "Gerdes, Ida" not in post(client, path, akte_suche="Gerdes", suchen="ja").text
    assert post(client, path, akte=str(room.cases["gerdes"])).status_code == 404
    done = post(client, path, akte=str(room.cases["dirks"]))
    assert "Abgelegt in Akte Dirks, Anna, 99801//0004711." in client.get(done.headers["location"]).text
    filed = client.get("/postkorb").text
    assert "Ohne Nummer" in filed
    assert ">Andere Akte<" in filed
    assert "/zurueck" not in filed


def test_the_recipient_opens_a_provisional_case_for_the_own_team(room: Room) -> None:
    item = passed_on(room)
    client = room.client(WORKER)
    path = f"/postkorb/e/{item}/neue-akte"
    form = client.get(path).text
    assert 'value="SZ-HAL-L1"' in form
    assert 'value="SZ-HOL-L"' not in form
    assert post(client, path, name="", vorname="Nadja", aktenart="LEIST", einheit="SZ-HAL-L1").status_code == 422
    whole = {"name": "Neumann", "vorname": "Nadja", "aktenart": "LEIST"}
    assert post(client, path, einheit="SZ-HOL-L", **whole).status_code == 404
    done = post(client, path, einheit="SZ-HAL-L1", **whole)
    assert "Abgelegt in Akte Neumann, Nadja" in client.get(done.headers["location"]).text
    with room.database.read() as session:
        opened = session.scalars(select(CaseFile).where(CaseFile.provisional)).one()
    assert newest(room, item).case_file_id == opened.id


def test_a_filed_letter_has_neither_a_new_case_nor_a_way_to_clearing(room: Room) -> None:
    item = room.filed("dirks")
    client = room.client(WORKER)
    whole = {"name": "Neumann", "vorname": "Nadja", "aktenart": "LEIST", "einheit": "SZ-HAL-L1"}
    for command in ("neue-akte", "zurueck"):
        assert client.get(f"/postkorb/e/{item}/{command}").status_code == 404
        assert post(client, f"/postkorb/e/{item}/{command}", grund="x", **whole).status_code == 404
    assert act(room.client(WORKER), item, act="give_back", reason="x").status_code == 422
    assert (room.item(item).state, room.item(item).version) == ("open", 1)


def test_it_goes_back_to_clearing_with_the_reason_and_can_be_taken_back(room: Room) -> None:
    item = passed_on(room)
    client = room.client(WORKER)
    path = f"/postkorb/e/{item}/zurueck"
    assert post(client, path, grund=" ").status_code == 422
    form = client.get(path).text
    done = client.post(path, data={**fields(form, path), "grund": "Kein Name auf dem Blatt"})
    landed = client.get(done.headers["location"]).text
    assert "Zurück an die Klärung gegeben: Ohne Nummer." in landed
    assert "Postkorb leer" in landed
    again = room.client(CLERK).get("/klaerung").text
    assert "Ohne Nummer" in again
    assert "Zurück aus einem Postkorb: Kein Name auf dem Blatt" in again
    undo = undo_of(landed)
    assert client.post(undo, data=fields(landed, undo)).status_code == 303
    assert "Ohne Nummer" in client.get("/postkorb").text
    assert "Ohne Nummer" not in room.client(CLERK).get("/klaerung").text


def test_it_is_filed_or_given_back_over_the_interface(room: Room) -> None:
    first, second = passed_on(room, "Eins"), passed_on(room, "Zwei")
    for who in (LEAD, OTHER, CLERK):
        assert act(room.client(who), first, act="give_back", reason="Her damit").status_code == 404, who
    worker = room.client(WORKER)
    assert act(worker, first, act="give_back").status_code == 422
    assert act(worker, first, act="give_back", reason="Kein Name").status_code == 200
    assert newest(room, first).inbox_kind == "clearing"
    assert act(worker, second, act="file", case_file_number="99801//0004713").status_code == 404
    assert act(worker, second, act="file", case_file_number="99801//0004711").status_code == 200
    assert newest(room, second).case_file_id == room.cases["dirks"]
