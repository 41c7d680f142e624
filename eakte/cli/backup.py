"""Commands of backup and restore. Results on stdout as text or JSON; progress and messages on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eakte.bootstrap import Services, exclusive
from eakte.cli.common import DONE, PROBLEMS, messages, progress, result, services
from eakte.cli.mail import AsJson

if TYPE_CHECKING:
    from eakte.backup.restoring import Restored

backup = typer.Typer(help="Sicherung im laufenden Betrieb, verschlüsselt, nur das Neue.", no_args_is_help=True)
Place = Annotated[Path, typer.Argument(help="Ordner der Sicherungen.")]
IdentityFile = Annotated[Path, typer.Option("--identity", help="Datei mit dem privaten Schlüssel.")]
SnapshotName = Annotated[str | None, typer.Option("--snapshot", help="Name der Sicherung; sonst die neueste.")]


@backup.command("key")
def key(out: Annotated[Path, typer.Argument(help="Neue Datei für den privaten Schlüssel.")]) -> None:
    """Ein Schlüsselpaar machen: der private in die Datei, der öffentliche auf die Ausgabe."""
    from core.errors import ConfigurationError
    from eakte.backup.encryption import make_identity

    try:
        result(make_identity(out))
    except ConfigurationError as error:
        messages.print(error.de, style="red", markup=False)
        raise typer.Exit(PROBLEMS) from error


@backup.command("make")
def make(
    place: Place,
    recipients: Annotated[Path, typer.Option("--recipients", help="Datei mit den öffentlichen Schlüsseln.")],
    as_json: AsJson = False,
) -> None:
    """Jetzt sichern; der Betrieb läuft weiter."""
    from eakte.backup.encryption import Recipients
    from eakte.backup.making import make_backup
    from eakte.backup.repository import Repository

    with services() as opened, progress("Bytes sichern") as shown:
        made = make_backup(opened, Repository(place), Recipients(recipients), shown)
    text = f"Sicherung {made.name}: {made.rows} Zeilen, {made.blobs} Dateien, davon {made.copied} neu."
    result(asdict(made) if as_json else text)
    if made.missing:
        messages.print(
            f"{len(made.missing)} Dateien fehlen im Speicher oder sind verändert: `eakte doctor` nennt sie.",
            style="red",
        )
    raise typer.Exit(PROBLEMS if made.missing else DONE)


@backup.command("list")
def listing(place: Place, as_json: AsJson = False) -> None:
    """Die Sicherungen eines Ordners, die älteste zuerst."""
    from eakte.backup.repository import Repository

    names = Repository(place).names()
    result({"snapshots": names} if as_json else "\n".join(names))


@backup.command("rehearse")
def rehearse_command(
    place: Place, identity: IdentityFile, snapshot: SnapshotName = None, as_json: AsJson = False
) -> None:
    """Probe: in eine Wegwerf-Installation wiederherstellen und vergleichen. Der Betrieb bleibt unberührt."""
    from eakte.backup.encryption import Identity
    from eakte.backup.repository import Repository
    from eakte.backup.restoring import Source, rehearse

    with services() as opened, progress("Bytes prüfen") as shown:
        restored = rehearse(opened, Source(Repository(place), Identity(identity), snapshot), shown)
    _tell(restored, as_json)


@backup.command("prune")
def prune(
    place: Place, keep: Annotated[int, typer.Option("--keep", min=1, help="So viele Sicherungen bleiben.")] = 30
) -> None:
    """Alte Sicherungen löschen; was vernichtet ist, verschwindet so auch aus den Sicherungen."""
    from eakte.backup.repository import Repository

    snapshots, blobs = Repository(place).prune(keep)
    result(f"{snapshots} Sicherungen und {blobs} Dateien gelöscht.")


def restore_command(
    place: Place, identity: IdentityFile, snapshot: SnapshotName = None, as_json: AsJson = False
) -> None:
    """Eine Sicherung in eine leere Installation zurückspielen, den Suchindex neu bauen und alles prüfen."""
    from eakte.backup.encryption import Identity
    from eakte.backup.repository import Repository
    from eakte.backup.restoring import Source, restore

    with services(migrate=True) as opened, alone(opened), progress("Bytes zurückspielen") as shown:
        restored = restore(opened, Source(Repository(place), Identity(identity), snapshot), shown)
    _tell(restored, as_json)


def _tell(restored: Restored, as_json: bool) -> None:
    text = (
        f"Sicherung {restored.name}: {restored.rows} Zeilen, {restored.blobs} Dateien, {restored.documents} Schriftstücke "
        f"im Suchindex; {len(restored.missing)} Dateien fehlen, {len(restored.findings)} Befunde."
    )
    result({**asdict(restored), "equal": restored.equal} if as_json else text)
    for finding in restored.findings[:20]:
        messages.print(str(finding), markup=False)
    raise typer.Exit(DONE if restored.equal else PROBLEMS)


@contextmanager
def alone(opened: Services) -> Iterator[None]:
    """While nothing else of this installation runs on this host. Raises ConfigurationError when something does."""
    with ExitStack() as locks:
        for name in ("run", "server"):
            locks.enter_context(exclusive(opened.settings, name))
        yield
