"""Commands that run and examine an installation: run, serve, worker, doctor, index, sheets."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import InvalidInput
from core.parent import end_with
from core.waking import DEFAULT, QUEUES, kinds_of
from eakte.cli.common import DONE, PROBLEMS, USAGE, messages, progress, result, services, writing
from eakte.cli.common import settings as read_settings
from eakte.cli.mail import AsJson

if TYPE_CHECKING:
    from eakte.bootstrap import Services
    from eakte.doctor import Finding

AS_LONG_AS_IT_TAKES = 0.0
StartedBy = Annotated[int | None, typer.Option(hidden=True, help="Prozess, mit dem dieser endet.")]
bench = typer.Typer(help="Messungen.", no_args_is_help=True)


@bench.command("pipeline")
def bench_pipeline_command(
    paths: Annotated[list[Path], typer.Argument(help="Dateien oder Ordner.", exists=True)], as_json: AsJson = False
) -> None:
    """Die ganze Kette in einer Wegwerf-Installation messen."""
    from eakte.benching import bench_pipeline

    read_settings()
    figures = bench_pipeline(paths)
    result(figures if as_json else "\n".join(f"{name:22} {value}" for name, value in figures.items()))


def doctor(
    as_json: AsJson = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Beheben, was ohne Entscheidung eines Menschen geht.")
    ] = False,
    backup: Annotated[Path | None, typer.Option(help="Ordner der Sicherungen, für verlorene Bytes.")] = None,
    identity: Annotated[Path | None, typer.Option(help="Datei mit dem privaten Schlüssel der Sicherungen.")] = None,
) -> None:
    """Alle Speicher gegeneinander prüfen; ändert nichts, außer mit --repair."""
    from eakte.doctor import as_json as findings_json
    from eakte.doctor import examine

    if (backup is None) != (identity is None) or (backup is not None and not repair):
        messages.print("--backup und --identity gehören zusammen und zu --repair.", style="red")
        raise typer.Exit(USAGE)
    with services() as opened, progress("Bytes werden nachgerechnet") as shown:
        findings = examine(opened, progress=shown)
        if repair:
            findings = _mended(opened, findings, backup, identity)
    if findings or as_json:
        result(findings_json(findings) if as_json else "\n".join(map(str, findings)))
    elif not repair:
        messages.print("Keine Auffälligkeiten.")
    raise typer.Exit(PROBLEMS if findings else DONE)


def _mended(opened: Services, findings: Sequence[Finding], backup: Path | None, identity: Path | None) -> list[Finding]:
    """What is left."""
    from eakte.backup.encryption import Identity
    from eakte.backup.repository import Repository
    from eakte.backup.restoring import Source
    from eakte.mending import mend

    source = Source(Repository(backup), Identity(identity)) if backup and identity else None
    left = mend(opened, findings, source)
    number = len(findings) - len(left)
    messages.print(
        f"{number} Befunde sind behoben oder den Arbeitsprozessen übergeben, {len(left)} bleiben. Bitte danach noch einmal "
        f"`eakte doctor`. ({number} findings mended or handed to the workers, {len(left)} left.)",
        markup=False,
    )
    return left


def check() -> None:
    """Die Einstellungen prüfen, ohne etwas zu öffnen oder zu ändern."""
    read_settings()
    messages.print("Die Einstellungen sind in Ordnung.")


def serve(parent: StartedBy = None) -> None:
    """Nur den Server starten. Antwortet ein Speicher noch nicht, wartet der Start darauf."""
    from eakte.serve import serve as run_server

    _end_with(parent)
    with services(wait=AS_LONG_AS_IT_TAKES) as opened:
        run_server(opened)


def worker(
    count: Annotated[int | None, typer.Option(help="Zahl der Kindprozesse.")] = None,
    queues: Annotated[str, typer.Option(help="Warteschlangen, mit Komma: ocr, ingest, default.")] = ",".join(QUEUES),
    parent: StartedBy = None,
) -> None:
    """Nur die Arbeitsprozesse starten. Geweckt werden sie von der Auftragstabelle oder, wenn gesetzt, von Redis.

    Antwortet ein Speicher noch nicht, wartet der Start darauf.
    """
    from eakte.duties import duties
    from eakte.searching import require_usable_index
    from eakte.supervisor import Supervisor

    _end_with(parent)
    with services(wait=AS_LONG_AS_IT_TAKES) as opened:
        require_usable_index(opened)
        served = _queues(queues)
        supervisor = Supervisor(opened, duties(opened) if DEFAULT in served else (), count, served)
        stopped = False

        def stop(_signal: int, _frame: FrameType | None) -> None:
            nonlocal stopped
            stopped = True

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        supervisor.start()
        while not stopped:
            supervisor.wait(0.2)
        supervisor.stop()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # another Ctrl-C meets an interpreter that is going down


def run(demo: Annotated[bool, typer.Option("--demo", help="Vorführbehörde laden.")] = False) -> None:
    """Alles starten: Datenbank, Server, Arbeitsprozesse; bis Strg C."""
    from eakte.run import run as run_all

    with services(migrate=True, wait=AS_LONG_AS_IT_TAKES) as opened:
        run_all(opened, demo=demo)


def rebuild() -> None:
    """Suchindex aus dem Archiv neu aufbauen."""
    from eakte.searching import rebuild_index

    with services() as opened:
        messages.print(f"{rebuild_index(opened)} Einträge im Index.")


def sheets(
    out: Annotated[Path, typer.Option("--out", help="Zieldatei (PDF).")],
    field: Annotated[list[str] | None, typer.Option(help="FELD=Wert: CASE, DOC, KEY, UNIT, BATCH, SHEETS.")] = None,
    count: Annotated[int, typer.Option(min=1, max=500, help="Zahl der Blätter.")] = 1,
) -> None:
    """Trennblätter drucken."""
    from ingest.sheet_printing import print_sheets

    read_settings()
    try:
        printed = print_sheets(field or [], count)
    except InvalidInput as error:
        messages.print(error.de, style="red", markup=False)
        raise typer.Exit(USAGE) from error
    with writing(out):
        out.write_bytes(printed)


def _queues(text: str) -> list[str]:
    named = [name.strip() for name in text.split(",") if name.strip()]
    try:
        kinds_of(named)
    except ValueError as error:
        messages.print(f"Warteschlangen sind {', '.join(QUEUES)}; „{text}“ ist keine Auswahl davon.", style="red")
        raise typer.Exit(USAGE) from error
    return named


def _end_with(parent: int | None) -> None:
    """`eakte run` may be killed: its server and its worker then end too, in order, instead of holding the data folder."""
    if parent is not None:
        end_with(parent, signal.SIGTERM)
