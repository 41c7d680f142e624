"""Traces for OpenTelemetry: off by default, and nothing of it is imported then.

A request and a step of work are a span each, with the transactions inside them. They carry ids, codes and the template of
a route, as the log does; never a path, a query, a statement, a header or the message of an exception. That is why the
spans are made here and not by the instrumentation of frameworks, which sends paths and queries: these hold numbers of
cases and words that people search for. The provider is ours alone for the same reason: whoever looks for a global one
(FastAPI, Redis) finds none and stays silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Protocol

PACKAGES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
"""What the extra `otel` brings."""
_EXPORT_SECONDS = 2.0  # a collector that is away must not hold up the end of a process
_DELAY_MILLISECONDS = 2000
Value = str | int | bool


class Span(Protocol):
    """What callers may do with a span."""

    def set_attribute(self, key: str, value: Value) -> object:
        """Note an id, a code or a number."""
        ...

    def update_name(self, name: str) -> object:
        """Name it once that is known."""
        ...


class _Nothing:
    def set_attribute(self, key: str, value: Value) -> None:
        """Noted by nobody."""

    def update_name(self, name: str) -> None:
        """The same."""


_NOTHING = _Nothing()
_provider: Any = None
_tracer: Any = None


def available() -> bool:
    """Whether the packages of the extra are installed."""
    try:
        return all(find_spec(name) is not None for name in PACKAGES)
    except ModuleNotFoundError:
        return False


def start(endpoint: str, service: str) -> None:
    """Send spans to the OTLP/HTTP collector at `endpoint`, as `service`. Once per process; an empty endpoint is "off".

    What the SDK itself reads (OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES) stays the
    operator's to set. A collector that is away costs spans, nothing else.
    """
    global _provider, _tracer
    if not endpoint or _provider is not None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_SECONDS)
    _provider = TracerProvider(resource=Resource.create({"service.name": service}))
    _provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_DELAY_MILLISECONDS))
    _tracer = _provider.get_tracer("eakte")


def stop() -> None:
    """Send what is left and be off again. The end of a process does the same."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        provider.shutdown()


@contextmanager
def span(name: str, **attributes: Value) -> Iterator[Span]:
    """A span around the block, below the one that is open. `attributes`: ids, codes, numbers (`eakte.` is put before)."""
    if _tracer is None:
        yield _NOTHING
        return
    told = {f"eakte.{key}": value for key, value in attributes.items()}
    with _tracer.start_as_current_span(
        name, attributes=told, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except BaseException as error:  # only noted, and raised again: whatever ended the block is worth its type
            opened.set_attribute("error.type", type(error).__name__)
            raise


@contextmanager
def inner_span(name: str) -> Iterator[None]:
    """A span inside an open one. Nothing where none is open: looking for work every second is not worth a trace."""
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import get_current_span

    if not get_current_span().get_span_context().is_valid:
        yield
        return
    with span(name):
        yield
