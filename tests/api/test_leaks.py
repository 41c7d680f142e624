"""Nobody sees more than they may, on any route, list, count, Range, 304 or redirect; every look leaves one event.

Routes are enumerated from the application: a new one without a row in ROUTES fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.app import ROUTERS
from archive.models import CaseFile, Document, Filing, PersonName
from core.clock import agency_date
from core.models import AuditEvent
from core.settings import Settings
from eakte.bootstrap import Services, open_services
from eakte.demo.batches import write_scan_batch
from eakte.demo.letters.mix import make_letters
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import make_register
from eakte.intake import take_in
from eakte.serve import build_app
from inbox.models import InboxItem
from organisation.models import OrgUnit, User
from tests.eakte.support import agency_of, work_off
from web.router import routers
from web.wording import path_number

RECORD, LIST, OWN, OPEN = "record", "list", "own", "open"
# record: contents of one record · list: narrowed to the reader · own: the reader's own settings or forms · open: no data
ROUTES: dict[str, str] = {
    "/api/v1/receipts/{receipt_id}": "station",
    "/api/v1/documents/{document_id}": RECORD,
    "/api/v1/documents/{document_id}/text": RECORD,
    "/api/v1/documents/{document_id}/pages/{page_no}/text": RECORD,
    "/api/v1/documents/{document_id}/pages/{page_no}/image": RECORD,
    "/api/v1/documents/{document_id}/pdf": RECORD,
    "/api/v1/documents/{document_id}/original": RECORD,
    "/api/v1/case-files/{number:path}": RECORD,
    "/api/v1/search": LIST,
    "/api/v1/inbox/items": LIST,
    "/healthz": OPEN,
    "/readyz": OPEN,
    "/static/{path:path}": OPEN,
    "/": OPEN,
    "/anmelden": OPEN,
    "/einstellungen": OWN,
    "/hilfe/tastatur": OWN,
    "/barrierefreiheit": OPEN,
    "/postkorb": LIST,
    "/postkorb/team/{code}": LIST,
    "/postkorb/vertretung/{user_id}": LIST,
    "/postkorb/neu": LIST,
    "/postkorb/e/{item_id}": RECORD,
    "/postkorb/e/{item_id}/weiterleiten": RECORD,
    "/postkorb/e/{item_id}/wiedervorlage": RECORD,
    "/postkorb/e/{item_id}/andere-akte": RECORD,
    "/postkorb/e/{item_id}/notiz": RECORD,
    "/klaerung": LIST,
    "/klaerung/{item_id}": RECORD,
    "/klaerung/{item_id}/akten": RECORD,
    "/klaerung/{item_id}/neue-akte": RECORD,
    "/klaerung/{item_id}/weiterleiten": RECORD,
    "/akte/{number}": RECORD,
    "/akte/{number}/notiz": RECORD,
    "/akte/{number}/wieder-oeffnen": RECORD,
    "/akte/{number}/dokument/{n}": RECORD,
    "/akte/{number}/dokument/{n}/pdf": RECORD,
    "/akte/{number}/dokument/{n}/original": RECORD,
    "/akte/{number}/dokument/{n}/notiz": RECORD,
    "/poststelle": LIST,
    "/poststelle/quarantaene": LIST,
    "/poststelle/quarantaene/{entry_id}/beenden": RECORD,
    "/suche": LIST,
    "/pruefung": LIST,
    "/pruefung/{mandate}": RECORD,
    "/pruefung/{mandate}/protokoll": RECORD,
    "/{address:page_path}": OPEN,
}
CONTENT = (
    "/api/v1/documents/{document_id}",
    "/api/v1/documents/{document_id}/text",
    "/api/v1/documents/{document_id}/pages/{page_no}/text",
    "/api/v1/documents/{document_id}/pages/{page_no}/image",
    "/api/v1/documents/{document_id}/pdf",
    "/api/v1/documents/{document_id}/original",
    "/api/v1/case-files/{number:path}",
    "/akte/{number}/dokument/{n}",
)
PASSWORD = re.compile(r"Passwort: (\S+)")


@dataclass
class House:
    """A running demo with one filed letter that belongs to `owner` and to nobody else asked here."""

    services: Services
    app: FastAPI
    document: UUID
    item: UUID
    case_number: str
    ordinal: int
    family_name: str
    owner: str
    outsider: str

    def client(self, username: str) -> TestClient:
        """A signed-in browser."""
        client = TestClient(self.app, base_url="http://testserver", follow_redirects=False)
        found = PASSWORD.search((self.services.settings.data / "demo-logins.txt").read_text("utf-8"))
        assert found is not None
        answer = client.post("/api/v1/session", json={"username": username, "password": found[1]})
        assert answer.status_code == 201
        return client

    def path(self, route: str) -> str:
        """The route with this house's record in it."""
        values = {
            "document_id": str(self.document), "page_no": "1", "number:path": self.case_number, "item_id": str(self.item),
            "number": path_number(self.case_number), "n": str(self.ordinal), "code": "SZ-HAL-L1",
            "user_id": "fohlsdorp", "mandate": self.case_number.replace("/", "-"), "address:page_path": "nirgends",
            "path:path": "nichts.css", "entry_id": str(self.item),
        }  # fmt: skip
        return re.sub(r"\{([^}]+)\}", lambda match: values[match[1]], route)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("house")
    services = open_services(Settings(home=folder / "home"), migrate=True)
    load_demo(services, with_mail=False)
    day = agency_date(services.database.clock.now())
    letters = [
        letter
        for letter in make_letters(make_register(SEED, day), 60, 3, day)
        if letter.truth.expected == "file" and (letter.truth.file_number or "").startswith("99801")
    ][:5]
    write_scan_batch(letters, folder / "batch.pdf", separators="both", profile="office", seed=3)
    take_in(services, agency_of(services), [folder / "batch.pdf"], "SCAN-1", None, None)
    work_off(services)
    return _house(services, build_app(services))


