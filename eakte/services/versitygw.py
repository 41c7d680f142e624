"""versitygw: the second S3 server, for tests: it shows what holds for MinIO only. Never forces data to disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from eakte.services.install import go_program, once
from eakte.services.minio import installed_program, key_files, list_buckets, s3_settings
from eakte.services.process import Server

_VERSION = "v1.8.0"
_NAME = f"versitygw-{_VERSION}"


class VersityGateway(Server):
    """Objects are files below a folder; one identity, its root."""

    name: ClassVar[str] = "versitygw"

    @classmethod
    def install(cls, cache: Path, /) -> None:
        """Built once."""
        once(cache, _NAME, go_program(cache, "github.com/versity/versitygw/cmd/versitygw", "versitygw", _VERSION))

    def find(self, cache: Path, /) -> None:
        """In the cache."""
        self._program = installed_program(cache, _NAME, "versitygw")

    def prepare(self) -> None:
        """One folder for objects, one for their older versions."""
        for name in ("objects", "versions"):
            self.run(["mkdir", str(self.data / name)])

    def command(self) -> Sequence[str]:
        """Keys come by the environment: the program reads no file, and arguments are public."""
        return [
            str(self._program), "--port", self.endpoint, "posix", "--versioning-dir",
            str(self.data / "versions"), str(self.data / "objects"),
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Readable for the server's own user and root only."""
        return {
            "ROOT_ACCESS_KEY": self.secret("s3-access-key").read_text(),
            "ROOT_SECRET_KEY": self.secret("s3-secret-key").read_text(),
        }

    def check(self) -> None:
        """A listing of all buckets."""
        list_buckets(self.endpoint, self.secret("s3-access-key").read_text(), self.secret("s3-secret-key").read_text())

    def settings(self) -> dict[str, str]:
        """Its one identity does everything."""
        return {**s3_settings(self.endpoint), **key_files(self, "", "s3"), **key_files(self, "DISPOSAL_", "s3")}
