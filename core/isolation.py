"""Children that may die: hostile bytes are opened only in a process of their own, made by spawn, with limits.

A child runs `core.isolation_child`: it takes calls "package.module:function" with JSON arguments and answers in JSON,
so that nothing a compromised child says is ever unpickled. How a call ended is a value, never an exception:

- `Finished(result)` · `Raised(kind, message)`: the function returned or raised; the child lives on.
- `Crashed(code)` · `MemoryExceeded` · `TimedOut`: the call ended the child by its own doing.
- `KilledFromOutside(code)`: SIGKILL, SIGTERM, SIGINT, SIGQUIT or SIGHUP not sent by this process: says nothing of the
  call.

A long call may show that it gets on (`core.progress`): each time, its wall time begins anew, up to `Limits.stretch`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.parent import in_lasting_thread

_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP})
_POLL_SECONDS = 0.1
_MAX_ANSWER = 64 * 1024 * 1024
_HEADER = struct.Struct(">I")
_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
_now = time.monotonic


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one call: resident memory in MiB, wall time in seconds, size of a written file in MiB.

    `stretch`: a call that shows that it gets on may take so many times its wall time in all.
    """

    memory_mb: int = 1024
    wall_seconds: float = 120.0
    file_mb: int = 2048
    stretch: int = 1


@dataclass(frozen=True, slots=True)
class Finished:
    """The function returned `result` (plain JSON data)."""

    result: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised; `kind` is the exception's class name."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """The child ended by itself: a signal of its own making (negative) or an exit code."""

    code: int


@dataclass(frozen=True, slots=True)
class MemoryExceeded:
    """The child was ended because it grew over its limit."""

    megabytes: int


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The child was ended because the call took too long; `seconds` is the limit of a portion."""

    seconds: float


@dataclass(frozen=True, slots=True)
class KilledFromOutside:
    """Somebody else ended the child, or it could not be started or reached."""

    code: int


Outcome = Finished | Raised | Crashed | MemoryExceeded | TimedOut | KilledFromOutside


class Child:
    """One spawned process that takes call after call. Started at the first call; after a bad end, `alive` is False.

    Calls from several threads are taken one after the other. The child dies with this process (Linux: PDEATHSIG).
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ended = False

    @property
    def alive(self) -> bool:
        """Whether the child can take another call."""
        return not self._ended and (self._process is None or self._process.poll() is None)

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return self._process.pid if self._process else None

    def call(self, target: str, arguments: dict[str, Any], limits: Limits | None = None) -> Outcome:
        """Call `target` with keyword arguments in the child and wait for how it ends. Never raises for what it does."""
        with self._lock:
            if not self.alive:
                return KilledFromOutside(0)
            if self._process is None:
                self._process = in_lasting_thread(lambda: _spawn(self._limits))
            try:
                _send(self._process, {"target": target, "arguments": arguments})
            except OSError:
                return self._gone()
            return self._await(limits or self._limits)

    def stop(self) -> None:
        """End the child, and the programs that it started, and wait for it. Idempotent."""
        self._ended = True
        if self._process is not None:
            _kill_programs(self._process.pid)
            self._process.kill()
            self._process.wait()
            _close(self._process)

    def _await(self, limits: Limits) -> Outcome:
        process = self._process
        if process is None or process.stdout is None:
            return KilledFromOutside(0)
        deadline = _Deadline(limits)
        answer = bytearray()
        descriptor = process.stdout.fileno()
        while True:
            ready, _, _ = select.select([descriptor], [], [], _POLL_SECONDS)
            if ready:
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    return self._gone()
                answer += chunk
                outcome = _heard(answer, deadline)
                if outcome is not None:
                    return outcome
                if len(answer) > _MAX_ANSWER:
                    return self._end(Crashed(0))
            megabytes = _resident(process.pid)
            if megabytes > limits.memory_mb:
                return self._end(MemoryExceeded(megabytes))
            if deadline.over:
                return self._end(TimedOut(limits.wall_seconds))

    def _end(self, outcome: Outcome) -> Outcome:
        self.stop()
        return outcome

    def _gone(self) -> Outcome:
        self._ended = True
        if self._process is None:
            return KilledFromOutside(0)
        code = self._process.wait()
        _close(self._process)
        if code < 0 and signal.Signals(-code) in _OUTSIDE:
            return KilledFromOutside(code)
        return Crashed(code)


