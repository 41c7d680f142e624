"""The access log of a case: two persons, one case, some days. Forged requests first, then the plain way."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from archive.accesslog.models import LogRequest
from archive.models import CaseFile, CaseGrant, Document, Filing
from core.actor import system_actor
from core.audit import Seen, look
from core.ids import new_id
from core.models import AuditEvent
from organisation.actors import build_actor
from organisation.models import Absence, Agency, Deputy, RoleAssignment, User
from tests.databases import break_audit
from tests.web.room import NUMBERS, TODAY, Room, make_room, post

OFFICER, SECOND, OTHER_SECOND, WORKER = "gklapproth", "mockholm", "ebrunsfeld", "tnommen"
BASE = "/zugriffe"
REASON = "Beschwerde vom 20.11.: Nachbarin kennt Einzelheiten."
WHY = "Geprüft, der Anlass ist belegt."


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def ask(room: Room, case: str = "dirks", who: str = OFFICER) -> UUID:
    """A request by `who`."""
    answer = post(room.client(who), f"{BASE}/neu", nummer=NUMBERS[case], grund=REASON)
    assert answer.headers["location"] == f"{BASE}?getan=beantragt", answer.text
    with room.database.read() as session:
        return session.scalars(select(LogRequest.id).order_by(LogRequest.requested_at, LogRequest.id)).all()[-1]


def decide(room: Room, request_id: UUID, who: str = SECOND, answer: str = "ja", **more: str) -> Response:
    return post(room.client(who), f"{BASE}/{request_id}/entscheiden", antwort=answer, grund=WHY, **more)


def opened(room: Room, case: str = "dirks") -> UUID:
    """An approved request of the officer's."""
    request_id = ask(room, case)
    assert decide(room, request_id).headers["location"] == f"{BASE}?getan=entschieden"
    return request_id


def row(room: Room, request_id: UUID) -> LogRequest:
    with room.database.read() as session:
        return session.get_one(LogRequest, request_id)


def add_role(room: Room, username: str, role: str) -> None:
    with room.database.write() as tx:
        user = tx.session.scalars(select(User).where(User.username == username)).one()
        place = tx.session.scalars(select(RoleAssignment.unit_id).where(RoleAssignment.user_id == user.id)).first()
        assert place is not None
        tx.session.add(RoleAssignment(agency_id=room.agency_id, user_id=user.id, role=role, unit_id=place))


def deputise(room: Room, absent: str, deputy: str) -> None:
    """`deputy` stands in for `absent` today, before anybody else."""
    with room.database.write() as tx:
        ids = dict(tx.session.execute(select(User.username, User.id)).all())
        tx.session.execute(update(Deputy).where(Deputy.user_id == ids[absent]).values(deputy_user_id=ids[deputy]))
        tx.session.add(
            Absence(
                id=new_id(), agency_id=room.agency_id, user_id=ids[absent], starts_on=TODAY, kind="planned", partial={}
            )
        )


def acts(room: Room) -> list[str]:
    with room.database.read() as session:
        query = select(AuditEvent.action).where(AuditEvent.object_type == "log_request").order_by(AuditEvent.id)
        return list(session.scalars(query))


def lines(page: str) -> list[tuple[str, ...]]:
    """(who, what, document) of each line of a log."""
    body = page.split("<tbody>")[1] if "<tbody>" in page else ""
    return [tuple(re.findall(r"<td>([^<]*)</td>", one)) for one in body.split("<tr>")[1:]]


def refused(client: TestClient, request_id: UUID) -> bool:
    """Neither page nor a word of the log."""
    answer = client.get(f"{BASE}/{request_id}")
    return answer.status_code == 404 and REASON not in answer.text


def test_nobody_approves_their_own_request(room: Room) -> None:
    request_id = ask(room)
    assert decide(room, request_id, OFFICER).status_code == 404
    add_role(room, OFFICER, "records_manager")
    assert decide(room, request_id, OFFICER).status_code == 404
    assert room.client(OFFICER).get(f"{BASE}/{request_id}/entscheiden").status_code == 404
    assert "/entscheiden" not in room.client(OFFICER).get(BASE).text
    assert (row(room, request_id).state, acts(room)) == ("asked", ["access_log.asked"])
    assert refused(room.client(OFFICER), request_id)


