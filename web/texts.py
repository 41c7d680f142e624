"""The one catalogue of texts: `texts_de.yaml` and `texts_en.yaml`, same keys, German is what counts.

Keys name the place ("postkorb.fertig"), values are plain text with `{name}` places. A text that depends on a number
has the forms "one" and "other" under its key. An unknown key is an error of the program, never an empty place.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from core.yaml_data import load_yaml

LANGUAGES = ("de", "en")


class Texts:
    """The texts of one language. Calling it gives the text of a key; raises KeyError for an unknown one."""

    __slots__ = ("_entries", "language")

    def __init__(self, language: str, entries: dict[str, str]) -> None:
        self.language = language
        self._entries = entries

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of `key` with its places filled."""
        return self._entries[key].format(**values)

    def count(self, key: str, n: int, /, **values: object) -> str:
        """The form of `key` for the number `n`, which also fills the place {n}, with German thousands."""
        form = self._entries[f"{key}.one" if n == 1 else f"{key}.other"]
        return form.format(n=self.number(n), **values)

    def number(self, n: int) -> str:
        """1204 -> "1.204" in German, "1,204" in English."""
        grouped = f"{n:,}"
        return grouped.replace(",", ".") if self.language == "de" else grouped

    def keys(self) -> frozenset[str]:
        """All keys, plural forms with their ending."""
        return frozenset(self._entries)


@cache
def load_texts(language: str) -> Texts:
    """The texts of "de" or "en"; any other language gets German. Read once per process."""
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    source = resources.files("web").joinpath(f"texts_{chosen}.yaml").read_text("utf-8")
    return Texts(chosen, flatten(load_yaml(source)))


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """{"a": {"b": "x"}} -> {"a.b": "x"}. Raises ValueError for anything that is neither text nor a level."""
    entries: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            entries.update(flatten(value, f"{prefix}{key}."))
        elif isinstance(value, str):
            entries[f"{prefix}{key}"] = value
        else:
            raise ValueError(f"text {prefix}{key} is {type(value).__name__}, not text")
    return entries
