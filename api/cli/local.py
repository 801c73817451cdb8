"""What verifies files on this machine: with the record when it is at hand, offline when not."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from api.cli.configuration import reading_settings
from api.cli.failures import UsageProblem
from api.clock import SystemClock, SystemEntropy
from api.custody import own_authority as authority_here
from api.custody import remote_authority
from api.node_secrets import DATA_KEYS, node_secrets
from api.settings import Settings
from certlib.divisions import DivisionTable
from certlib.ports import Clock, TrustMaterial
from certlib.registry import Registry
from certlib.snapshot import SnapshotHeader
from certlib.trust import TrustList
from certlib.usecases.report import MakeReports
from certlib.usecases.verify import VerifyCertificates
from keys.authority import DevelopmentAuthority
from keys.snapshot_memory import MEMORY_NAME, newer_seen
from keys.snapshots import FileSnapshot, open_snapshot
from keys.trust import open_trust
from signing.evidence.child import ChildEvidenceReader, ChildOptions


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk at which files are verified.

    Attributes:
        online: the record is at hand; without it no certificate of ours can be `valid`.
        most: largest file that is read, octets.
        reports: makes sealed receipts; None on a machine without keys.
        snapshot: what is asked instead of a record, if any; newer_seen: of when a newer one is
            that was used here before.
    """

    verify: VerifyCertificates
    clock: Clock
    online: bool
    most: int
    resources: ExitStack
    reports: MakeReports | None = None
    snapshot: SnapshotHeader | None = None
    newer_seen: datetime | None = None

    def close(self) -> None:
        """Ends children and connections."""
        self.resources.close()


def open_local(
    data_dir: Path,
    trust: Path | None,
    children: int,
    signers: frozenset[str] = frozenset(),
    snapshot: Path | None = None,
) -> Desk:
    """Opens the record of `data_dir` for reading, beside a server that runs, or does without.

    `trust` replaces what this node believes, by a folder in either form of `keys.trust`;
    `signers` may have signed the list in it. Whoever names a `snapshot` asks that instead of any
    record: it needs `trust`.

    Raises:
        CertlibError: the record or the anchors are there and cannot be read.
        UsageProblem: a setting is wrong.
    """
    settings = reading_settings(data_dir).model_copy(update={"reader_children": children})
    clock = SystemClock()
    with ExitStack() as stack:
        registry: Registry | None = None
        reports: MakeReports | None = None
        places = DivisionTable({})
        reader: ChildEvidenceReader | None = None
        believed: Callable[[], TrustList] | None = None
        if snapshot is None and _has_record(settings):
            from api.bootstrap import open_desk
            from api.shipped import divisions

            places = divisions()
            desk = open_desk(settings)
            stack.callback(desk.close)
            registry, reader, believed = desk.registry, desk.reader, desk.trust.trust_list
            reports = desk.reports
        material = TrustMaterial()
        if reader is None or trust is not None:
            if trust is not None:
                found, material = open_trust(trust, signers)
                believed = lambda: found  # noqa: E731 - the list does not change under one command
            reader = ChildEvidenceReader(lambda: material, ChildOptions(children=children))
            stack.callback(reader.close)
        kept: FileSnapshot | None = None
        if snapshot is not None and believed is not None:
            kept = open_snapshot(snapshot, believed(), material, clock.now())
            stack.callback(kept.close)
        verify = VerifyCertificates(registry, reader, clock, places, believed, kept)
        online = registry is not None
        return Desk(
            verify,
            clock,
            online,
            settings.upload_limit,
            stack.pop_all(),
            reports,
            None if kept is None else kept.header,
            None if kept is None or trust is None else _newer(trust, kept),
        )


def _newer(trust: Path, kept: FileSnapshot) -> datetime | None:
    return newer_seen(trust / MEMORY_NAME, kept.header)


def own_authority(data_dir: Path) -> DevelopmentAuthority:
    """The authority of `data_dir`; none is founded.

    Raises:
        UsageProblem: there is none, or a setting is wrong.
        KeyUnusable: no key-encryption key, or the wrong one.
        SigningUnavailable: the keys are with signers, and none answers.
    """
    settings, clock, entropy = need_node(data_dir), SystemClock(), SystemEntropy()
    if settings.signers:
        return remote_authority(settings, clock, entropy)
    return authority_here(settings, node_secrets(settings, entropy), clock, entropy)


def need_node(data_dir: Path) -> Settings:
    """The settings of a node that was founded: no command but `init` makes keys.

    Raises:
        UsageProblem: there is none, or a setting is wrong.
    """
    settings = reading_settings(data_dir)
    if not settings.signers and not (settings.data_dir / "keys" / "register").exists():
        raise UsageProblem(
            f"{data_dir} 中没有密钥，请先运行 certlib init。",
            f"There are no keys in {data_dir}: run certlib init first.",
        )
    return settings


def need_keys_here(data_dir: Path) -> None:
    """Asked before the first step of whatever changes keys: half of it must not be done.

    Raises:
        UsageProblem: the keys lie with signers, or a setting is wrong.
    """
    if reading_settings(data_dir).signers:
        raise UsageProblem(
            "密钥在签名进程处（CERTLIB_SIGNERS），未作任何更改：请在运行 certlib signer 的机器上，"
            "以其用户、其密钥设置和本机的数据库登录及对象存储设置执行同一命令（docs/signers.md）。",
            "The keys lie with signers (CERTLIB_SIGNERS), nothing was changed: run this where "
            "certlib signer runs, as its user, with its keys, and with the database login and the "
            "object store that are set here (docs/signers.md).",
        )


def key_summaries(data_dir: Path) -> list[dict[str, Any]]:
    """Every key of `data_dir`, nothing secret, beside a server that runs; none is made.

    Raises:
        UsageProblem: there is none, or a setting is wrong.
        KeyUnusable: no key-encryption key, or the wrong one.
    """
    return [
        {
            "name": item.name,
            "purpose": item.purpose,
            "state": item.state,
            "algorithm": item.algorithm,
            "subject": item.subject,
            "issuer_code": item.issuer_code,
            "fingerprint": item.fingerprint,
            "not_before": item.not_before.isoformat(),
            "not_after": item.not_after.isoformat(),
            "token": item.token,
        }
        for item in own_authority(data_dir).list_keys()
    ]


def _has_record(settings: Settings) -> bool:
    """Whether there is a record, and the key that opens it; nothing is made by looking."""
    stored = bool(settings.database_url) or (settings.data_dir / "certlib.sqlite").exists()
    if settings.signers:
        return stored and (settings.secrets_folder / DATA_KEYS).exists()
    register = settings.data_dir / "keys" / "register"
    kek = settings.secrets_folder / "kek"
    return stored and register.exists() and kek.exists()
