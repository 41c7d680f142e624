"""The default data files of this room: file plan, keywords, document types. Pure: read once, never written."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from core.yaml_data import load_yaml


@cache
def data_file(name: str) -> dict[str, Any]:
    """The parsed default data file of this room (fileplan, keywords, document-types)."""
    text = resources.files("archive").joinpath("data", f"{name}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = load_yaml(text)
    return loaded
