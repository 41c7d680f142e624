"""Which index the settings choose, what a start refuses, and what people see while the index server is away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.audit.anchors import AnchorFile
from core.errors import ConfigurationError
from core.settings import Settings
from eakte.bootstrap import Services
from eakte.doctor import examine
from eakte.searching import index_pending, open_index, rebuild_index, require_usable_index, search_service
from inbox.models import InboxItem
from search import opensearch_index
from search.index import IndexUnavailable
from search.opensearch_index import OpenSearchIndex
from search.tantivy_index import TantivyIndex
from tests.services import Service
from tests.web.room import Room, make_room

AWAY = "http://127.0.0.1:9"
SENTENCE = "Die Suche ist im Moment nicht verfügbar. Alles andere geht weiter."


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def services(room: Room, **settings: Any) -> Services:
    chosen = Settings(home=room.settings.home, **settings)
    return Services(chosen, room.database, room.blobs, AnchorFile(chosen.anchor_file))


class Refusing(BaseHTTPRequestHandler):
    """Knows nobody."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def refusing() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_settings_choose_the_index(room: Room) -> None:
    assert isinstance(open_index(services(room)), TantivyIndex)
    found = open_index(services(room, opensearch_url=AWAY))
    assert isinstance(found, OpenSearchIndex)
    assert open_index(services(room, opensearch_url=f"{AWAY}/")) is found, "one client for a process"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"opensearch_url": "localhost:9200"}, "muss http"),
        ({"opensearch_url": "http://admin:geheim@localhost:9200"}, "ohne Benutzer und Passwort"),
        ({"opensearch_url": "http://localhost:9200/index"}, "muss http"),
        ({"opensearch_url": AWAY, "opensearch_user": "eakte"}, "gehören zusammen"),
        ({"opensearch_url": AWAY, "opensearch_password_file": Path("/nirgends")}, "gehören zusammen"),
        (
            {"opensearch_url": AWAY, "opensearch_user": "e", "opensearch_password_file": Path("/nirgends")},
            "nicht lesbar",
        ),
        ({"opensearch_url": AWAY, "opensearch_ca_file": Path("/nirgends")}, "CA_FILE gibt es nicht"),
    ],
)
def test_half_settings_are_refused_with_a_sentence(room: Room, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        open_index(services(room, **given))
    assert told in raised.value.de
    assert "geheim" not in raised.value.de + raised.value.en


def test_a_start_refuses_wrong_credentials_but_not_a_server_that_is_away(room: Room, refusing: str) -> None:
    require_usable_index(services(room, opensearch_url=AWAY))
    with pytest.raises(ConfigurationError, match="refuses us") as raised:
        require_usable_index(services(room, opensearch_url=refusing))
    assert "OpenSearch" in raised.value.de


def test_while_the_server_is_away_pages_say_so_and_all_else_goes_on(room: Room) -> None:
    away = services(room, opensearch_url=AWAY)
    room.filed("dirks", "Nebenkosten")
    room.app.state.context = replace(room.app.state.context, search=search_service(away))
    client = room.client("tnommen")
    page = client.get("/suche?q=Miete")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert SENTENCE in page.text
    assert client.get("/akte/99801-0004711").status_code == 200
    answer = client.get("/api/v1/search?q=Miete")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["detail"].startswith(SENTENCE)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["checks"]["index"]) == (200, "degraded", False)
    with pytest.raises(IndexUnavailable):
        index_pending(away)
    assert ("index", "index_unavailable") in {(one.store, one.kind) for one in examine(away, deep=False)}


def test_doctor_holds_the_database_against_opensearch(
    room: Room, opensearch: Service, index_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = opensearch.settings["EAKTE_OPENSEARCH_URL"]
    chosen = services(room, opensearch_url=url, opensearch_index=index_prefix)
    item = room.filed("dirks", "Nebenkosten")
    with room.database.read() as session:
        document = str(session.get_one(InboxItem, item).document_id)
    assert index_pending(chosen) > 0
    require_usable_index(chosen)

    def found() -> list[tuple[str, str]]:
        return [(one.kind, one.id) for one in examine(chosen, deep=False) if one.store == "index"]

    assert found() == []
    open_index(chosen).apply([], [document])
    assert found() == [("not_indexed", document)]
    own = opensearch_index.ANALYSER_VERSION
    monkeypatch.setattr(opensearch_index, "ANALYSER_VERSION", own - 1)
    assert [kind for kind, _ in found()] == ["index_newer"]
    with pytest.raises(ConfigurationError) as raised:
        require_usable_index(chosen)
    assert "gehört zu einer neueren Version" in raised.value.de
    assert "newer version" in raised.value.en
    monkeypatch.setattr(opensearch_index, "ANALYSER_VERSION", own)
    rebuild_index(chosen)
    assert found() == []
