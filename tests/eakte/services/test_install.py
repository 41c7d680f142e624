"""Installing: once for all, whole or not at all, and a clear word when it can't be."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eakte.services import install, opensearch
from eakte.services.catalogue import NAMES, server_class
from eakte.services.errors import NotInstalled

_MAKE = """
import sys, time
from pathlib import Path
from eakte.services.install import once
def make(folder):
    (folder / "half").write_text("x")
    with Path(sys.argv[2]).open("a") as made:
        made.write("made\\n")
    time.sleep(float(sys.argv[3]))
    (folder / "whole").write_text("x")
print(once(Path(sys.argv[1]), "thing", make), flush=True)
"""


def installer(cache: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _MAKE, str(cache / "cache"), str(cache / "made"), str(seconds)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    both = [installer(tmp_path, 1), installer(tmp_path, 1)]
    told = {process.communicate(timeout=300)[0].strip() for process in both}
    assert told == {str(tmp_path / "cache" / "thing")}
    assert (tmp_path / "made").read_text() == "made\n"


def test_killed_half_way_is_made_again_and_leaves_nothing(tmp_path: Path) -> None:
    first = installer(tmp_path, 600)
    while not (tmp_path / "made").exists():
        assert first.poll() is None
        time.sleep(0.02)
    first.kill()
    first.communicate()
    assert not (tmp_path / "cache" / "thing").exists()
    assert installer(tmp_path, 0).wait(300) == 0
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["thing", "thing.lock"]
    assert (tmp_path / "cache" / "thing" / "whole").exists()


def test_a_failed_making_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "half").write_text("x")
        install.run(["sh", "-c", "echo no route to host >&2; exit 7"], "thing")

    with pytest.raises(NotInstalled, match="no route to host"):
        install.once(tmp_path, "thing", make)
    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]


def test_threads_of_one_process_make_it_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        time.sleep(0.2)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: install.once(tmp_path, "thing", make), range(4)))
    assert len(made) == 1


@pytest.mark.parametrize("name", ["minio", "versitygw", "opensearch"])
def test_what_is_not_installed_names_the_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opensearch, "_java", lambda: (Path("/nonexistent"), 21))
    with pytest.raises(NotInstalled) as caught:
        server_class(name)(tmp_path / name, tmp_path)
    assert "eakte dev services --install" in caught.value.de
    assert "eakte dev services --install" in caught.value.en


def test_a_missing_program_names_the_package() -> None:
    with pytest.raises(NotInstalled, match="some-package"):
        install.system_program(["no-such-program"], [], "some-package", install=False)


@pytest.mark.parametrize(
    ("told", "enough"),
    [
        ("initdb (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", True),
        ("initdb (PostgreSQL) 13.9", False),
        ("Redis server v=6.2.16 sha=00000000:0 malloc=jemalloc-5.3.0", False),
        ("", False),
    ],
)
def test_an_old_program_is_told_as_such(tmp_path: Path, told: str, enough: bool) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho '{told}'\n")
    program.chmod(0o755)
    if enough:
        install.require_version(program, 14)
    else:
        with pytest.raises(NotInstalled, match="too old"):
            install.require_version(program, 14)


def test_go_of_the_python_package_is_the_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(command: Sequence[str], what: str) -> None:
        target = Path(next(part for part in command if part.startswith("--target=")).removeprefix("--target="))
        for program in (target / "bin" / "go", target / "go" / "bin" / "go"):
            program.parent.mkdir(parents=True)
            program.touch(0o755)

    monkeypatch.setattr(install, "_find", lambda names, folders: None)
    monkeypatch.setattr(install, "run", unpack)
    assert install._go(tmp_path).parts[-3:] == ("go", "bin", "go")


def test_names_and_classes_agree() -> None:
    assert [server_class(name).name for name in NAMES] == list(NAMES)


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose Java versions are the folders below this one."""
    monkeypatch.setattr(opensearch, "_java_homes", lambda: iter(tmp_path.iterdir()))
    return tmp_path


def jdk(home: Path, version: str, *, full: bool = True) -> None:
    (home / "bin").mkdir(parents=True)
    (home / "release").write_text(f'IMPLEMENTOR="X"\nJAVA_VERSION="{version}"\n')
    if full:
        (home / "bin" / "javac").touch()


def test_the_newest_full_java_is_taken(homes: Path) -> None:
    jdk(homes / "a", "17.0.15")
    jdk(homes / "b", "21.0.2")
    jdk(homes / "c", "25.0.3", full=False)
    assert opensearch._java() == (homes / "b", 21)


def test_an_old_java_is_not_enough(homes: Path) -> None:
    jdk(homes / "a", "17.0.15")
    jdk(homes / "b", "1.8.0_292")
    with pytest.raises(NotInstalled, match="21"):
        opensearch._java()


def test_what_was_compiled_on_the_way_is_dropped_by_the_last_who_builds(tmp_path: Path) -> None:
    builds = tmp_path / ".builds"
    (builds / "path").mkdir(parents=True)
    with (tmp_path / ".builds.lock").open("a") as somebody:
        fcntl.flock(somebody.fileno(), fcntl.LOCK_SH)
        install.drop_builds(tmp_path)
        assert builds.exists()
    install.drop_builds(tmp_path)
    assert not builds.exists()
    install.drop_builds(tmp_path)