def test_the_database_itself_refuses_one_person_as_two(room: Room) -> None:
    request = row(room, ask(room))
    forged = update(LogRequest).where(LogRequest.id == request.id).values(decided_by=request.requested_by)
    with pytest.raises(IntegrityError), room.database.write() as tx:
        tx.session.execute(forged)


def test_standing_in_for_somebody_makes_no_second_person(room: Room) -> None:
    request_id = ask(room)
    deputise(room, SECOND, OFFICER)
    assert decide(room, request_id, OFFICER).status_code == 404
    deputise(room, OFFICER, OTHER_SECOND)
    with room.database.read() as session:
        deputy = session.scalars(select(User).where(User.username == OTHER_SECOND)).one()
        assert row(room, request_id).requested_by in build_actor(session, deputy, TODAY).stands_in_for
    assert decide(room, request_id, OTHER_SECOND).status_code == 404
    assert row(room, request_id).state == "asked"


def test_nobody_else_asks_decides_or_reads(room: Room) -> None:
    request_id, other = opened(room), ask(room)
    for who in (WORKER, "kfeddermann", "sbahnsand"):  # every other role: tests.api.test_leaks, test_accesslog_rules
        client = room.client(who)
        for path in ("", "/neu", f"/{request_id}", f"/{other}/entscheiden"):
            assert client.get(f"{BASE}{path}").status_code == 404, (who, path)
        assert post(client, f"{BASE}/neu", nummer=NUMBERS["dirks"], grund="x").status_code == 404
        assert post(client, f"{BASE}/{other}/entscheiden", antwort="ja", grund=WHY).status_code == 404
    assert row(room, other).state == "asked"


def test_the_second_person_reads_no_log_and_asks_for_none(room: Room) -> None:
    request_id = opened(room)
    client = room.client(SECOND)
    assert refused(client, request_id)
    assert client.get(f"{BASE}/neu").status_code == 404
    assert post(client, f"{BASE}/neu", nummer=NUMBERS["dirks"], grund="x").status_code == 404
    assert refused(room.client(WORKER), request_id)


def test_another_officer_reads_nothing_of_it(room: Room) -> None:
    request_id = opened(room)
    add_role(room, WORKER, "data_protection")
    assert refused(room.client(WORKER), request_id)
    assert NUMBERS["dirks"] not in room.client(WORKER).get(BASE).text


def test_another_agency_is_nowhere(room: Room) -> None:
    request_id = opened(room)
    with room.database.write() as tx:
        away = Agency(id=new_id(), code="ZWEIT", name="Zweite Behörde")
        tx.session.add(away)
        tx.session.flush()
        number = "99802//0000001"
        case = tx.session.get_one(CaseFile, room.cases["gerdes"])
        tx.session.execute(
            update(CaseFile).where(CaseFile.id == case.id).values(agency_id=away.id, file_number=number, number_key="X")
        )
    answer = post(room.client(OFFICER), f"{BASE}/neu", nummer=number, grund=REASON)
    assert answer.status_code == 422
    assert "gibt es keine Akte" in answer.text
    with room.database.write() as tx:
        tx.session.execute(update(LogRequest).where(LogRequest.id == request_id).values(agency_id=away.id))
    assert refused(room.client(OFFICER), request_id)
    with room.database.write() as tx:
        tx.session.execute(update(LogRequest).where(LogRequest.id == request_id).values(state="asked", decided_by=None))
    assert decide(room, request_id, version="2").status_code == 404


def test_refused_is_refused(room: Room) -> None:
    request_id = ask(room)
    assert decide(room, request_id, answer="nein").status_code == 303
    client = room.client(OFFICER)
    assert refused(client, request_id)
    page = client.get(BASE).text
    assert WHY in page
    assert "abgelehnt" in page
    assert f"{BASE}/{request_id}" not in page
    for version in ("1", "2"):
        assert decide(room, request_id, OTHER_SECOND, version=version).status_code == 409
    assert row(room, request_id).state == "refused"
    assert acts(room) == ["access_log.asked", "access_log.refused"]


