"""A station's door straight into the ledger of a fresh database, for tests of the ledger and of hot folders."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from archive.blobs.local import LocalBlobStore
from core.clock import SetClock
from core.database import Database
from core.ids import new_id
from ingest.ledger import Accepted, Delivery, receive
from ingest.reporting import reconcile
from organisation.models import OrgUnit, ScanStation
from tests.support import NOON, make_agency, make_database


class Door:
    """A station's door into a fresh installation."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock(NOON)
        self.folder = folder
        self.database: Database = make_database(folder, self.clock)
        self.store = LocalBlobStore(folder / "blobs", folder / "work")
        with self.database.write() as tx:
            self.agency = make_agency(tx)
            unit = OrgUnit(id=new_id(), agency_id=self.agency, code="POST", title="Poststelle", kind="mailroom")
            tx.session.add(unit)
            tx.session.flush()
            self.stations = {code: self._station(code, unit.id) for code in ("S1", "S2")}
            tx.session.add_all(self.stations.values())

    def _station(self, code: str, unit_id: UUID) -> ScanStation:
        return ScanStation(id=new_id(), agency_id=self.agency, code=code, unit_id=unit_id)

    def bring(self, data: bytes, station: str = "S1", **told: object) -> Accepted:
        path = self.folder / "incoming.bin"
        path.write_bytes(data)
        delivery = Delivery("station", self.stations[station].id, **told)  # type: ignore[arg-type]
        return receive(self.database, self.store, self.agency, path, delivery)

    def count(self, model: type) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def counts(self) -> dict[str, int]:
        return reconcile(self.database, self.store, self.agency, 3600)
