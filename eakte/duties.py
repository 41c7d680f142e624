"""The duties of a worker: which singleton loops exist, and how often they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select

from archive.blobs.claims import unlink_released
from core import jobs
from core.audit.sealing import seal
from core.database import FREE
from eakte.bootstrap import Services
from eakte.housekeeping import Duty, sweep
from eakte.relay import Relay, open_waker
from eakte.searching import Indexing
from eakte.storage import may_dispose
from inbox.collecting import keep_collective_files
from inbox.rescue import bring_to_light
from ingest.cleaning import OrphanSweep, release_split_batches, remove_stale_files
from ingest.hotfolder import HotFolder
from organisation.models import Agency
from retention.locking import renew_locks
from retention.models import DisposalList

_KEEP_FINISHED = timedelta(days=30)


def duties(services: Services) -> Sequence[Duty]:
    """All loops of a worker on this installation."""
    settings = services.settings
    found = [
        Duty("sweeper", 2.0, lambda: sweep(services)),
        Duty("sealer", 2.0, lambda: seal(services.database, services.anchors)),
        Duty("indexer", 0.2, Indexing(services).run),
        Duty("rescue", 60.0, lambda: bring_to_light(services.database)),
        Duty("collective", 300.0, lambda: keep_collective_files(services.database)),
        Duty("bytes", 60.0, _remove_bytes(services)),
        Duty("finished", 60.0, lambda: _forget_finished(services)),
        Duty("disposals", 30.0, lambda: _finish_disposals(services)),
    ]
    if services.blobs.locks:
        found.append(Duty("locks", 10.0, lambda: renew_locks(services.database, services.blobs)))
    if waker := open_waker(settings):
        found.append(Duty("relay", 0.1, Relay(services.database, waker).run))
    if settings.hotfolder is not None:
        found.append(Duty("hotfolder", 1.0, _hotfolder(services)))
    return found


def _finish_disposals(services: Services) -> None:
    """Lists and disposals that a person started and something interrupted."""
    begun = select(DisposalList.id).where(DisposalList.state.in_(("collecting", "executing"))).limit(1)
    with services.database.read() as session:
        interrupted = session.scalars(begun).first()
    if interrupted is not None:
        from eakte.retaining import stores  # draws certificates: kept out of a worker that has none to finish
        from retention.tasks import resume_disposals, resume_proposals

        resume_proposals(services.database)
        if may_dispose(services.settings):
            resume_disposals(stores(services))


def _forget_finished(services: Services) -> None:
    """Steps that were done long ago: nobody asks for them, and they would be one row in eight of all there are."""
    with services.database.write(FREE) as tx:
        jobs.forget(tx, tx.now - _KEEP_FINISHED)


def _remove_bytes(services: Services) -> Callable[[], object]:
    settings = services.settings
    sweep_of_orphans = OrphanSweep(services.database, services.blobs, settings.orphan_grace)

    def remove() -> None:
        release_split_batches(services.database, timedelta(days=settings.master_grace_days))
        unlink_released(services.database, services.blobs, timedelta(seconds=settings.orphan_grace))
        sweep_of_orphans.step()
        services.blobs.tidy(max(settings.orphan_grace, 3600.0))
        remove_stale_files(settings.work_folder, max(settings.orphan_grace, 3600.0))

    return remove


def _hotfolder(services: Services) -> Callable[[], object]:
    settings = services.settings
    with services.database.read() as session:
        agency_id = session.scalars(select(Agency.id).order_by(Agency.id).limit(1)).first()
    if agency_id is None or settings.hotfolder is None:
        return lambda: None
    limit, work = settings.upload_limit, settings.work_folder
    return HotFolder(settings.hotfolder, services.database, services.blobs, agency_id, limit, work).poll
