"""MinIO: S3 with versions and Object Lock, built from its last released source.

For tests and trials only: its repository is archived. `docs/server.md` says what production uses.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import urllib3
from minio import Minio
from minio.error import MinioException

from eakte.services.errors import NotInstalled, NotReady
from eakte.services.identities import make_identities
from eakte.services.install import go_program, once
from eakte.services.process import Server

_VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
_NAME = f"minio-{_VERSION}"
BUCKET = "eakte"


class MinioServer(Server):
    """Two identities besides the root: the everyday one may not go past a lock, the one for disposal may.

    Server-side encryption has a key (`SSE-S3`).
    """

    name: ClassVar[str] = "minio"

    @classmethod
    def install(cls, cache: Path, /) -> None:
        """Built once."""
        once(cache, _NAME, go_program(cache, "github.com/minio/minio", "minio", _VERSION))

    def find(self, cache: Path, /) -> None:
        """In the cache."""
        self._program = installed_program(cache, _NAME, "minio")

    def prepare(self) -> None:
        """Root identity and encryption key: in files that the server reads, not in its environment."""
        for name in ("root-access-key", "root-secret-key"):
            self.write(name, self.secret(name).read_text())
        self.write("kms-key", f"eakte:{base64.b64encode(secrets.token_bytes(32)).decode()}")

    def command(self) -> Sequence[str]:
        """One drive."""
        return [str(self._program), "server", str(self.data / "drive"), "--address", self.endpoint, "--quiet"]

    def environment(self) -> dict[str, str]:
        """File names only."""
        return {
            "MINIO_ROOT_USER_FILE": str(self.data / "root-access-key"),
            "MINIO_ROOT_PASSWORD_FILE": str(self.data / "root-secret-key"),
            "MINIO_KMS_SECRET_KEY_FILE": str(self.data / "kms-key"),
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }

    def check(self) -> None:
        """A listing of all buckets: the health page says yes too early."""
        list_buckets(self.endpoint, *self._root())

    def populate(self) -> None:
        """The two identities."""
        everyday, disposal = (
            (self.secret(f"{name}-access-key").read_text(), self.secret(f"{name}-secret-key").read_text())
            for name in ("s3", "s3-disposal")
        )
        make_identities(f"http://{self.endpoint}", self._root(), everyday, disposal)

    def settings(self) -> dict[str, str]:
        """Everyday and disposal identity; the bucket is made by the E-Akte."""
        return {
            **s3_settings(self.endpoint),
            **key_files(self, "", "s3"),
            **key_files(self, "DISPOSAL_", "s3-disposal"),
        }

    def _root(self) -> tuple[str, str]:
        return self.secret("root-access-key").read_text(), self.secret("root-secret-key").read_text()


def s3_settings(endpoint: str) -> dict[str, str]:
    """What every S3 server has in common."""
    return {"EAKTE_S3_ENDPOINT": f"http://{endpoint}", "EAKTE_S3_BUCKET": BUCKET, "EAKTE_S3_REGION": "us-east-1"}


def key_files(server: Server, prefix: str, name: str) -> dict[str, str]:
    """Settings that name an identity's two files."""
    return {
        f"EAKTE_S3_{prefix}ACCESS_KEY_FILE": str(server.secret(f"{name}-access-key")),
        f"EAKTE_S3_{prefix}SECRET_KEY_FILE": str(server.secret(f"{name}-secret-key")),
    }


def list_buckets(endpoint: str, access_key: str, secret_key: str) -> None:
    """Ask once, without the client's own patience. Raises NotReady."""
    http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=10), retries=False)
    try:
        Minio(endpoint, access_key, secret_key, secure=False, region="us-east-1", http_client=http).list_buckets()
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        raise NotReady from error
    finally:
        http.clear()


def installed_program(cache: Path, name: str, program: str) -> Path:
    """A program that `install` has built. Raises NotInstalled."""
    path = cache / name / program
    if not path.exists():
        raise NotInstalled(
            f"{program} ist nicht installiert. Bitte `eakte dev services --install` ausführen (baut es einmal, Minuten).",
            f"{program} is not installed: run `eakte dev services --install`.",
        )
    return path
