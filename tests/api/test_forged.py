"""Forged requests, sessions and stations: what an attacker outside, or a colleague with tools, would try."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func, select, update
from typer.main import get_command

from api.app import create_app
from api.context import COOKIE
from core.ids import new_id
from core.models import AuditEvent
from eakte.cli import app as command_line
from organisation.models import LoginSession, User
from tests.api.house import House, case_path, make_house
from tests.api.matrix import CHANGES, guarded
from tests.api.test_leaks import fill
from tests.databases import settings_at
from tests.web.room import PASSWORD, Room, csrf_of, make_room

# Before there is a session, or with a bearer token, there is nothing that a foreign page could ride on.
WITHOUT_SESSION = {
    ("POST", "/anmelden"),
    ("POST", "/api/v1/session"),
    ("PUT", "/api/v1/batches/{idempotency_key}"),
    ("POST", "/{address:page_path}"),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def log_in(client: TestClient, name: str = "tnommen", password: str = PASSWORD) -> Response:
    answer: Response = client.post("/api/v1/session", json={"username": name, "password": password})
    return answer


def test_every_change_by_a_session_demands_its_token(house: House) -> None:
    found = guarded(house.app)
    assert set(found) == set(CHANGES)
    assert {route for route, demanded in found.items() if not demanded} == WITHOUT_SESSION


@pytest.mark.parametrize("token", ["", "geraten", "fremd", "ungültig€"])
def test_a_missing_guessed_or_foreign_token_changes_nothing(house: House, token: str) -> None:
    client, sent = house.client("worker"), house.token("lead") if token == "fremd" else token
    number, ordinal = house.ordinals["own"]
    values = {
        "item_id": str(house.items["health"]), "number": case_path("own"), "n": str(ordinal), "act_id": str(new_id()),
        "entry_id": str(house.items["entry"]), "request_id": str(house.requests["asked"]),
        "number:path": number,
    }  # fmt: skip
    before = house.count("act")
    for index, (method, route) in enumerate(sorted(set(CHANGES) - WITHOUT_SESSION)):
        if token not in ("fremd", "") and index % 5:
            continue
        form = {"csrf": sent, "version": "1", "kennung": str(new_id()), "text": "x", "grund": "x"}
        answer = client.request(method, fill(route, values), data={k: v for k, v in form.items() if v})
        assert answer.status_code == 403, route
        header = {"X-CSRF-Token": sent.encode()} if sent else {}
        assert client.request(method, fill(route, values), headers=header).status_code == 403, route
    assert house.count("act") == before


def test_the_right_token_from_a_foreign_origin_is_refused(house: House) -> None:
    headers = {"X-CSRF-Token": house.token("worker"), "Origin": "https://boese.example"}
    answer = house.client("worker").post("/api/v1/inbox/undo", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forged_request")


@pytest.mark.parametrize("origin", ["http://[", "http://[::1/", "null"])
def test_an_origin_that_is_no_address_is_refused(house: House, origin: str) -> None:
    headers = {"X-CSRF-Token": house.token("worker"), "Origin": origin}
    assert house.client("worker").post("/api/v1/inbox/undo", headers=headers).status_code == 403
    form = {"benutzer": "niemand", "passwort": "x"}
    assert TestClient(house.app).post("/anmelden", data=form, headers={"Origin": origin}).status_code == 403


def test_a_referer_that_is_no_address_leads_back_to_the_settings(house: House) -> None:
    form = {"csrf": house.token("worker"), "darstellung": "dark"}
    headers = {"Referer": "http://[::1/"}
    answer = house.client("worker").post(
        "/einstellungen/darstellung", data=form, headers=headers, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/einstellungen")


def test_log_in_makes_a_new_session_and_ends_the_old_one(room: Room) -> None:
    client = room.client()
    client.cookies.set(COOKIE, "vom-angreifer-gesetzt")
    assert log_in(client).status_code == 201
    first = [cookie.value for cookie in client.cookies.jar if cookie.value != "vom-angreifer-gesetzt"]
    assert len(first) == 1
    client.cookies.clear()
    client.cookies.set(COOKIE, str(first[0]))
    assert log_in(client).status_code == 201
    thief = room.client()
    for secret in (str(first[0]), "vom-angreifer-gesetzt"):
        thief.cookies.set(COOKIE, secret)
        assert thief.get("/api/v1/inbox/items").status_code == 401
    with room.database.read() as session:
        hashes = session.scalars(select(LoginSession.secret_hash)).all()
    assert str(first[0]) not in hashes


@pytest.mark.parametrize("secure", [False, True])
def test_the_cookie_is_for_this_site_only(room: Room, secure: bool) -> None:
    context = replace(room.app.state.context, settings=settings_at(room.settings.home, cookie_secure=secure))
    answer = log_in(TestClient(create_app(context), base_url="http://testserver"))
    parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert ("secure" in parts) is secure
    assert not any(part.startswith("domain") for part in parts)


def test_log_out_ends_the_session_on_the_server(room: Room) -> None:
    client = room.client()
    token = log_in(client).json()["csrf_token"]
    stolen = dict(client.cookies)
    assert client.request("DELETE", "/api/v1/session", headers={"X-CSRF-Token": token}).status_code == 204
    thief = room.client()
    thief.cookies.update(stolen)
    assert thief.get("/api/v1/inbox/items").status_code == 401


def test_sessions_end_when_idle_and_in_any_case(room: Room) -> None:
    idle, busy = room.client(), room.client()
    log_in(idle)
    log_in(busy)
    steps = room.settings.session_hours * 60 // (room.settings.session_minutes - 5) + 1
    alive = []
    for _ in range(steps):
        room.clock.instant += timedelta(minutes=room.settings.session_minutes - 5)
        alive.append(busy.get("/api/v1/inbox/items").status_code)
    assert alive[0] == 200
    assert set(alive[:-1]) == {200}
    assert alive[-1] == 401
    assert idle.get("/api/v1/inbox/items").status_code == 401


def test_a_deactivated_person_is_out_at_once(house: House, room: Room) -> None:
    client = room.client("tnommen")
    with room.database.write() as tx:
        tx.session.execute(update(User).where(User.username == "tnommen").values(active=False))
    assert client.get("/api/v1/inbox/items").status_code == 401


def test_nobody_learns_which_names_exist_or_that_a_guess_during_a_lock_was_right(room: Room) -> None:
    client, answers = room.client(), []
    for name, password in (
        *(("tnommen", "falsch"),) * room.settings.login_attempts, ("tnommen", "falsch"), ("tnommen", PASSWORD),
        ("niemand", PASSWORD), (" TNOMMEN ", PASSWORD),
    ):  # fmt: skip
        answer = log_in(client, name, password)
        headers = sorted((k, v) for k, v in answer.headers.items() if k != "x-request-id")
        answers.append((answer.status_code, answer.content, headers))
    assert answers[0][0] == 401
    assert len(answers) == room.settings.login_attempts + 4
    assert all(answer == answers[0] for answer in answers)
    with room.database.read() as session:
        refused = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "session.refused")
        assert session.scalar(refused) == len(answers), "each refusal costs the same write"
    room.clock.instant += timedelta(minutes=room.settings.lockout_minutes)
    assert log_in(client).status_code == 201


def test_fields_that_nobody_asked_for_change_nothing(house: House) -> None:
    item = house.items["foreign"]
    act = {
        "act": "defer", "version": 1, "until": "2026-12-01", "user_id": str(new_id()), "agency_id": str(house.abroad),
        "state": "done", "unit_id": str(new_id()), "id": str(new_id()), "restricted": True,
    }  # fmt: skip
    before = house.room.item(item)
    token = {"X-CSRF-Token": house.token("elsewhere")}
    answer = house.client("elsewhere").post(f"/api/v1/inbox/items/{item}/acts", json=act, headers=token)
    assert answer.status_code == 200
    after = house.room.item(item)
    assert (after.id, after.state, after.version) == (before.id, "deferred", 2)
    assert (after.user_id, after.unit_id, after.agency_id) == (before.user_id, before.unit_id, before.agency_id)
    stale = house.client("elsewhere").post(f"/api/v1/inbox/items/{item}/acts", json=act, headers=token)
    assert (stale.status_code, house.room.item(item).version) == (409, 2)


def test_a_letter_is_forwarded_only_to_where_somebody_reads_it(house: House) -> None:
    item, token = house.items["health"], {"X-CSRF-Token": house.token("worker")}
    for to in ({"to_user": "sbahnsand"}, {"to_user": "niemand"}, {"to_user": "tnommen@zweit"}, {}):
        act: dict[str, Any] = {"act": "forward", "version": house.room.item(item).version, **to}
        answer = house.client("worker").post(f"/api/v1/inbox/items/{item}/acts", json=act, headers=token)
        assert answer.status_code == 422, to
    assert house.room.item(item).state == "open"


def test_no_command_takes_a_secret_on_its_command_line() -> None:
    names: set[str] = set()

    def walk(command: Any) -> None:
        names.update(str(option).strip("-").lower() for one in command.params for option in one.opts)
        for inner in getattr(command, "commands", {}).values():
            walk(inner)

    walk(get_command(command_line))
    assert len(names) > 20
    assert not names & {"password", "passwort", "token", "secret", "schluessel", "key"}


def test_an_origin_that_is_no_address_is_a_foreign_one(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    for origin in ("http://[", "null", "://", "http://"):
        told = {"origin": origin}
        assert room.client().post("/anmelden", data={}, headers=told).status_code == 403, origin
        client = room.client("tnommen")
        assert client.delete("/api/v1/session", headers=told).status_code == 403, origin
    back = client.post("/einstellungen/tasten", data={"csrf": csrf_of(client)}, headers={"referer": "http://["})
    assert (back.status_code, back.headers["location"]) == (303, "/einstellungen")
