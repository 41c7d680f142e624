"""The kinds of reference numbers as data: pattern, normal form, labels, check rule, and a pattern that tolerates OCR."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from core.yaml_data import load_yaml

# A digit as recognition may show it (references.yaml, ocr_confusions.digits_to_letters); digits for digits are guesses
# and handled in `finding`.
DIGIT_GLYPHS = {
    "O": "0", "o": "0", "D": "0", "Q": "0", "I": "1", "l": "1", "i": "1", "|": "1", "!": "1", "Z": "2", "z": "2",
    "S": "5", "s": "5", "b": "6", "G": "6", "B": "8", "g": "9", "q": "9", "A": "4",
}  # fmt: skip
LETTER_GLYPHS = {
    "0": "DOQ",
    "1": "I",
    "2": "Z",
    "5": "S",
    "6": "GB",
    "8": "B",
    "4": "A",
    "9": "G",
    "G": "GC",
    "E": "EF",
}
_DIGIT = r"[\dOoDQIli|!ZzSsbGBgqA]"
_SLASH = r"[/1Il|]"
# What stands in the pattern → what recognition makes of it. Only for kinds whose number leads somewhere or is checked.
_RELAXED: dict[str, tuple[tuple[str, str], ...]] = {
    "BG_NUMMER": (("//|/|BG|\\s", "//|/1|1/|11|ll|II|Il|lI|[/|Il1]|[B8][G6C]|\\s"),),
    "BG_NUMMER_ZKT_LOKAL": ((r"\.", "[.,]"),),
    "KUNDENNUMMER": (("[A-Z]", "[A-Z0-9]"),),
    "SV_NUMMER": (("[A-Z])", "[A-Z0-9])"),),
    "KVNR": (("(?P<l>[A-Z])", "(?P<l>[A-Z0-9])"),),
    "STEUER_ID": (),
    "IBAN": (("DE", "[DO0]E"),),
    "SG_AKTENZEICHEN": (("[SLB]", "[SLB5I8]"), ("AS|SO|", "A[S5]|S[O0]|"), ("/", _SLASH)),
    "WIDERSPRUCH_AZ": (("W[", "(?:W|VV)["), ("/", _SLASH)),
    "KLAGE_AZ": (("/", _SLASH),),
    "UNTERHALT_AZ": (("/", _SLASH),),
    "OWI_AZ": (("OWI", "[O0]W[I1l|]"), ("/", _SLASH)),
    "FORDERUNG_AZ": (),
    "KINDERGELDNUMMER": (("FK", "[FE]K"),),
    "STA_AKTENZEICHEN": (("Js|UJs|AR", "[JI]s|U[JI]s|AR"),),
    "AG_AKTENZEICHEN": (("C|H", "[CG]|H"),),
    "BETREUUNG_AZ": (("XVII", "XV[Il1|]{2}"),),
    "INSOLVENZ_AZ": (("IK|IN", "[Il1]K|[Il1]N"),),
}
_FIXED: dict[str, dict[str, str]] = {
    "SG_AKTENZEICHEN": {"5": "S", "8": "B", "I": "L", "A5": "AS", "S0": "SO"},
    "STA_AKTENZEICHEN": {"Is": "Js", "UIs": "UJs"},
    "AG_AKTENZEICHEN": {"G": "C"},
    "INSOLVENZ_AZ": {"lK": "IK", "1K": "IK", "lN": "IN", "1N": "IN"},
}


@dataclass(frozen=True, slots=True)
class ReferenceKind:
    """A kind of number. `relaxed` tolerates confusions (None: not worth it); `fixed` turns misread letters back.

    `needs_label`: looks like many other numbers, counts only behind one of its labels.
    """

    id: str
    title: str
    owner: str
    pattern: re.Pattern[str]
    relaxed: re.Pattern[str] | None
    digit_groups: frozenset[str]
    fixed: Mapping[str, str]
    normalise: str
    strip: str
    labels: tuple[str, ...]
    check: str
    strength: str
    needs_label: bool
    examples: Mapping[str, tuple[Any, ...]]

    def value(self, groups: Mapping[str, str | None]) -> str:
        """The normal form of a match."""
        filled = {name: _tight(text or "", self.strip) for name, text in groups.items()}
        return self.normalise.format(**filled).strip()


@cache
def catalogue() -> Mapping[str, ReferenceKind]:
    """All kinds by id, in the order of the data file."""
    return {entry["id"]: _kind(entry) for entry in reference_data()["references"]}


@cache
def reference_data() -> dict[str, Any]:
    """The parsed data file."""
    text = resources.files("ingest").joinpath("data", "references.yaml").read_text("utf-8")
    loaded: dict[str, Any] = load_yaml(text)
    return loaded


def _kind(entry: Mapping[str, Any]) -> ReferenceKind:
    identity, regex = str(entry["id"]), str(entry["regex"])
    groups = {match[1]: match[2] for match in re.finditer(r"\(\?P<(\w+)>(\\d|.)", regex)}
    example = {
        name: tuple(entry.get(name) or ()) for name in ("forms", "valid_examples", "invalid_examples", "ocr_examples")
    }
    return ReferenceKind(
        id=identity,
        title=str(entry["title"]),
        owner=str(entry["owner"]),
        pattern=re.compile(regex),
        relaxed=_relax(identity, regex),
        digit_groups=frozenset(
            name for name, start in groups.items() if start in ("\\d", "[") and _digits(name, regex)
        ),
        fixed=_FIXED.get(identity, {}),
        normalise=str(entry["normalise"]),
        strip=str(entry.get("normalise_strip", "")),
        labels=tuple(str(label) for label in entry.get("labels") or ()),
        check=str(entry["check"]),
        strength=str(entry["strength"]),
        needs_label=_needs_label(entry, regex),
        examples=example,
    )


def _digits(name: str, regex: str) -> bool:
    body = regex.split(f"(?P<{name}>", 1)[1]
    return body.startswith((r"\d", r"[1-9]\d"))


def _needs_label(entry: Mapping[str, Any], regex: str) -> bool:
    """Weak kinds whose pattern holds no word of its own need a label beside them (notes of the data file)."""
    return (
        entry["strength"] == "weak"
        and entry["check"] in ("none", "betriebsnummer_soft")
        and not regex.startswith("(?i)")
    )


def _relax(identity: str, regex: str) -> re.Pattern[str] | None:
    if identity not in _RELAXED:
        return None
    for old, new in _RELAXED[identity]:
        regex = regex.replace(old, new)
    head, _, tail = regex.partition("(?P<")
    body = (head + "(?P<" + tail).replace(r"[1-9]\d", _DIGIT + "{2}")
    inner = re.sub(r"(?<!\[)\\d", lambda _: _DIGIT, body)
    # Look-arounds keep their meaning: a number may not be cut out of a longer one.
    inner = inner.replace(f"(?<!{_DIGIT})", r"(?<!\d)").replace(f"(?!{_DIGIT})", r"(?!\d)")
    return re.compile(inner)


def _tight(text: str, strip: str) -> str:
    plain = text.strip()
    for char in strip:
        plain = plain.replace(char, "")
    return plain
