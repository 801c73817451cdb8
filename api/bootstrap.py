"""The only place that builds adapters: settings in, a node with its use cases out."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from api.clock import SystemClock, SystemEntropy
from api.custody import Custody, open_custody
from api.data_folder import hold_lock, make_private
from api.json_schema import JsonSchemaValidator
from api.node_secrets import node_secrets
from api.notices import Notices, open_notices
from api.outside_answers import OutsideAnswers, open_outside_answers
from api.outside_lists import OutsideLists, open_outside_lists
from api.seal_care import lowering, plan_of
from api.settings import Settings
from api.shipped import divisions, working_days
from api.signing_figures import SigningFigures
from api.stamping import history_timestamps, timestamp_chain
from api.stores import store_options
from api.timings import TimedRenderer, TimedSealer, Timings
from certlib.divisions import DivisionTable
from certlib.ports import Clock, Entropy, Renderer, TimestampSource
from certlib.usecases.add_form import AddForms
from certlib.usecases.amend import AmendCertificates
from certlib.usecases.change_state import ChangeState
from certlib.usecases.due_lists import DueLists
from certlib.usecases.follow import FollowChanges
from certlib.usecases.halt import GatedCustody, SealingGate
from certlib.usecases.issue import IssueCertificates, IssuingOptions, SideBySide
from certlib.usecases.keep_batches import KeepBatches
from certlib.usecases.keep_blanks import KeepBlanks
from certlib.usecases.keep_paper import KeepPaper
from certlib.usecases.lock_files import LockFiles
from certlib.usecases.make import MakeDrafts
from certlib.usecases.manage_departments import ManageDepartments
from certlib.usecases.manage_issue_list import ManageIssueList
from certlib.usecases.manage_types import ManageTypes
from certlib.usecases.preflight import Preflight
from certlib.usecases.preserve import PreserveSeals
from certlib.usecases.produce import Workshop
from certlib.usecases.read import ReadCertificates
from certlib.usecases.read_drafts import ReadDrafts
from certlib.usecases.reconcile import Reconcile
from certlib.usecases.record_holders import RecordHolders
from certlib.usecases.record_results import RecordResults
from certlib.usecases.report import MakeReports, Origin
from certlib.usecases.reveal import RevealCertificates
from certlib.usecases.review import ReviewDrafts
from certlib.usecases.revise import ReviseCertificates
from certlib.usecases.seal import SealDrafts
from certlib.usecases.seal_history import SealHistory, SealingOptions
from certlib.usecases.verify import VerifyCertificates
from keys.authority import DevelopmentAuthority
from keys.ocsp import OcspResponder
from keys.signer.remote import OnRecord, RemoteResponder, RemoteStamps
from keys.stamp_clock import StampClock
from keys.timestamp_chain import TimestampChain
from keys.trust_store import ListOfOthers, ListOptions, TrustStore
from keys.validation_material import StoredMaterial
from signing.archive import ArchiveLifter
from signing.evidence.child import ChildEvidenceReader, ChildOptions
from signing.evidence.reader import InProcessEvidenceReader
from signing.pages.child import ChildRenderer, RenderingOptions
from signing.pages.renderer import TypstRenderer
from signing.pages.sample import sample_fields
from signing.receipts import ReceiptPress
from signing.sealing import PadesSealer
from storage.encryption import Cipher
from storage.engines import EngineOptions
from storage.objects import FileObjectStore
from storage.profile import (
    apply_roles,
    is_founded,
    make_bucket,
    migrate,
    open_stores,
)
from storage.registry import SqlRegistry
from storage.roles import script
from storage.s3 import S3ObjectStore
from storage.status import StatusReader

_PAGES_AT_ONCE = 2  # in this process: while one is sealed, another is typeset


@dataclass(frozen=True, slots=True)
class Node:
    """A running node: its parts, and what can be done with them."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    divisions: DivisionTable
    registry: SqlRegistry
    objects: FileObjectStore | S3ObjectStore
    status: StatusReader
    authority: DevelopmentAuthority
    ocsp: OcspResponder | RemoteResponder
    materials: StoredMaterial
    outside_lists: OutsideLists
    outside_answers: OutsideAnswers
    trust: TrustStore
    stamp_clock: StampClock
    timestamps: RemoteStamps
    timestamp_sources: TimestampChain | None
    renderer: Renderer
    reader: ChildEvidenceReader
    timings: Timings
    token_key: bytes
    issue: IssueCertificates
    make: MakeDrafts
    revise: ReviseCertificates
    add_form: AddForms
    review: ReviewDrafts
    seal: SealDrafts
    drafts: ReadDrafts
    change: ChangeState
    amend: AmendCertificates
    results: RecordResults
    due_lists: DueLists
    read: ReadCertificates
    reveal: RevealCertificates
    follow: FollowChanges
    notices: Notices
    verify: VerifyCertificates
    reports: MakeReports
    reconcile: Reconcile
    preserve: PreserveSeals
    lock_files: LockFiles | None
    types: ManageTypes
    departments: ManageDepartments
    issue_list: ManageIssueList
    holders: RecordHolders
    seal_history: SealHistory
    paper: KeepPaper
    blanks: KeepBlanks
    resources: ExitStack

    samples = staticmethod(sample_fields)

    def close(self) -> None:
        """Ends children, connections and the writer's lock."""
        self.resources.close()


