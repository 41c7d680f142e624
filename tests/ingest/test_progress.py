"""A batch of any size shows that it gets on: the limit of a step is for a portion of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core import isolation, jobs, progress
from core.database import RECORDS, Database, Transaction
from core.isolation import Finished, run_once
from core.jobs import LeasedJob
from eakte.handover import job_to
from eakte.intake import take_in
from eakte.lanes import child_limits
from ingest import cutting, opening, pdf_checks, portions, rendition, step_assemble
from ingest.kinds import ASSEMBLE, SPLIT
from ingest.limits import DEFAULT
from ingest.pipeline import Pipeline
from tests.databases import enter, settings_at
from tests.ingest.door import House, Sheet, book, letter, open_house

SMALL = 4
SEP = Sheet("EA1|SEP")
LONG = 9
BATCH = book(
    SEP, *(letter(f"a{page}") for page in range(LONG)),
    *(page for number in range(6) for page in (SEP, letter(f"b{number}"))),
)  # fmt: skip
PAGES = 1 + LONG + 12


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(portions, "PORTION", SMALL)
    monkeypatch.setattr(progress, "PORTION", SMALL)
    house = open_house(tmp_path / "home")
    (tmp_path / "batch.pdf").write_bytes(BATCH)
    take_in(house.services, house.agency, [tmp_path / "batch.pdf"], None, None, None)
    return house


def lease(house: House) -> LeasedJob:
    with house.services.database.write() as tx:
        job = jobs.lease(tx, "test")
    assert job is not None
    return job


def perform(house: House, job: LeasedJob) -> None:
    Pipeline(house.services.database, house.services.blobs, house.services.settings).perform(job)


class InTurn:
    """Threads look ahead of what is told; one after the other, a look comes when its result is asked for."""

    def __init__(self, _threads: int) -> None:
        pass

    def __enter__(self) -> InTurn:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    map = staticmethod(map)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str | int]:
    """What was done, in order, and between it the portions for which time was asked."""
    noted: list[str | int] = []
    monkeypatch.setattr(progress, "_listener", noted.append)
    monkeypatch.setattr(cutting, "ThreadPoolExecutor", InTurn)

    def note(module: Any, name: str) -> None:
        does: Callable[..., Any] = getattr(module, name)

        def noting(*arguments: Any, **more: Any) -> Any:
            noted.append(name)
            return does(*arguments, **more)

        monkeypatch.setattr(module, name, noting)

    for module, name in (
        (opening, "page_shape"), (pdf_checks, "_expands_beyond"), (cutting, "_look_at"), (cutting, "_letter"),
        (step_assemble, "_text"), (step_assemble, "judge"), (rendition, "_write"),
    ):  # fmt: skip
        note(module, name)
    write = Database.write

    @contextmanager
    def noting_write(database: Database, lane: str | None = RECORDS) -> Iterator[Transaction]:
        with write(database, lane) as tx:
            yield tx
        noted.append("commit")

    monkeypatch.setattr(Database, "write", noting_write)
    return noted


def runs(heard: list[str | int], name: str) -> list[int]:
    """How often it was done for each sign."""
    found = [0]
    for one in heard:
        if isinstance(one, int):
            found.append(0)
        elif one == name:
            found[-1] += 1
    return [number for number in found if number]


def test_a_split_shows_at_each_portion_that_it_gets_on(house: House, heard: list[str | int]) -> None:
    perform(house, lease(house))
    for name, times in (("page_shape", PAGES), ("_look_at", 7), ("_letter", 7), ("_expands_beyond", PAGES)):
        done = runs(heard, name)
        assert sum(done) >= times, name
        assert max(done) <= SMALL, name
    assert len(runs(heard, "commit")) >= PAGES // SMALL
    assert max(runs(heard, "commit")) == 1
    # Cutting out a letter is one call of a library: it has the time of all its portions.
    before_first_letter = heard[: heard.index("_letter")]
    assert [one for one in before_first_letter if isinstance(one, int)][-1] == -(-LONG // SMALL)


def test_assembling_a_long_letter_has_the_time_of_its_portions(house: House, heard: list[str | int]) -> None:
    while (job := lease(house)).kind != ASSEMBLE:
        perform(house, job)
    heard.clear()
    perform(house, job)
    assert (sum(runs(heard, "_text")), max(runs(heard, "_text"))) == (LONG, SMALL)
    for name in ("judge", "_write", "commit"):
        signs = [one for one in heard[: heard.index(name)] if isinstance(one, int)]
        assert signs[-1] == -(-LONG // SMALL), name
        assert max(runs(heard, name)) == 1, name


def split_in_child(request: dict[str, Any]) -> dict[str, Any]:
    """In a child: do the step, with small portions."""
    from eakte.steps import perform

    portions.PORTION = SMALL
    progress.PORTION = SMALL  # type: ignore[misc]  # so small in this child alone
    return perform(request)


def test_a_split_that_takes_many_times_its_limit_is_done_as_long_as_it_gets_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent's clock stands still but for half of the limit at each sign of the real step in a real child."""
    enter(monkeypatch, house.home)
    limits = child_limits(house.services.settings)
    signs, renew = 0, isolation._Deadline.renew

    def renew_and_move_on(deadline: isolation._Deadline, portions_ahead: int) -> None:
        nonlocal signs
        renew(deadline, portions_ahead)
        signs += 1

    monkeypatch.setattr(isolation._Deadline, "renew", renew_and_move_on)
    monkeypatch.setattr(isolation, "_now", lambda: 0.5 * limits.wall_seconds * signs)
    job = lease(house)
    assert job.kind == SPLIT
    ended = run_once("tests.ingest.test_progress:split_in_child", {"request": job_to(job)}, limits)
    assert ended == Finished({"status": "done"})
    assert 4 < 0.5 * signs < limits.stretch
    (receipt,) = house.receipts()
    assert receipt.state == "split"


def test_the_largest_batch_has_more_than_a_second_for_each_page(tmp_path: Path) -> None:
    limits = child_limits(settings_at(tmp_path))
    assert limits.wall_seconds * limits.stretch > DEFAULT.pages
