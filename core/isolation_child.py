"""The other end of `core.isolation`: takes calls on stdin, answers on what was stdout, dies with its parent.

Whatever libraries print goes to stderr: descriptor 1 is given away before anything else is imported.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO

from core import progress
from core.parent import end_with

_HEADER = struct.Struct(">I")


def main() -> None:
    """Serve calls until the parent closes the pipe."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    calls = os.fdopen(os.dup(0), "rb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    _limit(int(sys.argv[1]), int(sys.argv[2]))
    progress.listen(lambda portions: _write(answers, {"ahead": portions}))
    while True:
        request = _read(calls)
        if request is None:
            return
        _write(answers, _answer(request))


def _limit(file_mb: int, parent: int) -> None:
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to handle
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = file_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        module, _, name = str(request["target"]).partition(":")
        function = getattr(importlib.import_module(module), name)
        return {"result": function(**request["arguments"])}
    except MemoryError:
        raise  # nothing sensible can be answered any more
    except Exception as error:  # hostile bytes may raise anything; the parent decides what it means
        return {"error": {"kind": type(error).__name__, "message": str(error)[:500]}}


def _read(calls: BinaryIO) -> dict[str, Any] | None:
    header = calls.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    (length,) = _HEADER.unpack(header)
    request: dict[str, Any] = json.loads(calls.read(length))
    return request


def _write(answers: BinaryIO, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    answers.write(_HEADER.pack(len(data)) + data)
    answers.flush()


if __name__ == "__main__":
    main()
