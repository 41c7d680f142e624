"""All servers together: PostgreSQL, S3, OpenSearch and Celery on Redis, with the API and workers as processes.

Papers and a scan go all the way from the upload to the Postkorb, the search, and the certificate. What happens when
one of them falls is `make test-faults`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url, select

from core.clock import agency_date
from eakte.demo.register import CSV_HEADER
from eakte.services.postgres import programs_folder
from inbox.models import InboxItem
from ingest.models import MailItem
from search.opensearch_client import Server as SearchServer
from tests.archive.stores import raw_client
from tests.eakte import prepared
from tests.eakte.killing import letters_pdf
from tests.faults.checks import come_to_rest
from tests.faults.stack import STATIONS, Stack, stack_on
from tests.ingest.door import book, letter
from tests.search.engines import files_with, opensearch_client

CASE, FAMILY, WORD = "99801BG0777001", "Xyqanarienfamilie", "Xyqanarienvogel"
TODAY = agency_date(datetime.now(UTC))
PAPERS = 3

pytestmark = pytest.mark.timeout(2400)


@pytest.fixture
def stack(stack_settings: dict[str, str], tmp_path: Path) -> Iterator[Stack]:
    """On the servers of this run."""
    with stack_on(stack_settings, tmp_path) as made:
        yield made


class Desk:
    """One person at the pages, a station, and the command line."""

    def __init__(self, stack: Stack, user: str) -> None:
        self.stack = stack
        self.browser = httpx.Client(base_url=stack.base, timeout=200, follow_redirects=True, trust_env=False)
        self.browser.post("/anmelden", data={"benutzer": user, "passwort": stack.password}).raise_for_status()

    def page(self, path: str, **query: str) -> str:
        """A page that is there."""
        shown = self.browser.get(path, params=query)
        assert shown.status_code == 200, (path, shown.status_code)
        return shown.text

    def bring(self, key: str, body: bytes) -> str:
        """One batch by the first station; its receipt."""
        headers = {"Authorization": f"Bearer {self.stack.tokens[STATIONS[0]]}", "Content-Type": "application/pdf"}
        answer = self.browser.put(f"/api/v1/batches/{key}", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["receipt_id"])

    def run(self, *arguments: str) -> str:
        """`eakte …`, which must succeed."""
        done = prepared.run(self.stack.environment, *arguments, timeout=900)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """What it says with --json."""
        return json.loads(self.run(*arguments, "--json"))

    def agree(self) -> None:
        """Nothing is missing, doubled or different in any store."""
        assert self.json("ledger", "reconcile")["difference"] == 0
        assert self.json("doctor") == {"findings": []}
        assert self.json("audit", "verify")["ok"]


def test_from_the_upload_to_the_certificate_on_all_servers(stack: Stack, tmp_path: Path) -> None:
    desk = Desk(stack, "tnommen")
    row = f"{CASE},LEIST,{CASE},998C777001,{FAMILY},Ina,1980-02-01,Weg 1,00811,Halvesund,SZ-HAL-L1,tnommen"
    (tmp_path / "register.csv").write_text(f"{','.join(CSV_HEADER)}\n{row}", "utf-8")
    desk.run("cases", "import", str(tmp_path / "register.csv"))
    scan = desk.bring("scan", letters_pdf(stack.register, [4711]))
    come_to_rest(stack)
    before = _names(stack)
    lines = f"Aktenzeichen {CASE}", f"Ina {FAMILY}, geb. 01.02.1980", f"Mietbescheinigung {WORD}"
    papers = [desk.bring(f"paper-{number}", book(letter(*lines, f"Nr. {number}"))) for number in range(PAPERS)]
    come_to_rest(stack)
    assert [state for _, state in _items(stack, [scan])] in (["filed"], ["clearing"])
    items = _items(stack, papers)
    assert [state for _, state in items] == ["filed"] * PAPERS
    for item in _inbox(stack, [document for document, _ in items], PAPERS):
        assert FAMILY in desk.page(f"/postkorb/e/{item}")
    found = desk.json("search", WORD, "--as", "tnommen")
    assert {hit["document_id"] for hit in found["results"]} == {document for document, _ in items}
    assert WORD in desk.page("/suche", q=WORD)
    held = _names(stack) - before
    assert len(held) >= 3 * PAPERS
    assert FAMILY.lower() in _dump(stack)
    assert _index_files(stack), "the search in the bytes must be able to find it"
    desk.agree()
    _dispose(desk)
    come_to_rest(stack)
    assert not held & _names(stack), "versions are left in the bucket"
    assert [word for word in (FAMILY, WORD) if word.lower() in _dump(stack)] == []
    assert _index_files(stack) == []
    assert desk.json("search", WORD, "--as", "tnommen")["total"] == 0
    desk.agree()


def _dispose(desk: Desk) -> None:
    desk.run("cases", "close", CASE, "--as", "tnommen", "--on", "2012-03-01")
    desk.run("retention", "propose", "Liste", "--on", str(TODAY), "--as", "mockholm")
    desk.run("retention", "appraise", "Liste", "--decision", "destroy", "--as", "tharksand")
    desk.run("retention", "approve", "Liste", "--as", "ebrunsfeld")
    report = desk.run("retention", "execute", "Liste", "--as", "mockholm")
    assert f"{CASE}           vernichtet\n" in report


def _items(stack: Stack, receipts: list[str]) -> list[tuple[str, str]]:
    """Document and state of what these receipts brought."""
    with stack.services.database.read() as session:
        rows = session.execute(select(MailItem.receipt_id, MailItem.document_id, MailItem.state)).all()
    return [(str(document), state) for receipt, document, state in rows if str(receipt) in receipts]


def _inbox(stack: Stack, documents: list[str], number: int) -> list[str]:
    """Where they lie in a Postkorb, each once."""
    with stack.services.database.read() as session:
        rows = session.execute(select(InboxItem.id, InboxItem.document_id)).all()
    found = {str(item): str(document) for item, document in rows if str(document) in documents}
    assert sorted(found.values()) == sorted(documents)
    assert len(found) == number
    return list(found)


def _names(stack: Stack) -> set[str]:
    """Every version and delete marker that lies in the bucket."""
    listed = raw_client(stack.environment).list_objects(stack.environment["EAKTE_S3_BUCKET"], include_version=True)
    return {str(one.object_name) for one in listed}


def _dump(stack: Stack) -> str:
    """The database as its own tool writes it, in small letters."""
    url = make_url(stack.environment["EAKTE_DATABASE_URL"])
    secret = Path(stack.environment["EAKTE_DATABASE_PASSWORD_FILE"]).read_text().strip()
    program = programs_folder() / "pg_dump"
    command = [str(program), "-h", str(url.host), "-p", str(url.port), "-U", str(url.username), str(url.database)]
    done = subprocess.run(command, env={**os.environ, "PGPASSWORD": secret}, capture_output=True, text=True, check=True)
    return done.stdout.lower()


def _index_files(stack: Stack) -> list[str]:
    """Files of the search server that hold the word, once it has written all it knows."""
    client = opensearch_client(SearchServer(stack.environment["EAKTE_OPENSEARCH_URL"]))
    client.indices.flush(index=f"{stack.environment['EAKTE_OPENSEARCH_INDEX']}-*")
    return files_with(client, WORD)
