"""Logs: a line that cannot be written stops nothing, and goes to what stderr is now."""

from __future__ import annotations

import io
import sys

import pytest

from core.log import configure_logging, logger


class Gone(io.StringIO):
    """A terminal that went away."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_line_goes_to_what_stderr_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    configure_logging("info")
    log = logger("test")
    log.info("one", item="1")
    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    log.info("two", item="2")
    assert '"event": "two"' in second.getvalue()


def test_a_line_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    configure_logging("info")
    logger("test").error("lost")
    assert isinstance(sys.stderr, Gone)
