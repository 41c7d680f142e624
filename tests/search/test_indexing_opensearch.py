"""The indexer on OpenSearch: one erasure for many destructions; the server killed, stopped and back again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from archive.models import Document
from core import outbox
from core.ids import new_id
from eakte.services.process import Server as Process
from search.index import IndexUnavailable
from search.indexing import Indexer
from search.opensearch_client import Server
from search.opensearch_index import OpenSearchIndex
from tests.search.engines import clear, new_prefix, opensearch_client
from tests.search.world import World, add_case, add_letter, owed


class Counting(OpenSearchIndex):
    """Counts what takes long, instead of doing it."""

    erasures = 0

    def erase(self) -> bool:
        self.erasures += 1
        return True


def test_many_destructions_are_one_erasure(world: World, search_server: Server) -> None:
    prefix = new_prefix()
    index = Counting(search_server, prefix)
    indexer = Indexer(world.database, world.blobs, index)
    case = add_case(world, "A-1")
    letters = [add_letter(world, f"Brief {number}", ["Miete"], (case, 1, 1)) for number in range(3)]
    indexer.catch_up()
    with world.database.write() as tx:
        tx.session.execute(update(Document).where(Document.id == letters[0]).values(state="destroyed"))
        for document in (letters[0], *(new_id() for _ in range(149))):
            outbox.emit(tx, world.agency, "document.destroyed", document)
        outbox.emit(tx, world.agency, "document.changed", letters[1])
    assert indexer.catch_up() == 151
    assert (index.erasures, owed(world)) == (1, 0)
    assert index.documents() == {str(letters[1]), str(letters[2])}
    clear(search_server, prefix)


@pytest.mark.kill
def test_a_server_that_was_killed_or_stopped_costs_time_only(
    world: World, own_server: Callable[[str], Process], capfd: pytest.CaptureFixture[str]
) -> None:
    server = own_server("opensearch")
    client = opensearch_client(Server(server.settings()["EAKTE_OPENSEARCH_URL"]))
    client.indices.create(index="kept", body={"settings": {"number_of_replicas": 0}})
    client.index(index="kept", id="1", body={"word": "Bescheid"})
    away = replace(world, make_index=lambda _: OpenSearchIndex(Server(server.settings()["EAKTE_OPENSEARCH_URL"]), "t"))
    case = add_case(away, "A-1")
    add_letter(away, "Vorher", ["Miete"], (case, 1, 1))
    away.indexer.catch_up()
    add_letter(away, "Kurz davor", ["Miete"], (case, 1, 1))
    away.indexer.catch_up()
    server.kill()
    add_letter(away, "Unterdessen", ["Miete"], (case, 1, 1))
    with pytest.raises(IndexUnavailable):
        away.indexer.catch_up()
    with pytest.raises(IndexUnavailable):
        away.answer("anna", "Miete")
    assert owed(away) == 1
    capfd.readouterr()
    server.start()
    assert capfd.readouterr().err == "", "waiting is silent"
    assert client.get(index="kept", id="1")["_source"] == {"word": "Bescheid"}
    assert set(away.titles("anna", "Miete")) == {"Vorher", "Kurz davor"}
    away.indexer.catch_up()
    assert set(away.titles("anna", "Miete")) == {"Vorher", "Kurz davor", "Unterdessen"}
    assert owed(away) == 0
