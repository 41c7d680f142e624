"""Put on PYTHONPATH by tests: children that open a received file beginning with a marker hang, grow, crash or write.

Nothing of the product knows this; processes that are no isolated child are left alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

_FIRST_BYTES = 32


def _hang() -> None:
    while True:
        time.sleep(1)


def _grow() -> None:
    kept = []
    while True:
        kept.append(b"x" * 200_000_000)


def _write() -> None:
    with tempfile.TemporaryFile() as file:
        while True:
            file.write(b"x" * 8_000_000)


_ENDS = {b"POISON-HANG": _hang, b"POISON-GROW": _grow, b"POISON-CRASH": os.abort, b"POISON-WRITE": _write}
_inside = False


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    global _inside
    if event != "open" or _inside or f"{os.sep}blobs{os.sep}" not in str(arguments[0]):
        return
    _inside = True
    try:
        with open(str(arguments[0]), "rb") as file:
            head = file.read(_FIRST_BYTES)
    except OSError:
        head = b""
    finally:
        _inside = False
    for marker, end in _ENDS.items():
        if marker in head:
            end()


if "core.isolation_child" in sys.orig_argv:
    sys.addaudithook(_hook)
