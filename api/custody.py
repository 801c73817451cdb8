"""Where the keys of this node are: in this process, or with signers that it asks."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from api.hardware import token_of
from api.node_secrets import NodeSecrets, shared_secret
from api.settings import Settings
from api.stamping import stamp_clock
from certlib.errors import KeyUnusable
from certlib.ports import Clock, Entropy, KeyHandle
from certlib.registry import Registry
from certlib.usecases.halt import SealingGate
from keys.authority import AuthorityOptions, DevelopmentAuthority, open_or_create
from keys.ocsp import OcspResponder
from keys.signer.client import Connection, SignerOptions, Signers, Watch, Watched
from keys.signer.ledger import Ledger, Limits
from keys.signer.remote import RemoteAuthority, RemoteResponder, RemoteStamps, SignedHere
from keys.signer.service import SigningOptions, SigningService
from keys.stamp_clock import StampClock
from keys.timestamps import TimestampAuthority
from signing.cms import SealTemplate
from storage.engines import EngineOptions
from storage.signing_record import SqlSigningRecord

__all__ = [
    "Custody",
    "open_custody",
    "own_authority",
    "remote_authority",
    "signers_of",
    "signing_service",
]

_STAMPS = 10
"""How often the key of timestamps may sign for each time that another may."""


@dataclass(frozen=True, slots=True)
class Custody:
    """What signs for this node.

    Attributes:
        authority: what is published, and who has which seal.
        keys: handles of the keys that this node uses, asked for each signature.
        timestamps: our own timestamp authority.
        stamp_clock: the clock that its tokens are made by; with signers, only looked at.
        ocsp: tells others of revoked certificates.
    """

    authority: DevelopmentAuthority
    keys: SignedHere | RemoteAuthority
    timestamps: RemoteStamps
    stamp_clock: StampClock
    ocsp: OcspResponder | RemoteResponder


def open_custody(  # noqa: PLR0913 - what a signer of its own would be given, too
    settings: Settings,
    secrets: NodeSecrets,
    registry: Registry,
    clock: Clock,
    entropy: Entropy,
    *,
    watch: Watch,
    stack: ExitStack,
) -> Custody:
    """The custody that the settings choose; the same service answers in either place.

    Raises:
        KeyUnusable: wrong key-encryption key, damaged keys, or no secret for the signers.
        SigningUnavailable: no signer answers.
    """
    stamps = stamp_clock(settings, clock)
    if settings.signers:
        signers = signers_of(settings, settings.signer_sockets, entropy)
        stack.callback(signers.close)
        connection: Connection = Watched(signers, watch)
        remote = RemoteAuthority(connection, clock)
        told = RemoteResponder(connection)
        return Custody(remote, remote, RemoteStamps(connection), stamps, told)
    authority = own_authority(settings, secrets, clock, entropy)
    tokens = TimestampAuthority(authority.timestamp_key, stamps, entropy)
    service = signing_service(settings, authority, registry, tokens, clock, stack)
    connection = Watched(service, watch)
    here = SignedHere(authority, connection)
    told_here = OcspResponder(authority, clock)
    return Custody(authority, here, RemoteStamps(connection), stamps, told_here)


def own_authority(
    settings: Settings, secrets: NodeSecrets, clock: Clock, entropy: Entropy
) -> DevelopmentAuthority:
    """The authority in the data folder, founded there when needed.

    Raises:
        KeyUnusable: wrong or no key-encryption key, or damaged keys.
        SigningUnavailable: the folder cannot be read or written.
    """
    if secrets.kek is None:
        raise KeyUnusable(what="no key-encryption key: this node asks signers")
    options = AuthorityOptions(
        settings.url,
        lead_days=settings.seal_lead_days,
        hardware_seals=settings.seal_keys == "token",
    )
    folder, token = settings.data_dir / "keys", token_of(settings)
    return open_or_create(folder, secrets.kek, clock, entropy, options, token)


def remote_authority(settings: Settings, clock: Clock, entropy: Entropy) -> RemoteAuthority:
    """The authority of the signers, for a command that ends soon.

    Raises:
        KeyUnusable: no secret for the signers.
        SigningUnavailable: no signer answers.
    """
    return RemoteAuthority(signers_of(settings, settings.signer_sockets, entropy), clock)


def signers_of(settings: Settings, paths: Sequence[Path], entropy: Entropy) -> Signers:
    """Whoever listens at these sockets; nobody is asked yet.

    Raises:
        KeyUnusable: no secret for the signers.
    """
    options = SignerOptions(paths, shared_secret(settings), settings.signer_seconds)
    return Signers(options, entropy)


def signing_service(
    settings: Settings,
    authority: DevelopmentAuthority,
    registry: Registry,
    tokens: TimestampAuthority,
    clock: Clock,
    stack: ExitStack,
) -> SigningService:
    """What signs with the keys of `authority`, looking at the record on a connection of its own.

    Raises:
        SigningUnavailable: the ledger cannot be opened.
    """
    record = SqlSigningRecord(EngineOptions(settings.database))
    stack.callback(record.close)
    ledger = Ledger(settings.data_dir / "keys")
    stack.callback(ledger.close)
    templates: dict[tuple[bytes, ...], SealTemplate] = {}

    def attributes(key: KeyHandle, digest: bytes) -> bytes:
        found = templates.get(key.chain)
        if found is None:
            found = templates[key.chain] = SealTemplate(key.chain, key.algorithm)
        return found.attributes(digest)

    def names() -> dict[str, str]:
        with registry.read() as session:
            return {item.credit_code: item.name for item in session.departments()}

    minute, day = settings.signer_minute, settings.signer_day
    options = SigningOptions(
        node=settings.node_id,
        limits=Limits(minute, day),
        stamps=Limits(_STAMPS * minute, _STAMPS * day),
        waiting=settings.signer_waiting,
    )
    return SigningService(
        authority,
        tokens,
        record,
        ledger,
        attributes=attributes,
        names=names,
        gate=SealingGate(registry, clock).need,
        clock=clock,
        options=options,
        ocsp=OcspResponder(authority, clock).respond,
    )