def _house(services: Services, app: FastAPI) -> House:
    with services.database.read() as session:
        query = (
            select(Document, Filing, CaseFile, User.username, OrgUnit.code, InboxItem.id)
            .join(Filing, Filing.document_id == Document.id)
            .join(CaseFile, CaseFile.id == Filing.case_file_id)
            .join(User, User.id == CaseFile.responsible_user_id)
            .join(OrgUnit, OrgUnit.id == CaseFile.org_unit_id)
            .join(InboxItem, InboxItem.document_id == Document.id)
            .where(Filing.ended_at.is_(None))
        )
        document, filing, case_file, owner, unit, item_id = session.execute(query).all()[0]
        name = session.scalars(select(PersonName.family_name)).first() or ""
    outsider = "pclausbrook" if not unit.startswith("SZ-HOL") else "glevsen"
    return House(services, app, document.id, item_id, case_file.file_number, filing.ordinal, name, owner, outsider)


def get_routes() -> list[str]:
    """Every path that the application answers to GET."""
    found = [route.path for router in (*ROUTERS, *routers()) for route in router.routes if "GET" in route.methods]  # type: ignore[attr-defined]
    return sorted(set(found))


def looks(house: House) -> int:
    with house.services.database.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.category == "look")) or 0


def test_every_route_has_a_row() -> None:
    assert set(get_routes()) == set(ROUTES)


@pytest.mark.parametrize("route", [route for route, kind in ROUTES.items() if kind == RECORD])
@pytest.mark.parametrize("who", ["outsider", "sbahnsand", "akurtoglu", "rhinnerksen", "mockholm", "tharksand"])
def test_others_get_404_and_learn_nothing(house: House, route: str, who: str) -> None:
    client = house.client(house.outsider if who == "outsider" else who)
    before = looks(house)
    answer = client.get(house.path(route), headers={"Range": "bytes=0-10", "If-None-Match": "*"})
    assert answer.status_code == 404, route
    # The pages repeat the number that the person typed ("Unter … finden Sie hier keine Akte"), and nothing else.
    assert house.case_number not in answer.text.replace(f"Unter {house.case_number} finden", "")
    assert house.family_name not in answer.text
    assert looks(house) == before


@pytest.mark.parametrize("route", [route for route, kind in ROUTES.items() if kind in (LIST, OWN)])
def test_lists_of_others_do_not_even_hold_the_number(house: House, route: str) -> None:
    client = house.client(house.outsider)
    answer = client.get(
        house.path(route), params={"q": house.case_number} if "su" in route or "search" in route else {}
    )
    assert answer.status_code in (200, 303, 404)
    shown = answer.text.replace(f'value="{house.case_number}"', "").replace(house.case_number + "</title>", "")
    assert str(house.document) not in shown


def test_search_counts_nothing_for_others(house: House) -> None:
    answer = house.client(house.outsider).get("/api/v1/search", params={"q": house.case_number}).json()
    assert (answer["total"], answer["results"]) == (0, [])
    assert all(not counts for counts in answer["facets"].values())
    mine = house.client(house.owner).get("/api/v1/search", params={"q": house.case_number}).json()
    assert mine["total"] >= 1


@pytest.mark.parametrize("route", CONTENT)
def test_each_look_leaves_exactly_one_event(house: House, route: str) -> None:
    client = house.client(house.owner)
    before = looks(house)
    assert client.get(house.path(route)).status_code == 200
    after = looks(house)
    assert after == before + 1
    assert client.get(house.path(route)).status_code == 200
    assert looks(house) == after


@pytest.mark.parametrize("part", ["pdf", "original"])
def test_range_and_304_are_authorised_and_audited(house: House, part: str) -> None:
    path = f"/api/v1/documents/{house.document}/{part}"
    client = house.client(house.owner)
    before = looks(house)
    whole = client.get(path)
    assert looks(house) == before + 1
    assert whole.headers["cache-control"] == "private, no-cache"
    piece = client.get(path, headers={"Range": "bytes=0-9"})
    assert (piece.status_code, piece.content) == (206, whole.content[:10])
    other = house.client(house.owner)
    counted = looks(house)
    fresh = other.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert (fresh.status_code, fresh.content) == (304, b"")
    assert looks(house) == counted + 1


def test_nobody_is_somebody_without_a_session(house: House) -> None:
    client = TestClient(house.app, base_url="http://testserver", follow_redirects=False)
    for route, kind in ROUTES.items():
        if kind in (RECORD, LIST, OWN):
            answer = client.get(house.path(route))
            assert answer.status_code in (303, 401), route
            assert house.family_name not in answer.text, route


def test_openapi_document_has_german_summaries(house: House) -> None:
    described: dict[str, Any] = house.app.openapi()["paths"]
    for path, operations in described.items():
        for operation in operations.values():
            assert operation["summary"], path


def test_the_access_log_prints_templates(house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    house.client(house.owner).get(f"/api/v1/case-files/{house.case_number}")
    logged = "".join(capsys.readouterr())
    assert house.case_number not in logged
