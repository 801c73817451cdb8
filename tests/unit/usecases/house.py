"""A small house for use-case tests: real registry on SQLite, real rules, fake paper and seal."""

import hashlib
import json
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path

from api.egress.addresses import AddressPolicy
from api.json_schema import JsonSchemaValidator
from api.notices import Notices
from certlib.catalogue import type_version_from
from certlib.divisions import DivisionTable
from certlib.document import Holder
from certlib.errors import NotFound, SigningUnavailable
from certlib.evidence import ChangeFacts, ChangeGrade, ChangeKind, FileFacts
from certlib.ports import DesignDigests, Receipt, SealedDocument
from certlib.registry import Department, IssueListEntry
from certlib.sealing_errors import TimestampMissing
from certlib.usecases.add_form import AddForms
from certlib.usecases.amend import AmendCertificates
from certlib.usecases.caller import SCOPES, Caller
from certlib.usecases.change_state import ChangeState
from certlib.usecases.due_lists import DueLists
from certlib.usecases.follow import FollowChanges
from certlib.usecases.issue import IssueCertificates, IssuingOptions
from certlib.usecases.keep_batches import KeepBatches
from certlib.usecases.keep_blanks import KeepBlanks
from certlib.usecases.keep_paper import KeepPaper
from certlib.usecases.make import MakeDrafts
from certlib.usecases.manage_departments import ManageDepartments
from certlib.usecases.manage_issue_list import ManageIssueList
from certlib.usecases.manage_types import ManageTypes
from certlib.usecases.order import IssueOrder, IssueRequest
from certlib.usecases.preflight import Preflight
from certlib.usecases.produce import Workshop
from certlib.usecases.read import ReadCertificates
from certlib.usecases.read_drafts import ReadDrafts
from certlib.usecases.reconcile import Reconcile
from certlib.usecases.record_holders import RecordHolders
from certlib.usecases.record_results import RecordResults
from certlib.usecases.reveal import RevealCertificates
from certlib.usecases.review import ReviewDrafts
from certlib.usecases.revise import ReviseCertificates
from certlib.usecases.seal import SealDrafts
from certlib.usecases.seal_history import SealHistory, SealingOptions
from certlib.usecases.verify import VerifyCertificates
from certlib.workdays import WorkingDays
from storage.encryption import Cipher
from storage.engines import EngineOptions
from storage.migrations import upgrade
from storage.objects import FileObjectStore
from storage.registry import SqlRegistry
from tests.fakes import evidence

TYPE = "11100000000019713D008"
FOUR_EYES = "11445200990090307L001"
CLOSED = "114452009900901633001"
STEPS = "11445200990090139J101"
NUMBERED = "11445200990090139J102"
NUMBERLESS = "11445200990090139J103"
ENDLESS = "11445200990090139J104"
PEOPLE = "11445200990090139J105"
LONG = "11445200990090139J106"
FORMS = ["original", "duplicate", "annex"]
PATTERN = "揭交许〔{year}〕{division}-{serial:04}号"
ISSUER = "11445200990090139J"
OTHER = "11445200990090016H"
DIVISIONS = DivisionTable.from_csv(
    resources.files("certlib.data").joinpath("divisions.csv").read_text("utf-8")
)
CALENDAR = WorkingDays.from_csv(
    resources.files("certlib.data").joinpath("holidays.csv").read_text("utf-8")
)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


class SetClock:
    def __init__(self, now=NOW):
        self.moment = now

    def now(self):
        return self.moment

    def pass_time(self, **span):
        self.moment += timedelta(**span)


