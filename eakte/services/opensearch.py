"""OpenSearch: the official minimal distribution on the machine's own Java, started without its shell script."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import urllib3

from eakte.services.errors import NotInstalled, NotReady
from eakte.services.install import maven_file, once
from eakte.services.process import HOST, Server

_VERSION = "3.6.0"
_NAME = f"opensearch-{_VERSION}"
_ARTIFACT = f"org.opensearch.distribution.integ-test-zip:opensearch:{_VERSION}:zip"
_UNUSED = ("ingest-geoip", "ingest-user-agent", "opensearch-dashboards", "transport-grpc")
_OLDEST_JAVA = 21
_COMPACT_HEADERS_JAVA = 25
_HEAP = "512m"
_WORKING = frozenset({"yellow", "green"})


class OpenSearchServer(Server):
    """A single node with 512 MB heap; the distribution has no accounts, so only this machine may reach it."""

    name: ClassVar[str] = "opensearch"
    start_seconds: ClassVar[float] = 600.0  # after a kill it replays its log: 44 s were seen

    @classmethod
    def install(cls, cache: Path, /) -> None:
        """Downloaded and unpacked once. Java must be there: see `_java`."""
        _java()
        once(cache, _NAME, _unpack)

    def find(self, cache: Path, /) -> None:
        """In the cache; Java where the system has it."""
        self._java_home, self._java_version = _java()
        self._home = cache / _NAME
        if not self._home.exists():
            raise NotInstalled(
                "OpenSearch ist nicht installiert. Bitte `eakte dev services --install` ausführen.",
                "OpenSearch is not installed: run `eakte dev services --install`.",
            )

    def prepare(self) -> None:
        """Folders; the configuration is written at each start, the port may be another one."""
        for name in ("config", "index", "logs", "tmp"):
            self.run(["mkdir", str(self.data / name)])

    def command(self) -> Sequence[str]:
        """Java itself, so that the process id is the server's."""
        self._configure()
        options = [
            f"-Xms{_HEAP}", f"-Xmx{_HEAP}", "-XX:+UseG1GC", "-XX:G1ReservePercent=25",
            "-XX:InitiatingHeapOccupancyPercent=30", "-XX:+ExitOnOutOfMemoryError", "-Xss1m",
            "-XX:-UsePerfData", f"-XX:ErrorFile={self.data / 'logs'}/error-%p.log",
            f"-Djava.io.tmpdir={self.data / 'tmp'}", "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8",
            "-Djna.nosys=true", f"-Djna.tmpdir={self.data / 'tmp'}", "-Djava.locale.providers=SPI,CLDR",
            "-Dopensearch.networkaddress.cache.ttl=60", "-Dopensearch.networkaddress.cache.negative.ttl=10",
            "-Dio.netty.noUnsafe=true", "-Dio.netty.noKeySetOptimization=true",
            "-Dio.netty.recycler.maxCapacityPerThread=0", "-Dio.netty.allocator.numDirectArenas=0",
            "-Dlog4j.shutdownHookEnabled=false", "-Dlog4j2.disable.jmx=true",
            "--add-modules=jdk.incubator.vector",
            "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
            f"-javaagent:{self._home / 'agent' / 'opensearch-agent.jar'}",
            "--add-opens=java.base/java.nio=org.apache.arrow.memory.core,ALL-UNNAMED",
            f"-Dopensearch.path.home={self._home}", f"-Dopensearch.path.conf={self.data / 'config'}",
            "-Dopensearch.distribution.type=zip", "-Dopensearch.bundled_jdk=false",
        ]  # fmt: skip
        if self._java_version >= _COMPACT_HEADERS_JAVA:
            options.append("-XX:+UseCompactObjectHeaders")
        if self.short_lived:
            options.append(
                "-XX:TieredStopAtLevel=1"
            )  # half the processor time of a start goes into the second compiler
        program = str(self._java_home / "bin" / "java")
        return [program, *options, "-cp", f"{self._home / 'lib'}/*", "org.opensearch.bootstrap.OpenSearch"]

    def check(self) -> None:
        """The cluster is yellow or green: every primary shard has been replayed."""
        try:  # not by its client, which logs every refused connection with its stack
            answer = urllib3.request("GET", f"{self.url}/_cluster/health", timeout=5.0, retries=False)
            status = answer.json().get("status")
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise NotReady from error
        if status not in _WORKING:
            raise NotReady

    def settings(self) -> dict[str, str]:
        """No account."""
        return {"EAKTE_OPENSEARCH_URL": self.url}

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.endpoint}"

    def _configure(self) -> None:
        lines = {
            "cluster.name": "eakte-throw-away", "node.name": "node", "path.data": self.data / "index",
            "path.logs": self.data / "logs", "path.repo": self.data / "snapshots", "http.host": self.host,
            "http.port": self.port, "transport.host": HOST, "transport.port": f"{self.port + 1}-{self.port + 100}",
            "discovery.type": "single-node", "cluster.routing.allocation.disk.threshold_enabled": "false",
            "action.auto_create_index": "false",
        }  # fmt: skip
        self.write("config/opensearch.yml", "".join(f"{name}: {value}\n" for name, value in lines.items()))
        self.write("config/log4j2.properties", _LOGGING)


_LOGGING = """\
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %marker%m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def _unpack(folder: Path) -> None:
    maven_file(_ARTIFACT, folder)
    archive = next(folder.glob("*.zip"))
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    archive.unlink()
    unpacked = next(path for path in folder.iterdir() if path.is_dir())
    for path in unpacked.iterdir():
        path.rename(folder / path.name)
    unpacked.rmdir()
    for module in _UNUSED:
        shutil.rmtree(folder / "modules" / module)


def _java() -> tuple[Path, int]:
    """A full JDK from version 21, the newest. Raises NotInstalled."""
    found = sorted(((version, home) for home in set(_java_homes()) if (version := _java_release(home))), reverse=True)
    if not found or found[0][0] < _OLDEST_JAVA:
        raise NotInstalled(
            f"OpenSearch braucht ein JDK ab Version {_OLDEST_JAVA}: bitte `openjdk-21-jdk-headless` oder neuer "
            "installieren oder JAVA_HOME auf eines setzen.",
            f"OpenSearch needs a JDK of version {_OLDEST_JAVA} or newer; install one or set JAVA_HOME.",
        )
    version, home = found[0]
    return home, version


def _java_homes() -> Iterator[Path]:
    if named := os.environ.get("JAVA_HOME"):  # not ours to name, so no setting
        yield Path(named).resolve()
    yield from (path.resolve() for path in Path("/usr/lib/jvm").glob("*") if path.is_dir())
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve().parent.parent


def _java_release(home: Path) -> int:
    """The feature version as its `release` file tells it; 0 for anything that is not a full JDK."""
    release = home / "release"
    if not (home / "bin" / "javac").exists() or not release.exists():
        return 0
    told = re.search(r'JAVA_VERSION="(\d+)', release.read_text("utf-8", "replace"))
    return int(told[1]) if told else 0
