"""A process for the audit tests: writes and seals events without end, until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from core.actor import system_actor
from core.audit import record_act
from core.audit.anchors import AnchorFile
from core.audit.sealing import seal
from core.database import open_sqlite
from core.ids import new_id
from tests.support import make_agency


def main(folder: Path) -> None:
    """Never returns."""
    database = open_sqlite(folder / "eakte.sqlite")
    with database.write() as tx:
        actor = system_actor(make_agency(tx, str(new_id())))
    told = False
    while True:
        with database.write() as tx:
            record_act(tx, actor, "test.more", "thing", None)
        seal(database, AnchorFile(folder / "anchors.jsonl"))
        if not told:
            print("sealing", flush=True)
            told = True


if __name__ == "__main__":
    main(Path(sys.argv[1]))
