"""Commands on records: cases, documents, search."""

from __future__ import annotations

import shutil
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from core.actor import system_actor
from core.errors import NotFound
from core.ids import parse_id
from eakte.bootstrap import Services
from eakte.cli.common import acting, agency_id, day, messages, result, services, writing
from eakte.cli.mail import AsJson, AsUser

cases = typer.Typer(help="Akten.", no_args_is_help=True)
documents = typer.Typer(help="Schriftstücke.", no_args_is_help=True)

_INDEX_SECONDS = 10.0
Out = Annotated[Path | None, typer.Option("--out", help="Zieldatei; ohne Angabe Standardausgabe.")]


@cases.command("import")
def cases_import(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Fallregister aus CSV übernehmen; bei Fehlern wird nichts übernommen. Wartende Post folgt der Zuständigkeit."""
    from archive.register_import import import_register
    from inbox.following import follow_responsibility

    with services() as opened:
        data = file.read_bytes()
        agency = agency_id(opened)
        with opened.database.write() as tx:
            done = import_register(tx, system_actor(agency), data)
            tx.session.flush()
            follow_responsibility(tx, system_actor(agency))
        messages.print(f"{done.cases} Akten, {done.persons} Personen übernommen.")


@cases.command("close")
def cases_close(
    number: str,
    user: AsUser,
    on: Annotated[str | None, typer.Option(help="Tag der zdA-Verfügung JJJJ-MM-TT.")] = None,
    reason: Annotated[str, typer.Option(help="Begründung; steht dann als Notiz in der Akte.")] = "",
) -> None:
    """Akte schließen (zdA); die Aufbewahrungsfrist beginnt."""
    from archive import service as records

    with services() as opened:
        actor, found = acting(opened, user), case_id(opened, number)
        with opened.database.write() as tx:
            records.close_case(tx, actor, found, day(on) if on else None, reason)


@cases.command("reopen")
def cases_reopen(
    number: str,
    user: AsUser,
    on: Annotated[str | None, typer.Option(help="Tag der Verfügung JJJJ-MM-TT.")] = None,
    reason: Annotated[str, typer.Option(help="Begründung.")] = "",
) -> None:
    """Geschlossene Akte wieder öffnen (nur Leitung, mit Begründung)."""
    from archive import service as records

    with services() as opened:
        actor, found = acting(opened, user), case_id(opened, number)
        with opened.database.write() as tx:
            records.reopen_case(tx, actor, found, reason, day(on) if on else None)


@documents.command("text")
def documents_text(document: str, user: AsUser, out: Out = None) -> None:
    """Text der Lesefassung, Seiten durch Seitenvorschub getrennt."""
    from archive import reading

    with services() as opened:
        text = reading.open_text(opened.database, opened.blobs, acting(opened, user), _document(document))
    if out:
        with writing(out):
            out.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


@documents.command("pdf")
def documents_pdf(document: str, user: AsUser, out: Out = None) -> None:
    """Lesefassung (PDF/A)."""
    _content(document, user, out, "rendition")


@documents.command("original")
def documents_original(document: str, user: AsUser, out: Out = None) -> None:
    """Der eigene Original-Scan der Sendung, nie ein ganzer Stapel."""
    _content(document, user, out, "scan_master")


def search(query: str, user: AsUser, as_json: AsJson = False) -> None:
    """In allem suchen, was die Person sehen darf."""
    from eakte.searching import search_service, settle

    with services() as opened:
        settle(opened, _INDEX_SECONDS)  # where no worker runs, nobody else keeps the index up to date
        answer = search_service(opened).answer(acting(opened, user), query, limit=50)
    if as_json:
        result({key: answer[key] for key in ("total", "results", "facets")})
        return
    messages.print(f"{answer['total']} Treffer")
    for hit in answer["results"]:
        result(f"{hit['case_file_number'] or '-':20} S. {hit['page']}  {hit['title']}  {hit['snippet']}")


def _content(document: str, user: str, out: Path | None, role: str) -> None:
    from archive import reading

    with services() as opened:
        content = reading.open_content(opened.database, opened.blobs, acting(opened, user), _document(document), role)
        with (
            writing(out),
            content.stream() as stream,
            out.open("wb") if out else nullcontext(sys.stdout.buffer) as target,
        ):
            shutil.copyfileobj(stream, target)
            target.flush()


def _document(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise NotFound
    return found


def case_id(opened: Services, number: str) -> UUID:
    """The case that the number names. Raises NotFound."""
    from archive import repository

    with opened.database.read() as session:
        found = repository.case_file_by_exact_number(session, agency_id(opened), number)
    if found is None:
        raise NotFound
    return found.id
