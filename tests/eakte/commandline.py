"""The commands of `eakte`, as the program itself has them, and running one."""

from __future__ import annotations

import shlex
from functools import cache
from typing import Any

import typer.main

from eakte.cli import app
from tests.ingest.door import House


@cache
def commands() -> dict[str, Any]:
    """Every command by its whole name. Typer brings its own copy of click: what is a group is told by its commands."""
    found = _below(typer.main.get_command(app), "eakte")
    assert len(found) > 50, "the program was not taken apart"
    return found


def done(house: House, line: str, status: int = 0) -> str:
    """The stdout of a command that ends with this status."""
    answer = house.command(*shlex.split(line))
    assert answer.exit_code == status, (line, answer.stderr, answer.exception)
    return answer.stdout


def _below(command: Any, path: str) -> dict[str, Any]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return {path: command}
    return {name: one for word, below in inner.items() for name, one in _below(below, f"{path} {word}").items()}
