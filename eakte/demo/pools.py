"""The demo's data files, read once: names, streets and places, letterheads, organisation."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from core.yaml_data import load_yaml


@cache
def data(name: str) -> Any:
    """The parsed content of `eakte/demo/data/NAME.yaml`. Raises FileNotFoundError when there is none."""
    return load_yaml((files("eakte.demo") / "data" / f"{name}.yaml").read_text(encoding="utf-8"))


def names(key: str) -> list[str]:
    """A list of `pool.yaml`, such as `family_names` or `women`."""
    return list(data("pool")[key])
