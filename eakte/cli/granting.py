"""Commands that admit a person to cases for a time, and end that; a sample for an audit."""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eakte.cli.common import acting, day, messages, result, services
from eakte.cli.mail import AsJson
from eakte.cli.records import case_id, cases
from eakte.cli.retention import AsUser

if TYPE_CHECKING:
    from archive.granting import Standing

__all__ = ["cases"]
Person = Annotated[str, typer.Option("--for", metavar="PERSON", help="Benutzername der Person, um die es geht.")]
_MOST = 2**31


class State(StrEnum):
    """Of which cases a sample is drawn."""

    OPEN = "open"
    CLOSED = "closed"


@cases.command("grant")
def cases_grant(
    person: Person,
    until: Annotated[str, typer.Option(metavar="JJJJ-MM-TT", help="Letzter Tag der Freigabe.")],
    reason: Annotated[str, typer.Option(help="Wofür; steht dann als Notiz in der Akte.")],
    user: AsUser,
    numbers: Annotated[list[str] | None, typer.Argument(metavar="AKTENZEICHEN...")] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="JJJJ-MM-TT", help="Erster Tag; ohne Angabe heute.")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Statt Aktenzeichen: so viele Akten ziehen.")] = None,
    unit: Annotated[str | None, typer.Option(help="Einheit, aus deren Akten gezogen wird.")] = None,
    state: Annotated[State, typer.Option(help="open = offene, closed = geschlossene Akten.")] = State.OPEN,
    year: Annotated[
        int | None, typer.Option(min=1900, max=9999, help="Nur im Jahr geöffnete, bei closed geschlossene.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Zufallszahl, die die Prüfung nennt; sonst wird eine gezogen.")
    ] = None,
) -> None:
    """Akten für eine Prüfung oder eine Kollegin befristet freigeben (nur Leitung der Einheit, mit Begründung)."""
    from archive.granting import Admission, Sample, admit, draw

    if bool(numbers) == bool(sample) or bool(sample) != bool(unit):
        raise typer.BadParameter("Entweder Aktenzeichen oder --sample mit --unit angeben.")
    first, last = day(start) if start else None, day(until)
    with services() as opened:
        actor = acting(opened, user)
        ids, drawn = [case_id(opened, number) for number in numbers or ()], None
        if sample and unit:
            chosen = secrets.randbelow(_MOST) if seed is None else seed
            with opened.database.read() as session:
                drawn = draw(session, actor, Sample(unit, sample, state.value, year, chosen))
            ids = list(drawn.case_ids)
        with opened.database.write() as tx:
            admitted = admit(tx, actor, ids, Admission(person, first, last, reason), drawn)
    result("\n".join(admitted))
    if drawn:
        messages.print(f"{len(ids)} von {drawn.of} Akten gezogen, Zufallszahl {drawn.seed}.")


@cases.command("revoke")
def cases_revoke(
    number: Annotated[str, typer.Argument(metavar="AKTENZEICHEN", help="Aktenzeichen der Akte.")],
    person: Person,
    user: AsUser,
) -> None:
    """Eine Freigabe sofort beenden."""
    from archive.granting import end_admission

    with services() as opened:
        actor, found = acting(opened, user), case_id(opened, number)
        with opened.database.write() as tx:
            end_admission(tx, actor, found, person)


@cases.command("grants")
def cases_grants(user: AsUser, as_json: AsJson = False) -> None:
    """Was die Leitung freigegeben hat und noch gilt oder erst beginnt."""
    from archive.granting import standing
    from core.clock import agency_date

    with services() as opened:
        actor = acting(opened, user)
        with opened.database.read() as session:
            rows = [_row(one) for one in standing(session, actor, agency_date(opened.database.clock.now()))]
    if as_json:
        result(rows)
        return
    for row in rows:
        result(
            f"{row['file_number']:24} {row['username']:16} {row['kind']:6} {row['from'] or ''} – {row['until'] or ''}"
        )


def _row(one: Standing) -> dict[str, Any]:
    grant = one.grant
    return {
        "file_number": one.case_file.file_number, "username": one.user.username, "kind": grant.reason,
        "from": grant.valid_from, "until": grant.valid_until,
    }  # fmt: skip
