"""Settings, read once: from the environment (`CERTLIB_…`, `PORT`, `DATA_DIR`) and secret files."""

from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this node runs. Every field may be set as `CERTLIB_<NAME>`.

    Attributes:
        data_dir: database, objects, keys (encrypted) and `demo.json`; losing it loses the library.
        secrets_dir: the key-encryption key, outside `data_dir`; losing it loses `data_dir` too.
        public_url: address in every QR code, sealed in for decades; mandatory outside demo mode.
        demo: development seals (演示 · 不具法律效力), a development authority, demo data.
        database_url: SQLAlchemy URL; the embedded default is SQLite inside `data_dir`.
        body_limit: largest request body in bytes; upload_limit: largest PDF to verify.
        token_seconds: life of an access token.
        threads: worker threads for acts that seal or write.
        request_seconds: deadline of one request; concurrency: acts under way at once.
        batch_limit: most rows in one call of the batch route.
        reader_children: how many uploaded files are read at once.
        renderer_children: how many pages are made at once; 0 makes them in this process.
        history_seal_records: records after which a batch of the history is sealed at once;
            history_seal_seconds: age at which fewer are.
        history_tsa_url: RFC 3161 authority that stamps those batches instead of our own;
            history_tsa_certificate: PEM file of its X.509 certificate.
    """

    model_config = SettingsConfigDict(env_prefix="CERTLIB_", frozen=True, extra="ignore")

    node_id: str = "445200"
    data_dir: Path = Field(
        default=Path("var"), validation_alias=AliasChoices("CERTLIB_DATA_DIR", "DATA_DIR")
    )
    secrets_dir: Path | None = None
    host: str = "::"
    port: int = Field(default=8000, validation_alias=AliasChoices("CERTLIB_PORT", "PORT"))
    public_url: str = ""
    demo: bool = False
    database_url: str = ""
    body_limit: int = 2_000_000
    upload_limit: int = 20_000_000
    token_seconds: int = 900
    threads: int = 4
    request_seconds: float = 30.0
    concurrency: int = 64
    batch_limit: int = 100
    reader_children: int = 2
    renderer_children: int = 2
    history_seal_records: int = Field(default=1000, ge=1, le=100_000)
    history_seal_seconds: float = Field(default=60.0, gt=0)
    history_tsa_url: str = ""
    history_tsa_certificate: Path | None = None
    log_level: str = "info"

    @model_validator(mode="after")
    def _public_url_is_for_decades(self) -> Self:
        if not self.public_url and not self.demo:
            message = "CERTLIB_PUBLIC_URL is mandatory outside demo mode: QR codes carry it"
            raise ValueError(message)
        return self

    @property
    def secrets_folder(self) -> Path:
        """Where the key-encryption key lies: never inside `data_dir`."""
        if self.secrets_dir is not None:
            return self.secrets_dir
        return self.data_dir.with_name(self.data_dir.name + "-secrets")

    @property
    def url(self) -> str:
        """The public address without a trailing slash."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'certlib.sqlite'}"
