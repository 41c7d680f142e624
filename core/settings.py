"""Settings: the only reader of the environment. Every name is EAKTE_*; `eakte settings` lists them all."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_SERVERS = ("database_", "s3_", "opensearch_", "broker_")


class Settings(BaseSettings):
    """Typed settings with defaults for the embedded installation; each description is shown by `eakte settings`."""

    model_config = SettingsConfigDict(env_prefix="EAKTE_", extra="ignore", frozen=True)

    home: Path = Field(default=Path("data"), description="Data folder of the installation.")
    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port the server listens on.")
    database_url: str = Field(
        default="",
        description="PostgreSQL as postgresql+psycopg://user@host:port/name; empty = embedded in the data folder.",
    )
    database_password_file: Path | None = Field(default=None, description="File with the password of the database.")
    database_pool: int = Field(default=16, ge=2, le=200, description="Most database connections of one process.")
    s3_endpoint: str = Field(
        default="", description="S3 server for the bytes, http(s)://host:port; empty = in the data folder."
    )
    s3_bucket: str = Field(default="", description="Bucket of this installation alone, with Object Lock.")
    s3_region: str = Field(default="us-east-1", description="Region that requests are signed for.")
    s3_access_key_file: Path | None = Field(default=None, description="File with the access key for everyday work.")
    s3_secret_key_file: Path | None = Field(default=None, description="File with the secret key for everyday work.")
    s3_disposal_access_key_file: Path | None = Field(
        default=None, description="File with the access key of disposal, which may go past a lock."
    )
    s3_disposal_secret_key_file: Path | None = Field(default=None, description="File with the secret key of disposal.")
    s3_encryption: str = Field(
        default="off", pattern="^(off|AES256|kms:.+)$", description="Encryption by the server: off, AES256, kms:KEY."
    )
    hotfolder: Path | None = Field(
        default=None, description="Root of the hot folders, one folder per station; off when unset."
    )
    workers: int = Field(default=0, ge=0, le=64, description="Worker children; 0 = one per processor.")
    orphan_grace: float = Field(
        default=3600, ge=0, description="Seconds before bytes without a claim count as a finding."
    )
    upload_limit: int = Field(default=512 * 1024 * 1024, ge=1024, description="Largest body of one upload, in bytes.")
    disk_reserve: int = Field(
        default=256 * 1024 * 1024, ge=0, description="Bytes that stay free; below, uploads get 507."
    )
    upload_stall_seconds: float = Field(
        default=60, gt=0, description="Seconds without a byte after which an upload counts as cut off."
    )
    session_minutes: int = Field(default=30, ge=1, description="A session without activity ends after so many minutes.")
    session_hours: int = Field(default=12, ge=1, description="A session ends after so many hours in any case.")
    login_attempts: int = Field(default=5, ge=1, description="Failed sign-ins before an account is locked for a while.")
    lockout_minutes: int = Field(default=15, ge=1, description="Minutes an account stays locked.")
    job_memory_mb: int = Field(default=1200, ge=64, description="Memory limit of one worker child, in MiB.")
    child_steps: int = Field(
        default=500, ge=1, description="A worker child is replaced after so many steps: leaks do not add up."
    )
    job_seconds: int = Field(
        default=180, ge=5, description="Time limit of one step (50 pages of a large batch), in seconds."
    )
    broker_url: str = Field(
        default="", description="Redis that wakes workers, redis://host:port/0; empty = workers look into the table."
    )
    broker_password_file: Path | None = Field(default=None, description="File with the password of Redis.")
    metrics_token_file: Path | None = Field(
        default=None, description="File with the token that may read /metrics; without it nobody may."
    )
    ocr_language: str = Field(
        default="deu", description="Tesseract language(s); Latin is added when its model is found."
    )
    ocr_latin: Literal["auto", "off"] = Field(
        default="auto", description="Use Debian's script model Latin when it is found."
    )
    master_grace_days: int = Field(
        default=14, ge=0, description="Days after which a split batch's own bytes are destroyed."
    )
    retention_confirmed: bool = Field(
        default=False, description="Treat schedule entries with needs_decision as confirmed."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line."
    )
    services_cache: Path | None = Field(
        default=None, description="Where `eakte dev services` keeps built servers; unset: the user's cache folder."
    )
    cookie_secure: bool = Field(default=False, description="Send session cookies over HTTPS only (set it behind TLS).")

    opensearch_url: str = Field(
        default="", description="OpenSearch, http(s)://host:port; empty = the index lies in the data folder."
    )
    opensearch_user: str = Field(default="", description="User at OpenSearch; empty = none is asked for.")
    opensearch_password_file: Path | None = Field(default=None, description="File with the password at OpenSearch.")
    opensearch_ca_file: Path | None = Field(
        default=None, description="Certificate of the authority that signed OpenSearch's, when it is an own one."
    )
    opensearch_index: str = Field(
        default="eakte", pattern=r"^[a-z][a-z0-9]*$", description="Prefix of the names of our indexes at OpenSearch."
    )
    opensearch_shards: int = Field(
        default=1, ge=1, le=64, description="Parts of a new index at OpenSearch, for the next rebuild."
    )

    @cached_property
    def data(self) -> Path:
        """The data folder as an absolute path."""
        return self.home.expanduser().resolve()

    def embedded(self, home: Path) -> Settings:
        """The same settings for a throw-away installation in another folder, which reaches no server of this one."""
        away = {name: Settings.model_fields[name].default for name in self.model_dump() if name.startswith(_SERVERS)}
        return Settings(**{**self.model_dump(), **away, "home": home})

    @property
    def services_cache_folder(self) -> Path:
        """Where servers for development are installed. For root a place that other accounts can enter."""
        if self.services_cache is not None:
            return self.services_cache.expanduser().resolve()
        if os.geteuid() == 0:
            return Path("/var/cache/eakte")
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").resolve() / "eakte"

    @property
    def database_path(self) -> Path:
        """The embedded database."""
        return self.data / "eakte.sqlite"

    @property
    def blob_folder(self) -> Path:
        """Content-addressed bytes."""
        return self.data / "blobs"

    @property
    def index_folder(self) -> Path:
        """Full-text index; can be rebuilt."""
        return self.data / "index"

    @property
    def work_folder(self) -> Path:
        """Temporary files, on the same file system as the blobs."""
        return self.data / "work"

    @property
    def anchor_file(self) -> Path:
        """Heads of the audit chain, outside the database."""
        return self.data / "anchors" / "audit.jsonl"

    @property
    def certificate_folder(self) -> Path:
        """Destruction certificates."""
        return self.data / "certificates"

    @property
    def run_folder(self) -> Path:
        """Locks of running processes."""
        return self.data / "run"

    @property
    def worker_count(self) -> int:
        """Worker children: as set, or one per processor that this process may use."""
        return self.workers or len(os.sched_getaffinity(0))


def environment_names() -> list[str]:
    """The names of the variables that are set; their values stay here."""
    return list(os.environ)


def server_variables() -> list[str]:
    """The names of the variables that lead to servers."""
    return [f"EAKTE_{name.upper()}" for name in Settings.model_fields if name.startswith(_SERVERS)]
