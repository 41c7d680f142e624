"""I8: a hostile file costs one quarantine entry, and nothing else; only children ever open a received file.

Children are poisoned by `tests/ingest/poison` (on their PYTHONPATH): a file beginning with a marker makes the child that
opens it hang, grow, crash or write without end. In this process (supervisor, command line, server) every parser of
files raises: whatever opened a received file here would fail the test.
"""

from __future__ import annotations

import errno
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import cv2
import pikepdf
import pypdfium2
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import func, select

from core.isolation import Limits, MemoryExceeded, Raised, TimedOut, run_once
from core.models import Job
from core.settings import Settings
from eakte import steps
from eakte.intake import take_in
from eakte.lanes import child_limits
from eakte.serve import build_app
from ingest.reporting import reconcile
from tests.databases import enter, settings_at
from tests.ingest.door import House, book, letter, open_house

MEMORY_MB = 700
POISON = Path(__file__).parent / "poison"
POISONED = [("10-hang.pdf", b"POISON-HANG", "time_limit"), ("20-grow.pdf", b"POISON-GROW", "memory_limit"),
            ("30-crash.pdf", b"POISON-CRASH", "kills_its_child"),
            ("40-write.pdf", b"POISON-WRITE", "kills_its_child")]  # fmt: skip
BEFORE = 4  # letters that show how long a step takes here
GOOD = ("05-good.pdf", "15-good.pdf", "25-good.pdf", "35-good.pdf", "45-good.pdf")


def _forbidden(*_arguments: object, **_named: object) -> NoReturn:
    raise AssertionError("a received file was opened outside of a child")


@pytest.fixture
def no_parsers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in ((pikepdf, "open"), (pikepdf.Pdf, "open"), (pypdfium2, "PdfDocument"), (Image, "open"),
                        (cv2, "imdecode"), (cv2, "imread")):  # fmt: skip
        monkeypatch.setattr(owner, name, _forbidden)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    enter(monkeypatch, tmp_path / "home")
    monkeypatch.setenv("PYTHONPATH", str(POISON))
    return open_house(tmp_path / "home", job_memory_mb=MEMORY_MB)


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("no_parsers_here")
def test_each_hostile_file_costs_one_quarantine_entry_and_nothing_else(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    for name, marker, _ in POISONED:
        (mail / name).write_bytes(b"%PDF-1.7\n" + marker)
    for name in GOOD:
        (mail / name).write_bytes(book(letter(name)))
    monkeypatch.setattr("eakte.lanes.Limits", _with_small_files)
    hurried = replace(house.services, settings=_hurried(house, tmp_path / "before"))
    outcome = take_in(hurried, house.agency, [mail], None, None, 800)
    assert not outcome.timed_out
    lines = {Path(line["source"]).name: line for line in outcome.lines}
    assert {name: lines[name]["state"] for name in GOOD} == dict.fromkeys(GOOD, "clearing")
    for name, _, code in POISONED:
        assert lines[name]["state"] == "quarantined"
        assert [reason["code"] for reason in lines[name]["reasons"]] == [code], name
        assert "Die" in lines[name]["reasons"][0]["text"]
    with house.services.database.read() as session:
        deaths = {job.subject_id: job.deaths for job in session.scalars(select(Job).where(Job.kind == "split"))}
        open_jobs = session.scalar(select(func.count()).select_from(Job).where(Job.state != "done"))
    assert sorted(deaths.values()) == [0] * (BEFORE + len(GOOD)) + [3] * len(POISONED)
    assert open_jobs == 0
    counts = reconcile(house.services.database, house.services.blobs, house.agency, 3600)
    assert (counts["quarantined"], counts["difference"]) == (len(POISONED), 0)
    assert counts["clearing"] == BEFORE + len(GOOD)


def _hurried(house: House, folder: Path) -> Settings:
    """Settings with a time limit that a hang reaches soon and a good file never, however busy this machine is."""
    folder.mkdir()
    for number in range(BEFORE):
        (folder / f"{number}.pdf").write_bytes(book(letter(f"vorher {number}")))
    assert not take_in(house.services, house.agency, [folder], None, None, 300).timed_out
    with house.services.database.read() as session:
        ends = [one for one in session.scalars(select(Job.finished_at).order_by(Job.finished_at)) if one is not None]
    slowest = max((later - earlier).total_seconds() for earlier, later in pairwise(ends))
    return settings_at(house.home, job_seconds=min(200, max(8, round(10 * slowest))), job_memory_mb=MEMORY_MB)


def _with_small_files(**limits: Any) -> Limits:
    """The supervisor's limits, with files of at most 64 MB so that the test need not fill a disk."""
    return Limits(**limits, file_mb=64)


@pytest.mark.usefixtures("no_parsers_here")
def test_the_server_takes_hostile_bytes_without_opening_them(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.token}", "Content-Type": "application/pdf"}
    with TestClient(build_app(house.services), headers=headers) as client:
        for number, (_, marker, _) in enumerate(POISONED):
            answer = client.put(f"/api/v1/batches/{number}", content=b"%PDF-1.7\n" + marker)
            assert answer.status_code == 201
            assert client.get(f"/api/v1/receipts/{answer.json()['receipt_id']}").json()["items"] == []
    assert len(house.receipts()) == len(POISONED)


def test_a_program_that_a_child_started_counts_and_ends_with_it(tmp_path: Path) -> None:
    told = {"path": str(tmp_path / "pid")}
    grown = run_once("tests.ingest.support:start_growing_program", told, Limits(memory_mb=400, wall_seconds=120))
    assert isinstance(grown, MemoryExceeded)
    assert _ended(int((tmp_path / "pid").read_text()))
    hung = run_once("tests.ingest.support:start_hanging_program", told, Limits(wall_seconds=3))
    assert isinstance(hung, TimedOut)
    assert _ended(int((tmp_path / "pid").read_text()))


def test_a_child_cannot_write_a_file_without_end(tmp_path: Path) -> None:
    ended = run_once(
        "tests.ingest.support:write_megabytes", {"path": str(tmp_path / "f"), "number": 20}, Limits(file_mb=8)
    )
    assert isinstance(ended, Raised)
    assert (tmp_path / "f").stat().st_size <= 8 * 1024 * 1024


def test_a_full_store_is_waited_for_a_damaged_image_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow raises OSError for damaged images: repeated like a full disk, such a file would never end."""
    request = {"id": str(0), "kind": "split"}
    answers = {}
    for name, error in (("full", OSError(errno.ENOSPC, "no space")), ("damaged", OSError("image file is truncated"))):

        def fail(_request: object, error: OSError = error) -> NoReturn:
            raise error

        monkeypatch.setattr(steps, "_pipeline", lambda fail=fail: type("P", (), {"perform": staticmethod(fail)}))
        monkeypatch.setattr(
            steps, "job_from", lambda _request: type("J", (), {"id": "1", "kind": "split", "attempts": 1})
        )
        answers[name] = steps.perform(request)["status"]
    assert answers == {"full": "retry", "damaged": "failed"}


def test_every_call_of_the_supervisor_has_limits(house: House) -> None:
    limits = child_limits(house.services.settings)
    assert (limits.wall_seconds, limits.memory_mb) == (180.0, MEMORY_MB)
    assert limits.file_mb <= 2048


def _ended(pid: int) -> bool:
    """Whether the process is gone, or soon will be: a killed one gives back its memory first."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if "Z" in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]:
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False
