"""Secrets come from files, so that neither the environment nor the process list nor a URL holds them."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigurationError


def optional_secret(path: Path | None, setting: str) -> str | None:
    """Like `read_secret`; None when the setting names no file."""
    return None if path is None else read_secret(path, setting)


def read_secret(path: Path, setting: str) -> str:
    """The first line of the file that `setting` names. Raises ConfigurationError when it is empty or cannot be read."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"Die Datei aus {setting} ist nicht lesbar ({type(error).__name__}).",
            f"the file named by {setting} cannot be read ({type(error).__name__})",
        ) from error
    if not lines or not lines[0].strip():
        raise ConfigurationError(f"Die Datei aus {setting} ist leer.", f"the file named by {setting} is empty")
    return lines[0].strip()
