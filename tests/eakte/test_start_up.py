"""Light commands start light, and the quick look at the schema agrees with Alembic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from core.database import open_sqlite
from core.errors import ConfigurationError
from migrations import runner, state
from tests.support import make_database

HEAVY = (
    "cv2",
    "numpy",
    "tesserocr",
    "tantivy",
    "pikepdf",
    "pypdfium2",
    "PIL",
    "fpdf",
    "fontTools",
    "fastapi",
    "alembic",
)


def loaded_by(code: str) -> set[str]:
    """The heavy packages that a fresh process has loaded after running the code."""
    asked = f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import eakte.cli",
        "import eakte.cli, eakte.bootstrap, organisation.service",
        "import eakte.intake, ingest.ledger, ingest.quarantine, inbox.listing",
    ],
)
def test_light_commands_load_nothing_heavy(code: str) -> None:
    assert loaded_by(code) == set()


def test_the_supervisor_leaves_engine_and_drawing_to_its_children() -> None:
    assert loaded_by("import eakte.supervisor, eakte.duties") <= {"tantivy"}


def test_the_revisions_are_those_that_alembic_reads(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "eakte.sqlite")
    with database.engine.connect() as connection:
        scripts = ScriptDirectory.from_config(runner.configuration(connection))
    assert scripts.get_heads() == [state.known_revisions()[-1]]
    assert [one.revision for one in scripts.walk_revisions()][::-1] == state.known_revisions()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer version"),
        ("DELETE FROM alembic_version", "behind"),
        ("DROP TABLE alembic_version", "behind"),
    ],
)
def test_another_schema_is_refused(tmp_path: Path, statement: str, why: str) -> None:
    database = make_database(tmp_path)
    state.require_current(database.engine)
    with database.write() as tx:
        tx.session.execute(text(statement))
    with pytest.raises(ConfigurationError, match=why):
        state.require_current(database.engine)
