"""Back-pressure: a server that says "too many", "too large", "no" or nothing, played by an object with its one method."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opensearchpy.exceptions import ConnectionTimeout, NotFoundError, TransportError

from search.index import IndexUnavailable
from search.opensearch_bulk import Gone, Line, Sender


class Played:
    """Takes what it is told to; `answers` are used up first: a status for the whole request, or one for each document."""

    def __init__(self, *answers: int | list[int] | Exception, most: int = 10**9) -> None:
        self.answers = list(answers)
        self.most = most
        self.requests: list[list[str]] = []
        self.versions: set[int] = set()

    def bulk(self, *, body: str, index: str, params: dict[str, Any]) -> dict[str, Any]:
        assert params["require_alias"] == "true"
        lines = [json.loads(line) for line in body.splitlines()][::2]
        self.requests.append([line["index"]["_id"] for line in lines])
        self.versions |= {line["index"]["version"] for line in lines}
        answer = self.answers.pop(0) if self.answers else [201] * len(lines)
        if len(lines) > self.most:
            answer = 413
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            raise TransportError(answer, "refused", {})
        return {"items": [{"index": {"status": status}} for status in answer]}


def sender(played: Played, pauses: list[float] | None = None) -> Sender:
    return Sender(played, "index-w", 7, (pauses if pauses is not None else []).append)  # type: ignore[arg-type]


def lines(names: str) -> list[Line]:
    return [Line.of(name, {"document": name}) for name in names]


def test_what_was_too_much_is_sent_again_later_and_later() -> None:
    pauses: list[float] = []
    played = Played([201, 429, 429], 429, [429, 201])
    assert sender(played, pauses).send(lines("abc")) == []
    assert played.requests == [["a", "b", "c"], ["b", "c"], ["b", "c"], ["b"]]
    assert pauses == [0.05, 0.1, 0.2]
    assert played.versions == {7}


def test_a_server_that_never_takes_more_is_not_asked_for_ever() -> None:
    pauses: list[float] = []
    with pytest.raises(IndexUnavailable):
        sender(Played(*[429] * 50), pauses).send(lines("a"))
    assert (len(pauses), max(pauses)) == (10, 10.0)


def test_what_is_too_large_is_halved_until_it_fits() -> None:
    played = Played(most=2)
    assert sender(played).send(lines("abcde")) == []
    assert [request for request in played.requests if len(request) <= 2] == [["a", "b"], ["c"], ["d", "e"]]


def test_a_document_that_never_fits_keeps_no_other_back(capsys: pytest.CaptureFixture[str]) -> None:
    played = Played(413, [201], 413)
    assert sender(played).send(lines("ab")) == []
    assert played.requests == [["a", "b"], ["a"], ["b"]]
    played = Played([400, 201])
    assert sender(played).send(lines("ab")) == []
    logged = capsys.readouterr()
    assert "document_not_indexed" in logged.out + logged.err


def test_what_is_newer_there_is_told_and_what_is_gone_is_raised() -> None:
    assert sender(Played([201, 409, 201])).send(lines("abc")) == ["b"]
    with pytest.raises(Gone):
        sender(Played([404])).send(lines("a"))
    with pytest.raises(Gone):
        sender(Played(NotFoundError(404, "index_not_found_exception", {}))).send(lines("a"))
    with pytest.raises(IndexUnavailable):
        sender(Played(ConnectionTimeout("TIMEOUT", "", Exception()))).send(lines("a"))


def test_pieces_stay_small() -> None:
    played = Played()
    sender(played).send([Line.of(name, {"x": "y" * 2_000_000}) for name in "abcd"])
    assert played.requests == [["a", "b"], ["c", "d"]]
