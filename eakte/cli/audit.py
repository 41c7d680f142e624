"""Checking the audit log: the installation's own, or what was exported from one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.audit.verify import Problem, Verdict
from core.errors import Unavailable
from eakte.cli.common import DONE, PROBLEMS, acting, messages, result, services
from eakte.cli.mail import AsJson, AsUser
from web.texts import load_texts

audit = typer.Typer(help="Protokoll.", no_args_is_help=True)


@audit.command("verify")
def audit_verify(
    file: Annotated[
        Path | None,
        typer.Option("--file", exists=True, dir_okay=False, help="Protokollauszug (JSON) oder Export (ZIP)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Protokollkette nachrechnen und mit dem Anker vergleichen; mit --file einen Auszug oder Export, ohne Datenbank."""
    verdict = _handed_out(file) if file else _installed()
    problems = [{"position": problem.position, "kind": problem.kind} for problem in verdict.problems]
    answer: dict[str, Any] = {"ok": verdict.ok, "checked": verdict.checked, "problems": problems}
    lines = [f"{verdict.checked} Einträge geprüft, {len(problems)} Auffälligkeiten", *map(_sentence, verdict.problems)]
    result(answer if as_json else "\n".join(lines))
    raise typer.Exit(DONE if verdict.ok else PROBLEMS)


@audit.command("anchor")
def audit_anchor(
    user: AsUser, reason: Annotated[str, typer.Option(help="Warum der Anker neu geschrieben wird.")]
) -> None:
    """Verlorenen Anker aus der geprüften Datenbank neu schreiben; das Protokoll hält fest, wer und warum."""
    from core.audit.sealing import renew_anchors

    with services() as opened:
        written = renew_anchors(opened.database, opened.anchors, acting(opened, user), reason)
        messages.print(f"{written} Köpfe verankert.")


def _handed_out(file: Path) -> Verdict:
    from retention.export.checking import check_file

    return check_file(file)


def _installed() -> Verdict:
    from core.audit.verify import verify
    from core.singletons import settle_seals

    with services() as opened:
        if not settle_seals(opened.database, opened.anchors):
            raise Unavailable("Das Protokoll wird gerade gesiegelt. Bitte noch einmal versuchen.", "log not sealed")
        return verify(opened.database, opened.anchors)


def _sentence(problem: Problem) -> str:
    if problem == Problem(0, "unreadable", problem.what):
        return "Die Datei ist kein lesbarer Auszug und kein lesbarer Export."
    return load_texts("de")(f"protokoll.bruch.{problem.kind}", nr=problem.position, datei=problem.what)
