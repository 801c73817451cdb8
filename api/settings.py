"""Settings, read once: from the environment (`CERTLIB_…`, `PORT`, `DATA_DIR`) and secret files."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import AliasChoices, Field, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.egress.addresses import networks, plain_addresses
from api.secret_files import Unreadable, secret_text
from api.timestamp_sources import SourcesUnreadable, read_sources

_PORTS: Final = 65_536
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_URLS: Final = ("database_url", "migration_url", "status_url")
_SCHEMES: Final = ("sqlite://", "postgresql://", "postgresql+psycopg://", "postgres://")
SECRETS: Final = (*_URLS, "s3_access_key", "s3_secret_key", "pkcs11_pin")
"""Settings that hold a secret: each may stand in a file instead, `CERTLIB_<NAME>_FILE`."""
_CALLERS: Final = ("SERVER", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "ACT")
_ELSEWHERE: Final = (*_CALLERS, "LANG", "TRUST")
"""What the command line reads itself."""
_S3_NAMES: Final = ("s3_endpoint", "s3_bucket", "s3_access_key", "s3_secret_key")


def _wrong(zh: str, en: str) -> PydanticCustomError:
    """A setting that is missing or wrong, in one sentence that names it."""
    return PydanticCustomError("setting", "{en}", {"zh": zh, "en": en})


def known_variables() -> frozenset[str]:
    """Every variable `CERTLIB_…` that means something."""
    names = (*Settings.model_fields, *_ELSEWHERE)
    return frozenset(f"CERTLIB_{name.upper()}" for name in names)


def unknown_variables() -> tuple[str, ...]:
    """Variables `CERTLIB_…` of this process that nobody reads: misspelt, or of another release."""
    given = (name for name in os.environ if name.startswith("CERTLIB_"))
    return tuple(sorted(set(given) - known_variables()))


def fingerprints(given: Iterable[str]) -> frozenset[str]:
    """SHA-256 fingerprints as people copy them, `AA:BB:…` or plain: 64 small hex digits each.

    Raises:
        ValueError: something else is among them.
    """
    named = frozenset(text.strip().replace(":", "").lower() for text in given if text.strip())
    if not all(_FINGERPRINT.fullmatch(text) for text in named):
        raise ValueError
    return named


def callers_secret() -> str:
    """`CERTLIB_CLIENT_SECRET` of whoever calls a server, ""; better by file.

    Never an option: a command line is seen by every user of the machine.
    """
    return os.environ.get("CERTLIB_CLIENT_SECRET", "")


class Settings(BaseSettings):
    """How this node runs. Every field may be set as `CERTLIB_<NAME>`.

    Attributes:
        data_dir: database, objects, keys (encrypted) and `demo.json`; losing it loses the library.
        secrets_dir: the key-encryption key, outside `data_dir`; losing it loses `data_dir` too.
        public_url: address in every QR code, sealed in for decades; mandatory outside demo mode.
        demo: development seals (演示 · 不具法律效力), a development authority, demo data.
        database_url: `postgresql://…` chooses the larger profile; the embedded default is SQLite
            inside `data_dir`. The service's own login, with least rights.
        migration_url: the owner's login, used to change the schema only; "" is `database_url`.
        status_url: a login that reads what the public look-up tells; "" is `database_url`.
            Each of the three may stand in a file instead: `…_URL_FILE`.
        objects: where sealed files lie: `file` under `data_dir`, or `s3`.
        s3_endpoint: `https://host:port`; s3_bucket, s3_region: which bucket there.
        s3_access_key_file, s3_secret_key_file: files with the login's two halves.
        s3_ca_file: PEM of the authority behind the endpoint; None takes the system's.
        s3_timeout: seconds for one request to the store with its answer.
        s3_lock: how published files are locked; s3_lock_days: for how long.
        s3_sealed: seal files before they are sent, beside the store's own encryption.
        workers: server processes on one port; more than one needs PostgreSQL.
        body_limit: largest request body in bytes; upload_limit: largest PDF to verify.
        token_seconds: life of an access token.
        threads: worker threads for acts that seal or write.
        request_seconds: deadline of one request; concurrency: acts under way at once.
        drain_seconds: from SIGTERM on `/readyz` says no and everybody is still served, so long.
        batch_limit: most rows in one call of the batch route.
        reader_children: how many uploaded files are read at once.
        renderer_children: how many pages are made at once; 0 makes them in this process,
            two at once.
        rate_read, rate_write, rate_verify: requests a second of one client, by kind; a burst holds
            four seconds' worth; 0 sets no limit. rate_public: of one address without a token;
            rate_upload: files that it may send to `/v`.
        trusted_proxies: networks whose `X-Forwarded-For` says who asks.
        crl_sources, ocsp_sources: addresses of revocation lists and of OCSP responders of others,
            which the worker asks; none other is called. crl_networks: networks of the city that
            both may lead to.
        webhook_networks: networks of the city that webhooks may call although they are not public.
        webhook_ports: ports that webhooks may call.
        webhook_ca_file: PEM of authorities behind receivers, beside the system's.
        history_seal_records: records after which a batch of the history is sealed at once;
            history_seal_seconds: age at which fewer are.
        seal_lead_days: so long before the end of a seal the next one is made, or asked for.
        seal_care_days: how long before what a seal rests on ends it is renewed.
        timestamp_outage_hours: how long seals may go without timestamps; 0 never.
        trust_list: signed list of other authorities that are believed (`trust-list.json`);
            trust_signer: SHA-256 of its signer's X.509 certificate or public key, several
            separated by commas.
        pkcs11_module: path of the PKCS#11 module of a hardware token (HSM); "" is none.
        pkcs11_token: the token's label; pkcs11_pin_file: file with its user's PIN.
        pkcs11_sessions: signatures that the token makes at once; more wait.
        seal_keys: where the keys of new seals are made: `vault`, or `token`.
        signers: sockets of signers, with commas between: this node then has no private keys and
            no key-encryption key. signer_seconds: how long one may take to answer.
        signer_socket: where `certlib signer` listens; signer_users, signer_group: who may ask it
            beside its own user, by name or number.
        signer_minute, signer_day: how often one key may sign; 0 sets no limit. The key of
            timestamps may ten times as often. signer_waiting: questions under way at once.
        history_tsa_url: RFC 3161 authority that stamps those batches instead of our own;
            history_tsa_certificate: PEM file of its X.509 certificate.
        timestamp_sources: TOML file of the RFC 3161 authorities that stamp seals, in their order
            (docs/timestamps.md); None: our own alone.
        clock_sync: `required` stamps nothing while the kernel says that no time source keeps the
            clock; `watched` tells of it only.
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
    database_url: str = Field(default="", repr=False)
    database_url_file: Path | None = None
    migration_url: str = Field(default="", repr=False)
    migration_url_file: Path | None = None
    status_url: str = Field(default="", repr=False)
    status_url_file: Path | None = None
    objects: Literal["file", "s3"] = "file"
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: str = Field(default="", repr=False)
    s3_access_key_file: Path | None = None
    s3_secret_key: str = Field(default="", repr=False)
    s3_secret_key_file: Path | None = None
    s3_ca_file: Path | None = None
    s3_timeout: float = Field(default=10.0, gt=0, le=60)
    s3_lock: Literal["compliance", "governance"] = "compliance"
    s3_lock_days: int = Field(default=3650, ge=1, le=36500)
    s3_sealed: bool = False
    workers: int = Field(default=1, ge=1, le=64)
    body_limit: int = 2_000_000
    upload_limit: int = 20_000_000
    token_seconds: int = 900
    threads: int = 4
    request_seconds: float = 30.0
    concurrency: int = 64
    drain_seconds: float = Field(default=0.0, ge=0, le=300)
    batch_limit: int = 100
    reader_children: int = 2
    renderer_children: int = 2
    rate_read: float = Field(default=200.0, ge=0)
    rate_write: float = Field(default=100.0, ge=0)
    rate_verify: float = Field(default=200.0, ge=0)
    rate_public: float = Field(default=50.0, ge=0)
    rate_upload: float = Field(default=1.0, ge=0)
    trusted_proxies: str = "127.0.0.0/8,::1/128"
    crl_sources: str = ""
    crl_networks: str = ""
    ocsp_sources: str = ""
    webhook_networks: str = ""
    webhook_ports: str = "443"
    webhook_ca_file: Path | None = None
    history_seal_records: int = Field(default=1000, ge=1, le=100_000)
    history_seal_seconds: float = Field(default=60.0, gt=0)
    seal_lead_days: int = Field(default=100, ge=1, le=3650)
    seal_care_days: int = Field(default=60, ge=1, le=3650)
    timestamp_outage_hours: float = Field(default=24.0, ge=0, le=8760)
    trust_list: Path | None = None
    trust_signer: str = ""
    pkcs11_module: Path | None = None
    pkcs11_token: str = ""
    pkcs11_pin: str = Field(default="", repr=False)
    pkcs11_pin_file: Path | None = None
    pkcs11_sessions: int = Field(default=8, ge=1, le=256)
    seal_keys: Literal["vault", "token"] = "vault"
    signers: str = ""
    signer_seconds: float = Field(default=5.0, gt=0, le=60)
    signer_socket: Path | None = None
    signer_users: str = ""
    signer_group: str = ""
    signer_minute: int = Field(default=12_000, ge=0)
    signer_day: int = Field(default=2_000_000, ge=0)
    signer_waiting: int = Field(default=64, ge=1, le=4096)
    history_tsa_url: str = ""
    history_tsa_certificate: Path | None = None
    timestamp_sources: Path | None = None
    clock_sync: Literal["watched", "required"] = "watched"
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, given: Any) -> Any:  # noqa: ANN401 - as pydantic hands it over
        if not isinstance(given, Mapping):
            return given
        found = dict(given)
        for name in SECRETS:
            path = found.pop(f"{name}_file", None) or found.pop(
                f"CERTLIB_{name.upper()}_FILE", None
            )
            if path is None:
                continue
            setting = f"CERTLIB_{name.upper()}"
            if found.get(name):
                raise _wrong(
                    f"{setting} 与 {setting}_FILE 只能设置一个。",
                    f"Set either {setting} or {setting}_FILE, not both.",
                )
            try:
                found[name] = secret_text(Path(path))
            except Unreadable as error:
                raise _wrong(
                    f"无法读取 {setting}_FILE 所指的文件（{error}）。",
                    f"The file that {setting}_FILE names cannot be read ({error}).",
                ) from None
            found[f"{name}_file"] = Path(path)  # the doctor looks at its owner and mode
        return found

    @model_validator(mode="after")
    def _public_url_is_for_decades(self) -> Self:
        if not self.public_url and not self.demo:
            raise _wrong(
                "请设置 CERTLIB_PUBLIC_URL（写入二维码的公开地址），或用 --demo 进入演示模式。",
                "Set CERTLIB_PUBLIC_URL, the public address in every QR code, or use --demo.",
            )
        return self

    @model_validator(mode="after")
    def _networks_can_be_read(self) -> Self:
        for name in ("webhook_networks", "crl_networks", "trusted_proxies"):
            try:
                networks(getattr(self, name).split(","))
            except ValueError:
                setting = f"CERTLIB_{name.upper()}"
                raise _wrong(
                    f"{setting} 应为以逗号分隔的网段，如 10.20.0.0/16,fd00:20::/32。",
                    f"{setting} must be networks like 10.20.0.0/16,fd00:20::/32.",
                ) from None
        ports = self.webhook_ports.split(",")
        if not all(port.isdecimal() and 0 < int(port) < _PORTS for port in ports):
            raise _wrong(
                "CERTLIB_WEBHOOK_PORTS 应为以逗号分隔的端口，如 443,8443。",
                "CERTLIB_WEBHOOK_PORTS must be ports like 443,8443.",
            )
        return self

    @model_validator(mode="after")
    def _sources_can_be_read(self) -> Self:
        if self.timestamp_sources is not None:
            try:
                read_sources(self.timestamp_sources)
            except SourcesUnreadable as error:
                raise _wrong(
                    f"CERTLIB_TIMESTAMP_SOURCES 所指的文件有误（{error.zh}）。",
                    f"The file that CERTLIB_TIMESTAMP_SOURCES names is wrong ({error.en}).",
                ) from None
        return self

    @model_validator(mode="after")
    def _sources_of_lists_are_addresses(self) -> Self:
        for name in ("crl_sources", "ocsp_sources"):
            try:
                plain_addresses(getattr(self, name))
            except ValueError:
                setting = f"CERTLIB_{name.upper()}"
                raise _wrong(
                    f"{setting} 应为以逗号分隔的 http 或 https 地址，最多100个。",
                    f"{setting} must be http or https addresses, commas between, 100 at most.",
                ) from None
        return self

    @model_validator(mode="after")
    def _signer_of_the_list_is_named(self) -> Self:
        try:
            named = self.trust_signers
        except ValueError:
            raise _wrong(
                "CERTLIB_TRUST_SIGNER 应为签名者证书或公钥的 SHA-256（64位十六进制，可有多个）。",
                "CERTLIB_TRUST_SIGNER must be SHA-256 fingerprints: 64 hex digits, commas between.",
            ) from None
        if self.trust_list is not None and not named:
            raise _wrong(
                "设置了 CERTLIB_TRUST_LIST，还须用 CERTLIB_TRUST_SIGNER 指定清单的签名者。",
                "CERTLIB_TRUST_LIST needs CERTLIB_TRUST_SIGNER too: who may have signed the list.",
            )
        return self

    @model_validator(mode="after")
    def _stores_fit_together(self) -> Self:
        for name in _URLS:
            url = getattr(self, name)
            if url and not url.startswith(_SCHEMES):
                raise _wrong(
                    f"CERTLIB_{name.upper()} 应以 postgresql:// 或 sqlite:// 开头。",
                    f"CERTLIB_{name.upper()} must begin with postgresql:// or sqlite://.",
                )
        if self.objects == "s3":
            missing = [f"CERTLIB_{name.upper()}" for name in _S3_NAMES if not getattr(self, name)]
            if missing:
                listed = "、".join(missing)
                raise _wrong(
                    f"CERTLIB_OBJECTS=s3 时还须设置 {listed}（密钥用 …_FILE）。",
                    f"CERTLIB_OBJECTS=s3 needs {', '.join(missing)} too (keys by …_FILE).",
                )
        if self.workers > 1 and self.embedded:
            raise _wrong(
                "内嵌数据库（SQLite）只能有一个服务进程：请改用 PostgreSQL，或取消 --workers。",
                "SQLite has one server process: use PostgreSQL, or leave --workers out.",
            )
        return self

    @model_validator(mode="after")
    def _token_is_told_whole(self) -> Self:
        told = {"pkcs11_token": self.pkcs11_token, "pkcs11_pin": self.pkcs11_pin}
        if self.pkcs11_module is None:
            if self.pkcs11_token or self.seal_keys == "token":
                raise _wrong(
                    "使用密码机还须设置 CERTLIB_PKCS11_MODULE（PKCS#11 模块路径）。",
                    "A token needs CERTLIB_PKCS11_MODULE too, the path of its PKCS#11 module.",
                )
            return self
        missing = [f"CERTLIB_{name.upper()}" for name, value in told.items() if not value]
        if missing:
            raise _wrong(
                f"设置了 CERTLIB_PKCS11_MODULE，还须设置 {'、'.join(missing)}（PIN 用 …_FILE）。",
                f"CERTLIB_PKCS11_MODULE needs {', '.join(missing)} too (the PIN by …_FILE).",
            )
        return self

    @property
    def embedded(self) -> bool:
        """Whether the record is one SQLite file, which one process alone may write."""
        return self.database.startswith("sqlite")

    @property
    def secrets_folder(self) -> Path:
        """Where the key-encryption key lies: never inside `data_dir`."""
        if self.secrets_dir is not None:
            return self.secrets_dir
        return self.data_dir.with_name(self.data_dir.name + "-secrets")

    @property
    def secret_paths(self) -> Mapping[str, Path]:
        """Every secret that is read from a file: the setting that names it, and where it lies."""
        given = {f"CERTLIB_{name.upper()}_FILE": getattr(self, f"{name}_file") for name in SECRETS}
        own = ("data-keys", "signer") if self.signers else ("kek",)
        return {name: self.secrets_folder / name for name in own} | {
            name: path for name, path in given.items() if path is not None
        }

    @property
    def signer_sockets(self) -> tuple[Path, ...]:
        """The sockets in `signers`; none where this node has its keys itself."""
        return tuple(Path(item.strip()) for item in self.signers.split(",") if item.strip())

    @property
    def own_socket(self) -> Path:
        """Where `certlib signer` listens."""
        return self.signer_socket or self.data_dir / "signer.sock"

    @property
    def trust_signers(self) -> frozenset[str]:
        """The fingerprints of `trust_signer`, as readers compare them."""
        return fingerprints(self.trust_signer.split(","))

    @property
    def url(self) -> str:
        """The public address without a trailing slash."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'certlib.sqlite'}"
