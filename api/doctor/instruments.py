"""The doctor's hands: each function looks at one adapter, opens it and closes it again."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from api.custody import signers_of
from api.doctor.model import Subject
from api.egress.addresses import plain_addresses
from api.hardware import token_of
from api.node_secrets import NodeSecrets, node_secrets
from api.preview import preview_order
from api.shipped import type_files
from api.stamping import Asked, ClockStanding, Listed, ask_sources, history_source, stamp_clock
from api.stores import store_options
from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial
from certlib.registry import Backlog, HistoryTail
from keys import outside_answers, outside_lists
from keys.inspection import AuthorityFacts, facts_of, inspect
from keys.signer.remote import RemoteAuthority, RemoteStamps
from keys.signer.wire import Ask, Request
from keys.timestamps import TimestampAuthority
from keys.trust import CRL_FOLDER, OCSP_FOLDER
from keys.trust_store import ListOfOthers, ListOptions, TrustStanding
from signing.evidence.child import ChildEvidenceReader, ChildOptions
from signing.evidence.sandbox import MEASURES
from signing.pages.child import ChildRenderer, RenderingOptions
from signing.pages.fonts import PACKAGED_FONTS
from storage import inspection
from storage.encryption import Cipher
from storage.engines import EngineOptions
from storage.objects import FileObjectStore
from storage.profile import check_bucket
from storage.registry import SqlRegistry
from storage.s3_client import server_time

_SECONDS: Final = 5.0
_IMPRINT: Final = hashlib.sha256(b"certlib doctor").digest()


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What waits in the record."""

    backlog: Backlog
    tail: HistoryTail


def secrets(subject: Subject) -> NodeSecrets:
    """What this node was given; raises `KeyUnusable`, `StoreUnavailable`. Nothing is made."""
    return node_secrets(subject.settings, subject.entropy)


def signer(subject: Subject, socket: Path) -> None:
    """Asks the signer there whether keys and record are at hand; raises `CertlibError`."""
    signers = signers_of(subject.settings, (socket,), subject.entropy)
    with closing(signers):
        signers.ask(Request(Ask.CHECK))


def database(subject: Subject) -> inspection.DatabaseFacts:
    """The database behind the service's login; raises `StoreUnavailable`, `Corrupt`."""
    return inspection.database(subject.settings.database, subject.clock)


def rights(subject: Subject) -> inspection.RightsFacts:
    """What the service's login may do; raises `StoreUnavailable`."""
    return inspection.login_rights(subject.settings.database)


def public_sight(subject: Subject) -> inspection.Sight:
    """What the login of the public look-up sees; raises `StoreUnavailable`."""
    return inspection.seen_by(subject.settings.status_url)


def check_key(subject: Subject) -> None:
    """Raises `KeyUnusable` when the key-encryption key does not belong to this database."""
    with _registry(subject) as registry:
        registry.check_key()


def record(subject: Subject) -> RecordFacts:
    """What waits; raises `StoreUnavailable`."""
    with _registry(subject) as registry, registry.read() as session:
        return RecordFacts(session.backlog(), session.history_tail())


def probe_objects(subject: Subject) -> None:
    """Writes, reads and removes a probe of its own; on a bucket all that a start asks, too.

    Raises:
        StoreUnavailable: the store does not answer.
        StoreUnfit: the bucket is not as it must be; the sentence names what is missing.
    """
    options = store_options(subject.settings)
    if options.bucket is None:
        # A probe is not sealed: any key will do.
        with closing(FileObjectStore(options.folder, Cipher(bytes(32), subject.entropy))) as store:
            store.probe()
    else:
        check_bucket(options, subject.entropy)


def store_time(subject: Subject) -> datetime | None:
    """What time it is at the object store, to the second; None where it is a folder."""
    options = store_options(subject.settings)
    return None if options.bucket is None else server_time(options.bucket.s3)


def authority(subject: Subject) -> AuthorityFacts:
    """Keys, certificates and revocation lists; raises `KeyUnusable`, `SigningUnavailable`."""
    secret, now = secrets(subject).kek, subject.clock.now()
    if secret is None:
        settings = subject.settings
        with closing(signers_of(settings, settings.signer_sockets, subject.entropy)) as signers:
            return facts_of(RemoteAuthority(signers, subject.clock).snapshot(), now)
    folder, token = subject.settings.data_dir / "keys", token_of(subject.settings)
    try:
        return inspect(folder, secret, subject.entropy, now, token)
    finally:
        if token is not None:
            token.close()


