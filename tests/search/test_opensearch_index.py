"""What is special about OpenSearch: many writers, generations behind an alias, erasure in its files, being away."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from opensearchpy import OpenSearch

from search import opensearch_index
from search.index import IndexBusy, IndexEntry, IndexNewer, IndexOutdated, IndexUnavailable
from search.opensearch_client import Server
from search.opensearch_index import OpenSearchIndex
from search.query import parse
from tests.search.engines import clear, files_with, new_prefix, opensearch_client
from tests.search.golden import ALL_SCOPES, entries, entry, id_of, names_of

CANARY = "Kanariaqx"


@pytest.fixture
def prefix(search_server: Server) -> Iterator[str]:
    made = new_prefix()
    yield made
    clear(search_server, made)


@pytest.fixture
def make(search_server: Server, prefix: str) -> Callable[[], OpenSearchIndex]:
    """Another process on the same index."""
    return lambda: OpenSearchIndex(search_server, prefix)


@pytest.fixture
def index(make: Callable[[], OpenSearchIndex]) -> OpenSearchIndex:
    made = make()
    made.rebuild([])
    return made


@pytest.fixture
def client(search_server: Server) -> OpenSearch:
    return opensearch_client(search_server)


def found(index: OpenSearchIndex, query: str) -> list[str]:
    return names_of([hit.document_id for hit in index.search(parse(query), ALL_SCOPES)])


def generations(client: OpenSearch, prefix: str) -> list[str]:
    return sorted(client.indices.get_alias(index=f"{prefix}-*"))


def meanwhile(act: Callable[[], object], *given: IndexEntry) -> Iterator[IndexEntry]:
    """Entries of a writer that was stopped between reading and writing, while others did something."""
    yield from given
    act()


def test_who_wrote_late_does_not_win(index: OpenSearchIndex, make: Callable[[], OpenSearchIndex]) -> None:
    index.apply([entry("lohn", "alt")], [])

    def others() -> None:
        make().apply([entry("lohn", "neu"), entry("rate", "neu")], [id_of("klage")])

    late = [entry("lohn", "veraltet"), entry("rate", "veraltet"), entry("klage", "veraltet")]
    with pytest.raises(IndexBusy):
        index.apply(meanwhile(others, *late), [])
    assert found(index, "veraltet") == []
    assert set(found(index, "neu")) == {"lohn", "rate"}
    assert index.documents() == {id_of("lohn"), id_of("rate")}
    with pytest.raises(IndexBusy):
        index.apply(meanwhile(lambda: make().apply([entry("klage")], [])), [id_of("klage")])
    assert found(index, "Klage") == ["klage"]


def test_work_does_not_count_when_somebody_older_may_write_over_it(
    index: OpenSearchIndex, make: Callable[[], OpenSearchIndex]
) -> None:
    """The later number belongs to a writer that read first: what we wrote may be replaced by older things."""
    other = make()
    ours: list[IndexEntry] = []

    def stopped() -> Iterator[IndexEntry]:
        yield from ours
        with pytest.raises(IndexBusy):  # takes its number after us, reads before us, writes after us
            other.apply(meanwhile(lambda: index.apply([entry("klage")], []), entry("lohn", "alt")), [])

    ours.append(entry("lohn", "neu"))
    with pytest.raises(IndexBusy):
        index.apply(stopped(), [])
    index.apply([entry("lohn", "neu")], [])
    assert found(index, "neu") == ["lohn"]


def test_a_rebuild_goes_on_beside_searching_and_writing(
    index: OpenSearchIndex, make: Callable[[], OpenSearchIndex], client: OpenSearch, prefix: str
) -> None:
    index.apply([entry("lohn"), entry("klage")], [])
    other = make()

    def filling() -> Iterator[IndexEntry]:
        yield entry("rate")
        other.apply([entry("lohn", "Gehaltszettel")], [id_of("klage")])
        assert found(other, "Gehaltszettel") == ["lohn"], "what is written meanwhile is found at once"
        assert found(other, "Stundung") == [], "and nothing of the new generation"
        yield entry("lohn")
        yield entry("klage")

    assert index.rebuild(filling()) == 3
    assert found(other, "Gehaltszettel") == ["lohn"]
    assert found(other, "Stundung") == ["rate"]
    assert other.documents() == {id_of("lohn"), id_of("rate")}
    assert len(generations(client, prefix)) == 1


def test_what_was_read_before_a_rebuild_is_not_written_after_it(
    index: OpenSearchIndex, make: Callable[[], OpenSearchIndex], client: OpenSearch, prefix: str
) -> None:
    before = generations(client, prefix)
    with pytest.raises(IndexBusy):
        index.apply(meanwhile(lambda: make().rebuild([entry("klage")]), entry("lohn")), [])
    assert index.documents() == {id_of("klage")}
    assert len(generations(client, prefix)) == 1
    assert set(before).isdisjoint(generations(client, prefix)), "no late write makes an old index anew"


def test_of_two_rebuilds_the_later_one_goes_on(
    index: OpenSearchIndex, make: Callable[[], OpenSearchIndex], client: OpenSearch, prefix: str
) -> None:
    with pytest.raises(IndexBusy):
        index.rebuild(meanwhile(lambda: make().rebuild([entry("klage")]), entry("lohn")))
    assert index.documents() == {id_of("klage")}
    assert len(generations(client, prefix)) == 1


CHILD = """
import sys
from search.opensearch_client import Server
from search.opensearch_index import OpenSearchIndex
from tests.search.golden import entry

