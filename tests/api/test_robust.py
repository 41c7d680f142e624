"""Whatever is sent: a readable refusal, never an error of ours, never a word of what was sent in the log or the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from fastapi import APIRouter
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.frame import BODY_LIMIT, SECURITY_HEADERS
from api.problems import PROBLEM
from core.log import configure_logging
from tests.api.house import NUMBERS, House, canary, make_house
from tests.api.matrix import CHANGES, GET

ODD = (
    "²",
    "\x00",
    "..",
    "../..",
    "%2e%2e",
    "//",
    "-1",
    "9" * 30,
    "9" * 6000,
    "\ud800",
    "ſ",
    "'",
    '"',
    "%",
    "_",
    "ä" * 300,
)
WILD = st.one_of(st.sampled_from(ODD), st.text(max_size=12), st.integers().map(str), st.uuids().map(str))
BODY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
QUERY = ("q", "cursor", "limit", "box", "box_id", "width", "rotate", "ab", "seite", "seit", "liste", "getan", "art", "von",
         "akte", "dokument", "akte_suche", "sortierung", "text", "weiter", "ansicht")  # fmt: skip
FIELDS = ("version", "kennung", "an", "tag", "akte", "art", "schlagwort", "eingang", "text", "grund", "bemerkung",
          "darstellung", "benutzer", "passwort", "weiter", "suchen", "akte_suche", "csrf")  # fmt: skip
HEADERS = ("Range", "If-None-Match", "If-Range", "Origin", "HX-Request", "HX-Target", "X-Received-On", "X-Sheets",
           "X-Operator", "X-CSRF-Token", "Content-Type", "Referer", "Authorization", "X-Content-SHA256")  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make_house(tmp_path_factory.mktemp("house"))


def filled(data: st.DataObject, house: House, route: str) -> str:
    """The route with sometimes real and mostly odd values."""
    real = {
        "document_id": str(house.documents["own"]), "item_id": str(house.items["own"]), "page_no": "1", "n": "1",
        "number": NUMBERS["own"].replace("//", "-"), "code": "SZ-HAL-L1", "mandate": "aktuell",
    }  # fmt: skip

    def value(match: re.Match[str]) -> str:
        known = real.get(match[1].split(":")[0])
        odd = data.draw(WILD)
        return known if known and data.draw(st.booleans()) else quote(odd, safe="", errors="replace")

    return re.sub(r"\{([^}]+)\}", value, route)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_nothing_that_is_sent_is_an_error_of_ours(house: House, data: st.DataObject) -> None:
    method, route = data.draw(st.sampled_from([*(("GET", path) for path in GET), *CHANGES]))
    who = data.draw(st.sampled_from(("worker", "clearing", "auditor")))
    client = house.client(who)
    pairs = st.dictionaries(st.sampled_from(QUERY), WILD, max_size=3)
    headers = {
        name: value.encode("latin-1", "replace").replace(b"\x00", b"").replace(b"\n", b"").replace(b"\r", b"")[:2000]
        for name, value in data.draw(st.dictionaries(st.sampled_from(HEADERS), WILD, max_size=2)).items()
    }
    given_body: dict[str, Any] = {}
    if method != "GET" and route not in ("/abmelden", "/api/v1/session"):
        headers.setdefault("X-CSRF-Token", house.token(who).encode())
        if data.draw(st.booleans()):
            form = data.draw(st.dictionaries(st.sampled_from(FIELDS), WILD, max_size=6))
            given_body["data"] = {name: value.encode("utf-8", "replace") for name, value in form.items()}
        else:
            given_body["content"] = repr(data.draw(BODY)).replace("'", '"').encode("utf-8", "replace")
            headers.setdefault("Content-Type", b"application/json")
    query = {name: value.encode("utf-8", "replace") for name, value in data.draw(pairs).items()}
    answer = client.request(method, filled(data, house, route), params=query, headers=headers, **given_body)
    assert answer.status_code < 500, (method, route, answer.text[:400])
    assert all(answer.headers[name] for name in SECURITY_HEADERS)
    if route.startswith("/api") and answer.status_code >= 400 and answer.status_code not in (400, 416):
        assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"username": "\\ud800", "password": "x"}', "application/json"),
        (b'{"username": ', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"username": "Petra Geheim", "password": ["x"]}', "application/json"),
        (b'{"username": "Petra Geheim", "password": "x"}', "text/plain"),
        (b'{"username": "' + b"Petra Geheim" * 20 + b'", "password": "x"}', "application/json"),
        (b"benutzer=Petra+Geheim&passwort=x", "multipart/form-data; boundary="),
    ],
)
def test_a_refusal_names_fields_in_two_languages_and_never_repeats_what_was_sent(
    house: House, body: bytes, kind: str
) -> None:
    answer = house.anonymous().post("/api/v1/session", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 401, 422)
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["detail"] != problem["detail_en"]
    assert "Geheim" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/session", "/anmelden"])
def test_a_body_that_would_fill_the_memory_is_refused(house: House, path: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(BODY_LIMIT // 65536 + 2):
            yield b"x" * 65536

    for content in (b"x" * (BODY_LIMIT + 1), endless()):
        kind = "application/json" if "api" in path else "application/x-www-form-urlencoded"
        answer = house.anonymous().post(path, content=content, headers={"Content-Type": kind})
        assert answer.status_code == 413


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/search?q=x&cursor=²", 422),
        (f"/api/v1/search?q=x&cursor={'9' * 5000}", 422),
        (f"/api/v1/inbox/items?cursor={2**63}", 422),
        (f"/api/v1/case-files/x?cursor={2**63}", 422),
        (f"/akte/99801-0004711/dokument/{2**63}", 404),
        (f"/akte/99801-0004711?ab={2**63}", 422),
        (f"/api/v1/documents/{'f' * 32}/pages/{2**70}/text", 404),
    ],
)
def test_numbers_that_no_database_holds_are_refused(house: House, path: str, status: int) -> None:
    assert house.client("worker").get(path).status_code == status


def test_an_odd_count_of_sheets_is_refused(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.tokens['own']}", "Content-Type": "application/pdf", "X-Sheets": "²"}
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    assert house.anonymous().put("/api/v1/batches/odd", content=b"%PDF", headers=sent).status_code == 422


def test_paths_out_of_their_folder_and_foreign_hosts_lead_nowhere(house: House) -> None:
    client = house.client("worker")
    for path in ("/static/..%2f..%2fpyproject.toml", "/static/%2e%2e/pages.py", "/static//etc/passwd", "/static/%00"):
        assert client.get(path).status_code == 404
    for path in ("/api/v1/search/", "/postkorb/", "//boese.example/postkorb", "/healthz/"):
        answer = client.get(f"http://testserver{path}", headers={"Host": "boese.example"})
        assert answer.status_code == 404
        assert "boese.example" not in answer.headers.get("location", "")
    own = client.get("/", headers={"Host": "boese.example", "X-Forwarded-Host": "boese.example"})
    assert own.headers["location"] == "/postkorb"
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"):
        answer = client.request(method, f"/api/v1/documents/{house.documents['own']}")
        assert (answer.status_code, answer.headers["content-type"]) == (405, PROBLEM)
        assert answer.headers["allow"]


def test_an_unforeseen_error_shows_a_reference_and_logs_no_contents(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    router = APIRouter()

    @router.get("/api/v1/kaputt")
    def broken() -> None:
        raise ValueError("Gerdes, Ida")

    app = create_app(house.app.state.context, [router])
    configure_logging("info")
    try:
        answer = TestClient(app, raise_server_exceptions=True).get("/api/v1/kaputt")
    finally:
        structlog.reset_defaults()
    logged = capsys.readouterr().err
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert all(answer.headers[name] for name in SECURITY_HEADERS)
    assert answer.json()["reference"] in logged
    assert "ValueError" in logged
    assert "Gerdes" not in logged + answer.text
    assert "/api/v1/kaputt" in logged


def test_the_access_log_holds_templates_and_no_personal_data(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    client, token = house.fresh("elsewhere")
    configure_logging("info")
    try:
        client.get(f"/api/v1/case-files/{NUMBERS['foreign']}", params={"q": "Gerdes"})
        client.get(f"/akte/{NUMBERS['foreign'].replace('//', '-')}")
        client.get(f"/api/v1/documents/{house.documents['foreign']}/text")
        client.get("/suche", params={"q": canary("foreign")})
        client.get("/gibt/es/nicht/Gerdes")
        client.post("/api/v1/session", json={"username": "Gerdes", "password": "geheim-geheim"})
        house.anonymous().get("/api/v1/receipts/x", headers={"Authorization": f"Bearer {house.tokens['own']}"})
    finally:
        structlog.reset_defaults()
    # The browser of this test writes lines of its own; what the server writes is what counts.
    logged = "\n".join(line for line in capsys.readouterr().err.splitlines() if not line.startswith("INFO httpx"))
    for template in ("/api/v1/case-files/{number:path}", "/akte/{number}", "/api/v1/documents/{document_id}/text"):
        assert template in logged
    assert logged.count('"event": "request"') == 7
    secrets = [token, house.tokens["own"], *client.cookies.values()]
    for word in ("0004713", "Gerdes", "geheim", "Kanarienvogel", str(house.documents["foreign"]), *secrets):
        assert str(word) not in logged, word
