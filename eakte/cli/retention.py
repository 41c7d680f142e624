"""Commands of retention: what is due, the frozen list up to its certificate, holds, what people record; export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eakte.cli.common import DONE, PROBLEMS, acting, agency_id, day, messages, result, results, services
from eakte.cli.mail import AsJson

if TYPE_CHECKING:
    from retention.disposal import Result
    from retention.due import DueRow

retention = typer.Typer(help="Aufbewahrung: fällige Akten, Aussonderungslisten, Sperren.", no_args_is_help=True)
export = typer.Typer(help="Ausgabe von Akten.", no_args_is_help=True)

AsUser = Annotated[str, typer.Option("--as", help="Benutzername der handelnden Person.")]
ListName = Annotated[str, typer.Argument(metavar="LISTE", help="Name der Liste.")]
Number = Annotated[str, typer.Argument(metavar="AKTENZEICHEN", help="Aktenzeichen der Akte.")]
On = Annotated[str, typer.Option("--on", metavar="JJJJ-MM-TT", help="Stichtag.")]
Review = Annotated[str | None, typer.Option(metavar="JJJJ-MM-TT", help="Tag der Prüfung; sonst nach Katalog.")]
HoldReason = Annotated[str, typer.Option("--reason", metavar="KENNUNG", help="Sperrgrund aus dem Fristenkatalog.")]
_OUTCOMES = {"destroyed": "vernichtet", "kept": "nicht vernichtet", "refused": "abgelehnt"}


class Decision(StrEnum):
    """What the archive decides."""

    DESTROY = "destroy"
    ARCHIVE = "archive"


@retention.command("due")
def retention_due(on: On, as_json: AsJson = False) -> None:
    """Was an einem Tag fällig ist, was eine Sperre hält und was noch niemand entscheiden kann; ändert nichts."""
    from retention.due import due

    with services() as opened:
        rows = due(opened.database, agency_id(opened), day(on))
        if as_json:
            results(row.as_json() for row in rows)
            return
        count = 0
        for row in rows:
            result(_due_line(row))
            count += 1
    messages.print(f"{count} Akten")


@retention.command("propose")
def retention_propose(name: ListName, on: On, user: AsUser) -> None:
    """Was fällig ist, unter einem Namen zur Aussonderung vorschlagen und einfrieren; vernichtet nichts."""
    from retention import repository
    from retention.proposing import propose

    with services() as opened:
        list_id = propose(opened.database, acting(opened, user), name, day(on))
        with opened.database.read() as session:
            objects = repository.objects(session, list_id)
        lines = [
            f"{one.number:4}  {one.file_number:24} {one.schedule_id:22} {one.retention_end}  {one.disposal_action}"
            for one in objects
        ]
    result("\n".join(lines))
    messages.print(f"Liste {name}: {len(lines)} Akten. Als Nächstes bewertet das Archiv.", markup=False)


@retention.command("appraise")
def retention_appraise(
    name: ListName,
    decision: Annotated[Decision, typer.Option(help="destroy = vernichten, archive = abgeben.")],
    user: AsUser,
    number: Annotated[int | None, typer.Option("--object", help="Nummer auf der Liste; ohne Angabe alle.")] = None,
) -> None:
    """Entscheidung des Archivs über eine Liste oder ein Objekt daraus."""
    from retention.appraising import appraise

    with services() as opened:
        count = appraise(opened.database, acting(opened, user), name, decision.value, number)
    messages.print(f"{count} {'Akte' if count == 1 else 'Akten'} bewertet.")


@retention.command("approve")
def retention_approve(name: ListName, user: AsUser) -> None:
    """Freigabe einer Liste durch eine zweite Person der Schriftgutverwaltung."""
    from retention import service

    with services() as opened:
        actor = acting(opened, user)
        with opened.database.write() as tx:
            undecided = service.approve(tx, actor, name)
    if undecided:
        messages.print(f"{undecided} Akten ohne Entscheidung des Archivs: Sie werden nicht vernichtet.", style="yellow")


@retention.command("execute")
def retention_execute(name: ListName, user: AsUser) -> None:
    """Eine freigegebene Liste ausführen oder eine unterbrochene zu Ende bringen; am Ende steht der Nachweis."""
    from eakte.retaining import stores
    from retention.disposal import execute
    from retention.errors import NotFinished

    with services() as opened:
        actor = acting(opened, user)
        try:
            report = execute(stores(opened), actor, name)
        except NotFinished as error:
            for trace in error.traces:
                messages.print(f"  {trace}", markup=False)
            raise
    for one in report.results:
        result(_result_line(one))
    messages.print(f"Vernichtungsnachweis: {report.certificate}", markup=False)
    raise typer.Exit(DONE if all(one.as_decided for one in report.results) else PROBLEMS)


@retention.command("hold")
def retention_hold(number: Number, reason: HoldReason, user: AsUser, review: Review = None) -> None:
    """Löschsperre setzen: Solange sie besteht, wird die Akte nicht vernichtet."""
    from retention import holding

    with services() as opened:
        actor, review_on = acting(opened, user), day(review) if review else None
        with opened.database.write() as tx:
            hold = holding.set_hold(tx, actor, number, reason, review_on)
            text = f"Gesperrt ({hold.reason_id}), zu prüfen am {hold.review_on:%d.%m.%Y}."
    messages.print(text)


@retention.command("release")
def retention_release(number: Number, reason: HoldReason, user: AsUser) -> None:
    """Löschsperre aufheben."""
    from retention import holding

    with services() as opened:
        actor = acting(opened, user)
        with opened.database.write() as tx:
            holding.release_hold(tx, actor, number, reason)


@retention.command("record")
def retention_record(
    number: Number,
    trigger: Annotated[str, typer.Argument(metavar="AUSLÖSER", help="Auslöser aus dem Fristenkatalog.")],
    on: Annotated[str, typer.Option("--on", metavar="JJJJ-MM-TT", help="Tag, an dem er eingetreten ist.")],
    source: Annotated[str, typer.Option(help="Woher der Tag bekannt ist, ohne Inhalte.")],
    user: AsUser,
) -> None:
    """Festhalten, wann ein Auslöser eingetreten ist: So wird aus einem Arbeitsvorrat eine Frist."""
    from retention import holding

    with services() as opened:
        actor, on_day = acting(opened, user), day(on)
        with opened.database.write() as tx:
            holding.record_trigger(tx, actor, number, trigger, on_day, source)


@retention.command("confirm")
def retention_confirm(
    entry: Annotated[str, typer.Argument(metavar="EINTRAG", help="Kennung im Fristenkatalog.")], user: AsUser
) -> None:
    """Eine Frist bestätigen, die der Katalog nur vorschlägt."""
    from retention import holding

    with services() as opened:
        actor = acting(opened, user)
        with opened.database.write() as tx:
            holding.confirm_entry(tx, actor, entry)


@export.command("case")
def export_case_command(
    number: Number, user: AsUser, out: Annotated[Path, typer.Option("--out", file_okay=False, help="Zielordner.")]
) -> None:
    """Eine Akte als ZIP ausgeben: einzelne PDF/A, Register, Prüfsummen, Protokollauszug."""
    from eakte.retaining import export_places
    from retention.export.case_export import export_case

    with services() as opened:
        done = export_case(opened.database, opened.blobs, acting(opened, user), number, export_places(opened, out))
    result(str(done.path))
    messages.print(f"{done.documents} Schriftstücke, SHA-256 {done.sha256}")


def _due_line(row: DueRow) -> str:
    if row.due_on:
        state = f"fällig seit {row.due_on:%d.%m.%Y}"
    else:
        state = "gesperrt: " + ", ".join(row.holds) if row.holds else "offen"
    parts = (f"{row.file_number:24} {row.disposal_action}", row.schedule_id, state, row.work_item)
    return "  ".join(part for part in parts if part)


def _result_line(one: Result) -> str:
    return f"{one.number:4}  {one.file_number:24} {_OUTCOMES[one.state]}" + (f": {one.reason}" if one.reason else "")