class CountingEntropy:
    """Different octets at every call, the same in every run."""

    def __init__(self):
        self.calls = 0

    def octets(self, count):
        self.calls += 1
        stream = b"".join(
            hashlib.sha256(f"{self.calls}/{block}".encode()).digest()
            for block in range(count // 32 + 1)
        )
        return stream[:count]


class PlainRenderer:
    """A page is its canonical attachment; 𰻝 is the character no font has."""

    def __init__(self):
        self.error = None
        self.refusals = ()

    def render(self, order):
        if self.error is not None:
            raise self.error
        return (b"%DRAFT " if order.draft else b"%PAGE ") + order.attachment

    def problems(self, fields, version):
        return self.refusals

    def unprintable(self, text):
        return next((character for character in text if character == "𰻝"), "")

    def digests(self, design):
        if design == "no-such-design":
            raise NotFound
        return DesignDigests("t" * 64, "f" * 64, "0.15")


class PlainSealer:
    """Seals by wrapping, with a counter, so that two seals of one page differ as real ones do."""

    def __init__(self):
        self.error = None
        self.seals = 0
        self.asked = []
        self.untimed = False  # no timestamp authority answers

    def seal(self, pdf, content, level="B-T"):
        self.asked.append(level)
        if self.error is not None:
            raise self.error
        self.seals += 1
        sealed = json.dumps(
            {
                "page": pdf.removeprefix(b"%PAGE ").decode(),
                "signer": content.issuer_code,
                "seal": self.seals,
                "stamped": level != "B-B" and not self.untimed,
            }
        ).encode()
        if self.untimed and level != "B-B":
            raise TimestampMissing(pdf=sealed, what="authority")
        return SealedDocument(sealed, hashlib.sha256(sealed).hexdigest(), level)


class PlainReader:
    """Each line after the first is an archive timestamp."""

    def __init__(self):
        self.reads = 0
        self.blind = set()
        self.orphaned = False

    def read(self, pdf):
        self.reads += 1
        digest = hashlib.sha256(pdf).hexdigest()
        if digest in self.blind:
            return FileFacts(sha256=digest, size=len(pdf), readable=False, fault="timeout")
        sealed, *archives = pdf.split(b"\n")
        try:
            found = json.loads(sealed)
            content = found["page"]
            identifier = json.loads(content)["ZZBS"]
        except (ValueError, KeyError, TypeError):
            return FileFacts(sha256=digest, size=len(pdf), readable=False, fault="not-pdf")
        signer = evidence.certificate(code=found["signer"])
        path = evidence.chain(signer, evidence.authority(), evidence.anchor())
        intact = not found.get("broken", False)
        if self.orphaned:
            path = evidence.unchained(signer=signer)
        seal = evidence.signature(message=evidence.message(digest_ok=intact, chain=path))
        if self.orphaned or not found.get("stamped", True):
            seal = replace(seal, timestamp=None)
        lines = [json.loads(line) for line in archives]
        kinds = [line.get("changes", "document_timestamp") for line in lines]
        changes = ChangeFacts(ChangeGrade.PERMITTED, tuple(map(ChangeKind, kinds)))
        return FileFacts(
            sha256=digest,
            size=len(pdf),
            readable=True,
            signatures=(seal, *map(_archive, lines)),
            changes=changes if lines else ChangeFacts(),
            validation_material=bool(lines),
            identifier=identifier,
            content=content,
            looks_ours=identifier != "",
        )


def _archive(line):
    end = datetime.fromisoformat(line["end"])
    path = evidence.chain(evidence.stamper(not_after=end), evidence.anchor())
    message = evidence.message(chain=path, digest_ok="broken" not in line)
    stamp = replace(evidence.timestamp(datetime.fromisoformat(line["at"])), message=message)
    return evidence.signature(
        kind=line.get("kind", "document_timestamp"),
        message=message,
        timestamp=stamp,
        certified=None,
        covers_file="uncovered" not in line,
    )


class PaperStamps:
    """Key of the history and timestamp authority in one, both of paper."""

    name, algorithm, chain = "history", "ecdsa-p256-sha256", (b"DER of history",)
    error = None

    def sign(self, message):
        return b"signed " + hashlib.sha256(message).digest()

    def token(self, imprint, algorithm="sha256"):
        if self.error is not None:
            raise self.error
        return b"token " + imprint


class PlainSender:
    """The world outside: what was posted, and what comes back."""

    def __init__(self):
        self.posted = []
        self.receipts = []

    def send(self, url, letters):
        for letter in letters:
            self.posted.append((url, letter))
            yield self.receipts.pop(0) if self.receipts else Receipt(200)


@dataclass
class House:
    clock: SetClock
    entropy: CountingEntropy
    renderer: PlainRenderer
    sealer: PlainSealer
    reader: PlainReader
    registry: SqlRegistry
    objects: FileObjectStore
    issue: IssueCertificates
    change: ChangeState
    read: ReadCertificates
    verify: VerifyCertificates
    reconcile: Reconcile
    types: ManageTypes
    seal_history: SealHistory
    history: PaperStamps
    reveal: RevealCertificates
    follow: FollowChanges
    paper: KeepPaper
    blanks: KeepBlanks
    outside: PlainSender
    notices: Notices
    make: MakeDrafts
    revise: ReviseCertificates
    add_form: AddForms
    review: ReviewDrafts
    seal: SealDrafts
    drafts: ReadDrafts
    amend: AmendCertificates
    results: RecordResults
    due_lists: DueLists
    departments: ManageDepartments
    issue_list: ManageIssueList
    holders: RecordHolders
    divisions: DivisionTable

    def counts(self):
        with self.registry.read() as session:
            return session.counts()

    def certificate(self, identifier):
        with self.registry.read() as session:
            return session.certificate(identifier)

    def trail(self):
        """The whole history."""
        with self.registry.read() as session:
            return session.audit_trail()

    def audit(self):
        """The acts, without what the history says of rows."""
        return [record for record in self.trail() if record.target != "rows"]


def definition(type_code, **changes):
    return {
        "type_code": type_code,
        "version": "2026.1",
        "name": f"测试类型{type_code[-3:]}",
        "name_en": "Test type",
        "design": "licence-landscape",
        "category": "证照执照",
        "holder_category": "organisation",
        "term_years": 4,
        "max_holders": 2,
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "additionalProperties": False,
            "required": ["KZ_JYFW"],
            "properties": {
                "KZ_JYFW": {
                    "type": "string",
                    "title": "经营范围",
                    "x-title-en": "Scope",
                    "x-order": 10,
                    "x-sample": "道路普通货物运输",
                    "maxLength": 100,
                },
                "KZ_CLS": {
                    "type": "integer",
                    "title": "车辆数",
                    "x-title-en": "Vehicles",
                    "x-order": 20,
                    "x-sample": 36,
                    "minimum": 0,
                    "maximum": 99999,
                },
            },
        },
        **changes,
    }


