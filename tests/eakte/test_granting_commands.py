"""`eakte cases grant | revoke | grants`: an auditor reads and exports what was assigned, nothing else, and no longer."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import select

from core.clock import SystemClock, agency_date
from core.models import AuditEvent
from tests.eakte.commandline import done
from tests.ingest.door import House, open_house

NUMBER, OTHER, ELSEWHERE = "99801BG0004711", "L-1/26", "99801BG0055555"
SCHEMA = Path(__file__).parent / "schemas" / "grants.json"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_house(tmp_path_factory.mktemp("granting") / "home")


def exports(house: House, out: Path) -> set[str]:
    """The cases that the auditor gets out of the house."""
    numbers = (NUMBER, OTHER, ELSEWHERE)
    words = ("export", "case", "--as", "pruefung1", "--out", str(out))
    return {number for number in numbers if house.command(*words, number).exit_code == 0}


def test_an_auditor_exports_what_is_assigned_while_it_is(house: House, tmp_path: Path) -> None:
    today = agency_date(SystemClock().now())
    rest = f"--for pruefung1 --until {today + 20 * DAY} --reason 'Prüfung 4/26' --as kfeddermann"
    assert exports(house, tmp_path) == set()
    assert done(house, f"cases grant {NUMBER} {rest}") == f"{NUMBER}\n"
    done(house, f"cases grant {OTHER} {rest} --from {today + 7 * DAY}")
    done(house, f"cases grant {ELSEWHERE} {rest}", 1)
    assert exports(house, tmp_path) == {NUMBER}
    rows = json.loads(done(house, "cases grants --as kfeddermann --json"))
    jsonschema.validate(rows, json.loads(SCHEMA.read_text("utf-8")))
    assert [(row["file_number"], row["username"], row["kind"]) for row in rows] == [
        (NUMBER, "pruefung1", "audit"), (OTHER, "pruefung1", "audit"),
    ]  # fmt: skip
    assert done(house, "cases grants --as kfeddermann").count("pruefung1") == 2
    done(house, f"cases revoke {NUMBER} --for pruefung1 --as glevsen", 1)
    done(house, f"cases revoke {NUMBER} --for pruefung1 --as kfeddermann")
    assert exports(house, tmp_path) == set()
    done(house, f"cases revoke {NUMBER} --for pruefung1 --as kfeddermann", 1)


def test_a_sample_is_told_and_drawn_again_by_its_number(house: House) -> None:
    today = agency_date(SystemClock().now())
    drawn = "cases grant --sample 2 --unit SZ-HAL-L1 --for pruefung1 --reason Stichprobe --as kfeddermann"
    line = f"{drawn} --until {today + DAY}"
    answer = house.command(*shlex.split(line))
    assert answer.exit_code == 0, answer.stderr
    seed = answer.stderr.partition("Zufallszahl ")[2].strip(" .\n")
    assert f"2 von 3 Akten gezogen, Zufallszahl {seed}." in answer.stderr
    assert done(house, f"{line} --seed {seed} --year {today.year}") == answer.stdout
    with house.services.database.read() as session:
        events = session.scalars(select(AuditEvent.details).where(AuditEvent.action == "case.granted")).all()
    assert len([one for one in events if str(one.get("seed")) == seed and one["sample"] == "2/3"]) == 2
    done(house, line.replace("--sample 2", "--sample 4"), 1)
    done(house, line.replace("SZ-HAL-L1", "SZ-HOL-L"), 1)


@pytest.mark.parametrize("what", ["", "99801BG0004711 --sample 1 --unit SZ-HAL-L1", "--sample 1", f"{NUMBER} --unit U"])
def test_either_cases_or_a_sample(house: House, what: str) -> None:
    done(house, f"cases grant {what} --for pruefung1 --until 2026-12-01 --reason x --as kfeddermann", 2)
