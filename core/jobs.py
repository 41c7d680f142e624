"""The job table: leases with fencing numbers, heartbeats, and how a death counts.

A step is leased, worked on outside any transaction, and committed together with `finish`, whose UPDATE checks the
fencing number: a child that was stopped and wakes up late cannot commit twice. A lost lease costs time, never work.
A death counts against a job only when the step died alone, in a child of its own, by itself; every other end is
retried without limit.

Leasing, heartbeats and sweeping run beside everything else: leasing passes over rows that another worker is just taking,
sweeping over rows that are just being committed.

Instants further ahead than any that is ever written come from a clock that was set back; they count as over, so that
nothing stands still until the clock has caught up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from core.database import Transaction
from core.errors import LeaseLost
from core.fairness import next_turn
from core.ids import first_id_at, new_id
from core.models import Job

LEASE_SECONDS = 30
_LEASE = timedelta(seconds=LEASE_SECONDS)
MAX_DEATHS = 3
SUSPECT = 200
"""Priority of a step that ended its child: behind everything else."""
_RETRY_BASE = timedelta(seconds=1)
_RETRY_MAX = timedelta(minutes=5)
_URGENCY = (Job.priority, Job.turn, Job.created_at)


@dataclass(frozen=True, slots=True)
class LeasedJob:
    """What a worker was given: enough to work and to prove later that it still holds the lease."""

    id: UUID
    agency_id: UUID
    kind: str
    subject_id: UUID
    payload: dict[str, Any]
    fencing: int
    isolated: bool
    attempts: int
    source: UUID | None = None


Wanted = tuple[UUID, int, dict[str, Any]]
"""A step to be made: subject, generation, payload."""


def enqueue(
    tx: Transaction,
    agency_id: UUID,
    kind: str,
    subject_id: UUID,
    *,
    payload: dict[str, Any] | None = None,
    priority: int = 100,
    generation: int = 0,
    source: UUID | None = None,
) -> UUID:
    """Make the step `kind` for `subject_id` due. The same (kind, subject, generation) exists once: again is a no-op.

    Among steps of one priority, the sources (stations) take turns.
    """
    existing = tx.session.scalar(
        select(Job.id).where(Job.kind == kind, Job.subject_id == subject_id, Job.generation == generation)
    )
    if existing is not None:
        return existing
    job_id = new_id()
    tx.session.add(
        Job(
            id=job_id,
            agency_id=agency_id,
            kind=kind,
            subject_id=subject_id,
            generation=generation,
            payload=payload or {},
            priority=priority,
            source=source,
            turn=_turn(tx, source, priority),
            created_at=tx.now,
        )
    )
    return job_id


def enqueue_all(
    tx: Transaction,
    agency_id: UUID,
    kind: str,
    wanted: Iterable[Wanted],
    *,
    priority: int = 100,
    source: UUID | None = None,
) -> None:
    """`enqueue` for many steps of one kind and one source, in their order, with one statement."""
    tx.insert_missing(
        Job,
        [
            {"id": new_id(), "agency_id": agency_id, "kind": kind, "subject_id": subject_id, "generation": generation,
             "payload": payload, "priority": priority, "source": source, "turn": _turn(tx, source, priority),
             "created_at": tx.now}
            for subject_id, generation, payload in wanted
        ],
    )  # fmt: skip


def _turn(tx: Transaction, source: UUID | None, priority: int) -> int:
    """The turn of a new step; only the first one of a transaction has to look, the others follow it."""
    given: dict[tuple[UUID | None, int], int] = tx.session.info.setdefault("turns", {})
    if (source, priority) not in given:
        of_priority = select(func.max(Job.turn)).where(Job.priority == priority)
        serving = of_priority.where(Job.state == "leased")
        waiting = select(func.min(Job.turn)).where(Job.priority == priority, Job.state == "ready")
        own = of_priority.where(Job.state == "ready", Job.source.is_not_distinct_from(source))
        turns = select(serving.scalar_subquery(), waiting.scalar_subquery(), own.scalar_subquery())
        given[source, priority] = next_turn(*tx.session.execute(turns).one())
    else:
        given[source, priority] += 1
    return given[source, priority]


def lease(tx: Transaction, owner: str, kinds: Sequence[str] | None = None) -> LeasedJob | None:
    """Take the most urgent due job, or None; of `kinds`, the first one that has any. Ends after LEASE_SECONDS."""
    job = _first_due(tx, kinds)
    if job is None:
        return None
    job.state = "leased"
    job.fencing += 1
    job.attempts += 1
    job.leased_by = owner
    job.lease_until = tx.now + _LEASE
    return LeasedJob(
        job.id, job.agency_id, job.kind, job.subject_id, dict(job.payload), job.fencing, job.isolated, job.attempts,
        job.source,
    )  # fmt: skip


def _first_due(tx: Transaction, kinds: Sequence[str] | None) -> Job | None:
    """One look into an index for each kind: a list of kinds in one query would sort everything that waits."""
    first = select(Job).where(_due(tx.now)).order_by(*_URGENCY).limit(1).with_for_update(skip_locked=True)
    for look in [first] if kinds is None else [first.where(Job.kind == kind) for kind in kinds]:
        if (job := tx.session.scalars(look).first()) is not None:
            return job
    return None


def any_due(session: Session, now: datetime, kinds: Sequence[str] | None = None) -> bool:
    """Whether a lease would find something: a cheap look before a write transaction is opened."""
    return due_count(session, now, kinds, 1) > 0


def due_count(session: Session, now: datetime, kinds: Sequence[str] | None, most: int) -> int:
    """How many steps of these kinds a lease could take now; counts no further than `most`."""
    (count,) = due_counts(session, now, [kinds], most)
    return count


def due_counts(session: Session, now: datetime, groups: Sequence[Sequence[str] | None], most: int) -> list[int]:
    """`due_count` of each group of kinds, in one question."""
    counts = []
    for kinds in groups:
        due = select(Job.id).where(_due(now))
        if kinds is not None:
            due = due.where(Job.kind.in_(kinds))
        counts.append(select(func.count()).select_from(due.limit(most).subquery()).scalar_subquery())
    return list(session.execute(select(*counts)).one())


def _due(now: datetime) -> ColumnElement[bool]:
    waits = and_(Job.not_before > now, Job.not_before <= now + _RETRY_MAX)
    return and_(Job.state == "ready", or_(Job.not_before.is_(None), ~waits))


def heartbeat(tx: Transaction, owner: str, at_work: Collection[UUID]) -> int:
    """Extend the leases of the steps that `owner` is really working on; returns how many.

    Not of all it holds by the table: a lease whose answer was lost with the connection, or a step whose end could not be
    written down, is at work nowhere, and kept alive it would wait until its worker ends.
    """
    mine = Job.id.in_(at_work), Job.leased_by == owner, Job.state == "leased"
    result = tx.session.execute(update(Job).where(*mine).values(lease_until=tx.now + _LEASE))
    return int(result.rowcount)  # type: ignore[attr-defined]


def finish(tx: Transaction, job: LeasedJob) -> None:
    """Mark the step done, inside the transaction that commits its result. Raises LeaseLost: roll back and forget."""
    _update_leased(tx, job, state="done", finished_at=tx.now, payload={}, leased_by=None, lease_until=None)


def hold(tx: Transaction, job: LeasedJob, payload: dict[str, Any]) -> None:
    """Commit a part of a long step, and what the next part must know. Raises LeaseLost: roll back and forget."""
    _update_leased(tx, job, payload=payload)


def give_back(tx: Transaction, job: LeasedJob, error: str, *, isolate: bool = False) -> None:
    """Return the step for another try, later each time. Never counts as a death.

    `isolate`: it ended its child, and goes on alone once nothing else waits. A few files that take all the time they may
    would otherwise hold every lane, again and again, before anybody else's turn.
    """
    delay = min(_RETRY_MAX, _RETRY_BASE * 2 ** min(job.attempts, 10)) if error else timedelta()
    values: dict[str, Any] = {
        "state": "ready",
        "leased_by": None,
        "lease_until": None,
        "not_before": tx.now + delay,
        "last_error": error[:400] or None,
    }
    if isolate:
        values |= {"isolated": True, "priority": SUSPECT}
    _update_leased(tx, job, **values)


def count_death(tx: Transaction, job: LeasedJob, error: str) -> bool:
    """The step died alone in its own child. Returns True when it has died MAX_DEATHS times and must be quarantined."""
    deaths = tx.session.scalar(select(Job.deaths).where(Job.id == job.id)) or 0
    _update_leased(tx, job, deaths=deaths + 1, isolated=True, last_error=error[:400])
    if deaths + 1 >= MAX_DEATHS:
        return True
    give_back(tx, job, "")
    return False


def sweep(tx: Transaction) -> int:
    """Return expired leases. Their holders may still run; their commit will fail on the fencing number."""
    over = select(Job.id).where(
        Job.state == "leased", or_(Job.lease_until < tx.now, Job.lease_until > tx.now + 2 * _LEASE)
    )
    ids = tx.session.scalars(over.with_for_update(skip_locked=True)).all()
    result = tx.session.execute(
        update(Job).where(Job.id.in_(ids)).values(state="ready", leased_by=None, lease_until=None)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def release_owner(tx: Transaction, owner: str) -> int:
    """Return everything that a process known to be dead still holds."""
    result = tx.session.execute(
        update(Job)
        .where(Job.state == "leased", Job.leased_by == owner)
        .values(state="ready", leased_by=None, lease_until=None)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def forget(tx: Transaction, before: datetime, most: int = 500) -> int:
    """Remove rows of steps that were done and made before `before`, the oldest first, at most `most` at once.

    Only a step at work makes its successors, so a row that is done and gone is never asked for again.
    """
    old = select(Job.id).where(Job.id < first_id_at(before), Job.state == "done", Job.finished_at < before)
    gone = tx.session.scalars(old.order_by(Job.id).limit(most)).all()
    tx.session.execute(delete(Job).where(Job.id.in_(gone)))
    return len(gone)


def next_generation(session: Session, kind: str, subject_id: UUID) -> int:
    """A generation above every earlier job of this kind and subject: for work that is wanted once more."""
    highest = session.scalar(select(func.max(Job.generation)).where(Job.kind == kind, Job.subject_id == subject_id))
    return 0 if highest is None else highest + 1


def open_count(session: Session, kinds: Sequence[str] | None = None) -> int:
    """How many steps are not done yet."""
    query = select(func.count()).select_from(Job).where(Job.state.in_(("ready", "leased")))
    if kinds is not None:
        query = query.where(Job.kind.in_(kinds))
    return session.scalar(query) or 0


def _update_leased(tx: Transaction, job: LeasedJob, **values: Any) -> None:
    leased = update(Job).where(Job.id == job.id, Job.fencing == job.fencing, Job.state == "leased").values(**values)
    result = tx.session.execute(leased, execution_options={"synchronize_session": False})
    if result.rowcount != 1:  # type: ignore[attr-defined]
        raise LeaseLost("Ein anderer Arbeitsprozess hat den Schritt übernommen.", "another worker holds this step")