def test_reading_ends_after_fourteen_days_from_the_decision(room: Room) -> None:
    request_id = opened(room)
    assert row(room, request_id).readable_until == TODAY + timedelta(days=14)
    room.clock.instant += timedelta(days=14)
    assert "noch 0 Tage" in room.client(OFFICER).get(f"{BASE}/{request_id}").text
    room.clock.instant += timedelta(days=1)
    client = room.client(OFFICER)
    assert refused(client, request_id)
    assert "abgelaufen" in client.get(BASE).text
    assert f'href="{BASE}/{request_id}"' not in client.get(BASE).text


def test_an_officer_without_the_office_reads_no_more(room: Room) -> None:
    request_id = opened(room)
    with room.database.write() as tx:
        user = tx.session.scalar(select(User.id).where(User.username == OFFICER))
        ended = RoleAssignment.user_id == user
        tx.session.execute(update(RoleAssignment).where(ended).values(valid_until=TODAY - timedelta(days=1)))
    assert refused(room.client(OFFICER), request_id)


def test_the_log_is_of_that_case_only_and_shows_no_contents(room: Room) -> None:
    for case, reader in (("dirks", WORKER), ("gerdes", "pclausbrook")):
        room.filed(case, "Geheimsache")
        path = f"/akte/{NUMBERS[case].replace('//', '-')}"
        assert room.client(reader).get(f"{path}/dokument/1").status_code == 200
    page = room.client(OFFICER).get(f"{BASE}/{opened(room)}").text
    assert ("Tjark Nommen", "Dokument geöffnet", "Nr. 1") in lines(page)
    assert ("System", "Abgelegt", "Nr. 1") in lines(page)
    for hidden in ("Peer Clausbrook", "Geheimsache", NUMBERS["gerdes"], "Dirks, Anna", "/akte/"):
        assert hidden not in page, hidden
    assert room.client(OFFICER).get("/akte/99801-0004711").status_code == 404
    assert room.client(OFFICER).get("/suche?q=Dirks").status_code == 404


def seen(room: Room, document_id: UUID, case_file_id: UUID | None, who: str = WORKER) -> None:
    """A look at a document that names this case, or none."""
    with room.database.read() as session:
        actor = build_actor(session, session.scalars(select(User).where(User.username == who)).one(), TODAY)
    look(room.database, actor, "page", [Seen("document", document_id, case_file_id)])


def test_looks_that_name_another_case_or_none_are_not_left_out(room: Room) -> None:
    room.filed("dirks")
    with room.database.read() as session:
        (document_id,) = session.scalars(select(Document.id))
    seen(room, document_id, None, "rhinnerksen")
    seen(room, document_id, room.cases["gerdes"], "pclausbrook")
    with room.database.write() as tx:
        tx.session.execute(update(Filing).values(ended_at=tx.now))
    room.clock.instant += timedelta(minutes=1)
    seen(room, document_id, None, "bquistorp")  # it lies here no more
    shown = lines(room.client(OFFICER).get(f"{BASE}/{opened(room)}").text)
    assert ("Rolf Hinnerksen", "Seite angesehen", "Nr. 1") in shown
    assert ("Peer Clausbrook", "Seite angesehen", "Nr. 1, in einer anderen Akte") in shown
    assert "Bente Quistorp" not in [who for who, _, _ in shown]


def test_each_reading_is_in_the_log_and_without_a_log_there_is_none(room: Room) -> None:
    request_id = opened(room)
    client = room.client(OFFICER)
    for _ in range(2):
        assert lines(client.get(f"{BASE}/{request_id}").text)[0][:2] == (
            "Gesine Klapproth",
            "Zugriffsprotokoll gelesen",
        )
    assert acts(room) == ["access_log.asked", "access_log.approved", "look.access_log"]
    with room.database.write() as tx:
        break_audit(tx.session, "NEW.category = 'look'")
    answer = room.client(OFFICER).get(f"{BASE}/{request_id}")
    assert answer.status_code == 503
    assert not lines(answer.text)


