"""What the commands share: services, the acting user, output, and exit statuses (INTERFACES)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select

from core.actor import Actor
from core.clock import agency_date
from core.configuration import faults
from core.errors import EakteError, InvalidInput
from core.log import configure_logging
from core.settings import Settings, environment_names
from eakte.bootstrap import Services, agency_id, open_services
from eakte.host_clock import skew
from eakte.patience import patiently
from organisation.actors import build_actor
from organisation.models import User

__all__ = ["acting", "agency_id", "day", "messages", "progress", "result", "results", "services", "settings", "writing"]
DONE, PROBLEMS, USAGE, TIMEOUT = 0, 1, 2, 3
messages = Console(stderr=True, soft_wrap=True)


def result(value: Any) -> None:
    """Write the result to stdout: text as it is, anything else as one line of JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def results(rows: Iterable[Any]) -> None:
    """Write a list to stdout as `result` does, while it is being made: however long it is."""
    before = "["
    for row in rows:
        sys.stdout.write(before + json.dumps(row, ensure_ascii=False, default=str))
        before = ", "
    sys.stdout.write("[]\n" if before == "[" else "]\n")
    sys.stdout.flush()


def settings() -> Settings:
    """The settings; a wrong value ends the command with a readable sentence."""
    try:
        found = Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = "EAKTE_" + "_".join(str(part) for part in fault["loc"]).upper()
            messages.print(f"Einstellung {name} ist falsch: {fault['msg']}", style="red", markup=False)
        raise typer.Exit(USAGE) from error
    configure_logging("warning" if found.log_level == "info" else found.log_level)
    told = faults(found, environment_names())
    for one in told:
        messages.print(f"{one.de} ({one.en})", style="red" if one.fatal else "yellow", markup=False)
    if any(one.fatal for one in told):
        raise typer.Exit(USAGE)
    return found


@contextmanager
def services(*, migrate: bool = False, older: bool = False, wait: float | None = None) -> Iterator[Services]:
    """Open services; typed errors become a German sentence on stderr and exit status 1.

    `wait`: a store that does not answer yet is waited for, at most so many seconds; 0: as long as it takes.
    """
    opened: Services | None = None
    try:
        known = settings()
        open_all = partial(open_services, known, migrate=migrate, older=older)
        opened = open_all() if wait is None else patiently(open_all, _tell, wait)
        if told := skew(opened.database):
            _tell(f"{told[0]} ({told[1]})")
        yield opened
    except EakteError as error:
        messages.print(error.de, style="red", markup=False)
        if opened is None and error.en != error.de:  # at start whoever reads this may not be of the agency
            messages.print(error.en, style="dim", markup=False)
        if isinstance(error, InvalidInput):
            for fault in error.faults:
                messages.print(f"  {fault}", markup=False)
        raise typer.Exit(PROBLEMS) from error
    finally:
        if opened is not None:
            opened.database.dispose()


def _tell(line: str) -> None:
    messages.print(line, style="yellow", markup=False)


def day(text: str) -> date:
    """A date given on the command line; anything but JJJJ-MM-TT is wrong usage."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        messages.print(f"„{text}“ ist kein Datum der Form JJJJ-MM-TT.", style="red", markup=False)
        raise typer.Exit(USAGE) from error


@contextmanager
def progress(what: str) -> Iterator[Callable[..., None]]:
    """A bar on stderr, where that is a terminal: to be called with how much is done, of how much (0: unknown), and with
    what is being done once that changes.
    """
    with Progress(console=messages, transient=True, disable=not messages.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def shown(done: int, total: int, what: str | None = None) -> None:
            bar.update(task, completed=done, total=total or None, description=what)

        yield shown


@contextmanager
def writing(path: Path | None) -> Iterator[None]:
    """Around writing to a path that somebody named; what stands in the way is told in a sentence, exit status 1."""
    try:
        yield
    except OSError as error:
        if path is None:
            raise
        messages.print(f"„{path}“ lässt sich nicht schreiben ({error.strerror}).", style="red", markup=False)
        raise typer.Exit(PROBLEMS) from error


def acting(opened: Services, username: str) -> Actor:
    """The user named by `--as`, with the rights of today. Raises InvalidInput for an unknown or inactive user."""
    with opened.database.read() as session:
        mine = User.agency_id == agency_id(opened)
        user = session.scalar(select(User).where(mine, User.username == username, User.active))
        if user is None:
            raise InvalidInput(f"Die Person „{username}“ gibt es nicht oder sie ist abgemeldet.", "unknown user")
        return build_actor(session, user, agency_date(opened.database.clock.now()))
