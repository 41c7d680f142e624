"""The JSON that others script against, frozen as schemas (tests/eakte/schemas); and the exit statuses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.clock import agency_date
from eakte.bootstrap import open_services
from eakte.demo.batches import write_scan_batch
from eakte.demo.letters.mix import make_letters
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import make_register
from tests.databases import environment_at, settings_at
from tests.eakte import prepared

SCHEMAS = Path(__file__).parent / "schemas"


class Shell:
    """Runs the command on one data folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.mail: list[str] = []
        self.environment = {**os.environ, **environment_at(home), "OMP_THREAD_LIMIT": "1"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return prepared.run(self.environment, *arguments, timeout=800)

    def fresh(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same in a process that loads everything itself."""
        command = [sys.executable, "-m", "eakte", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=800)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("cli")
    services = open_services(settings_at(folder / "home"), migrate=True)
    load_demo(services, with_mail=False)
    day = agency_date(services.database.clock.now())
    letters = [one for one in make_letters(make_register(SEED, day), 30, 9, day) if one.truth.expected == "file"][:3]
    write_scan_batch(letters, folder / "batch.pdf", separators="both", profile="office", seed=9)
    (folder / "empty.pdf").write_bytes(b"")
    services.database.dispose()
    shell = Shell(folder / "home")
    shell.mail = [str(folder / "batch.pdf"), str(folder / "empty.pdf")]
    return shell


def validate(value: Any, name: str) -> None:
    jsonschema.validate(value, json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")))


def test_ingest_lines(shell: Shell) -> None:
    done = shell.fresh("ingest", *shell.mail, "--wait", "200", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        validate(line, "item")
    assert {line["item_no"] for line in lines if line["state"] == "rejected"} == {0}
    assert sum(line["state"] in ("filed", "clearing") for line in lines) == 3
    again = shell.run("ingest", *shell.mail, "--wait", "--json")
    assert [json.loads(line) for line in again.stdout.splitlines()] == lines


@pytest.mark.parametrize(
    ("arguments", "schema"),
    [
        (("ledger", "reconcile"), "reconcile"),
        (("doctor",), "doctor"),
        (("audit", "verify"), "audit"),
        (("retention", "due", "--on", "2027-01-01"), "due"),
        (("units", "list"), "units"),
        (("users", "list"), "users"),
        (("inbox", "list", "--as", "tnommen"), "inbox"),
        (("search", "Leistung", "--as", "tnommen"), "search"),
    ],
)
def test_answers_keep_their_shape(shell: Shell, arguments: tuple[str, ...], schema: str) -> None:
    validate(shell.json(*arguments), schema)


def test_due_rows_are_due_held_or_work(shell: Shell) -> None:
    rows = shell.json("retention", "due", "--on", "2027-01-01")
    assert [row["file_number"] for row in rows] == sorted(row["file_number"] for row in rows)
    assert all(row["due_on"] or row["holds"] or row["work_item"] for row in rows)
    assert {bool(row["due_on"]) for row in rows} == {True, False}
    assert any(row["holds"] and not row["due_on"] for row in rows)
    assert any(row["work_item"] and row["retention_end"] is None for row in rows)


def test_an_export_is_verified_where_no_installation_is(shell: Shell, tmp_path: Path) -> None:
    done = shell.run("export", "case", "99801BG0004711", "--as", "fohlsdorp", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    elsewhere = Shell(tmp_path / "nowhere")
    answer = elsewhere.json("audit", "verify", "--file", line)
    validate(answer, "audit")
    assert answer["ok"]
    assert answer["checked"] > 0
    assert not (tmp_path / "nowhere").exists()
    data = bytearray(Path(line).read_bytes())
    data[len(data) // 2] ^= 1
    Path(line).write_bytes(data)
    assert not elsewhere.json("audit", "verify", "--file", line)["ok"]


def test_nothing_differs_and_nothing_is_found(shell: Shell) -> None:
    counts = shell.json("ledger", "reconcile")
    assert (counts["difference"], counts["orphans"]) == (0, 0)
    assert re.search(r"^Differenz +0$", shell.run("ledger", "reconcile").stdout, re.MULTILINE)
    assert [entry["state"] for entry in shell.json("quarantine", "list")] == ["rejected"], "the empty file"
    assert "Die Datei ist leer." in shell.run("quarantine", "list").stdout
    assert shell.json("doctor") == {"findings": []}
    told = shell.run("doctor")
    assert (told.stdout, told.returncode) == ("", 0)
    assert "Keine Auffälligkeiten" in told.stderr
    assert shell.json("audit", "verify")["ok"]


def test_wrong_usage_and_problems_have_their_status(shell: Shell) -> None:
    assert shell.run("ingest").returncode == 2
    assert shell.run("nonsense").returncode == 2
    assert shell.run("retention", "due", "--on", "heute").returncode == 2
    assert shell.run("absence", "set", "fohlsdorp", "--from", "morgen").returncode == 2
    assert shell.run("absence", "end", "fohlsdorp", "--on", "31.12.2026").returncode == 2
    nowhere = shell.run("sheets", "--out", str(shell.home / "nowhere" / "sheets.pdf"))
    assert nowhere.returncode == 1
    assert "lässt sich nicht schreiben" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr
    no_field = shell.run("sheets", "--out", str(shell.home / "sheets.pdf"), "--field", "FARBE=rot")
    assert no_field.returncode == 2
    assert "Diese Felder gibt es auf Trennblättern nicht" in no_field.stderr
    assert "Traceback" not in no_field.stderr
    unknown = shell.run("inbox", "list", "--as", "niemand", "--json")
    assert unknown.returncode == 1
    assert unknown.stdout == ""
    assert "niemand" in unknown.stderr
    assert "Traceback" not in unknown.stderr
