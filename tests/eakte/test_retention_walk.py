"""Disposal as people do it, through the command line: the walk of docs/aussonderung.md, then letters with canary words."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from archive.models import CaseFile, Document, Filing
from core.clock import agency_date
from eakte.bootstrap import open_services
from eakte.cli import app
from eakte.demo.load import load_demo
from eakte.demo.register import CSV_HEADER
from retention.models import DisposalList
from retention.pdf import Report
from tests.databases import environment_at, open_at, rows_with, settings_at
from tests.eakte.support import work_off

WALK = (Path(__file__).resolve().parents[2] / "docs" / "aussonderung.md").read_text("utf-8")
TODAY = agency_date(datetime.now(UTC))
GONE, HELD, STAYS = "99801BG0777001", "99801BG0777002", "99801BG0777003"
HEADER = ",".join(CSV_HEADER)


@dataclass
class Office:
    """The demo authority in a data folder, with the command line."""

    home: Path
    folder: Path
    runner: CliRunner = field(default_factory=CliRunner)

    def run(self, line: str, expected: int = 0) -> Result:
        done = self.runner.invoke(app, shlex.split(line), env=environment_at(self.home))
        assert done.exit_code == expected, (line, done.output, done.exception)
        return done

    def hits(self, words: list[str]) -> dict[str, set[str]]:
        """Each word with what holds it in any case: files of the data folder, certificates apart, by their plain bytes,
        and tables of a database that is none of these files.
        """
        found: dict[str, set[str]] = {word: set() for word in words}
        for path in self.home.rglob("*"):
            if path.is_file() and "certificates" not in path.parts:
                data = path.read_bytes().lower()
                for word in words:
                    if word.lower().encode() in data:
                        found[word].add(str(path.relative_to(self.home)))
        database = open_at(self.home)
        for hit in rows_with(database, words):
            table, _, word = hit.partition(":")
            found[word].add(table)
        database.dispose()
        return found


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    services = open_services(settings_at(folder / "home"), migrate=True)
    load_demo(services, with_mail=False)
    services.database.dispose()
    before = Path.cwd()
    os.chdir(folder)
    yield Office(folder / "home", folder)
    os.chdir(before)


def commands(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    lines = [line.replace("$(date +%F)", TODAY.isoformat()) for block in blocks for line in block.splitlines()]
    return [line.removeprefix("eakte ") for line in lines]


def test_the_documented_walk(office: Office) -> None:
    held = "retention execute Herbst --as mockholm"
    shown = {line: office.run(line, int(line == held)).stdout for line in commands(WALK)}
    assert len(shown) >= 12
    outcomes = shown[held].splitlines()
    assert "99801BG0082060           nicht vernichtet: Sperre seit" in shown[held]
    assert "99801BG0065536           nicht vernichtet: Archivwürdig" in shown[held]
    assert shown[held].count(" vernichtet\n") == len(outcomes) - 2 == 5
    due = office.run(f"retention due --on {TODAY} --json").stdout
    rows = {row["file_number"]: row for row in json.loads(due)}
    assert rows["99801BG0095413"]["holds"] == ["GERICHT"]
    assert rows["99801BG0082060"]["due_on"]
    assert "W-00752/09" not in rows


def test_who_may_not_is_refused(office: Office) -> None:
    office.run(f"retention propose Winter --on {TODAY} --as mockholm")
    office.run("retention approve Winter --as mockholm", 1)
    office.run("retention appraise Winter --decision destroy --as mockholm", 1)
    office.run("retention execute Winter --as ebrunsfeld", 1)
    office.run("retention appraise Winter --decision burn --as tharksand", 2)
    office.run("retention hold 99801BG0095413 --reason LAUNE --as mockholm", 1)
    office.run("retention due --on gestern", 2)
    office.run("export case 99801BG0004711 --as mockholm --out nichts", 1)
    office.run("retention approve Winter --as ebrunsfeld")
    refused = office.run("retention execute Winter --as ebrunsfeld", 1).stdout
    assert "Ohne Bewertung des Archivs: nicht vernichtet." in refused
    assert not (office.folder / "nichts").exists()


@dataclass
class Planted:
    """Words that must vanish, words that must stay, and the documents."""

    gone: list[str]
    stay: list[str]
    documents: dict[str, UUID]


@pytest.fixture(scope="module")
def planted(office: Office) -> Planted:
    """Three cases by CSV, three born-digital letters through the door; one letter lies in two cases."""
    words = {
        number: f"Kanarie{place}"
        for place, number in zip(("xagon", "xbleib", "xcehr"), (GONE, HELD, STAYS), strict=True)
    }
    rows = [
        f"{number},LEIST,{number},998C77{number[-4:]},{word}familie,{word}vorname,1980-02-0{number[-1]},{word}weg 1,00811,"
        "Halvesund,SZ-HAL-L1,tnommen"
        for number, word in words.items()
    ]
    (office.folder / "register.csv").write_text("\n".join([HEADER, *rows]), "utf-8")
    office.run("cases import register.csv")
    letters = {"gone": GONE, "held": HELD, "shared": STAYS}
    for name, number in letters.items():
        _letter(office.folder / f"kanariedatei{name}.pdf", number, words[number], f"Kanarietext{name}")
        office.run(f"ingest kanariedatei{name}.pdf --station FACHVERFAHREN")
    services = open_services(settings_at(office.home))
    work_off(services)
    documents = {}
    with services.database.write() as tx:
        cases = {row.file_number: row.id for row in tx.session.scalars(select(CaseFile))}
        mine = Filing.case_file_id.in_([cases[number] for number in words])
        filed = tx.session.scalars(select(Filing).where(mine).order_by(Filing.id)).all()
        assert len(filed) == 3, "the letters were not filed"
        for name, filing in zip(letters, filed, strict=True):
            documents[name] = filing.document_id
            tx.session.execute(
                update(Document).where(Document.id == filing.document_id).values(title=f"Kanarietitel{name}")
            )
        shared = filed[2]
        tx.session.add(
            Filing(
                agency_id=shared.agency_id, document_id=shared.document_id, case_file_id=cases[GONE],
                page_from=shared.page_from, page_to=shared.page_to, ordinal=2, filed_at=tx.now,
            )
        )  # fmt: skip
    services.database.dispose()
    gone = [f"{words[GONE]}{part}" for part in ("familie", "vorname", "weg")] + ["kanariedateigone", "Kanarietitelgone"]
    stay = [f"{words[HELD]}familie", f"{words[STAYS]}familie", "Kanarietitelheld", "Kanarietitelshared"]
    return Planted(gone, stay, documents)


def _letter(path: Path, number: str, word: str, text: str) -> None:
    report = Report("Bescheid", datetime(2011, 3, 1, tzinfo=UTC))
    person = f"{word}vorname {word}familie, geboren am 0{number[-1]}.02.1980"
    for line in (f"Aktenzeichen {number}", person, f"Bescheid {text}"):
        report.paragraph(line)
    path.write_bytes(report.to_bytes())


def _killed(office: Office, name: str, ready: Callable[[str], bool]) -> None:
    """Start `execute` as a process of its own and kill it as soon as the list has come so far."""
    environment = {**os.environ, **environment_at(office.home)}
    command = [sys.executable, "-m", "eakte", "retention", "execute", name, "--as", "mockholm"]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    services = open_services(settings_at(office.home))
    until = time.monotonic() + 600
    while time.monotonic() < until and child.poll() is None:
        with services.database.read() as session:
            state = session.scalars(select(DisposalList.state).where(DisposalList.name == name)).one()
        if ready(state):
            break
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "it ended before it was killed"
    services.database.dispose()


def test_canaries_are_gone_and_the_rest_is_whole(office: Office, planted: Planted) -> None:
    before = office.hits([*planted.gone, *planted.stay])
    assert all(before.values()), "the search for canaries would not find these"
    for number in (GONE, HELD):
        office.run(f"cases close {number} --as tnommen --on 2012-03-01")
    office.run(f"retention propose Kanarien --on {TODAY} --as mockholm")
    office.run("retention appraise Kanarien --decision destroy --as tharksand")
    office.run("retention approve Kanarien --as ebrunsfeld")
    office.run(f"retention hold {HELD} --reason GERICHT --as tnommen")
    _killed(office, "Kanarien", lambda state: state == "executing")
    report = office.run("retention execute Kanarien --as mockholm", 1).stdout
    assert f"{GONE}           vernichtet\n" in report
    assert f"{HELD}           nicht vernichtet: Sperre seit" in report
    after = office.hits([*planted.gone, *planted.stay])
    assert {word: files for word, files in after.items() if word in planted.gone and files} == {}
    assert all(after[word] for word in planted.stay)
    _twice(office, report)
    _stores(office, planted)


def _twice(office: Office, report: str) -> None:
    certificates = {path.name: path.read_bytes() for path in (office.home / "certificates").iterdir()}
    assert office.run("retention execute Kanarien --as mockholm", 1).stdout == report
    assert {path.name: path.read_bytes() for path in (office.home / "certificates").iterdir()} == certificates


def _stores(office: Office, planted: Planted) -> None:
    path = next((office.home / "certificates").glob("*Kanarien*.json"))
    objects = {one["file_number"]: one for one in json.loads(path.read_text("utf-8"))["objects"]}
    [document] = objects[GONE]["documents"]
    assert (document["id"], objects[GONE]["kept_elsewhere"]) == (str(planted.documents["gone"]), 1)
    stored = {path.name for path in (office.home / "blobs").rglob("*") if path.is_file()}
    assert {one["sha256"] for one in document["files"]}.isdisjoint(stored)
    assert "Kanarietextshared" in office.run(f"documents text {planted.documents['shared']} --as tnommen").stdout
    assert "Kanarietextheld" in office.run(f"documents text {planted.documents['held']} --as tnommen").stdout
    office.run(f"documents text {planted.documents['gone']} --as tnommen", 1)
    assert json.loads(office.run("search Kanarietextgone --as tnommen --json").stdout)["total"] == 0
    assert json.loads(office.run("search Kanarietextshared --as tnommen --json").stdout)["total"] == 1
    assert json.loads(office.run("audit verify --json").stdout)["ok"]
    assert json.loads(office.run("doctor --json").stdout) == {"findings": []}
    assert json.loads(office.run("ledger reconcile --json").stdout)["difference"] == 0
