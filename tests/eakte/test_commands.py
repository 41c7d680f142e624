"""The command line that others script against: its help is kept, the forms of INTERFACES are taken, each command answers.

The kept help is written anew with `python -m tests.eakte.test_commands`; a change needs an ADR (INTERFACES).
"""

from __future__ import annotations

import json
import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import select

from archive.models import CaseFile
from core.models import AuditEvent
from core.settings import Settings
from eakte.intake import files_below
from organisation.models import Absence, User
from tests.eakte.commandline import commands, done
from tests.ingest.door import House, book, letter, open_house

KEPT = Path(__file__).parent / "schemas" / "commands.json"
# INTERFACES, "Command line", line by line; FILE and PATH stand for a file that is there.
FORMS = """
db upgrade
init FILE
demo load
demo load --without-mail
units list --json
users list --json
users create NAME --name N --unit U --role caseworker
users deactivate NAME
users reset NAME
absence set NAME --from 2026-12-01 --until 2026-12-31
absence end NAME --on 2026-12-31
stations create CODE --unit U --json
stations rotate CODE
stations revoke CODE
cases import FILE
cases close NUMBER --as USER --on 2026-11-01 --reason TEXT
cases reopen NUMBER --as USER --on 2026-11-01 --reason TEXT
ingest PATH PATH --station S --received-on 2026-11-01 --wait 60 --json
ledger reconcile --json
inbox list --as USER --json
search QUERY --as USER --json
documents text ID --as USER --out F
documents pdf ID --as USER --out F
documents original ID --as USER --out F
quarantine list
quarantine retry ID
quarantine release ID
quarantine reject ID
reprocess ID ID
retention due --on 2026-12-31 --json
retention propose LIST --on 2026-12-31 --as USER
retention appraise LIST --decision destroy --as ARCHIVIST
retention appraise LIST --decision archive --object 1 --as ARCHIVIST
retention approve LIST --as OTHER
retention execute LIST --as USER
retention hold NUMBER --reason ID --review 2027-01-01 --as USER
retention release NUMBER --reason ID --as USER
export case NUMBER --as USER --out DIR
audit verify --json
audit verify --file FILE --json
doctor --json
worker
serve
rebuild-index
sheets --out F --field CASE=1
settings
bench pipeline PATH PATH --json
"""


def described() -> dict[str, Any]:
    """Every command with its help, its arguments and its options."""
    return {path: _command(command) for path, command in commands().items()}


def _command(command: Any) -> dict[str, Any]:
    return {"help": command.help, "parameters": [_parameter(one) for one in command.params if not one.hidden]}


def _parameter(one: Any) -> dict[str, Any]:
    several = bool(getattr(one, "multiple", False)) or one.nargs == -1
    names = sorted([*one.opts, *one.secondary_opts])
    return {"names": names, "required": one.required, "several": several, "help": one.help}


def test_the_help_is_the_kept_one() -> None:
    assert described() == json.loads(KEPT.read_text("utf-8"))


def test_every_command_says_what_it_does() -> None:
    for path, command in described().items():
        assert command["help"].endswith("."), path
        assert all(one["help"] for one in command["parameters"] if one["names"][0].startswith("-")), path


@pytest.mark.parametrize("form", [line for line in FORMS.splitlines() if line])
def test_each_form_of_the_interfaces_is_taken(form: str, tmp_path: Path) -> None:
    """Taken apart as typed, not carried out."""
    (tmp_path / "given").write_bytes(b"")
    words = [str(tmp_path / "given") if word in ("FILE", "PATH") else word for word in shlex.split(form)]
    path = next(path for path in commands() if form.startswith(path.removeprefix("eakte ")))
    words = words[len(path.split()) - 1 :]
    made = commands()[path].make_context(path, words)
    assert made.args == []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_house(tmp_path_factory.mktemp("commands") / "home")


def test_settings_are_listed_on_stdout_in_german(house: House) -> None:
    lines = done(house, "settings").splitlines()
    assert [line.split("=")[0] for line in lines] == [f"EAKTE_{name.upper()}" for name in Settings.model_fields]
    assert "EAKTE_PORT=8000  # Port, auf dem der Server lauscht." in lines
    assert json.loads(done(house, "settings --json"))[0]["value"] == str(house.home)


def test_people_come_and_go(house: House) -> None:
    first = done(house, "users create nneu --name 'Nele Neu' --unit SZ-HAL-L1 --role caseworker").strip()
    second = done(house, "users reset nneu").strip()
    assert len({first, second}) == 2
    assert min(len(first), len(second)) >= 12
    done(house, "absence set nneu --from 2026-12-01 --until 2026-12-31")
    done(house, "absence end nneu --on 2026-12-10")
    with house.services.database.read() as session:
        user = session.scalars(select(User).where(User.username == "nneu")).one()
        absence = session.scalars(select(Absence).where(Absence.user_id == user.id)).one()
    assert str(absence.ends_on) == "2026-12-10"
    done(house, "users deactivate nneu")
    people = {one["username"]: one for one in json.loads(done(house, "users list --json"))}
    assert (people["nneu"]["active"], people["nneu"]["roles"]) == (False, ["caseworker"])
    done(house, "inbox list --as nneu", 1)


