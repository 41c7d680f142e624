"""Whether settings make sense together, before anything is opened: half a store, a secret that others may read, a name
that nobody knows. Looks at the settings, the names of the environment and the modes of files, never at a secret.
"""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from core import telemetry
from core.settings import Settings

PREFIX: Final = "EAKTE_"
OTHERS: Final = frozenset({"EAKTE_KILLS", "EAKTE_KILL_SEED"})
"""Read by tests, not by the program."""
TOGETHER: Final[tuple[tuple[str, ...], ...]] = (
    ("s3_endpoint", "s3_bucket", "s3_access_key_file", "s3_secret_key_file"),
    ("s3_disposal_access_key_file", "s3_disposal_secret_key_file"),
    ("opensearch_user", "opensearch_password_file"),
)
NEEDS: Final[Mapping[str, str]] = {
    "broker_password_file": "broker_url",
    "database_password_file": "database_url",
    "opensearch_ca_file": "opensearch_url",
    "opensearch_user": "opensearch_url",
    "s3_disposal_access_key_file": "s3_endpoint",
}
"""The left one without the right one has no effect."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the configuration in two languages; `fatal` ones keep the program from starting."""

    code: str
    de: str
    en: str
    fatal: bool = True


def faults(settings: Settings, names: Iterable[str]) -> list[Fault]:
    """All faults. `names`: the names of the environment's variables."""
    values = settings.model_dump()
    return [
        *_unknown(names, values),
        *_halves(values),
        *_without_effect(values),
        *_urls(values),
        *_traces(values),
        *_secrets(values),
    ]


def _unknown(names: Iterable[str], values: Mapping[str, Any]) -> Iterator[Fault]:
    known = {_name(field) for field in values} | OTHERS
    for name in sorted(names):
        if not name.startswith(PREFIX) or name in known:
            continue
        near = difflib.get_close_matches(name, known, 1, 0.75)
        de, en = (f" Gemeint ist wohl {near[0]}.", f"; did you mean {near[0]}?") if near else ("", "")
        yield Fault(
            "unknown_setting", f"Die Einstellung {name} gibt es nicht.{de}", f"unknown setting {name}{en}", False
        )


def _halves(values: Mapping[str, Any]) -> Iterator[Fault]:
    for group in TOGETHER:
        known = [field for field in group if field in values]
        there = [field for field in known if values[field]]
        missing = [_name(field) for field in known if not values[field]]
        if there and missing:
            yield Fault(
                "half_configured",
                f"{_name(there[0])} ist gesetzt, es fehlt aber {', '.join(missing)}.",
                f"{_name(there[0])} is set, but {', '.join(missing)} is missing",
            )


def _without_effect(values: Mapping[str, Any]) -> Iterator[Fault]:
    for field, needed in NEEDS.items():
        if values.get(field) and needed in values and not values[needed]:
            yield Fault(
                "without_effect",
                f"{_name(field)} hat ohne {_name(needed)} keine Wirkung.",
                f"{_name(field)} has no effect without {_name(needed)}",
            )


def _urls(values: Mapping[str, Any]) -> Iterator[Fault]:
    for field, value in values.items():
        if not isinstance(value, str) or not field.endswith(("_url", "_endpoint")):
            continue
        if _holds_password(value):
            yield Fault(
                "secret_in_url",
                f"{_name(field)} enthält ein Passwort. Es gehört in eine Datei, die eine Einstellung auf _FILE nennt.",
                f"{_name(field)} holds a password: put it into a file named by a *_FILE setting",
            )
    broker = values.get("broker_url")
    if broker and urlsplit(broker).scheme not in ("redis", "rediss"):
        yield Fault(
            "broker_url", "EAKTE_BROKER_URL muss mit redis:// oder rediss:// beginnen.",
            "EAKTE_BROKER_URL must begin with redis:// or rediss://",
        )  # fmt: skip


def _traces(values: Mapping[str, Any]) -> Iterator[Fault]:
    endpoint = values.get("otel_endpoint")
    if not endpoint:
        return
    if urlsplit(endpoint).scheme not in ("http", "https"):
        yield Fault(
            "otel_endpoint", "EAKTE_OTEL_ENDPOINT muss mit http:// oder https:// beginnen.",
            "EAKTE_OTEL_ENDPOINT must begin with http:// or https://",
        )  # fmt: skip
    elif not telemetry.available():
        yield Fault(
            "otel_missing", "EAKTE_OTEL_ENDPOINT ist gesetzt, die Pakete dafür fehlen aber (Extra otel, `make otel`).",
            "EAKTE_OTEL_ENDPOINT is set, but its packages are missing (extra otel, `make otel`)",
        )  # fmt: skip


def _holds_password(url: str) -> bool:
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return False


def _secrets(values: Mapping[str, Any]) -> Iterator[Fault]:
    for field, value in values.items():
        if not field.endswith("_file") or not isinstance(value, Path):
            continue
        name = _name(field)
        try:
            mode = value.stat().st_mode
        except OSError:
            yield Fault(
                "secret_missing", f"Die Datei aus {name} fehlt oder ist nicht erreichbar.", f"{name}: no such file"
            )
            continue
        if not stat.S_ISREG(mode):
            yield Fault("secret_missing", f"{name} nennt keine Datei.", f"{name} names no file")
        elif mode & stat.S_IROTH or mode & stat.S_IWOTH:
            yield Fault(
                "secret_open", f"Die Datei aus {name} dürfen alle lesen. Bitte `chmod 600` setzen.",
                f"{name}: the file may be read by everybody; chmod 600 it", False,
            )  # fmt: skip


def _name(field: str) -> str:
    return PREFIX + field.upper()
