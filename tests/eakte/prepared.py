"""`eakte …` as a process of its own without the seconds of loading: forked from one that has the command loaded.

Arguments, environment, output, exit status and the interpreter's end are those of a fresh process. What the loading itself
does is seen by the many tests that start `python -m eakte`.
"""

from __future__ import annotations

import functools
import json
import os
import runpy
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil


def run(environment: Mapping[str, str], *arguments: str, timeout: float) -> subprocess.CompletedProcess[str]:
    """The finished command. Raises TimeoutExpired; what still runs is killed then."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        asked = {
            "arguments": arguments, "environment": dict(environment), "folder": str(Path.cwd()), "out": str(out),
            "err": str(err),
        }  # fmt: skip
        status = _ask(_server(), json.dumps(asked), timeout)
        if status is None:
            said = err.read_text("utf-8") if err.exists() else ""
            raise subprocess.TimeoutExpired(list(arguments), timeout, said)
        return subprocess.CompletedProcess(list(arguments), status, out.read_text("utf-8"), err.read_text("utf-8"))


def _ask(server: subprocess.Popen[str], asked: str, timeout: float) -> int | None:
    """The exit status; None when the time is over. Whatever interrupts: the next command may not get this one's answer."""
    assert server.stdin is not None
    assert server.stdout is not None
    told = ""
    try:
        server.stdin.write(asked + "\n")
        server.stdin.flush()
        if not select.select([server.stdout], [], [], timeout)[0]:
            return None
        told = server.stdout.readline()
        return int(told)
    finally:
        if not told:
            _kill(server)


@functools.cache
def _server() -> subprocess.Popen[str]:
    """It ends with this process, whose end of the pipe is closed then. No terminal: nothing is coloured."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip


def _kill(server: subprocess.Popen[str]) -> None:
    _server.cache_clear()
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(server.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                process.kill()
    server.kill()
    server.wait()


def _become(asked: dict[str, Any]) -> None:
    """The forked process takes what a fresh one would have been given."""
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["eakte", *asked["arguments"]]
    for number, path in enumerate((os.devnull, asked["out"], asked["err"])):
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)


def _serve() -> None:
    """A command after another; a forked process leaves the loop and ends as the program does."""
    import eakte.cli  # noqa: F401  what all of them need

    answers = os.dup(1)
    os.set_inheritable(answers, False)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os.close(answers)
            _become(asked)
            runpy.run_module("eakte", run_name="__main__", alter_sys=True)
            return
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(answers, f"{status}\n".encode())


if __name__ == "__main__":
    _serve()
