"""A small authority with a register, the doors into it, and files that need no recognition: own text, codes, blanks."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx
import zxingcpp
from click.testing import Result
from fpdf import FPDF
from PIL import Image
from sqlalchemy import select
from typer.testing import CliRunner

from archive.fileplan import load_defaults
from archive.models import CaseFile
from archive.register_import import HEADER, import_register
from core.actor import system_actor
from core.models import AuditEvent
from eakte.bootstrap import Services, open_services
from eakte.cli import app
from eakte.demo.load import demo_organisation
from ingest.models import Receipt
from organisation.loading import load_organisation
from organisation.models import ScanStation
from organisation.stations import create_station
from retention.loading import load_schedule
from tests.databases import copy_home, environment_at, kept, settings_at

REGISTER = (
    "99801BG0004711,LEIST,99801BG0004711,998A004711,Kowalczyk,Anna,1984-03-12,Deichweg 3,00811,Halvesund,SZ-HAL-L1,",
    "W-00317/26,WID,99801BG0004711,998A004711,Kowalczyk,Anna,1984-03-12,Deichweg 3,00811,Halvesund,JC-RECHT,",
    "99801BG0055555,LEIST,99801BG0055555,998C777777,Kahlke,Olaf,1971-05-20,Große Twiete 26a,00821,Hollmersiel,SZ-HOL-L,",
    "99801BG0066666,LEIST,99801BG0066666,998D888888,Ruhnau,Greta,1969-01-09,Am Markt 1,00811,Halvesund,SZ-HAL-L2,",
    "L-1/26,LEIST,99801BG0077777,998E999999,Thomsen,Wiebke,1990-10-02,Hafen 7,00811,Halvesund,SZ-HAL-L1,",
    "L-2/26,LEIST,99801BG0077777,998E999999,Thomsen,Wiebke,1990-10-02,Hafen 7,00811,Halvesund,SZ-HAL-L1,",
)
CLOSED = "99801BG0066666"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page with nothing but a barcode."""

    payload: str
    kind: zxingcpp.BarcodeFormat = zxingcpp.BarcodeFormat.QRCode


@dataclass(frozen=True, slots=True)
class Stuck:
    """A letter of a few lines on which somebody stuck a code."""

    payload: str
    text: str


BLANK = ""


def book(*pages: str | Sheet | Stuck) -> bytes:
    """A PDF: text pages with their own text, pages with a barcode, both, blank pages. `pages` in order."""
    pdf = FPDF(format="A4")
    pdf.set_font("Helvetica", size=11)
    for page in pages:
        pdf.add_page()
        if isinstance(page, Sheet):
            code = zxingcpp.create_barcode(page.payload, page.kind)
            picture = Image.fromarray(code.to_image(scale=6))
            pdf.image(picture, x=30, y=60, w=110 if page.kind != zxingcpp.BarcodeFormat.QRCode else 60)
        elif isinstance(page, Stuck):
            code = zxingcpp.create_barcode(page.payload, zxingcpp.BarcodeFormat.QRCode)
            pdf.image(Image.fromarray(code.to_image(scale=6)), x=150, y=20, w=30)
            pdf.multi_cell(130, 6, page.text)
        elif page:
            pdf.multi_cell(0, 6, page)
    return bytes(pdf.output())


def letter(*lines: str) -> str:
    """A page of text that is long enough never to be taken for a sheet."""
    body = "Sehr geehrte Damen und Herren, hiermit übersende ich Ihnen die angeforderten Unterlagen. " * 9
    return "\n".join([*lines, body, "Mit freundlichen Grüßen"])


@dataclass
class House:
    """An installation and its doors."""

    home: Path
    services: Services
    agency: UUID
    token: str

    def cli(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command as a process of its own."""
        command = [sys.executable, "-m", "eakte", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment(**environment), timeout=700)

    def command(self, *arguments: str) -> Result:
        """Run a short command in this process: starting one costs seconds."""
        return CliRunner().invoke(app, list(arguments), env=environment_at(self.home))

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a command on this installation."""
        return {**os.environ, **environment_at(self.home), "OMP_THREAD_LIMIT": "1", **more}

    def ingest(self, path: Path, *arguments: str, **environment: str) -> tuple[list[dict[str, Any]], str]:
        """`eakte ingest --wait`: the lines of stdout, and stderr."""
        done = self.cli("ingest", str(path), "--wait", "600", "--json", *arguments, **environment)
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def receipts(self) -> list[Receipt]:
        """The ledger."""
        with self.services.database.read() as session:
            return list(session.scalars(select(Receipt).order_by(Receipt.id)))

    def events(self, action: str) -> list[AuditEvent]:
        """Audit events of one kind, in order."""
        with self.services.database.read() as session:
            return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))

    def refusals(self) -> list[str]:
        """Codes of everything that made no receipt."""
        return [event.details["code"] for event in self.events("receipt.refused")]

    def station(self, code: str) -> ScanStation:
        """A station by its code."""
        with self.services.database.read() as session:
            found = session.scalar(select(ScanStation).where(ScanStation.code == code))
        assert found is not None
        return found

    @contextmanager
    def server(self, log: Path, **environment: str) -> Iterator[httpx.Client]:
        """`eakte serve` as a process of its own; stderr goes to `log`."""
        port = free_port()
        known = self.environment(EAKTE_PORT=str(port), **environment)
        with log.open("ab") as stderr:
            process = subprocess.Popen([sys.executable, "-m", "eakte", "serve"], env=known, stderr=stderr)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/pdf"}
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=200) as client:
                _wait_until_up(client, process)
                yield client
        finally:
            process.terminate()
            process.wait(120)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            client.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server did not come up")


def open_house(home: Path, lines: Sequence[str] = REGISTER, **told: Any) -> House:
    """A fresh installation: the demo's organisation and file plan, two stations, a handful of cases."""
    made = _furnished(tuple(lines))
    copy_home(made.home, home)
    return House(home, open_services(settings_at(home, **told)), made.agency, made.token)


@dataclass(frozen=True, slots=True)
class _Furnished:
    """A house that nobody lives in: its folder goes with the last reference."""

    folder: TemporaryDirectory[str]
    home: Path
    agency: UUID
    token: str


@cache
def _furnished(lines: tuple[str, ...]) -> _Furnished:
    """Made once per process and copied: migrations, organisation and plan cost more than most tests do."""
    folder = TemporaryDirectory()
    home = Path(folder.name) / "home"
    with kept():
        services = open_services(settings_at(home), migrate=True)
    with services.database.write() as tx:
        agency = load_organisation(tx, demo_organisation())
        load_defaults(tx, agency)
        load_schedule(tx, agency, confirmed=True)
        actor = system_actor(agency)
        _, token = create_station(tx, actor, "SCAN-1", "JC-POST")
        create_station(tx, actor, "SCAN-2", "JC-POST")
        import_register(tx, actor, "\n".join([",".join(HEADER), *lines]).encode())
        for case_file in tx.session.scalars(select(CaseFile).where(CaseFile.file_number == CLOSED)):
            case_file.state, case_file.closed_on = "closed", date(2026, 1, 31)
    services.database.dispose()
    return _Furnished(folder, home, agency, token)


def png(width: int, height: int) -> bytes:
    """A white one-bit image."""
    buffer = io.BytesIO()
    Image.new("1", (width, height), 1).save(buffer, "PNG")
    return buffer.getvalue()