def test_a_station_shows_its_token_once(house: House) -> None:
    made = json.loads(done(house, "stations create SCAN-9 --unit JC-POST --json"))
    turned = json.loads(done(house, "stations rotate SCAN-9 --json"))
    for answer in (made, turned):
        jsonschema.validate(answer, json.loads(KEPT.with_name("station.json").read_text("utf-8")))
    assert (made["code"], turned["code"]) == ("SCAN-9", "SCAN-9")
    assert made["token"] != turned["token"]
    done(house, "stations create SCAN-9 --unit JC-POST", 1)
    done(house, "stations revoke SCAN-9")
    assert house.station("SCAN-9").revoked_at is not None


def test_a_case_is_closed_and_opened_again(house: House) -> None:
    number = "99801BG0004711"
    done(house, f"cases close {number} --as stamsfeld", 1)
    done(house, f"cases close {number} --as tnommen --on 01.11.2026", 2)
    done(house, f"cases close {number} --as tnommen --on 2026-11-02 --reason 'Umzug'")
    assert _state(house, number) == ("closed", "2026-11-02")
    done(house, f"cases reopen {number} --as tnommen --reason 'Neuer Antrag'", 1)
    done(house, f"cases reopen {number} --as kfeddermann", 1)
    done(house, f"cases reopen {number} --as kfeddermann --reason 'Neuer Antrag' --on 2026-11-01", 1)
    assert _state(house, number) == ("closed", "2026-11-02")
    done(house, f"cases reopen {number} --as kfeddermann --reason 'Neuer Antrag' --on 2026-11-03")
    assert _state(house, number) == ("open", "None")
    with house.services.database.read() as session:
        acts = select(AuditEvent.details).where(AuditEvent.action.in_(["case.closed", "case.reopened", "note.added"]))
        days = [details.get("on") for details in session.scalars(acts.order_by(AuditEvent.id))]
    assert [day for day in days if day] == ["2026-11-02", "2026-11-03"]


def _state(house: House, number: str) -> tuple[str, str]:
    with house.services.database.read() as session:
        case = session.scalars(select(CaseFile).where(CaseFile.file_number == number)).one()
        return case.state, str(case.closed_on)


def test_an_empty_quarantine_says_so(house: House) -> None:
    answer = house.command("quarantine", "list")
    assert (answer.stdout, answer.stderr) == ("", "Nichts in Quarantäne.\n")
    assert json.loads(done(house, "quarantine list --json")) == []


def test_sheets_are_printed_and_wrong_fields_are_told(house: House, tmp_path: Path) -> None:
    done(house, f"sheets --out {tmp_path}/s.pdf --field CASE=99801BG0004711 --count 2")
    assert (tmp_path / "s.pdf").read_bytes().startswith(b"%PDF-")
    done(house, f"sheets --out {tmp_path}/t.pdf --field FARBE=rot", 2)
    assert not (tmp_path / "t.pdf").exists()


def test_what_is_no_id_is_told(house: House) -> None:
    for line in ("reprocess unsinn", "quarantine retry unsinn", "documents text unsinn --as tnommen"):
        done(house, line, 1)


def test_folders_are_walked_in_order_and_hidden_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("b/2.pdf", "b/1.pdf", "a.pdf", ".hidden.pdf", ".folder/x.pdf", "b/.y.pdf", "c.pdf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    found = [str(path.relative_to(tmp_path)) for path in files_below([tmp_path])]
    assert found == ["a.pdf", "b/1.pdf", "b/2.pdf", "c.pdf"]


def test_without_waiting_it_only_receives_and_time_out_has_its_status(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.pdf").write_bytes(book(letter("Zeit")))
    told = json.loads(done(house, f"ingest {tmp_path}/a.pdf --json"))
    assert told["state"] == "accepted"
    assert [receipt.final_at for receipt in house.receipts()] == [None]
    monkeypatch.setattr("eakte.intake._worker_if_none", lambda _services: nullcontext())
    done(house, f"ingest {tmp_path}/a.pdf --wait 0.1 --json", 3)
    assert len(house.receipts()) == 1


def test_the_chain_is_measured_beside_the_installation(house: House, tmp_path: Path) -> None:
    (tmp_path / "one.pdf").write_bytes(book(letter("erster")))
    (tmp_path / "two.pdf").write_bytes(book(letter("zweiter"), letter("Seite 2")))
    before = len(house.receipts())
    answer = house.cli("bench", "pipeline", str(tmp_path / "one.pdf"), str(tmp_path / "two.pdf"), "--json")
    assert answer.returncode == 0, answer.stderr
    figures = json.loads(answer.stdout)
    jsonschema.validate(figures, json.loads(KEPT.with_name("bench.json").read_text("utf-8")))
    assert (figures["pages"], figures["items"], figures["states"]) == (3, 2, {"clearing": 2})
    assert len(house.receipts()) == before


if __name__ == "__main__":
    KEPT.write_text(json.dumps(described(), indent=1, ensure_ascii=False) + "\n", "utf-8")
