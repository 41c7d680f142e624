"""Figures for Prometheus, counted from the database: the same answer from every process, also after a restart.

Each figure looks at what is open or at the last hour (ids are times), never at everything that was ever stored; what is
stored is counted a step at a time (`api.stored`). Labels are queues, states and kinds, never names, numbers or ids of
cases and people.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api.stored import Stored
from core import leases
from core.database import Database
from core.ids import first_id_at
from core.models import AuditEvent, Job, OutboxEvent
from core.outbox import INDEX
from core.settings import Settings
from core.waking import QUEUES, kinds_of
from inbox.models import InboxItem
from ingest.models import MailItem, Receipt

CACHE_SECONDS = 10.0
Sample = tuple[tuple[str, ...], float]
Conditions = tuple[ColumnElement[bool], ...]
Query = Callable[[Session, datetime], Sequence[Sample]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A gauge: its name, what it says, its labels, and the query that counts it."""

    name: str
    help: str
    labels: tuple[str, ...]
    query: Query


def _open_steps(session: Session, _now: datetime) -> list[Sample]:
    query = select(func.count()).select_from(Job)
    return [
        ((queue, state), float(session.scalar(query.where(*_steps(queue, state))) or 0))
        for queue in QUEUES
        for state in ("ready", "leased")
    ]


def _oldest_step(session: Session, now: datetime) -> list[Sample]:
    query = select(func.min(Job.created_at))
    return [((queue,), _age(session.scalar(query.where(*_steps(queue, "ready"))), now)) for queue in QUEUES]


def _steps(queue: str, state: str) -> Conditions:
    return Job.state == state, Job.kind.in_(kinds_of((queue,)) or ())


def _troubled_steps(session: Session, _now: datetime) -> list[Sample]:
    open_ones = select(func.count()).select_from(Job).where(Job.state.in_(("ready", "leased")))
    return [
        (("retried",), float(session.scalar(open_ones.where(Job.last_error.is_not(None))) or 0)),
        (("died",), float(session.scalar(open_ones.where(Job.deaths > 0)) or 0)),
    ]


def _expired(session: Session, now: datetime) -> list[Sample]:
    query = select(func.count()).select_from(Job).where(Job.state == "leased", Job.lease_until < now)
    return [((), float(session.scalar(query) or 0))]


def _workers(session: Session, now: datetime) -> list[Sample]:
    return [((), float(leases.alive(session, "worker/", now)))]


def _duties(session: Session, now: datetime) -> list[Sample]:
    return [((), float(leases.alive(session, "duty/", now)))]


def _pages_last_hour(session: Session, now: datetime) -> list[Sample]:
    since = first_id_at(now - timedelta(hours=1))
    query = select(Job.state, func.count()).where(Job.id >= since, Job.kind == "read").group_by(Job.state)
    found = dict(session.execute(query).all())
    return [((state,), float(found.get(state, 0))) for state in ("ready", "leased", "done")]


def _receipts_last_hour(session: Session, now: datetime) -> list[Sample]:
    query = select(func.count()).select_from(Receipt).where(Receipt.id >= first_id_at(now - timedelta(hours=1)))
    return [((), float(session.scalar(query) or 0))]


def _index_owed(session: Session, _now: datetime) -> list[Sample]:
    query = select(func.count()).select_from(OutboxEvent)
    return [((), float(session.scalar(query.where(*_owed())) or 0))]


def _index_lag(session: Session, now: datetime) -> list[Sample]:
    return [((), _age(session.scalar(select(func.min(OutboxEvent.created_at)).where(*_owed())), now))]


def _owed() -> Conditions:
    return OutboxEvent.consumer == INDEX, OutboxEvent.processed_at.is_(None)


def _seal_lag(session: Session, now: datetime) -> list[Sample]:
    return [((), _age(session.scalar(select(func.min(AuditEvent.at)).where(AuditEvent.chain_no.is_(None))), now))]


def _open_mail(session: Session, _now: datetime) -> list[Sample]:
    query = select(MailItem.state, func.count()).where(
        MailItem.state.in_(("in_work", "quarantined", "rejected")), MailItem.ended_at.is_(None)
    )
    found = dict(session.execute(query.group_by(MailItem.state)).all())
    return [((state,), float(found.get(state, 0))) for state in ("in_work", "quarantined", "rejected")]


