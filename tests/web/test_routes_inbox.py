"""The Postkorb over the real services: whose letters show, one act at a time, the way back, who was faster."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from archive.models import Note
from core.models import AuditEvent
from tests.web.room import Room, csrf_of, fields, make_room, post, undo_of


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def test_the_postkorb_shows_own_letters_only(room: Room) -> None:
    room.filed("dirks", "Brief an Nommen")
    room.filed("gerdes", "Brief an Clausbrook")
    page = room.client("tnommen").get("/postkorb")
    assert page.status_code == 200
    assert "Brief an Nommen" in page.text
    assert "Dirks, Anna" in page.text
    assert "99801//0004711" in page.text
    assert "Brief an Clausbrook" not in page.text
    assert "Gerdes" not in page.text
    assert "Brief an Clausbrook" in room.client("pclausbrook").get("/postkorb").text


def test_what_is_not_yours_looks_as_if_it_were_not_there(room: Room) -> None:
    item = room.filed("gerdes")
    client = room.client("tnommen")
    foreign, missing = client.get(f"/postkorb/e/{item}"), client.get(f"/postkorb/e/{uuid4()}")
    assert foreign.status_code == missing.status_code == 404
    assert _without_reference(foreign.text) == _without_reference(missing.text)
    for path in ("erledigt", "zuweisen", "weiterleiten", "wiedervorlage", "notiz", "andere-akte"):
        assert post(client, f"/postkorb/e/{item}/{path}", text="x").status_code == 404
    for path in (
        "/akte/99801-0004713",
        "/akte/99801-0009999",
        "/akte/99801-0004713/dokument/1",
        "/postkorb/team/SZ-HOL-L",
    ):
        assert client.get(path).status_code == 404, path
    assert room.item(item).version == 1


def test_teams_of_one_name_are_told_apart_by_their_site(room: Room) -> None:
    page = room.client("wthordsen").get("/postkorb").text
    assert "Team Fallmanagement, Sozialzentrum Halvesund <" in page
    assert "Team Fallmanagement, Sozialzentrum Hollmersiel <" in page
    assert "Team Bildung und Teilhabe <" in page


def test_team_and_deputy_have_their_own_postkorb(room: Room) -> None:
    room.filed("harms", "Brief an das Team")
    client = room.client("tnommen")
    own = client.get("/postkorb").text
    assert "Brief an das Team" not in own
    assert "/postkorb/team/SZ-HAL-L1" in own
    assert "Vertretung für Fenja Ohlsdorp" in own
    team = client.get("/postkorb/team/SZ-HAL-L1").text
    assert "Brief an das Team" in team
    assert "Mir zuweisen" in team
    href = next(part for part in own.split('"') if part.startswith("/postkorb/vertretung/"))
    assert "Postkorb, in Vertretung für Fenja Ohlsdorp" in client.get(href).text
    assert client.get(f"/postkorb/vertretung/{uuid4()}").status_code == 404


def test_the_preview_is_a_fragment_and_the_look_is_audited(room: Room) -> None:
    item = room.filed("dirks")
    client = room.client("tnommen")
    answer = client.get(f"/postkorb/e/{item}", headers={"HX-Request": "true", "HX-Target": "section#vorschau"})
    assert "<html" not in answer.text
    assert f"/postkorb/e/{item}/erledigt" in answer.text
    assert "/pages/1/image?width=1050&amp;rotate=0" in answer.text
    assert "Sie sind für diese Akte zuständig." in answer.text
    text = client.get(f"/postkorb/e/{item}?ansicht=text").text
    assert "Sehr" in text
    assert "unsicher gelesen" in text
    with room.database.read() as session:
        looks = set(session.scalars(select(AuditEvent.action).where(AuditEvent.category == "look")))
    assert {"look.document", "look.text"} <= looks


def test_done_and_undo_without_javascript(room: Room) -> None:
    item = room.filed("dirks", "Mitteilung A")
    client = room.client("tnommen")
    form = fields(client.get("/postkorb").text, f"/postkorb/e/{item}/erledigt")
    done = client.post(f"/postkorb/e/{item}/erledigt", data=form)
    assert done.status_code == 303
    assert room.item(item).state == "done"
    page = client.get(done.headers["location"]).text
    assert "Erledigt: Mitteilung A." in page
    assert "Postkorb leer" in page
    action = undo_of(page)
    undone = client.post(action, data=fields(page, action))
    assert undone.status_code == 303
    assert room.item(item).state == "open"
    assert "Zurückgenommen: Erledigt: Mitteilung A." in client.get(undone.headers["location"]).text


def test_done_with_htmx_answers_parts_and_counts(room: Room) -> None:
    item, other = room.filed("dirks", "A"), room.filed("dirks", "B")
    client = room.client("tnommen")
    answer = post(client, f"/postkorb/e/{item}/erledigt", htmx=True)
    assert answer.status_code == 200
    assert f'data-weg="{item}"' in answer.text
    assert 'hx-target="[data-zahl=postkorb]" hx-swap="innerHTML">1<' in answer.text
    assert room.item(other).state == "open"


def test_the_same_key_is_done_once_and_gets_the_first_answer(room: Room) -> None:
    item = room.filed("dirks")
    client = room.client("tnommen")
    first = post(client, f"/postkorb/e/{item}/notiz", text="Bitte prüfen", kennung="k-1")
    second = post(client, f"/postkorb/e/{item}/notiz", text="Bitte prüfen", kennung="k-1")
    assert (first.status_code, first.headers["location"]) == (second.status_code, second.headers["location"])
    with room.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Note)) == 1
    done = [post(client, f"/postkorb/e/{item}/erledigt", htmx=True, kennung="k-2") for _ in range(2)]
    assert done[0].status_code == done[1].status_code == 200
    assert done[0].content == done[1].content


def test_another_session_never_gets_a_kept_answer(room: Room) -> None:
    item = room.filed("dirks")
    assert post(room.client("tnommen"), f"/postkorb/e/{item}/erledigt", kennung="k").status_code == 303
    assert post(room.client("pclausbrook"), f"/postkorb/e/{item}/erledigt", kennung="k").status_code == 404


def test_a_stale_version_changes_nothing_and_says_who_was_faster(room: Room) -> None:
    item = room.filed("harms")
    first, second = room.client("tnommen"), room.client("kfeddermann")
    assert post(first, f"/postkorb/e/{item}/erledigt").status_code == 303
    late = post(second, f"/postkorb/e/{item}/erledigt")
    assert late.status_code == 409
    assert "Tjark Nommen hat dieses Schreiben um 12:00 Uhr bearbeitet." in late.text
    part = post(second, f"/postkorb/e/{item}/zuweisen", htmx=True)
    assert part.status_code == 409
    assert "<html" not in part.text
    assert room.item(item).version == 2


def test_undo_is_refused_once_somebody_went_on(room: Room) -> None:
    item = room.filed("harms")
    client = room.client("tnommen")
    taken = client.get(post(client, f"/postkorb/e/{item}/zuweisen").headers["location"]).text
    action = undo_of(taken)
    mine = room.items_of(item)[-1]
    assert post(client, f"/postkorb/e/{mine.id}/erledigt").status_code == 303
    refused = client.post(action, data=fields(taken, action))
    assert refused.status_code == 409
    assert "Das lässt sich nicht mehr zurücknehmen" in refused.text


def test_nobody_undoes_another_persons_act(room: Room) -> None:
    item = room.filed("harms")
    location = post(room.client("tnommen"), f"/postkorb/e/{item}/erledigt").headers["location"]
    act = location.partition("getan=")[2]
    colleague = room.client("kfeddermann")
    assert "Rückgängig" not in colleague.get(location).text
    assert post(colleague, f"/aktionen/{act}/zuruecknehmen").status_code == 404
    assert room.item(item).state == "done"


def test_forward_moves_the_letter_and_only_the_letter(room: Room) -> None:
    item = room.filed("dirks", "Zur Kenntnis")
    client = room.client("tnommen")
    form = client.get(f"/postkorb/e/{item}/weiterleiten").text
    assert "user:pclausbrook" in form
    assert "team:SZ-HOL-L" in form
    assert "user:tnommen" not in form
    empty = post(client, f"/postkorb/e/{item}/weiterleiten", an="")
    assert empty.status_code == 422
    assert "Bitte wählen Sie neu" in empty.text
    done = post(client, f"/postkorb/e/{item}/weiterleiten", an="user:pclausbrook", bemerkung="Bitte ansehen")
    assert "Weitergeleitet an Peer Clausbrook: Zur Kenntnis." in client.get(done.headers["location"]).text
    other = room.client("pclausbrook")
    page = other.get("/postkorb").text
    assert "Zur Kenntnis" in page
    assert "Bitte ansehen" in page
    assert "wurde hierher weitergeleitet" in page
    assert other.get("/akte/99801-0004711").status_code == 404


def test_follow_up_hides_until_its_day(room: Room) -> None:
    item = room.filed("dirks")
    client = room.client("tnommen")
    for wrong in ("24.11.2026", "01.01.2020", "morgen", "31.02.2027", ""):
        answer = post(client, f"/postkorb/e/{item}/wiedervorlage", tag=wrong, bemerkung="bleibt stehen")
        assert answer.status_code == 422
        assert "bleibt stehen" in answer.text
    assert post(client, f"/postkorb/e/{item}/wiedervorlage", tag="26.11.2026").status_code == 303
    assert "Postkorb leer" in client.get("/postkorb").text
    room.clock.instant += timedelta(days=2)
    assert f"/postkorb/e/{item}" in room.client("tnommen").get("/postkorb").text


def test_filing_elsewhere_without_javascript(room: Room) -> None:
    item = room.filed("dirks", "Falsch abgelegt")
    client = room.client("tnommen")
    path = f"/postkorb/e/{item}/andere-akte"
    hits = post(client, path, akte_suche="Harms", suchen="ja")
    assert hits.status_code == 200
    assert "Harms, Uwe" in hits.text
    assert room.item(item).state == "open"
    assert "Gerdes, Ida" not in post(client, path, akte_suche="Gerdes", suchen="ja").text
    assert post(client, path).status_code == 422
    assert post(client, path, akte=str(room.cases["gerdes"])).status_code == 404
    done = post(client, path, akte=str(room.cases["harms"]))
    assert "Abgelegt in Akte Harms, Uwe, 99801//0004712." in client.get(done.headers["location"]).text
    assert "Falsch abgelegt" in client.get("/postkorb/team/SZ-HAL-L1").text


def test_the_list_is_narrowed_and_ordered_by_its_address(room: Room) -> None:
    room.filed("dirks", "Nebenkosten")
    room.filed("dirks", "Vollmacht")
    client = room.client("tnommen")
    part = client.get("/postkorb?text=vollm", headers={"HX-Request": "true", "HX-Target": "div#liste-bereich"})
    assert "Vollmacht" in part.text
    assert "Nebenkosten" not in part.text
    assert "<html" not in part.text
    assert "Vollmacht" in client.get("/postkorb?text=dirks").text
    assert "Kein Schreiben passt zur Auswahl" in client.get("/postkorb?text=%25").text
    assert "Kein Schreiben passt zur Auswahl" in client.get("/postkorb?art=RECHNUNG").text
    for odd in ("sortierung=x", "text=%00", "text=%27%3B--", "getan=x", f"getan={UUID(int=0)}"):
        assert client.get(f"/postkorb?{odd}").status_code == 200
    assert client.get("/postkorb?ab=-1").status_code == 422


def test_new_letters_are_counted(room: Room) -> None:
    client = room.client("tnommen")
    href = next(part for part in client.get("/postkorb").text.split('"') if part.startswith("/postkorb/neu?"))
    room.clock.instant += timedelta(minutes=1)
    room.filed("dirks")
    part = client.get(href.replace("&amp;", "&"), headers={"HX-Request": "true", "HX-Target": "div#neu"}).text
    assert "1 neues Schreiben seit 12:00 Uhr" in part


def test_what_was_typed_is_text_and_never_markup(room: Room) -> None:
    item = room.filed("dirks", "<script>alert(1)</script>")
    client = room.client("tnommen")
    assert post(client, f"/postkorb/e/{item}/notiz", text="<img src=x onerror=1>").status_code == 303
    page = client.get(f"/postkorb/e/{item}").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;img src=x" in page


@pytest.mark.parametrize("text", ["", "   ", "x" * 4_001])
def test_a_note_that_cannot_be_taken_comes_back(room: Room, text: str) -> None:
    item = room.filed("dirks")
    answer = post(room.client("tnommen"), f"/postkorb/e/{item}/notiz", text=text)
    assert answer.status_code == 422
    assert f'action="/postkorb/e/{item}/notiz"' in answer.text


@pytest.mark.parametrize("missing", ["version", "kennung"])
def test_a_form_without_its_fields_is_refused(room: Room, missing: str) -> None:
    item = room.filed("dirks")
    client = room.client("tnommen")
    form = {"csrf": csrf_of(client), "version": "1", "kennung": "k"}
    del form[missing]
    assert client.post(f"/postkorb/e/{item}/erledigt", data=form).status_code == 422
    assert room.item(item).state == "open"


def _without_reference(page: str) -> str:
    before, _, after = page.partition("Kennung ")
    return before + after.partition(".")[2]
