"""What is special about tantivy: files, generations, the writer's lock, erasure, being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from search import tantivy_index
from search.index import IndexBusy, IndexEntry, IndexOutdated
from search.query import parse
from search.tantivy_index import TantivyIndex
from tests.search.dictionaries import dictionaries_with
from tests.search.golden import ALL_SCOPES, entries, entry, id_of, names_of

CANARY = "Kanariaqx"


def found(index: TantivyIndex, query: str) -> list[str]:
    return names_of([hit.document_id for hit in index.search(parse(query), ALL_SCOPES)])


def files_with(root: Path, word: str) -> list[str]:
    paths = (path for path in root.rglob("*") if path.is_file())
    return sorted(path.name for path in paths if word.lower().encode() in path.read_bytes().lower())


@pytest.fixture
def index(tmp_path: Path) -> TantivyIndex:
    made = TantivyIndex(tmp_path / "index")
    made.rebuild([])
    return made


def test_a_rebuild_erases_words_that_a_removal_leaves(index: TantivyIndex, tmp_path: Path) -> None:
    index.apply([entry("lohn", f"Lohn {CANARY}"), entry("klage")], [])
    index.apply([], [id_of("lohn")])
    assert found(index, CANARY) == []
    assert CANARY.lower() in dictionaries_with(tmp_path, "kanari"), "deleting must not be taken for erasing"
    index.rebuild([entry("klage")])
    assert dictionaries_with(tmp_path, "kanari") == []
    assert found(index, "Klage") == ["klage"]


def test_no_text_is_stored(index: TantivyIndex, tmp_path: Path) -> None:
    index.apply(list(entries()), [])
    assert files_with(tmp_path, "Sehr geehrte Frau") == []
    assert [path for path in tmp_path.rglob("*.store") if path.stat().st_size > 500] == []


def test_a_reader_sees_commits_and_generations_of_another(index: TantivyIndex, tmp_path: Path) -> None:
    reader = TantivyIndex(tmp_path / "index")
    assert found(reader, "Klage") == []
    index.apply([entry("klage")], [])
    assert found(reader, "Klage") == ["klage"]
    index.rebuild([entry("lohn")])
    assert found(reader, "Klage") == []
    assert found(reader, "Lohnabrechnung") == ["lohn"]
    generations = [folder for folder in (tmp_path / "index").iterdir() if folder.is_dir()]
    assert len(generations) == 1


def test_one_writer_at_a_time_over_generations(index: TantivyIndex, tmp_path: Path) -> None:
    """What is written to the old generation while a new one is filled would be lost, so it must be refused."""
    other = TantivyIndex(tmp_path / "index")
    inside, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[IndexEntry]:
        yield entry("klage")
        inside.set()
        assert go_on.wait(200)

    rebuilding = threading.Thread(target=lambda: index.rebuild(slow()))
    rebuilding.start()
    assert inside.wait(200)
    try:
        with pytest.raises(IndexBusy):
            other.apply([entry("lohn")], [])
        with pytest.raises(IndexBusy):
            other.rebuild([])
        assert found(other, "Klage") == []
    finally:
        go_on.set()
        rebuilding.join()
    other.apply([entry("lohn")], [])
    assert found(other, "Klage") == ["klage"]
    assert found(other, "Lohnabrechnung") == ["lohn"]


def test_an_index_of_another_analyser_must_be_built_anew(index: TantivyIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.apply([entry("klage")], [])
    monkeypatch.setattr(tantivy_index, "ANALYSER_VERSION", tantivy_index.ANALYSER_VERSION + 1)
    assert not index.current()
    with pytest.raises(IndexOutdated):
        index.search(parse("Klage"), ALL_SCOPES)
    with pytest.raises(IndexOutdated):
        index.apply([entry("lohn")], [])
    index.rebuild([entry("klage")])
    assert index.current()
    assert found(index, "Klage") == ["klage"]


def test_a_lost_pointer_or_generation_is_noticed(index: TantivyIndex, tmp_path: Path) -> None:
    index.apply([entry("klage")], [])
    (tmp_path / "index" / "current").write_text("v0-gone", "ascii")
    assert not index.current()
    (tmp_path / "index" / "current").unlink()
    assert not index.current()
    index.rebuild([entry("klage")])
    assert found(index, "Klage") == ["klage"]


CHILD = """
import sys
from pathlib import Path
from search.tantivy_index import TantivyIndex
from tests.search.golden import entry

def endless():
    yield entry("lohn", "Halbfertig")
    print("filling", flush=True)
    sys.stdin.read()

index = TantivyIndex(Path(sys.argv[1]))
getattr(index, sys.argv[2])(endless(), *([[]] if sys.argv[2] == "apply" else []))
"""


@pytest.mark.kill
@pytest.mark.parametrize("act", ["rebuild", "apply"])
def test_killed_while_writing_the_last_commit_stays(index: TantivyIndex, tmp_path: Path, act: str) -> None:
    index.apply([entry("klage")], [])
    command = [sys.executable, "-c", CHILD, str(tmp_path / "index"), act]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=os.getcwd())
    assert child.stdout is not None
    assert child.stdout.readline() == b"filling\n"
    with pytest.raises(IndexBusy):
        index.apply([entry("lohn")], [])
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert found(index, "Klage") == ["klage"]
    assert found(index, "Halbfertig") == []
    index.apply([entry("lohn")], [])
    assert found(index, "Lohnabrechnung") == ["lohn"]
    index.rebuild([entry("klage")])
    assert len([folder for folder in (tmp_path / "index").iterdir() if folder.is_dir()]) == 1
