"""Structured logs: one JSON line per event on stderr, with ids and codes, never with personal data."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress

import structlog

# Local variables stay out: they would carry names and texts into the log.
_tracebacks = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def without_messages(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep of an exception its types and places only: its message may quote what a person typed or a letter says."""
    for raised in line.get("exception") or ():
        raised.pop("exc_value", None)
        raised.pop("exc_notes", None)
    return line


def in_one_line(record: logging.LogRecord) -> bool:
    """Of what the libraries of broker and collector say, the line: that one is gone needs no fifty lines of where it was
    noticed.
    """
    if record.name.partition(".")[0] in ("celery", "kombu", "opentelemetry"):
        record.exc_info = record.exc_text = record.stack_info = None
    return True


class _Stderr:
    """Writes to what stderr is now. A line that cannot be written (terminal gone, disk full) is lost: the mail goes on."""

    def msg(self, line: str) -> None:
        """Write one line."""
        with suppress(OSError, ValueError):
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    debug = info = warning = error = critical = exception = msg


def configure_logging(level: str = "info") -> None:
    """Send everything, also the standard library's records, to stderr as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _tracebacks, without_messages, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=lambda *_: _Stderr(),
    )
    logging.basicConfig(level=level.upper(), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True)
    for handler in logging.getLogger().handlers:
        handler.addFilter(in_one_line)
    logging.getLogger("celery").setLevel(logging.CRITICAL)  # the relay and the sweep say it once and in plain words
    for chatty in ("alembic", "fontTools", "pypdf", "pikepdf"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that adds `component=name` to each line."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(component=name)
    return bound
