"""The main job with its bytes on a real S3 server: received, read, filed, found, disposed of; every store agrees."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from archive.models import Blob
from core.clock import agency_date
from core.settings import Settings
from eakte.bootstrap import open_services
from eakte.cli import app
from eakte.demo.load import load_demo
from eakte.demo.register import CSV_HEADER
from retention.locking import renew_locks
from retention.pdf import Report
from tests.archive.stores import own_bucket, raw_client
from tests.eakte.support import work_off
from tests.services import Service

NUMBER = "99801BG0777001"
TODAY = agency_date(datetime.now(UTC))


@dataclass
class Office:
    """The demo authority on S3, with the command line."""

    home: Path
    settings: dict[str, str]
    runner: CliRunner = field(default_factory=CliRunner)

    def run(self, line: str, expected: int = 0) -> str:
        environment = {"EAKTE_HOME": str(self.home), **self.settings}
        done = self.runner.invoke(app, shlex.split(line), env=environment)
        assert done.exit_code == expected, (line, done.output, done.exception)
        return done.stdout

    def names(self) -> list[str]:
        """Every version and delete marker that lies in the bucket."""
        bucket = self.settings["EAKTE_S3_BUCKET"]
        return [str(one.object_name) for one in raw_client(self.settings).list_objects(bucket, include_version=True)]


@pytest.fixture
def office(minio: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    settings = own_bucket(minio)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    services = open_services(Settings(home=tmp_path / "home"), migrate=True)
    load_demo(services, with_mail=False)
    services.database.dispose()
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path / "home", settings)


def letter(path: Path) -> None:
    report = Report("Bescheid", datetime(2011, 3, 1, tzinfo=UTC))
    for line in (f"Aktenzeichen {NUMBER}", "Ina Meerbusch, geboren am 01.02.1980", "Bescheid Kanarienvogel"):
        report.paragraph(line)
    path.write_bytes(report.to_bytes())


def test_from_the_post_to_the_certificate(office: Office, tmp_path: Path) -> None:
    row = f"{NUMBER},LEIST,{NUMBER},998C777001,Meerbusch,Ina,1980-02-01,Weg 1,00811,Halvesund,SZ-HAL-L1,tnommen"
    (tmp_path / "register.csv").write_text(f"{','.join(CSV_HEADER)}\n{row}", "utf-8")
    office.run("cases import register.csv")
    letter(tmp_path / "brief.pdf")
    office.run("ingest brief.pdf --station FACHVERFAHREN")
    services = open_services(Settings(home=office.home))
    work_off(services)
    while renew_locks(services.database, services.blobs):
        pass
    with services.database.read() as session:
        blobs = {row.sha256: row.locked_until for row in session.scalars(select(Blob))}
    services.database.dispose()
    assert len(blobs) >= 3
    assert all(blobs.values()), "an open case's bytes are not locked"
    assert not any(path.is_file() for path in (office.home / "blobs").rglob("*"))
    assert not any((office.home / "work").iterdir())
    found = json.loads(office.run("search Kanarienvogel --as tnommen --json"))
    assert "Kanarienvogel" in office.run(f"documents text {found['results'][0]['document_id']} --as tnommen")
    _agree(office)
    _disagree(office, sorted(blobs))
    _agree(office)
    office.run(f"cases close {NUMBER} --as tnommen --on 2012-03-01")
    office.run(f"retention propose Liste --on {TODAY} --as mockholm")
    office.run("retention appraise Liste --decision destroy --as tharksand")
    office.run("retention approve Liste --as ebrunsfeld")
    report = office.run("retention execute Liste --as mockholm")
    assert f"{NUMBER}           vernichtet\n" in report
    assert not set(blobs) & set(office.names())
    _agree(office)


def _disagree(office: Office, addresses: list[str]) -> None:
    """What somebody with keys may do to the bucket shows; since old versions stay, all of it can be undone."""
    client, bucket = raw_client(office.settings), office.settings["EAKTE_S3_BUCKET"]
    orphan = hashlib.sha256(b"orphan").hexdigest()
    meddled = {addresses[0]: b"altered", orphan: b"orphan", "holiday.jpg": b"beach"}
    for name, data in meddled.items():
        client._put_object(bucket, name, data)
    client.remove_object(bucket, addresses[1])
    office.settings["EAKTE_ORPHAN_GRACE"] = "0"
    told = json.loads(office.run("doctor --json", 1))["findings"]
    assert {(one["store"], one["kind"], one["id"]) for one in told} == {
        ("blobs", "damaged", addresses[0]),
        ("blobs", "lock_weak", addresses[0]),
        ("blobs", "missing", addresses[1]),
        ("blobs", "orphan", orphan),
        ("blobs", "foreign", "holiday.jpg"),
    }
    del office.settings["EAKTE_ORPHAN_GRACE"]
    for one in list(client.list_objects(bucket, include_version=True)):
        if one.object_name in (*meddled, addresses[1]) and one.is_latest == "true":
            client.remove_object(bucket, str(one.object_name), version_id=one.version_id)


def _agree(office: Office) -> None:
    counted = json.loads(office.run("ledger reconcile --json"))
    assert (counted["received"], counted["difference"], counted["orphans"]) == (1, 0, 0)
    assert json.loads(office.run("doctor --json")) == {"findings": []}