@dataclass(frozen=True, slots=True)
class Desk:
    """What verifies files beside a running node, reads its record and makes receipts."""

    registry: SqlRegistry
    reader: ChildEvidenceReader
    trust: TrustStore
    verify: VerifyCertificates
    reports: MakeReports
    resources: ExitStack

    def close(self) -> None:
        """Ends children and connections."""
        self.resources.close()


def open_node(
    settings: Settings,
    *,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    beside: bool = False,
) -> Node:
    """Opens the node in `settings.data_dir`, founding what is missing; or `beside` its server.

    Raises:
        DataFolderBusy: another process writes to the same embedded database.
        KeyUnusable: wrong key-encryption key, or damaged keys.
        StoreUnavailable: a folder, the database or the bucket cannot be reached.
        StoreUnfit: database or bucket are not set up as they must be.
    """
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    with ExitStack() as stack:
        make_private(settings.data_dir)
        if settings.embedded and not beside:
            hold_lock(settings.data_dir, stack)
        node = _built(settings, clock, entropy, stack)
        if settings.embedded and not beside:
            node.objects.sweep_temporaries()  # the lock is ours: a crash left what lies there
        return node


def prepare_stores(settings: Settings) -> None:
    """Makes the bucket where there is none; `certlib init` does this before it opens the node.

    Raises:
        StoreUnavailable: the store does not answer.
        StoreUnfit: the login has not the rights for it.
    """
    make_bucket(store_options(settings))


def upgrade_database(settings: Settings, *, roles: bool = False) -> None:
    """Brings the schema to this release with the owner's login, and its roles if asked for.

    Raises:
        Corrupt: the schema is one that this release does not know.
        StoreUnavailable: the database does not answer.
        StoreUnfit: the login has not the rights for it.
    """
    options = store_options(settings)
    migrate(options)
    if roles:
        apply_roles(options)


def roles_script() -> str:
    """Least rights as SQL, for an operator's own hands."""
    return script()


def open_desk(settings: Settings) -> Desk:
    """Opens the record of `settings.data_dir` for reading, beside a server that runs.

    Raises:
        KeyUnusable: no key-encryption key, or the wrong one.
        StoreUnavailable: the database cannot be reached.
    """
    clock, entropy = SystemClock(), SystemEntropy()
    secrets = node_secrets(settings, entropy)
    with ExitStack() as stack:
        options = EngineOptions(settings.database)
        registry = SqlRegistry(options, Cipher(secrets.data, entropy), clock)
        stack.callback(registry.close)
        figures = SigningFigures()
        custody = open_custody(
            settings, secrets, registry, clock, entropy, watch=figures, stack=stack
        )
        trust = _trust(settings, custody.authority, keeps=False)
        children = ChildOptions(children=settings.reader_children)
        reader = ChildEvidenceReader(trust.material, children)
        stack.callback(reader.close)
        verify = VerifyCertificates(registry, reader, clock, divisions(), trust.trust_list)
        # Commands for reading need no address: without one nothing is linked.
        origin = Origin(settings.node_id, settings.public_url, not settings.public_url)
        reports = _reports(origin, custody, custody.timestamps, clock, entropy)
        return Desk(registry, reader, trust, verify, reports, stack.pop_all())


