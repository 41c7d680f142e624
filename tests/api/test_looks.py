"""Every answer that shows a record leaves exactly one look; no answer without its look; refusals leave none."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.models import AuditEvent
from tests.api.house import NUMBERS, House, at, case_path, make_house
from tests.api.matrix import LOOKS
from tests.api.test_leaks import fill
from tests.databases import break_audit, repair_audit


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make_house(tmp_path_factory.mktemp("house"))


def events(house: House) -> list[tuple[str, UUID | None, UUID | None, dict[str, Any]]]:
    """Looks in the log: action, object, session, details."""
    columns = (AuditEvent.action, AuditEvent.object_id, AuditEvent.session_id, AuditEvent.details)
    with house.room.database.read() as session:
        query = select(*columns).where(AuditEvent.category == "look").order_by(AuditEvent.id)
        return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def path_of(house: House, route: str) -> tuple[str, str]:
    """An address of the route and who may read what is there."""
    number, ordinal = house.ordinals["own"]
    reader, item = ("clearing", "general") if route.startswith("/klaerung") else ("worker", "own")
    reader = "protection" if route.startswith("/zugriffe") else reader
    values = {
        "document_id": str(house.documents["own"]), "page_no": "1", "number:path": number, "n": str(ordinal),
        "number": case_path("own"), "item_id": str(house.items["health" if item == "own" else item]),
        "request_id": str(house.requests["opened"]),
    }  # fmt: skip
    return fill(route, values), reader


@pytest.mark.parametrize("route", sorted(LOOKS))
def test_each_shown_record_leaves_exactly_one_look_per_session(house: House, route: str) -> None:
    path, reader = path_of(house, route)
    client, _ = house.fresh(reader)
    before = len(events(house))
    assert client.get(path).status_code == 200
    new = events(house)[before:]
    assert new, "a look"
    assert max(Counter((action, shown) for action, shown, _, _ in new).values()) == 1
    if route.startswith("/api"):
        assert len(new) == 1
    assert client.get(path).status_code == client.request("HEAD", path).status_code == 200
    assert events(house)[before:] == new


@pytest.mark.parametrize("headers", [{"Range": "bytes=0-3"}, {"If-None-Match": "*"}], ids=["part", "known"])
@pytest.mark.parametrize("route", sorted(LOOKS))
def test_asking_for_a_part_or_for_news_is_a_look_on_every_route(
    house: House, route: str, headers: dict[str, str]
) -> None:
    path, reader = path_of(house, route)
    client, _ = house.fresh(reader)
    before = len(events(house))
    assert client.get(path, headers=headers).status_code in (200, 206, 304)
    looks = Counter((action, shown) for action, shown, _, _ in events(house)[before:])
    assert looks
    assert max(looks.values()) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("headers", "status"), [({"Range": "bytes=0-3"}, 206), ({"If-None-Match": "*"}, 304)])
@pytest.mark.parametrize("part", ["pdf", "original"])
def test_a_part_and_a_304_are_looks(house: House, part: str, headers: dict[str, str], status: int, method: str) -> None:
    before = len(events(house))
    client, _ = house.fresh("worker")
    answer = client.request(method, f"/api/v1/documents/{house.documents['own']}/{part}", headers=headers)
    assert answer.status_code == status
    assert [action for action, *_ in events(house)[before:]] == ["look.content"]


def test_a_result_list_leaves_a_look_for_each_letter_it_quotes(house: House) -> None:
    before = len(events(house))
    client, _ = house.fresh("elsewhere")
    total = client.get("/api/v1/search", params={"q": "vogelkunde"}).json()["total"]
    new = events(house)[before:]
    assert {action for action, *_ in new} == {"look.snippet"}
    assert len(new) == total == len({shown for _, shown, _, _ in new})
    assert client.get("/api/v1/search", params={"q": "nirgendwo"}).json()["total"] == 0
    assert events(house)[before:] == new


def test_covers_in_clearing_are_looks_too(house: House) -> None:
    before = len(events(house))
    client, _ = house.fresh("clearing")
    page = client.get(f"/klaerung/{house.items['general']}/akten", params={"q": "Gerdes"})
    assert NUMBERS["foreign"] in page.text
    assert [(a, shown) for a, shown, _, _ in events(house)[before:]] == [("look.cover", house.cases["foreign"])]


def test_a_new_look_after_five_minutes_and_a_mark_for_what_is_fetched_ahead(house: House) -> None:
    path = f"/api/v1/documents/{house.documents['own']}/pages/1/image"
    client, _ = house.fresh("worker")
    before = len(events(house))
    for headers in ({"X-EA-Vorab": "1"}, {"Sec-Purpose": "prefetch"}, {}, {}):
        assert client.get(path, headers=headers).status_code == 200
    with at(house, minutes=5):
        client.get(path)
    marks = [details.get("prefetched", False) for _, _, _, details in events(house)[before:]]
    assert marks == [True, False, False]


def test_without_a_log_nothing_is_shown(house: House) -> None:
    with house.room.database.write() as tx:
        break_audit(tx.session, "NEW.category = 'look'")
    try:
        for route in sorted(LOOKS):
            path, reader = path_of(house, route)
            client, _ = house.fresh(reader)
            for method in ("GET", "HEAD"):
                answer = client.request(method, path, headers={"Range": "bytes=0-3"})
                assert answer.status_code == 503, route
                assert "Kanarienvogel" not in answer.text
                assert answer.headers["retry-after"]
        answer = house.fresh("worker")[0].get("/api/v1/search", params={"q": "vogelkunde"})
        assert answer.status_code == 503
    finally:
        with house.room.database.write() as tx:
            repair_audit(tx.session)