def endless():
    yield entry("lohn", "Halbfertig")
    print("filling", flush=True)
    sys.stdin.read()

OpenSearchIndex(Server(sys.argv[1]), sys.argv[2]).rebuild(endless())
"""


@pytest.mark.kill
def test_a_killed_rebuild_leaves_the_old_index_and_no_rubbish(
    index: OpenSearchIndex, search_server: Server, client: OpenSearch, prefix: str
) -> None:
    index.apply([entry("klage")], [])
    command = [sys.executable, "-c", CHILD, search_server.url, prefix]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=os.getcwd())
    assert child.stdout is not None
    assert child.stdout.readline() == b"filling\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert len(generations(client, prefix)) == 2
    assert found(index, "Halbfertig") == []
    index.apply([entry("rate")], [])
    assert index.documents() == {id_of("klage"), id_of("rate")}
    index.rebuild([entry("klage")])
    assert len(generations(client, prefix)) == 1


def test_another_version_is_built_anew_when_older_and_left_alone_when_newer(
    index: OpenSearchIndex, client: OpenSearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.apply([entry("klage")], [])
    own = opensearch_index.ANALYSER_VERSION
    monkeypatch.setattr(opensearch_index, "ANALYSER_VERSION", own + 1)
    assert not index.current()
    with pytest.raises(IndexOutdated):
        index.search(parse("Klage"), ALL_SCOPES)
    with pytest.raises(IndexOutdated):
        index.apply([entry("lohn")], [])
    index.rebuild([entry("klage")])
    assert len(generations(client, prefix)) == 1
    monkeypatch.setattr(opensearch_index, "ANALYSER_VERSION", own)
    acts: list[Callable[[], object]] = [
        index.current, index.documents, lambda: index.rebuild([]), lambda: index.search(parse("Klage"), ALL_SCOPES),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(IndexNewer, match="belongs to a newer version") as raised:
            act()
        assert "gehört zu einer neueren Version" in raised.value.de
    monkeypatch.setattr(opensearch_index, "ANALYSER_VERSION", own + 1)
    assert found(index, "Klage") == ["klage"]


def test_large_sets_are_read_page_by_page(index: OpenSearchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.rebuild(entries())
    whole = index.search(parse("jahr:2026"), ALL_SCOPES)
    assert len(whole) > 12
    monkeypatch.setattr(opensearch_index, "_FIRST_PAGE", 3)
    monkeypatch.setattr(opensearch_index, "_PAGE", 4)
    assert index.search(parse("jahr:2026"), ALL_SCOPES) == whole
    assert index.search(parse("jahr:2026"), ALL_SCOPES, 7) == whole[:7]
    assert index.search(parse("jahr:2026"), ALL_SCOPES, 2) == whole[:2]
    assert len(index.documents()) == len(list(entries()))


def test_erasing_leaves_no_word_in_any_file(index: OpenSearchIndex, client: OpenSearch, prefix: str) -> None:
    index.rebuild(entries())
    index.apply([entry("lohn", f"Lohn {CANARY}"), entry("rate", f"Rate {CANARY}")], [])
    client.indices.flush(index=generations(client, prefix)[0])
    assert files_with(client, CANARY), "the search in the bytes must be able to find it"
    index.apply([entry("rate", "Rate")], [id_of("lohn")])
    client.indices.flush(index=generations(client, prefix)[0])
    assert found(index, CANARY) == []
    assert files_with(client, CANARY), "deleting must not be taken for erasing"
    assert index.erase()
    assert files_with(client, CANARY) == []
    assert found(index, "Rate") == ["rate"]
    assert id_of("lohn") not in index.documents()
    assert found(index, "Klage") == ["klage"]


def test_no_text_is_stored(index: OpenSearchIndex, client: OpenSearch, prefix: str) -> None:
    index.rebuild(entries())
    told = client.search(index=generations(client, prefix)[0], body={"query": {"match_all": {}}, "size": 50})
    assert told["hits"]["hits"]
    assert all("_source" not in hit for hit in told["hits"]["hits"])


def test_a_server_that_is_away_is_said_by_every_act(prefix: str) -> None:
    index = OpenSearchIndex(Server("http://127.0.0.1:9"), prefix)
    acts: list[Callable[[], object]] = [
        index.current, index.documents, index.erase, lambda: index.apply([entry("lohn")], []), lambda: index.rebuild([]),
        lambda: index.search(parse("Klage"), ALL_SCOPES),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(IndexUnavailable) as raised:
            act()
        assert raised.value.de.startswith("Die Suche ist im Moment nicht verfügbar. Alles andere geht weiter.")


def test_the_client_logs_nothing_of_what_people_search(
    index: OpenSearchIndex, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        index.apply([entry("klage", f"Klage {CANARY}")], [])
        assert found(index, CANARY) == ["klage"]
        with pytest.raises(IndexUnavailable):
            OpenSearchIndex(Server("http://127.0.0.1:9"), "t").search(parse(CANARY), ALL_SCOPES)
    assert CANARY.lower() not in caplog.text.lower()
