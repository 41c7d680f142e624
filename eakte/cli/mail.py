"""Commands of the way in: ingest, ledger, inbox, quarantine, reprocess."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from core.actor import Actor, system_actor
from core.clock import agency_date
from core.errors import InvalidInput
from core.ids import parse_id
from eakte.bootstrap import Services
from eakte.cli.common import DONE, PROBLEMS, TIMEOUT, acting, agency_id, day, messages, result, services

ledger = typer.Typer(help="Posteingangsbuch.", no_args_is_help=True)
inbox = typer.Typer(help="Postkörbe.", no_args_is_help=True)
quarantined = typer.Typer(help="Quarantäne: ansehen, wiederholen, freigeben, abweisen.", no_args_is_help=True)

AsUser = Annotated[str, typer.Option("--as", help="Benutzername, mit dessen Rechten gelesen wird.")]
AsJson = Annotated[bool, typer.Option("--json", help="Ergebnis als JSON.")]
OptionalUser = Annotated[str | None, typer.Option("--as", help="Benutzername der handelnden Person.")]
_COUNTED = {
    "received": "angenommen", "items": "Sendungen", "in_work": "in Arbeit", "filed": "abgelegt", "clearing": "in Klärung",
    "quarantined": "in Quarantäne", "rejected": "abgewiesen", "difference": "Differenz", "orphans": "herrenlos oder fehlend",
}  # fmt: skip
_BY_COMMAND = "über die Befehlszeile erledigt"
Reason = Annotated[str, typer.Option("--reason", help="Begründung.")]


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Dateien oder Ordner (mit Unterordnern).", exists=True)],
    station: Annotated[str | None, typer.Option(help="Scanstation; ohne Angabe die erste der Behörde.")] = None,
    received_on: Annotated[str | None, typer.Option(help="Eingangsdatum JJJJ-MM-TT.")] = None,
    wait: Annotated[
        float | None, typer.Option(help="Warten, bis alles fertig ist, höchstens so viele Sekunden.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Dateien annehmen; mit --wait auch verarbeiten und das Ergebnis je Sendung ausgeben."""
    from eakte.intake import take_in

    with services() as opened:
        outcome = take_in(opened, agency_id(opened), paths, station, day(received_on) if received_on else None, wait)
        for line in outcome.lines:
            result(line if as_json else _sentence(line))
        for problem in outcome.problems:
            messages.print(problem, style="red", markup=False)
        if outcome.timed_out:
            raise typer.Exit(TIMEOUT)
        raise typer.Exit(PROBLEMS if outcome.problems else DONE)


@ledger.command("reconcile")
def ledger_reconcile(as_json: AsJson = False) -> None:
    """Eingang und Verbleib gegeneinander halten, gezählt aus den Speichern."""
    from ingest.reporting import reconcile

    with services() as opened:
        counted = reconcile(opened.database, opened.blobs, agency_id(opened), opened.settings.orphan_grace)
    result(counted if as_json else "\n".join(f"{_COUNTED[name]:22} {number}" for name, number in counted.items()))
    raise typer.Exit(PROBLEMS if counted["difference"] or counted["orphans"] else DONE)


@inbox.command("list")
def inbox_list(user: AsUser, as_json: AsJson = False) -> None:
    """Offene Schreiben in den Postkörben einer Person."""
    from inbox.listing import every_item

    with services() as opened:
        actor = acting(opened, user)
        with opened.database.read() as session:
            items = list(every_item(session, actor, agency_date(opened.database.clock.now())))
    if as_json:
        result([{key: value for key, value in item.items() if key != "version"} for item in items])
        return
    for item in items:
        result(
            f"{item['received_on']}  {item['inbox']:24} {item['case_file_number'] or '-':20} {item['document_type']}"
        )


@quarantined.command("list")
def quarantine_list(as_json: AsJson = False) -> None:
    """Offene Quarantäne und Abweisungen mit Grund."""
    from ingest import quarantine

    with services() as opened:
        entries = quarantine.open_entries(opened.database, agency_id(opened))
    if not entries and not as_json:
        messages.print("Nichts in Quarantäne.")
        return
    result(entries if as_json else "\n".join(f"{e['id']}  {e['state']:12} {e['text']}" for e in entries))


@quarantined.command("retry")
def quarantine_retry(entry: str, user: OptionalUser = None) -> None:
    """Noch einmal verarbeiten."""
    from ingest import quarantine

    with services() as opened:
        quarantine.retry(opened.database, _ending(opened, user), _id(entry))


@quarantined.command("release")
def quarantine_release(entry: str, reason: Reason = _BY_COMMAND, user: OptionalUser = None) -> None:
    """Erledigt: Eine Person hat sich gekümmert (zum Beispiel neu gescannt)."""
    from ingest import quarantine

    with services() as opened:
        quarantine.end(opened.database, _ending(opened, user), _id(entry), "released", reason)


@quarantined.command("reject")
def quarantine_reject(entry: str, reason: Reason = _BY_COMMAND, user: OptionalUser = None) -> None:
    """Abweisen mit Nachricht an den Absender."""
    from ingest import quarantine

    with services() as opened:
        quarantine.end(opened.database, _ending(opened, user), _id(entry), "rejected", reason)


def reprocess(items: Annotated[list[str], typer.Argument(help="Kennungen von Sendungen.")]) -> None:
    """Sendungen in der Klärung noch einmal lesen und zuordnen."""
    from ingest import quarantine

    with services() as opened:
        for item in items:
            quarantine.reprocess(opened.database, agency_id(opened), _id(item))


def _ending(opened: Services, user: str | None) -> Actor:
    """The person named by `--as` with the rights of today; without one the operator acts, and the log says so."""
    return acting(opened, user) if user is not None else system_actor(agency_id(opened))


def _id(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise InvalidInput(f"„{text}“ ist keine Kennung.", "no id")
    return found


def _sentence(line: dict[str, object]) -> str:
    if "item_no" not in line:
        return f"{line['source']}  angenommen: {line['receipt_id']}"
    where = line["case_file_number"] or line["inbox"] or "-"
    return f"{line['source']}  Sendung {line['item_no']}: {line['state']}  {where}"
