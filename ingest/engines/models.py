"""Where language models are: the wheels `tessdata-fast-*` put them under the environment, Debian under /usr/share."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ingest.engines.port import EngineMissing

DEBIAN_FOLDERS = (Path("/usr/share/tesseract-ocr/5/tessdata"), Path("/usr/share/tessdata"))


def folders(extra: Path | None = None) -> tuple[Path, ...]:
    """Folders to look into, the configured one first."""
    return ((extra,) if extra else ()) + (Path(sys.prefix) / "share" / "tessdata", *DEBIAN_FOLDERS)


def find(language: str, extra: Path | None = None) -> Path | None:
    """The folder that holds the model of `language`, also as `script/NAME` of older packages; None when absent."""
    for folder in folders(extra):
        for place in (folder, folder / "script"):
            if (place / f"{language}.traineddata").is_file():
                return place
    return None


def require(language: str, extra: Path | None = None) -> Path:
    """As `find`. Raises EngineMissing with what to install."""
    place = find(language, extra)
    if place is None:
        raise EngineMissing(f"no model {language!r}: install the wheel tessdata-fast-{language} or a Debian package")
    return place


def best(preferred: Sequence[str] = ("Latin", "deu"), extra: Path | None = None) -> str:
    """The first of `preferred` that is installed. Raises EngineMissing when none is."""
    for language in preferred:
        if find(language, extra) is not None:
            return language
    raise EngineMissing(f"none of the models {', '.join(preferred)} is installed")
