"""`eakte doctor --repair`: what needs no decision is mended or handed to the workers, the rest is left and named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from archive.models import Blob, ContentFile, Document
from core.models import AuditEvent, Job
from eakte.backup.encryption import Identity, Recipients, make_identity
from eakte.backup.making import make_backup
from eakte.backup.repository import Repository
from eakte.backup.restoring import Source
from eakte.bootstrap import Services, open_services
from eakte.cli import app
from eakte.doctor import Finding, examine
from eakte.mending import mend
from eakte.searching import index_pending, open_index
from ingest.models import MailItem, Receipt, TransferNote
from tests.databases import copy_home, enter, settings_at
from tests.eakte.support import work_off, worked_off_home
from tests.support import stored_file


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worked_off_home(tmp_path_factory.mktemp("mending"))


@pytest.fixture
def services(template: Path, tmp_path: Path) -> Iterator[Services]:
    copy_home(template, tmp_path / "home")
    opened = open_services(settings_at(tmp_path / "home"))
    yield opened
    opened.database.dispose()


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.kind, one.id) for one in findings]


def test_the_index_takes_what_it_lacks_and_loses_what_does_not_exist(services: Services) -> None:
    with services.database.read() as session:
        lacking, gone = map(str, session.scalars(select(Document.id).limit(2)))
    open_index(services).apply([], [lacking])
    with services.database.write() as tx:
        tx.session.execute(update(Document).where(Document.id == UUID(gone)).values(state="destroyed"))
    findings = [one for one in examine(services) if one.store == "index"]
    assert sorted(told(findings)) == [("not_indexed", lacking), ("only_indexed", gone)]
    assert mend(services, findings) == []
    index_pending(services)
    assert [one for one in examine(services) if one.store == "index"] == []
    assert open_index(services).documents() == {lacking}


def test_work_that_nobody_does_is_given_out_once_more_and_only_once(services: Services) -> None:
    with services.database.write() as tx:
        item = tx.session.scalars(select(MailItem.id).where(MailItem.item_no == 1)).one()
        receipt = tx.session.scalars(select(Receipt.id).where(Receipt.state == "rejected")).one()
        tx.session.execute(update(MailItem).where(MailItem.id == item).values(state="in_work"))
        tx.session.execute(update(Receipt).where(Receipt.id == receipt).values(state="accepted", final_at=None))
    findings = [one for one in examine(services) if one.store == "jobs"]
    assert sorted(told(findings)) == [("item_without_job", str(item)), ("receipt_without_job", str(receipt))]
    assert mend(services, findings) == mend(services, findings) == []
    with services.database.read() as session:
        waiting = session.scalars(select(Job.kind).where(Job.state == "ready")).all()
        acts = {"item.reprocessed", "receipt.restarted"}
        noted = session.scalars(select(AuditEvent.action).where(AuditEvent.action.in_(acts))).all()
    assert (waiting.count("split"), set(waiting), sorted(noted)) == (1, {"read", "split"}, sorted(acts))
    work_off(services)
    assert [one for one in examine(services) if one.store == "jobs"] == []


def test_lost_and_changed_bytes_come_back_from_a_backup_alone(services: Services, tmp_path: Path) -> None:
    (tmp_path / "public").write_text(make_identity(tmp_path / "secret"))
    source = Source(Repository(tmp_path / "backups"), Identity(tmp_path / "secret"))
    make_backup(services, source.repository, Recipients(tmp_path / "public"))
    with services.database.read() as session:
        lost, changed = session.scalars(select(ContentFile.sha256).order_by(ContentFile.sha256).limit(2)).all()
    services.blobs.unlink(lost)
    path = stored_file(services.blobs, changed)
    path.chmod(0o644)
    path.write_bytes(b"other")
    findings = examine(services)
    assert sorted(told(findings)) == [("damaged", changed), ("missing", lost)]
    assert mend(services, findings) == findings, "nobody can make bytes up"
    assert mend(services, findings, source) == []
    assert services.blobs.verify(lost)
    assert services.blobs.verify(changed)
    assert examine(services) == []


def test_what_was_destroyed_meanwhile_does_not_come_back(services: Services, tmp_path: Path) -> None:
    (tmp_path / "public").write_text(make_identity(tmp_path / "secret"))
    source = Source(Repository(tmp_path / "backups"), Identity(tmp_path / "secret"))
    make_backup(services, source.repository, Recipients(tmp_path / "public"))
    with services.database.write() as tx:
        gone = tx.session.scalars(select(Blob.sha256)).first()
        tx.session.execute(update(Blob).where(Blob.sha256 == gone).values(tombstoned_at=tx.now))
    assert gone is not None
    services.blobs.unlink(gone)
    mend(services, [Finding("blobs", "missing", gone, "fehlt", "missing")], source)
    assert not services.blobs.exists(gone)


def test_the_command_mends_and_names_what_is_left(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    with services.database.write() as tx:
        tx.session.execute(update(TransferNote).values(note={"channel": "fax"}))
        documents = [str(one) for one in tx.session.scalars(select(Document.id))]
    open_index(services).apply([], documents[:1])
    enter(monkeypatch, services.settings.home)
    done = CliRunner().invoke(app, ["doctor", "--repair", "--json"])
    assert done.exit_code == 1
    assert {one["kind"] for one in json.loads(done.stdout)["findings"]} == {"note_changed"}
    assert f"1 Befunde sind behoben oder den Arbeitsprozessen übergeben, {len(documents)} bleiben." in done.stderr
    assert f"1 findings mended or handed to the workers, {len(documents)} left" in done.stderr


@pytest.mark.parametrize("given", [["--backup", "x"], ["--identity", "x"], ["--backup", "x", "--identity", "y"]])
def test_a_backup_without_its_key_or_without_repair_is_wrong_usage(given: list[str]) -> None:
    more = ["--repair"] if len(given) == 2 else []
    assert CliRunner().invoke(app, ["doctor", *given, *more]).exit_code == 2
