"""The commands of `eakte`, as the program itself has them."""

from __future__ import annotations

from functools import cache
from typing import Any

import typer.main

from eakte.cli import app


@cache
def commands() -> dict[str, Any]:
    """Every command by its whole name. Typer brings its own copy of click: what is a group is told by its commands."""
    found = _below(typer.main.get_command(app), "eakte")
    assert len(found) > 50, "the program was not taken apart"
    return found


def _below(command: Any, path: str) -> dict[str, Any]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return {path: command}
    return {name: one for word, below in inner.items() for name, one in _below(below, f"{path} {word}").items()}
