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
    """Typed settings with defaults for the embedded installation; the descriptions are shown by
    `eakte settings` and are the rows of the manual (docs/betrieb.md).
    """

    model_config = SettingsConfigDict(env_prefix="EAKTE_", extra="ignore", frozen=True)

    home: Path = Field(default=Path("data"), description="Datenordner der Installation.")
    host: str = Field(default="127.0.0.1", description="Adresse, auf der der Server lauscht.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port, auf dem der Server lauscht.")
    database_url: str = Field(
        default="",
        description="PostgreSQL als postgresql+psycopg://konto@rechner:port/name; leer = eingebettet im Datenordner.",
    )
    database_password_file: Path | None = Field(default=None, description="Datei mit dem Passwort der Datenbank.")
    database_pool: int = Field(
        default=16, ge=2, le=200, description="Höchstzahl der Verbindungen eines Prozesses zur Datenbank."
    )
    s3_endpoint: str = Field(
        default="", description="S3-Server für die Bytes, http(s)://rechner:port; leer = im Datenordner."
    )
    s3_bucket: str = Field(default="", description="Bucket nur für diese Installation, mit Object Lock.")
    s3_region: str = Field(default="us-east-1", description="Region, für die Anfragen unterschrieben werden.")
    s3_access_key_file: Path | None = Field(
        default=None, description="Datei mit dem Zugangsschlüssel für die tägliche Arbeit."
    )
    s3_secret_key_file: Path | None = Field(
        default=None, description="Datei mit dem geheimen Schlüssel für die tägliche Arbeit."
    )
    s3_disposal_access_key_file: Path | None = Field(
        default=None, description="Datei mit dem Zugangsschlüssel der Aussonderung, die eine Sperre übergehen darf."
    )
    s3_disposal_secret_key_file: Path | None = Field(
        default=None, description="Datei mit dem geheimen Schlüssel der Aussonderung."
    )
    s3_encryption: str = Field(
        default="off",
        pattern="^(off|AES256|kms:.+)$",
        description="Verschlüsselung durch den Server: off, AES256, kms:SCHLÜSSEL.",
    )
    hotfolder: Path | None = Field(
        default=None,
        description="Oberster Ordner der überwachten Ordner, einer je Station; ohne Angabe wird keiner überwacht.",
    )
    workers: int = Field(default=0, ge=0, le=64, description="Zahl der Arbeitsprozesse; 0 = einer je Prozessor.")
    orphan_grace: float = Field(
        default=3600, ge=0, description="Sekunden, bevor Bytes ohne Eigentümer als Befund zählen."
    )
    upload_limit: int = Field(
        default=512 * 1024 * 1024, ge=1024, description="Größter Inhalt einer Übertragung, in Bytes."
    )
    disk_reserve: int = Field(
        default=256 * 1024 * 1024, ge=0, description="Bytes, die frei bleiben; darunter wird mit 507 abgelehnt."
    )
    upload_stall_seconds: float = Field(
        default=60, gt=0, description="Sekunden ohne ein Byte, nach denen eine Übertragung als abgebrochen gilt."
    )
    session_minutes: int = Field(
        default=30, ge=1, description="Eine Sitzung ohne Tätigkeit endet nach so vielen Minuten."
    )
    session_hours: int = Field(default=12, ge=1, description="Eine Sitzung endet in jedem Fall nach so vielen Stunden.")
    login_attempts: int = Field(
        default=5, ge=1, description="Fehlgeschlagene Anmeldungen, bevor ein Konto eine Zeit lang gesperrt ist."
    )
    lockout_minutes: int = Field(default=15, ge=1, description="Minuten, die ein Konto gesperrt bleibt.")
    job_memory_mb: int = Field(default=1200, ge=64, description="Speichergrenze eines Arbeitsprozesses, in MiB.")
    child_steps: int = Field(
        default=500,
        ge=1,
        description="Schritte, nach denen ein Arbeitsprozess ersetzt wird, damit verlorener Speicher sich nicht summiert.",
    )
    job_seconds: int = Field(
        default=180,
        ge=5,
        description="Sekunden für einen Arbeitsschritt; bei großen Stapeln für je 50 Seiten, im Ganzen das Vierzigfache.",
    )
    broker_url: str = Field(
        default="",
        description="Redis, das Arbeitsprozesse weckt, redis://rechner:port/0; leer = sie sehen selbst in der Tabelle nach.",
    )
    broker_password_file: Path | None = Field(default=None, description="Datei mit dem Passwort von Redis.")
    metrics_token_file: Path | None = Field(
        default=None, description="Datei mit dem Token, das /metrics lesen darf; ohne sie darf es niemand."
    )
    otel_endpoint: str = Field(
        default="",
        description="OpenTelemetry-Sammler (OTLP/HTTP), http(s)://rechner:4318; leer = aus. Braucht das Extra otel.",
    )
    ocr_language: str = Field(
        default="deu", description="Sprache(n) für Tesseract; Latin kommt dazu, wenn das Modell da ist."
    )
    ocr_latin: Literal["auto", "off"] = Field(
        default="auto", description="Debians Schriftmodell Latin benutzen, wenn es da ist."
    )
    master_grace_days: int = Field(
        default=14, ge=0, description="Tage, nach denen die eigenen Bytes eines geteilten Stapels vernichtet werden."
    )
    retention_confirmed: bool = Field(
        default=False, description="Einträge des Fristenplans mit needs_decision gelten als bestätigt."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Am wenigsten schwere Meldung, die noch ins Protokoll kommt."
    )
    services_cache: Path | None = Field(
        default=None,
        description="Wo `eakte dev services` gebaute Server aufhebt; ohne Angabe im Cache-Ordner des Kontos.",
    )
    cookie_secure: bool = Field(
        default=False, description="Sitzungscookies nur über HTTPS senden (hinter TLS einschalten)."
    )

    opensearch_url: str = Field(
        default="", description="OpenSearch, http(s)://rechner:port; leer = der Index liegt im Datenordner."
    )
    opensearch_user: str = Field(default="", description="Konto bei OpenSearch; leer = es wird keines verlangt.")
    opensearch_password_file: Path | None = Field(default=None, description="Datei mit dem Passwort bei OpenSearch.")
    opensearch_ca_file: Path | None = Field(
        default=None,
        description="Zertifikat der Stelle, die das von OpenSearch ausgestellt hat, wenn es eine eigene ist.",
    )
    opensearch_index: str = Field(
        default="eakte", pattern=r"^[a-z][a-z0-9]*$", description="Anfang der Namen unserer Indexe bei OpenSearch."
    )
    opensearch_shards: int = Field(
        default=1, ge=1, le=64, description="Teile eines neuen Index bei OpenSearch, ab dem nächsten Neuaufbau."
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
