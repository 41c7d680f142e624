"""Log-in, lock-out, log-out, forged requests, and what nobody signed in may see."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.database.port import full, unreachable
from core.errors import EakteError
from tests.web.room import PASSWORD, Room, csrf_of, make_room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def test_home_leads_to_the_room_of_the_role(room: Room) -> None:
    assert room.client("tnommen").get("/").headers["location"] == "/postkorb"
    assert room.client("rhinnerksen").get("/").headers["location"] == "/klaerung"
    assert room.client("mockholm").get("/").headers["location"] == "/zugriffe"
    assert room.client("sbahnsand").get("/").headers["location"] == "/einstellungen"
    assert "laufen über Befehle" in room.client("sbahnsand").get("/einstellungen").text
    assert "läuft über Befehle" in room.client("mockholm").get("/zugriffe").text
    assert "laufen über Befehle" not in room.client("tnommen").get("/einstellungen").text


def test_the_cookie_is_not_for_scripts_and_not_for_other_sites(room: Room) -> None:
    answer = room.client().post("/anmelden", data={"benutzer": "tnommen", "passwort": PASSWORD, "weiter": "/suche"})
    cookie = answer.headers["set-cookie"].lower()
    assert answer.headers["location"] == "/suche"
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie


def test_log_in_never_leads_to_another_site(room: Room) -> None:
    for path in ("https://boese.example", "//boese.example", "/\\boese.example"):
        answer = room.client().post("/anmelden", data={"benutzer": "tnommen", "passwort": PASSWORD, "weiter": path})
        assert answer.headers["location"] == "/"


def test_wrong_name_and_wrong_password_read_the_same(room: Room) -> None:
    client = room.client()
    answers = [client.post("/anmelden", data={"benutzer": name, "passwort": "falsch"}) for name in ("tnommen", "nie")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all("Benutzername oder Passwort stimmt nicht." in answer.text for answer in answers)
    assert answers[0].text.replace("tnommen", "nie") == answers[1].text


def test_too_many_attempts_lock_for_a_while(room: Room) -> None:
    client = room.client()
    for _ in range(room.settings.login_attempts):
        client.post("/anmelden", data={"benutzer": "tnommen", "passwort": "falsch"})
    locked = client.post("/anmelden", data={"benutzer": "tnommen", "passwort": PASSWORD})
    unknown = client.post("/anmelden", data={"benutzer": "niemand", "passwort": PASSWORD})
    assert (locked.status_code, unknown.status_code) == (401, 401)
    assert "Nach 5 Fehlversuchen ist die Anmeldung für 15 Minuten gesperrt." in locked.text
    assert locked.text.replace("tnommen", "niemand") == unknown.text
    room.clock.instant += timedelta(minutes=room.settings.lockout_minutes)
    assert room.client("tnommen").get("/postkorb").status_code == 200


def test_a_page_without_session_leads_to_the_log_in_and_back(room: Room) -> None:
    answer = room.client().get("/postkorb?sortierung=neu")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/anmelden?weiter=/postkorb%3Fsortierung%3Dneu"
    assert "Benutzername" in room.client().get(answer.headers["location"]).text


def test_htmx_without_session_gets_the_log_in_dialog(room: Room) -> None:
    headers = {"HX-Request": "true", "HX-Target": "section#vorschau"}
    answer = room.client().get("/postkorb", headers=headers)
    assert answer.status_code == 401
    assert "Ihre Sitzung ist beendet" in answer.text
    assert "<html" not in answer.text
    data = {"benutzer": "tnommen", "passwort": PASSWORD}
    again = room.client().post("/anmelden", data=data, headers={"HX-Request": "true"})
    assert again.status_code == 200
    assert '"ea:angemeldet"' in again.headers["hx-trigger"]
    assert again.text == ""


def test_log_out_ends_the_session_at_once(room: Room) -> None:
    client = room.client("tnommen")
    old = dict(client.cookies)
    answer = client.post("/abmelden", data={"csrf": csrf_of(client)})
    assert answer.headers["location"].startswith("/anmelden")
    thief = room.client()
    thief.cookies.update(old)
    assert thief.get("/postkorb").status_code == 303


@pytest.mark.parametrize(
    "path", ["/abmelden", "/einstellungen", "/postkorb/e/{item}/erledigt", "/klaerung/{item}/halten"]
)
@pytest.mark.parametrize("token", [None, "geraten"])
def test_a_forged_post_is_refused(room: Room, path: str, token: str | None) -> None:
    item = room.filed("dirks")
    data = {"version": "1", "kennung": "k", **({"csrf": token} if token else {})}
    answer = room.client("tnommen").post(path.format(item=item), data=data)
    assert answer.status_code == 403
    assert "Das Formular ist nicht mehr gültig" in answer.text
    assert room.item(item).state == "open"


def test_a_post_from_another_site_is_refused(room: Room) -> None:
    client = room.client("tnommen")
    data = {"csrf": csrf_of(client), "darstellung": "dark"}
    answer = client.post("/einstellungen/darstellung", data=data, headers={"Origin": "https://boese.example"})
    assert answer.status_code == 403
    log_in = {"benutzer": "tnommen", "passwort": PASSWORD}
    forged = room.client().post("/anmelden", data=log_in, headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403
    assert "set-cookie" not in forged.headers


def test_settings_are_kept_and_lead_back(room: Room) -> None:
    client = room.client("tnommen")
    data = {"csrf": csrf_of(client), "darstellung": "dark"}
    back = client.post("/einstellungen/darstellung", data=data, headers={"Referer": "http://testserver/postkorb?ab=50"})
    assert back.headers["location"] == "/postkorb?ab=50"
    assert 'data-kern-theme="dark"' in client.get("/postkorb").text
    client.post("/einstellungen", data={"csrf": data["csrf"], "darstellung": "system", "ansicht": "text"})
    page = client.get("/postkorb").text
    assert "data-kern-theme" not in page
    assert 'data-tasten-an="nein"' in page


def test_unknown_addresses_are_german_pages_and_machines_get_problems(room: Room) -> None:
    client = room.client("tnommen")
    page = client.get("/gibt/es/nicht")
    assert page.status_code == 404
    assert "Hier ist nichts zu finden" in page.text
    machine = client.get("/api/v1/gibt-es-nicht")
    assert machine.headers["content-type"] == "application/problem+json"
    assert client.get("/healthz").json() == {"status": "ok"}


def test_static_files_are_cached_and_stay_in_their_folder(room: Room) -> None:
    client = room.client()
    assert "immutable" in client.get("/static/ea.css?v=1").headers["cache-control"]
    assert client.get("/static/ea.css").headers["cache-control"] == "public, max-age=3600"
    for path in ("../pages.py", "%2e%2e/pages.py", "..%2f..%2fpyproject.toml", "nichts.css"):
        assert client.get(f"/static/{path}").status_code == 404


def test_asking_for_new_mail_does_not_prolong_the_session(room: Room) -> None:
    client = room.client("tnommen")
    for _ in range(4):
        room.clock.instant += timedelta(minutes=10)
        last = client.get("/postkorb/neu", headers={"HX-Request": "true", "HX-Target": "div#neu"})
    assert last.status_code == 401


@pytest.mark.parametrize("away", [unreachable(), full()])
def test_a_page_says_which_store_does_not_answer(room: Room, away: EakteError, monkeypatch: pytest.MonkeyPatch) -> None:
    client = room.client("tnommen")

    def read() -> None:
        raise away

    monkeypatch.setattr(room.database, "read", read)
    for headers in ({}, {"HX-Request": "true", "HX-Target": "div#liste-bereich"}):
        answer = client.get("/postkorb", headers=headers)
        assert answer.status_code == away.status
        assert answer.headers.get("retry-after") == ("5" if away.status == 503 else None)
        assert away.de in answer.text
