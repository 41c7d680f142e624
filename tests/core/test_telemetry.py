"""Traces: off they cost no import; on they hold ids and templates of routes, and nothing that a person typed."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from core import telemetry
from core.configuration import faults
from core.errors import NotFound
from core.ids import new_id
from core.jobs import LeasedJob
from core.settings import Settings
from eakte import steps
from eakte.handover import job_to
from tests.web.room import make_room

ROOT = Path(__file__).resolve().parents[2]
needs_packages = pytest.mark.skipif(
    not telemetry.available() and "CI" not in os.environ, reason="the extra `otel` is not installed: make otel"
)


class Collector:
    """An OTLP/HTTP collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        kept = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
                assert self.path == "/v1/traces"
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *told: Any) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def spans(self) -> list[Any]:
        """All spans, after the last was sent."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        telemetry.stop()
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    telemetry.start(made.address, "eakte-test")
    yield made
    telemetry.stop()
    made.server.shutdown()
    made.server.server_close()


def values(span: Any) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_off_is_the_default_and_loads_nothing() -> None:
    assert Settings().otel_endpoint == ""
    code = (
        "from core import telemetry\nimport eakte.steps, eakte.supervisor, sys\ntelemetry.start('', 'x')\n"
        "with telemetry.span('a', job='1') as span, telemetry.inner_span('b'):\n    span.set_attribute('c', 1)\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@needs_packages
def test_a_request_is_a_span_with_ids_and_no_word_of_what_was_asked(tmp_path: Path, collector: Collector) -> None:
    room = make_room(tmp_path)
    room.filed("dirks", "Mietvertrag")
    client = room.client("tnommen")
    answers = [
        client.get("/akte/99801-0004711?text=Mietvertrag&schlagwort=Kanarie", headers={"User-Agent": "Kanarie/1"}),
        client.get("/akte/99801-0004713"),
        client.get("/gibt/es/Kanarie"),
        client.request("KANARIE", "/healthz"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 405]
    requests = [span for span in collector.spans() if "http.route" in values(span)]
    names = [span.name for span in requests]
    assert names[-4:] == ["GET /akte/{number}", "GET /akte/{number}", "GET /{address:page_path}", "OTHER /healthz"]
    assert [values(span)["http.response.status_code"] for span in requests[-4:]] == [200, 404, 404, 405]
    assert values(requests[-4])["eakte.request_id"] == answers[0].headers["X-Request-Id"]
    assert {key for span in requests for key in values(span)} == {
        "http.request.method", "http.route", "http.response.status_code", "eakte.request_id",
    }  # fmt: skip
    inside = [span.name for span in collector.spans() if span.parent_span_id == requests[-4].span_id]
    assert "database read" in inside
    sent = b"".join(collector.bodies)
    for word in (
        b"Kanarie",
        b"KANARIE",
        b"0004711",
        b"0004713",
        b"Mietvertrag",
        b"tnommen",
        b"Dirks",
        b"SELECT",
        b"testclient",
    ):
        assert word not in sent, word


@needs_packages
def test_a_step_is_a_span_with_its_job(monkeypatch: pytest.MonkeyPatch, collector: Collector) -> None:
    job = LeasedJob(new_id(), new_id(), "read", new_id(), {"name": "Kanarie"}, 3, False, 2)
    monkeypatch.setattr(steps, "_perform", lambda _job: {"status": "retry", "error": "Unavailable"})
    steps.perform(job_to(job))
    (span,) = collector.spans()
    assert span.name == "step read"
    assert values(span) == {
        "eakte.job": str(job.id),
        "eakte.kind": "read",
        "eakte.attempts": 2,
        "eakte.status": "retry",
    }


@needs_packages
def test_of_a_failure_only_its_kind_is_told(collector: Collector) -> None:
    with pytest.raises(NotFound), telemetry.span("outer"), telemetry.inner_span("inner"):
        raise NotFound("Kanarie gibt es nicht.", "Kanarie is unknown")
    spans = {span.name: span for span in collector.spans()}
    assert set(spans) == {"outer", "inner"}
    assert values(spans["outer"]) == {"error.type": "NotFound"}
    assert not spans["outer"].events
    assert b"Kanarie" not in b"".join(collector.bodies)


@needs_packages
def test_looking_for_work_is_no_trace(collector: Collector) -> None:
    with telemetry.inner_span("database read"):
        pass
    assert collector.spans() == []


@needs_packages
def test_a_collector_that_is_away_disturbs_nobody(collector: Collector) -> None:
    collector.server.shutdown()
    collector.server.server_close()
    with telemetry.span("lost"):
        pass
    telemetry.stop()
    assert collector.bodies == []


@needs_packages
def test_the_framework_sends_nothing_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its spans hold paths and queries: neither its switch in the environment nor a global provider turns them on."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    assert make_room(tmp_path).client("tnommen").get("/akte/99801-0004711?text=Kanarie").status_code == 200
    assert kept.get_finished_spans() == ()


def test_an_endpoint_without_the_packages_is_told_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def codes(endpoint: str) -> list[str]:
        return [fault.code for fault in faults(Settings(otel_endpoint=endpoint), ())]

    monkeypatch.setattr(telemetry, "PACKAGES", ("opentelemetry.gibt_es_nicht.sdk",))
    assert codes("") == []
    assert codes("http://collector:4318") == ["otel_missing"]
    monkeypatch.setattr(telemetry, "PACKAGES", ())
    assert codes("http://collector:4318") == []
    assert codes("collector:4318") == ["otel_endpoint"]
    assert codes("http://konto:geheim@collector:4318") == ["secret_in_url"]


def test_the_extra_is_locked_and_agrees_with_the_lock_of_everything_else() -> None:
    pins, extra = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-otel.lock")
    )
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["otel"]
    assert {re.split(r"[<>=]", one)[0] for one in wanted} <= set(extra)
    assert {name: pins[name] for name in extra if name in pins} == {name: extra[name] for name in extra if name in pins}
    assert "opentelemetry-sdk" not in pins