def run_once(target: str, arguments: dict[str, Any], limits: Limits | None = None) -> Outcome:
    """One call in a child of its own."""
    child = Child(limits)
    try:
        return child.call(target, arguments)
    finally:
        child.stop()


class ChildPool:
    """A few long-lived children for short calls (previews). A child that ended badly is replaced at the next call."""

    def __init__(self, size: int = 1, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._idle = [Child(self._limits) for _ in range(size)]
        self._free = threading.Semaphore(size)
        self._lock = threading.Lock()

    def call(self, target: str, arguments: dict[str, Any]) -> Outcome:
        """Call in the next free child; waits for one."""
        with self._free:
            with self._lock:
                child = self._idle.pop()
            if not child.alive:
                child.stop()
                child = Child(self._limits)
            try:
                return child.call(target, arguments)
            finally:
                with self._lock:
                    self._idle.append(child)

    def close(self) -> None:
        """End all children."""
        with self._lock:
            for child in self._idle:
                child.stop()


def _spawn(limits: Limits) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1", "PYTHONPATH": os.pathsep.join(_import_paths())}
    arguments = [sys.executable, "-m", "core.isolation_child", str(limits.file_mb), str(os.getpid())]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, close_fds=True)


def _import_paths() -> list[str]:
    """Where the packages of this project are: the child must find them from any working folder."""
    here = str(Path(__file__).resolve().parents[1])
    known = os.environ.get("PYTHONPATH", "")
    return [here, *([known] if known else [])]


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    if process.stdin is None:
        raise BrokenPipeError
    data = json.dumps(message).encode()
    process.stdin.write(_HEADER.pack(len(data)) + data)
    process.stdin.flush()


class _Deadline:
    """Until when the call must have shown something. Whatever the child says, the whole ends at `stretch` wall times."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._last = _now() + limits.wall_seconds * limits.stretch
        self._next = _now() + limits.wall_seconds

    @property
    def over(self) -> bool:
        return _now() > self._next

    def renew(self, portions: int) -> None:
        """The call gets on: what follows has the time of so many portions."""
        wanted = self._limits.wall_seconds * max(1, min(portions, self._limits.stretch))
        self._next = min(self._last, _now() + wanted)


def _heard(answer: bytearray, deadline: _Deadline) -> Outcome | None:
    """The outcome once it is complete. What was said before it is taken off `answer` and renews the deadline."""
    while True:
        message = _parse(answer)
        if not isinstance(message, int):
            return message
        deadline.renew(message)


def _parse(answer: bytearray) -> Outcome | int | None:
    """The next complete message, taken off: the outcome, or the portions ahead. Garbage counts as the child's crash."""
    if len(answer) < _HEADER.size:
        return None
    (length,) = _HEADER.unpack_from(answer)
    if length > _MAX_ANSWER:
        return Crashed(0)
    end = _HEADER.size + length
    if len(answer) < end:
        return None
    try:
        message = json.loads(bytes(answer[_HEADER.size : end]))
        del answer[:end]
        if "ahead" in message:
            return int(message["ahead"])
        if "error" in message:
            return Raised(str(message["error"]["kind"]), str(message["error"]["message"]))
        return Finished(message["result"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return Crashed(0)


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue


def _resident(pid: int) -> int:
    """Resident memory in MiB of a process and the programs that it started; 0 when it is gone."""
    pages = 0
    for one in (pid, *_programs(pid)):
        try:
            pages += int(Path(f"/proc/{one}/statm").read_text("ascii").split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * _PAGE_SIZE // (1024 * 1024)


def _programs(pid: int) -> list[int]:
    """Processes below `pid`, as Linux lists them: an engine of its own counts and ends with its child."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(one) for one in (task / "children").read_text("ascii").split()]
    except (FileNotFoundError, ProcessLookupError):
        return found
    return found + [below for one in found for below in _programs(one)]


def _kill_programs(pid: int) -> None:
    for one in _programs(pid):
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            continue
