"""The default data files of this room: file plan, keywords, document types. Pure: read once, never written."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def data_file(name: str) -> dict[str, Any]:
    """The parsed default data file of this room (fileplan, keywords, document-types)."""
    text = resources.files("archive").joinpath("data", f"{name}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe loaders)
    return loaded
