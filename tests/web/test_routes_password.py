"""A password that somebody else chose is changed before anything else; everybody may change their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from core.actor import system_actor
from core.models import AuditEvent
from organisation.models import User
from organisation.passwords import LEAST, faults_of
from organisation.service import set_password
from tests.api.matrix import GET, routes_of
from tests.web.room import HASH, PASSWORD, Room, csrf_of, fields, make_room

PAGE = "/einstellungen/passwort"
NEW = "ein-neues-mit-worten"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


@pytest.fixture
def forced(room: Room) -> TestClient:
    """A person whose password the administration has just set, signed in with it."""
    with room.database.write() as tx:
        set_password(tx, system_actor(room.agency_id), "tnommen", HASH)
    return room.client("tnommen")


def acts(room: Room, action: str) -> int:
    with room.database.read() as session:
        query = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == action)
        return session.scalar(query) or 0


def change(client: TestClient, current: str = PASSWORD, new: str = NEW, again: str | None = None) -> Any:
    hidden = fields(client.get(PAGE).text, PAGE)
    return client.post(
        PAGE, data={**hidden, "jetzig": current, "neu": new, "wiederholt": new if again is None else again}
    )


def test_before_the_change_every_page_leads_to_it_and_no_route_tells_anything(room: Room, forced: TestClient) -> None:
    letter = room.filed("dirks", "Geheimwort")
    free = {path for path, kind in GET.items() if kind in ("open", "station", "refused")} | {PAGE}
    values = {"n": "1", "page_no": "1", "number": "99801-0004711", "number:path": "99801-0004711"}
    asked = 0
    for method, route in sorted(routes_of(room.app)):
        if method != "GET" or route in free:
            continue
        path = re.sub(r"\{([^}]+)\}", lambda name: values.get(name[1], str(letter)), route)
        answer = forced.get(path)
        asked += 1
        if path.startswith("/api/"):
            assert (answer.status_code, answer.json()["code"]) == (403, "password_change_required"), path
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith(f"{PAGE}?weiter=/"), path
    assert asked > 30
    page = forced.get(PAGE).text
    assert "Ihr Passwort hat die Administration vergeben" in page
    for tells in ("Postkorb", "ea-suche", "/akte/"):
        assert tells not in page + forced.get("/barrierefreiheit").text.partition("<main")[0]


def test_before_the_change_no_command_is_done(room: Room, forced: TestClient) -> None:
    item = room.filed("dirks")
    token = {"X-CSRF-Token": fields(forced.get(PAGE).text, PAGE)["csrf"]}
    done = forced.post(f"/postkorb/e/{item}/erledigt", data={"version": "1", "kennung": "k"}, headers=token)
    assert (done.status_code, done.headers["location"]) == (303, PAGE)
    htmx = {**token, "HX-Request": "true", "HX-Target": "section#vorschau"}
    partly = forced.post(f"/postkorb/e/{item}/erledigt", data={"version": "1", "kennung": "k"}, headers=htmx)
    assert (partly.status_code, partly.headers["hx-redirect"], partly.text) == (403, PAGE, "")
    quiet = forced.get("/postkorb/neu", headers={"HX-Request": "true", "HX-Target": "div#neu"})
    assert (quiet.status_code, quiet.text) == (403, "")
    hold = forced.post(f"/klaerung/{item}/halten", headers=token)
    assert hold.status_code == 303
    api = forced.post(f"/api/v1/inbox/items/{item}/acts", json={"act": "finish", "version": 1}, headers=token)
    assert (api.status_code, api.json()["code"]) == (403, "password_change_required")
    assert room.item(item).state == "open"


def test_signing_out_needs_no_new_password(room: Room, forced: TestClient) -> None:
    answer = forced.post("/abmelden", data=fields(forced.get(PAGE).text, "/abmelden"))
    assert answer.headers["location"].startswith("/anmelden")
    machine = room.client("tnommen")
    token = {"X-CSRF-Token": fields(machine.get(PAGE).text, PAGE)["csrf"]}
    assert machine.request("DELETE", "/api/v1/session", headers=token).status_code == 204


def test_the_change_opens_the_way_to_where_the_person_wanted(room: Room, forced: TestClient) -> None:
    asked = forced.get("/postkorb?sortierung=neu")
    page = forced.get(asked.headers["location"]).text
    sent = {**fields(page, PAGE), "jetzig": PASSWORD, "neu": NEW, "wiederholt": NEW}
    answer = forced.post(PAGE, data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/postkorb?sortierung=neu")
    assert forced.get("/postkorb").status_code == 200
    assert acts(room, "user.password_changed") == 1
    with room.database.read() as session:
        user = session.scalars(select(User).where(User.username == "tnommen")).one()
    assert not user.must_change_password
    assert str(user.password_hash).startswith("$argon2id$")
    client = room.client()
    old = client.post("/anmelden", data={"benutzer": "tnommen", "passwort": PASSWORD})
    new = client.post("/anmelden", data={"benutzer": "tnommen", "passwort": NEW})
    assert (old.status_code, new.status_code) == (401, 303)


def test_every_other_session_ends_and_the_own_cookie_is_a_new_one(room: Room) -> None:
    here, there, colleague = room.client("tnommen"), room.client("tnommen"), room.client("kfeddermann")
    stolen = room.client()
    stolen.cookies.update(dict(here.cookies))
    answer = change(here)
    assert answer.headers["location"] == "/einstellungen?gespeichert=passwort"
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "Passwort geändert. Andere Sitzungen sind beendet." in here.get(answer.headers["location"]).text
    assert [client.get("/postkorb").status_code for client in (here, there, stolen, colleague)] == [200, 303, 303, 200]


@pytest.mark.parametrize(
    ("current", "new", "again", "says"),
    [
        ("falsch", NEW, None, "Das jetzige Passwort stimmt nicht."),
        (PASSWORD, "kurz", None, f"Das neue Passwort braucht mindestens {LEAST} Zeichen"),
        (PASSWORD, "wort-mit-TNommen-darin", None, "darf den Benutzernamen nicht enthalten"),
        (PASSWORD, PASSWORD, None, "Das neue Passwort ist das alte."),
        (PASSWORD, "aaaaaaaaaaaaaaaa", None, "mindestens 5 verschiedene Zeichen"),
        (PASSWORD, NEW, "ein-anderes-mit-worten", "Das stimmt nicht mit dem neuen Passwort überein."),
        (PASSWORD, "", None, f"mindestens {LEAST} Zeichen"),
    ],
)
def test_what_is_refused_changes_nothing_and_sends_no_password_back(
    room: Room, current: str, new: str, again: str | None, says: str
) -> None:
    client = room.client("tnommen")
    answer = change(client, current, new, again)
    assert answer.status_code == 422
    assert says in answer.text
    assert not new or f'value="{new}"' not in answer.text
    assert client.get("/postkorb").status_code == 200
    assert room.client("tnommen").get("/postkorb").status_code == 200
    assert acts(room, "user.password_changed") == 0


def test_an_open_screen_is_no_place_to_guess_the_password(room: Room) -> None:
    client = room.client("tnommen")
    for _ in range(room.settings.login_attempts):
        assert change(client, "geraten").status_code == 422
    assert change(client).status_code == 422, "locked, also for the right one"
    assert acts(room, "session.refused") == room.settings.login_attempts + 1


def test_the_change_needs_the_token_of_the_session(room: Room) -> None:
    client = room.client("tnommen")
    sent = {"jetzig": PASSWORD, "neu": NEW, "wiederholt": NEW}
    for data in (sent, {**sent, "csrf": "geraten"}):
        assert client.post(PAGE, data=data).status_code == 403
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert client.put("/api/v1/password", json=body).status_code == 403
    foreign = {"X-CSRF-Token": csrf_of(client), "Origin": "https://boese.example"}
    assert client.put("/api/v1/password", json=body, headers=foreign).status_code == 403
    assert room.client().put("/api/v1/password", json=body).status_code == 401
    assert acts(room, "user.password_changed") == 0


def test_a_machine_changes_it_too(room: Room, forced: TestClient) -> None:
    client = room.client()
    signed = client.post("/api/v1/session", json={"username": "tnommen", "password": PASSWORD})
    token = {"X-CSRF-Token": signed.json()["csrf_token"]}
    body = {"current_password": PASSWORD, "new_password": NEW}
    weak = client.put("/api/v1/password", json={**body, "new_password": "kurz"}, headers=token)
    assert (weak.status_code, weak.json()["code"], len(weak.json()["faults"])) == (422, "weak_password", 2)
    wrong = client.put("/api/v1/password", json={**body, "current_password": "x"}, headers=token)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_password")
    changed = client.put("/api/v1/password", json=body, headers=token)
    assert changed.status_code == 200
    assert client.get("/api/v1/inbox/items").status_code == 200
    undo = client.post("/api/v1/inbox/undo", headers={"X-CSRF-Token": changed.json()["csrf_token"]})
    assert undo.json()["code"] == "not_found", "the new token is good"
    assert forced.get("/api/v1/inbox/items").status_code == 401


def test_a_password_of_words_is_good() -> None:
    assert faults_of("vier-tolle-worte-hier", "anna", "alt") == []
    assert len(faults_of("", "anna", "")) == 2