def _unassigned(session: Session, _now: datetime) -> list[Sample]:
    query = select(func.count()).select_from(InboxItem)
    return [((kind,), float(session.scalar(query.where(*_unassigned_in(kind))) or 0)) for kind in ("clearing", "team")]


def _oldest_unassigned(session: Session, now: datetime) -> list[Sample]:
    query = select(func.min(InboxItem.created_at))
    return [((kind,), _age(session.scalar(query.where(*_unassigned_in(kind))), now)) for kind in ("clearing", "team")]


def _unassigned_in(kind: str) -> Conditions:
    return InboxItem.inbox_kind == kind, InboxItem.state == "open"


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


FIGURES: tuple[Figure, ...] = (
    Figure("eakte_steps", "Steps that are not done yet.", ("queue", "state"), _open_steps),
    Figure("eakte_queue_oldest_seconds", "Age of the oldest step that waits.", ("queue",), _oldest_step),
    Figure("eakte_steps_troubled", "Open steps that were tried before.", ("kind",), _troubled_steps),
    Figure("eakte_leases_expired", "Leases that ran out and were not taken back yet.", (), _expired),
    Figure("eakte_workers", "Workers with a sign of life.", (), _workers),
    Figure("eakte_duties", "Duties (index, seals, sweeps, relay) that a worker holds.", (), _duties),
    Figure("eakte_pages_last_hour", "Reading of pages that arrived in the last hour.", ("state",), _pages_last_hour),
    Figure("eakte_receipts_last_hour", "Receipts accepted in the last hour.", (), _receipts_last_hour),
    Figure("eakte_index_owed", "Changes that the index does not know yet.", (), _index_owed),
    Figure("eakte_index_lag_seconds", "Age of the oldest change that the index does not know.", (), _index_lag),
    Figure("eakte_seal_lag_seconds", "Age of the oldest audit event without a seal.", (), _seal_lag),
    Figure("eakte_mail_open", "Mail items in work, in quarantine, rejected and not ended.", ("state",), _open_mail),
    Figure("eakte_mail_unassigned", "Open mail that nobody owns yet.", ("inbox",), _unassigned),
    Figure("eakte_mail_unassigned_oldest_seconds", "Age of the oldest of it.", ("inbox",), _oldest_unassigned),
)
DISK = ("eakte_disk_free_bytes", "Free bytes where the data folder lies.")
RESERVE = ("eakte_disk_reserve_bytes", "Below so many free bytes, uploads are refused (507).")
OBJECTS = ("eakte_stored_objects", "Objects in the store: kept, or released and not gone yet.")
BYTES = ("eakte_stored_bytes", "Their bytes.")


@dataclass(eq=False)
class Metrics(Collector):
    """All figures, counted at most once in CACHE_SECONDS however often they are asked for."""

    database: Database
    settings: Settings
    _stored: Stored = field(default_factory=Stored)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _text: bytes = b""
    _until: float = 0.0

    def text(self) -> bytes:
        """The exposition format. Raises Unavailable when the database cannot answer."""
        with self._lock:
            if time.monotonic() >= self._until:
                registry = CollectorRegistry(auto_describe=False)
                registry.register(self)
                self._text, self._until = generate_latest(registry), time.monotonic() + CACHE_SECONDS
            return self._text

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Called by the registry."""
        with self.database.read() as session:
            now = self.database.clock.now()
            for figure in FIGURES:
                family = GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
                for labels, value in figure.query(session, now):
                    family.add_metric(labels, value)
                yield family
            stored = self._stored.count(session)
        for index, (name, told) in enumerate((OBJECTS, BYTES)):
            family = GaugeMetricFamily(name, told, labels=("state",))
            for state, totals in stored.items():
                family.add_metric((state,), totals[index])
            yield family
        yield GaugeMetricFamily(*DISK, value=float(shutil.disk_usage(self.settings.data).free))
        yield GaugeMetricFamily(*RESERVE, value=float(self.settings.disk_reserve))

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing in advance: the registry would count everything once more."""
        return iter(())


def names() -> Mapping[str, tuple[str, ...]]:
    """Every figure with its labels: what alert rules and dashboards may use."""
    return {figure.name: figure.labels for figure in FIGURES} | {
        DISK[0]: (), RESERVE[0]: (), OBJECTS[0]: ("state",), BYTES[0]: ("state",),
    }  # fmt: skip
