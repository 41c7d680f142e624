"""veraPDF, an independent validator of PDF/A: tests that need it skip with a reason where it is absent, never in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKER = Path(__file__).parents[2] / "shared" / "tools" / "checkers" / "pdfa"


def require_verapdf() -> None:
    """Skip where Java, Maven or the shared checkers are missing; in CI that is a failure."""
    missing = [program for program in ("java", "mvn") if shutil.which(program) is None]
    if not CHECKER.exists():
        missing.append("the shared checkers")
    if missing and not os.environ.get("CI"):
        pytest.skip(f"no veraPDF here: {', '.join(missing)} missing")
    assert not missing, missing


def failing(folder: Path) -> list[str]:
    """Files of the folder that veraPDF does not accept as PDF/A-2b, with the rules broken."""
    files = sorted(str(path) for path in folder.glob("*.pdf"))
    assert files, "nothing to judge"
    done = subprocess.run([CHECKER, "-f", "2b", *files], capture_output=True, text=True, timeout=800)
    verdicts = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") >= 3]
    assert len(verdicts) == len(files), done.stderr
    return [f"{Path(line[3]).name}: {line[2]}" for line in verdicts if line[0] != "PASS"]
