"""A command posted twice is done once, also when both posts come at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from fastapi import Response

from web.once import Answers


def test_both_posts_of_one_key_get_one_answer() -> None:
    answers, key, done, start = Answers(), (uuid4(), "/x", "k"), [], Barrier(8)

    def act() -> Response:
        done.append(1)
        return Response(f"answer {len(done)}", 200, {"X-Mark": "a"})

    def post(_: int) -> Response:
        start.wait(100)
        return answers.once(key, act)

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(post, range(8)))
    assert len(done) == 1
    assert {bytes(one.body) for one in got} == {b"answer 1"}
    assert {one.headers["X-Mark"] for one in got} == {"a"}


def test_session_address_and_key_each_make_another_command() -> None:
    answers, session, done = Answers(), uuid4(), []

    def act() -> Response:
        done.append(1)
        return Response(status_code=303)

    for key in ((session, "/x", "k"), (session, "/y", "k"), (session, "/x", "l"), (uuid4(), "/x", "k")):
        answers.once(key, act)
    assert len(done) == 4


def test_refusals_and_errors_are_not_kept() -> None:
    answers, key = Answers(), (uuid4(), "/x", "k")

    def fail() -> Response:
        raise ValueError("no")

    assert answers.once(key, lambda: Response(status_code=422)).status_code == 422
    with pytest.raises(ValueError, match="no"):
        answers.once(key, fail)
    assert answers.once(key, lambda: Response(status_code=200)).status_code == 200


def test_only_the_newest_answers_are_kept() -> None:
    answers, session, done = Answers(size=2), uuid4(), []

    def act() -> Response:
        done.append(1)
        return Response()

    for key in ("a", "b", "c", "c", "a"):
        answers.once((session, "/x", key), act)
    assert len(done) == 4
