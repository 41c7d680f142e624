"""Commands for development and tests: the real servers without a container engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import EakteError
from eakte.cli.common import DONE, PROBLEMS, USAGE, messages, result
from eakte.cli.common import settings as read_settings

if TYPE_CHECKING:
    from eakte.services.launcher import Launcher

dev = typer.Typer(help="Werkzeuge für Entwicklung und Tests.", no_args_is_help=True)


@dev.callback()
def _group() -> None:
    """Keeps `eakte dev services` a command of two words while it is the only one."""


@dev.command("services")
def services_command(
    command: Annotated[list[str] | None, typer.Argument(help="Befehl, der mit diesen Servern läuft (nach --).")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Nur diese Server; mehrfach möglich.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Ordner, dessen Daten bleiben; sonst ein Wegwerfordner.")] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="Einstellungen auch in diese Datei, sobald alles bereit ist.")
    ] = None,
    install: Annotated[bool, typer.Option("--install", help="Nur installieren, nichts starten.")] = False,
    watched: Annotated[int | None, typer.Option("--while", help="Endet mit dem Prozess dieser Nummer.")] = None,
    short_lived: Annotated[bool, typer.Option("--short-lived", help="Lieber schnell bereit als volles Tempo.")] = False,
) -> None:
    """PostgreSQL, Redis, S3 und OpenSearch als Wegwerfprozesse, bis Strg C."""
    from eakte.services.catalogue import NAMES, STACK
    from eakte.services.folders import kept, throw_away
    from eakte.services.launcher import Launcher

    names = only or (NAMES if install else STACK)
    if unknown := sorted(set(names) - set(NAMES)):
        messages.print(f"Unbekannt: {', '.join(unknown)}. Es gibt: {', '.join(NAMES)}.", style="red", markup=False)
        raise typer.Exit(USAGE)
    cache = read_settings().services_cache_folder
    if install:
        raise typer.Exit(_install(names, cache))
    try:
        with throw_away() if folder is None else kept(folder) as place:
            launcher = Launcher(names, place, cache, short_lived=short_lived)
            status = _run(launcher, settings_file, command or [], watched)
    except EakteError as error:
        messages.print(error.de, style="red", markup=False)
        raise typer.Exit(PROBLEMS) from error
    raise typer.Exit(status)


def _install(names: Sequence[str], cache: Path) -> int:
    """All that can be had, also when one of them can't."""
    from eakte.services.catalogue import server_class
    from eakte.services.install import drop_builds

    status = DONE
    for name in names:
        try:
            server_class(name).install(cache)
            messages.print(f"{name}: installiert")
        except EakteError as error:
            messages.print(error.de, style="red", markup=False)
            status = PROBLEMS
    drop_builds(cache)
    return status


def _run(launcher: Launcher, settings_file: Path | None, command: list[str], watched: int | None) -> int:
    from eakte.services.launcher import as_lines, write_settings

    with launcher.running(messages.print) as ready:
        if not ready:
            return DONE
        if settings_file is not None:
            write_settings(settings_file, launcher.settings())
        if command:
            return launcher.run(command)
        result(as_lines(launcher.settings()))
        messages.print("Bereit. Beenden mit Strg C.")
        launcher.stay(watched)
    return DONE