def test_without_a_reason_or_a_choice_nothing_happens(room: Room) -> None:
    client = room.client(OFFICER)
    for number, reason, words in (
        (NUMBERS["dirks"], "  ", "Bitte geben Sie einen Grund an."),
        ("99801//0009999", "x", "gibt es keine Akte"),
        ("", "x", "gibt es keine Akte"),
        (NUMBERS["dirks"], "x" * 4001, "zu lang"),
    ):
        answer = post(client, f"{BASE}/neu", nummer=number, grund=reason)
        assert answer.status_code == 422
        assert words in answer.text
    request_id = ask(room)
    path = f"{BASE}/{request_id}/entscheiden"
    for choice, reason in (("", "x"), ("vielleicht", "x"), ("ja", " ")):
        assert post(room.client(SECOND), path, antwort=choice, grund=reason).status_code == 422
    assert post(room.client(SECOND), path, antwort="ja", grund="x", version="7").status_code == 409
    assert (row(room, request_id).state, acts(room)) == ("asked", ["access_log.asked"])


def test_a_case_that_is_gone_takes_its_requests_along(room: Room) -> None:
    request_id, waiting = opened(room), ask(room)
    with room.database.write() as tx:
        gone = update(CaseFile).where(CaseFile.id == room.cases["dirks"]).values(state="destroyed")
        tx.session.execute(gone)
    assert refused(room.client(OFFICER), request_id)
    assert decide(room, waiting).status_code == 404
    assert NUMBERS["dirks"] not in room.client(SECOND).get(BASE).text
    answer = post(room.client(OFFICER), f"{BASE}/neu", nummer=NUMBERS["dirks"], grund="x")
    assert answer.status_code == 422


def test_the_plain_way_for_both_persons(room: Room) -> None:
    """Without JavaScript: the links and forms of the pages, nothing else."""
    room.filed("dirks")
    room.client(WORKER).get("/akte/99801-0004711/dokument/1")
    officer, second = room.client(OFFICER), room.client(SECOND)
    assert officer.get("/").headers["location"] == second.get("/").headers["location"] == BASE
    assert "Kein Antrag" in officer.get(BASE).text
    assert f'href="{BASE}/neu"' in officer.get(BASE).text
    assert f'href="{BASE}/neu"' not in second.get(BASE).text
    assert post(officer, f"{BASE}/neu", nummer="99801 BG 0004711", grund=REASON).status_code == 303
    assert "Eine zweite Person entscheidet." in officer.get(f"{BASE}?getan=beantragt").text
    assert "offen" in officer.get(BASE).text
    (path,) = re.findall(rf'href="({BASE}/[^"/]+/entscheiden)"', second.get(BASE).text)
    form = second.get(path).text
    assert REASON in form
    assert "Gesine Klapproth" in form
    assert post(second, path, antwort="ja", grund=WHY).status_code == 303
    assert "Ihre Anträge und Entscheidungen" in second.get(BASE).text
    (log,) = re.findall(rf'href="({BASE}/[^"/]+)"', officer.get(BASE).text.replace(f"{BASE}/neu", ""))
    page = officer.get(log).text
    assert "08.12.2026, noch 14 Tage" in page
    assert WHY in page
    looks = lines(officer.get(f"{log}?art=look").text)
    assert {what for _, what, _ in looks} == {"Zugriffsprotokoll gelesen", "Dokument geöffnet"}
    assert "Abgelegt" in [what for _, what, _ in lines(officer.get(f"{log}?art=act&von=24.11.2026").text)]
    assert "Kein Eintrag passt" in officer.get(f"{log}?bis=23.11.2026").text
    assert officer.get(f"{log}?von=gestern").status_code == 422


def test_a_long_log_has_pages(room: Room) -> None:
    request_id = opened(room)
    with room.database.write() as tx:
        machine = system_actor(room.agency_id)
        for number in range(60):
            tx.session.add(
                AuditEvent(
                    agency_id=room.agency_id, at=tx.now - timedelta(days=1, minutes=number), category="act",
                    action="note.added", actor_kind=machine.kind.value, object_type="note", object_id=new_id(),
                    case_file_id=room.cases["dirks"], details={},
                )
            )  # fmt: skip
    client = room.client(OFFICER)
    first = client.get(f"{BASE}/{request_id}?art=act").text
    assert "62 Einträge" in first
    assert len(lines(first)) == 50
    assert f'href="{BASE}/{request_id}?art=act&amp;ab=50"' in first
    assert len(lines(client.get(f"{BASE}/{request_id}?art=act&ab=50").text)) == 12


def test_no_grant_comes_with_it(room: Room) -> None:
    opened(room)
    with room.database.read() as session:
        assert session.scalars(select(CaseGrant.id)).all() == []