def token(subject: Subject) -> tuple[str, ...]:
    """Mechanisms with which the token signs, after a login; nothing is signed.

    Raises:
        SigningUnavailable: no module, no such token, or the PIN is refused.
    """
    found = token_of(subject.settings)
    if found is None:
        return ()
    with closing(found):
        return found.mechanisms()


def trust(subject: Subject) -> TrustStanding:
    """How it is with the signed list of other authorities; nothing is remembered by looking."""
    settings = subject.settings
    options = ListOptions.of(settings.trust_list, settings.trust_signers)
    return ListOfOthers(settings.data_dir / "trust", options, keeps=False).standing()


def silent_sources(subject: Subject) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Places, from 1, of sources from which nothing is here that holds: lists, responders."""
    settings, now = subject.settings, subject.clock.now()
    trust_folder = settings.data_dir / "trust"
    lists = [
        outside_lists.holds(outside_lists.file_of(trust_folder / CRL_FOLDER, url), now)
        for url in plain_addresses(settings.crl_sources)
    ]
    answers = [
        outside_answers.holding(trust_folder / OCSP_FOLDER, url, now) > 0
        for url in plain_addresses(settings.ocsp_sources)
    ]
    return _missing(lists), _missing(answers)


def _missing(found: Sequence[bool]) -> tuple[int, ...]:
    return tuple(place for place, here in enumerate(found, 1) if not here)


def own_timestamp(subject: Subject) -> None:
    """A token of the node's own timestamp authority; raises `SigningUnavailable`."""
    settings = subject.settings
    if settings.signers:
        signers = signers_of(settings, settings.signer_sockets, subject.entropy)
        with closing(signers):
            RemoteStamps(signers).token(_IMPRINT)
        return
    key = authority(subject).timestamp_key
    TimestampAuthority(key, subject.clock, subject.entropy).token(_IMPRINT)


def clock(subject: Subject) -> ClockStanding:
    """How it is with the clock that tokens are made by; raises `SigningUnavailable`."""
    return stamp_clock(subject.settings, subject.clock).standing()


def remote_timestamp(subject: Subject) -> None:
    """A token of the authority that stamps the history; it is held against our clock.

    Raises:
        KeyUnusable: its certificate is missing.
        SigningUnavailable: it does not answer, or its answer does not hold.
    """
    history_source(subject.settings, subject.clock, subject.entropy, 60.0).token(_IMPRINT)


def timestamp_sources(subject: Subject) -> list[Asked]:
    """How every authority answers that stamps seals from elsewhere.

    Raises:
        KeyUnusable: its certificate is missing.
    """
    believed = Listed(trust(subject))
    return list(ask_sources(subject.settings, believed, subject.clock, subject.entropy))


def page(subject: Subject) -> bytes:
    """A sample page, made in a child as the service makes them.

    Raises:
        SigningUnavailable: no child, or it died.
        Corrupt, NotFound: a design or a font is missing.
    """
    del subject
    version = next(version for version, _ in type_files())
    options = RenderingOptions(children=1, idle_seconds=_SECONDS)
    with closing(ChildRenderer(options)) as renderer:
        return renderer.render(preview_order(version))


def facts(subject: Subject) -> FileFacts:
    """What a reading child finds in such a page: a whole PDF without any seal."""
    made = page(subject)
    options = ChildOptions(children=1, idle_seconds=_SECONDS)
    with closing(ChildEvidenceReader(TrustMaterial, options)) as reader:
        return reader.read(made)


def measures(subject: Subject) -> tuple[str, ...]:
    """What holds a reading child in on this machine, of all that `missing_measures` knows."""
    del subject
    options = ChildOptions(children=1, idle_seconds=_SECONDS)
    with closing(ChildEvidenceReader(TrustMaterial, options)) as reader:
        reader.warm()
        return reader.measures


def missing_measures(held: tuple[str, ...]) -> tuple[str, ...]:
    """Those that this machine does not allow."""
    return tuple(name for name in MEASURES if name not in held)


def missing_fonts() -> tuple[str, ...]:
    """Names of font files of the pages that are not there, or empty."""
    return tuple(
        path.name for path in PACKAGED_FONTS if not path.is_file() or not path.stat().st_size
    )


@contextmanager
def _registry(subject: Subject) -> Iterator[SqlRegistry]:
    with ExitStack() as stack:
        cipher = Cipher(secrets(subject).data, subject.entropy)
        options = EngineOptions(subject.settings.database, pool_size=1, timeout=_SECONDS)
        registry = SqlRegistry(options, cipher, subject.clock)
        stack.callback(registry.close)
        yield registry