@cache
def _empty():
    """A database with its tables: to migrate anew for each test costs more than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certlib.sqlite"
        upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def build(folder, stores=None):
    """`stores(cipher, clock, entropy)` gives another registry and object store."""
    clock, entropy = SetClock(), CountingEntropy()
    cipher = Cipher(b"k" * 32, entropy)
    if stores is None:
        path = folder / "certlib.sqlite"
        url = f"sqlite:///{path}"
        if not path.exists():
            path.write_bytes(_empty())
        registry = SqlRegistry(EngineOptions(url), cipher, clock)
        objects = FileObjectStore(folder / "objects", cipher)
    else:
        registry, objects = stores(cipher, clock, entropy)
    renderer, sealer, reader = PlainRenderer(), PlainSealer(), PlainReader()
    with registry.begin() as uow:
        uow.put_department(
            Department(ISSUER, "揭阳市交通运输局", "市交通局", "445200", "prefecture")
        )
        uow.put_department(
            Department(OTHER, "揭阳市发展改革局", "市发改局", "445200", "prefecture")
        )
        for type_code, changes in (
            (TYPE, {}),
            (FOUR_EYES, {"approvals": 1}),
            (CLOSED, {"status": "withdrawn"}),
            (STEPS, {"approvals": 1, "separate_sealer": True, "forms": FORMS}),
            (NUMBERED, {"numbering": {"source": "library", "pattern": PATTERN}}),
            (NUMBERLESS, {"numbering": "none"}),
            (ENDLESS, {"term_years": None}),
        ):
            data = definition(type_code, **changes)
            uow.put_type_version(type_version_from(data), json.dumps(data))
            uow.put_issue_entry(
                IssueListEntry(type_code, ISSUER, date(2020, 1, 1), date(2030, 1, 1))
            )
        uow.commit()
    workshop = Workshop(renderer, sealer, reader, objects, clock, "https://zz.example.cn")
    preflight = Preflight(JsonSchemaValidator(), DIVISIONS, renderer, clock)
    options = IssuingOptions(demonstration=True)
    issue = IssueCertificates(registry, preflight, workshop, clock, entropy, options)
    make = MakeDrafts(registry, preflight, workshop, clock, entropy, options)
    stamps = PaperStamps()
    outside = PlainSender()
    return House(
        clock,
        entropy,
        renderer,
        sealer,
        reader,
        registry,
        objects,
        issue,
        ChangeState(registry, clock, DIVISIONS),
        ReadCertificates(registry, objects, clock),
        VerifyCertificates(registry, reader, clock, DIVISIONS),
        Reconcile(registry, workshop, clock, 3),
        ManageTypes(registry, renderer, JsonSchemaValidator(), clock),
        SealHistory(
            registry,
            KeepBatches(registry, objects),
            lambda: stamps,
            stamps,
            clock,
            SealingOptions("445200", 5, 60.0),
        ),
        stamps,
        reveal=RevealCertificates(registry, clock),
        follow=FollowChanges(registry, clock),
        paper=KeepPaper(registry, clock),
        blanks=KeepBlanks(registry, clock),
        outside=outside,
        notices=Notices.over(registry, outside, AddressPolicy(), clock, entropy),
        make=make,
        revise=ReviseCertificates(registry, issue, make, clock),
        add_form=AddForms(registry, workshop, clock, entropy, options),
        review=ReviewDrafts(registry, clock),
        seal=SealDrafts(registry, workshop, clock, entropy, options),
        drafts=ReadDrafts(registry, workshop, clock),
        amend=AmendCertificates(registry, clock, CALENDAR),
        results=RecordResults(registry, clock),
        due_lists=DueLists(registry, clock, CALENDAR),
        departments=ManageDepartments(registry, DIVISIONS, clock, entropy),
        issue_list=ManageIssueList(registry, clock),
        holders=RecordHolders(registry, DIVISIONS, clock, entropy),
        divisions=DIVISIONS,
    )


def put_long(house):
    """A type whose seals are to last."""
    data = definition(LONG, seal_level="B-LTA")
    with house.registry.begin() as uow:
        uow.put_type_version(type_version_from(data), json.dumps(data))
        uow.put_issue_entry(IssueListEntry(LONG, ISSUER, date(2020, 1, 1), date(2030, 1, 1)))
        uow.commit()
    return house


CALLER = Caller("dept-system", ISSUER, frozenset(SCOPES), person="officer-1", request_id="r-1")
STRANGER = Caller("other-system", OTHER, frozenset(SCOPES))


def order(**changes):
    base = IssueOrder(
        type_code=TYPE,
        issuer_code=ISSUER,
        number="粤交运许可字 0001 号",
        holders=(Holder("揭阳市示例运输有限公司", "001", "91445202MA9TEXT00K"),),
        issue_date=date(2026, 11, 20),
        division_code="445202",
        fields={"KZ_JYFW": "道路普通货物运输"},
        valid_from=date(2026, 11, 20),
        valid_to=date(2030, 11, 19),
    )
    return replace(base, **changes)


def request(key="key-1", **changes):
    return IssueRequest(order(**changes), key)


DOWN = SigningUnavailable(what="timestamp")


def with_people(house, **changes):
    """A type of certificate for natural persons."""
    data = definition(PEOPLE, **{"holder_category": "person", **changes})
    with house.registry.begin() as uow:
        uow.put_type_version(type_version_from(data), json.dumps(data))
        uow.put_issue_entry(IssueListEntry(PEOPLE, ISSUER, date(2020, 1, 1), date(2030, 1, 1)))
        uow.commit()
