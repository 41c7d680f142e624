"""Bytes that a page of mail leaves in an embedded installation (docs/capacity.md).

python -m bench.growth FOLDER: the data folder of an installation that has worked off its mail (`eakte demo load`, then
`eakte worker` until nothing waits). Prints payload bytes per page of tables with their indexes, of blobs and of the index.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections import defaultdict
from pathlib import Path

STANDING = (
    "agency", "case_", "person", "membership", "document_type", "schedule", "keyword", "file_plan", "user", "org_unit",
    "absence", "scan_station", "sqlite_schema", "alembic", "role", "function",
)  # fmt: skip
"""What grows with cases and staff, not with mail."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    database = sqlite3.connect(f"file:{folder / 'eakte.sqlite'}?mode=ro", uri=True)
    pages = int(database.execute("SELECT count(*) FROM page").fetchone()[0])
    tables: dict[str, int] = defaultdict(int)
    query = "SELECT coalesce(m.tbl_name, s.name), sum(s.payload) FROM dbstat s LEFT JOIN sqlite_master m USING (name)"
    for table, payload in database.execute(query + " GROUP BY 1"):
        if not str(table).startswith(STANDING):
            tables[str(table)] += int(payload)
    stored = int(database.execute("SELECT sum(size) FROM blob WHERE tombstoned_at IS NULL").fetchone()[0])
    largest = sorted(tables, key=lambda table: -tables[table])[:8]
    print(
        json.dumps(
            {
                "pages": pages,
                "documents": database.execute("SELECT count(*) FROM document").fetchone()[0],
                "database_bytes_per_page": round(sum(tables.values()) / pages),
                "largest_tables_bytes_per_page": {table: round(tables[table] / pages) for table in largest},
                "blob_bytes_per_page": round(stored / pages),
                "index_bytes_per_page": round(_size(folder / "index") / pages),
            },
            indent=1,
        )
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
