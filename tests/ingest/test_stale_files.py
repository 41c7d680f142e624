"""What killed processes leave in the work folder: pages lie in it, so it has to go, and nothing of a living process may."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ingest.cleaning import in_use, remove_stale_files

HOUR = 3600.0


def aged(path: Path) -> None:
    os.utime(path, (time.time() - 2 * HOUR,) * 2, follow_symlinks=False)


def test_only_what_nobody_writes_to_any_more_goes(tmp_path: Path) -> None:
    work, elsewhere = tmp_path / "work", tmp_path / "elsewhere"
    for folder in ("render-dead", "render-alive", "new"):
        (work / folder / "deep").mkdir(parents=True)
        (work / folder / "deep" / "page.pdf").write_bytes(b"Petersen")
    elsewhere.mkdir()
    (elsewhere / "kept").write_bytes(b"x")
    (work / "old").write_bytes(b"x")
    (work / "link").symlink_to(elsewhere)
    for path in (*work.rglob("*"), *elsewhere.rglob("*"), elsewhere):
        if "new" not in path.parts and path != work / "render-alive" / "deep" / "page.pdf":
            aged(path)
    assert remove_stale_files(work, HOUR) == 3
    assert sorted(path.name for path in work.iterdir()) == ["new", "render-alive"]
    assert (elsewhere / "kept").exists()


def test_a_folder_that_a_living_process_keeps_stays_however_old(tmp_path: Path) -> None:
    kept = tmp_path / "rehearsal-long"
    kept.mkdir()
    aged(kept)
    with in_use(kept), in_use(kept):
        assert remove_stale_files(tmp_path, HOUR) == 0
    assert remove_stale_files(tmp_path, HOUR) == 1
    assert not kept.exists()


def test_without_a_folder_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert remove_stale_files(tmp_path / "none", HOUR) == 0