def _built(settings: Settings, clock: Clock, entropy: Entropy, stack: ExitStack) -> Node:
    options = store_options(settings)
    migrate(options)
    # A second key beside data that the first one sealed would only hide that the first is missing.
    founded = (settings.data_dir / "keys" / "register").exists() or is_founded(options)
    secrets = node_secrets(settings, entropy, create=not founded)
    stores = open_stores(options, Cipher(secrets.data, entropy), clock, entropy, stack)
    registry, objects = stores.registry, stores.objects
    timings = Timings()
    custody = open_custody(
        settings, secrets, registry, clock, entropy, watch=timings.signing, stack=stack
    )
    authority, timestamps = custody.authority, custody.timestamps
    renderer = TimedRenderer(_renderer(settings, stack), timings)
    table, calendar = divisions(), working_days()
    trust = _trust(settings, authority)
    children = ChildOptions(children=settings.reader_children)
    timings.readings.most_children.set(settings.reader_children)
    reader = ChildEvidenceReader(trust.material, children, timings.readings)
    stack.callback(reader.close)
    materials = StoredMaterial(trust.material, authority.crls, clock)
    gated = GatedCustody(custody.keys, SealingGate(registry, clock))
    sources = timestamp_chain(settings, timestamps, trust, clock, entropy)
    origin = Origin(settings.node_id, settings.url, settings.demo)
    stamps = sources or timestamps
    workshop = Workshop(
        renderer=renderer,
        sealer=OnRecord(
            TimedSealer(PadesSealer(gated, stamps, clock, materials=materials), timings)
        ),
        reader=InProcessEvidenceReader(trust.material),
        objects=objects,
        clock=clock,
        public_url=settings.url,
        plan=plan_of(settings),
        lowering=lowering(settings, registry, clock),
    )
    preflight = Preflight(JsonSchemaValidator(), table, renderer, clock)
    side_by_side = _side_by_side(settings, stack)
    issuing = IssuingOptions(demonstration=settings.demo, side_by_side=side_by_side)
    issue = IssueCertificates(registry, preflight, workshop, clock, entropy, issuing)
    make = MakeDrafts(registry, preflight, workshop, clock, entropy, issuing)
    return Node(
        settings=settings,
        clock=clock,
        entropy=entropy,
        divisions=table,
        registry=registry,
        objects=objects,
        status=stores.status,
        authority=authority,
        ocsp=custody.ocsp,
        materials=materials,
        outside_lists=open_outside_lists(settings, trust),
        outside_answers=open_outside_answers(settings, trust, authority, entropy),
        trust=trust,
        stamp_clock=custody.stamp_clock,
        timestamps=timestamps,
        timestamp_sources=sources,
        renderer=renderer,
        reader=reader,
        timings=timings,
        token_key=secrets.token_key,
        issue=issue,
        make=make,
        revise=ReviseCertificates(registry, issue, make, clock),
        add_form=AddForms(registry, workshop, clock, entropy, issuing),
        review=ReviewDrafts(registry, clock),
        seal=SealDrafts(registry, workshop, clock, entropy, issuing),
        drafts=ReadDrafts(registry, workshop, clock),
        change=ChangeState(registry, clock, table),
        amend=AmendCertificates(registry, clock, calendar),
        results=RecordResults(registry, clock),
        due_lists=DueLists(registry, clock, calendar),
        reveal=RevealCertificates(registry, clock),
        follow=FollowChanges(registry, clock),
        notices=open_notices(settings, registry, clock, entropy),
        read=ReadCertificates(registry, objects, clock),
        verify=VerifyCertificates(registry, reader, clock, table, trust.trust_list),
        reports=_reports(origin, custody, stamps, clock, entropy),
        reconcile=Reconcile(registry, workshop, clock),
        preserve=PreserveSeals(
            registry,
            objects,
            workshop.reader,
            ArchiveLifter(stamps, materials),
            clock,
            workshop.plan,
        ),
        lock_files=_lock_files(settings, registry, objects),
        departments=ManageDepartments(registry, table, clock, entropy),
        issue_list=ManageIssueList(registry, clock),
        holders=RecordHolders(registry, table, clock, entropy),
        types=ManageTypes(registry, renderer, JsonSchemaValidator(), clock),
        seal_history=SealHistory(
            registry,
            _kept_batches(settings, registry, objects),
            custody.keys.history_key,
            history_timestamps(settings, stamps),
            clock,
            SealingOptions(
                settings.node_id, settings.history_seal_records, settings.history_seal_seconds
            ),
        ),
        paper=KeepPaper(registry, clock),
        blanks=KeepBlanks(registry, clock),
        resources=stack.pop_all(),
    )


def _reports(
    origin: Origin, custody: Custody, stamps: TimestampSource, clock: Clock, entropy: Entropy
) -> MakeReports:
    """Nothing is made before the first receipt is asked for, the key neither."""
    press = ReceiptPress(custody.keys.report_key, custody.keys, stamps, clock)
    return MakeReports(press, clock, entropy, origin)


def _kept_batches(
    settings: Settings, registry: SqlRegistry, objects: FileObjectStore | S3ObjectStore
) -> KeepBatches:
    """Batches are locked as published files are, where the store locks."""
    lock = None if isinstance(objects, FileObjectStore) else objects.retain
    return KeepBatches(registry, objects, lock, settings.s3_lock_days)


def _lock_files(
    settings: Settings, registry: SqlRegistry, objects: FileObjectStore | S3ObjectStore
) -> LockFiles | None:
    """A file system has no lock that its owner could not take away again."""
    if isinstance(objects, FileObjectStore):
        return None
    return LockFiles(registry, objects, settings.s3_lock_days)


def _renderer(settings: Settings, stack: ExitStack) -> Renderer:
    if settings.renderer_children == 0:
        return TypstRenderer(at_once=_PAGES_AT_ONCE)
    renderer = ChildRenderer(RenderingOptions(children=settings.renderer_children))
    stack.callback(renderer.close)
    return renderer


def _side_by_side(settings: Settings, stack: ExitStack) -> SideBySide:
    """While one row of a group is sealed and stored, others are rendered."""
    count = 1 + (settings.renderer_children or _PAGES_AT_ONCE)
    return stack.enter_context(ThreadPoolExecutor(count, "issue")).map


def _trust(settings: Settings, own: DevelopmentAuthority, *, keeps: bool = True) -> TrustStore:
    """The own authority, and the signed list of others where one is set."""
    options = ListOptions.of(settings.trust_list, settings.trust_signers)
    return TrustStore(own, ListOfOthers(settings.data_dir / "trust", options, keeps=keeps))
