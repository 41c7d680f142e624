"""The command that brings an installation to this version."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eakte.cli.backup import IdentityFile, Place, alone
from eakte.cli.common import DONE, PROBLEMS, messages, progress, result, services
from eakte.cli.mail import AsJson

if TYPE_CHECKING:
    from eakte.upgrading import Upgraded


def upgrade_command(
    place: Place,
    recipients: Annotated[Path, typer.Option("--recipients", help="Datei mit den öffentlichen Schlüsseln.")],
    identity: IdentityFile,
    rehearse_only: Annotated[bool, typer.Option("--rehearse-only", help="Nur sichern und proben.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sichern, die Aktualisierung an einer Kopie proben und dann die Datenbank auf den Stand dieser Version bringen."""
    from eakte.backup.encryption import Identity, Recipients
    from eakte.backup.repository import Repository
    from eakte.backup.restoring import Source
    from eakte.upgrading import upgrade

    with ExitStack() as held:
        opened = held.enter_context(services(older=True))
        if not rehearse_only:
            held.enter_context(alone(opened))
        shown = held.enter_context(progress(""))
        done = upgrade(
            opened, Recipients(recipients), Source(Repository(place), Identity(identity)),
            lambda what, done, of: shown(done, of, what), rehearse_only=rehearse_only,
        )  # fmt: skip
    _tell(done, rehearse_only, as_json)


def _tell(done: Upgraded, rehearse_only: bool, as_json: bool) -> None:
    result({**asdict(done), "good": done.good} if as_json else _text(done, rehearse_only))
    for finding in [*done.rehearsal.findings, *done.findings][:20]:
        messages.print(str(finding), markup=False)
    raise typer.Exit(DONE if done.good else PROBLEMS)


def _text(done: Upgraded, rehearse_only: bool) -> str:
    tried = done.rehearsal
    rehearsed = (
        f"Probe an Sicherung {done.snapshot}: {tried.rows} Zeilen, {tried.blobs} Dateien, {done.rehearsal_seconds:.0f} s, "
        f"{len(tried.missing)} Dateien fehlen, {len(tried.findings)} Befunde."
    )
    if not tried.equal:
        return f"{rehearsed} Die Datenbank bleibt auf dem Stand {done.before}: Die alte Version kann wieder starten."
    if rehearse_only:
        return f"{rehearsed} Es wurde nichts geändert."
    state = (
        f"Die Datenbank war schon auf dem Stand {done.after}."
        if done.before == done.after
        else f"Die Datenbank ist vom Stand {done.before} auf {done.after} gebracht."
    )
    return f"{rehearsed} {state} {len(done.findings)} Befunde. Server und Arbeitsprozesse können starten."
