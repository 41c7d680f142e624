"""Logs: a line that cannot be written stops nothing, and goes to what stderr is now."""

from __future__ import annotations

import io
import logging
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


@pytest.mark.parametrize(
    ("name", "traced"), [("celery.worker.request", False), ("kombu.connection", False), ("x", True)]
)
def test_the_libraries_of_the_broker_say_it_in_a_line(
    name: str, traced: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("warning")
    try:
        raise ValueError("gone")
    except ValueError:
        logging.getLogger(name).critical("lost it", exc_info=True)
    told = capsys.readouterr().err
    assert told.startswith(f"CRITICAL {name} lost it\n")
    assert ("Traceback" in told) == traced
