"""The ground on which forgers stand: a house with certificates on record, a PKI, honest papers."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from certlib import ids
from certlib.certificate import Decision
from certlib.evidence import FileFacts
from certlib.ports import TrustMaterial
from certlib.states import Action
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.issue import IssueRequest
from certlib.usecases.revise import RevisionRequest
from certlib.usecases.verify import Answer, Question
from certlib.verification import POLICIES
from signing.evidence.child import ChildEvidenceReader, ChildOptions
from signing.evidence.process import ChildLimits
from signing.sealing import PadesSealer
from tests.attacks.generator.authorities import REVOKED_SERIAL, odd_authorities
from tests.attacks.generator.minting import Minted, Profile, authority, minted
from tests.attacks.generator.papers import paper
from tests.unit.signing.signing_pki import TestTimestamps, make_page
from tests.unit.usecases.house import CALLER, ISSUER, NOW, OTHER, build, order

ELSEWHERE = "91445202MA9TEXT00K"


class SteadyTimestamps(TestTimestamps):
    """The same token for the same imprint."""

    def token(self, imprint: bytes, algorithm: str = "sha256") -> bytes:
        self.serial = int.from_bytes(imprint[:6], "big")
        return super().token(imprint, algorithm)


class OnceReader:
    """Reads each file once: policies are judged by the same facts."""

    def __init__(self, inner):
        self._inner = inner
        self._last: tuple[bytes, FileFacts] | None = None

    def read(self, pdf: bytes) -> FileFacts:
        if self._last is None or self._last[0] != pdf:
            self._last = (pdf, self._inner.read(pdf))
        return self._last[1]


class Ground:
    """Everything honest that a forger starts from; made once, never changed by a case.

    Attributes:
        genuine, revoked, superseded: certificates on record byte for byte, and what became of them.
        content: what the genuine one says.
    """

    def __init__(self, folder: Path) -> None:
        self.root = authority("揭阳市证照根")
        self.issuing = authority("揭阳市签章机构", self.root)
        self.seal = minted(Profile("揭阳市交通运输局", self.issuing, code=ISSUER))
        self.other_seal = minted(Profile("揭阳市发展改革局", self.issuing, code=OTHER))
        self.revoked_seal = minted(
            Profile("揭阳市交通运输局", self.issuing, code=ISSUER, serial=66)
        )
        stamp = Profile("揭阳市时间戳", self.root, purposes=("time_stamping",))
        self.stamping = minted(stamp)
        self.strangers_root = authority("外地根")
        self.stranger = minted(Profile("外地单位", self.strangers_root, code=ELSEWHERE))
        self.revoked_stranger = minted(
            Profile("外地单位", self.strangers_root, code=ELSEWHERE, serial=66)
        )
        self.timestamps = SteadyTimestamps(self.stamping, moment=NOW)
        self.trust = TrustMaterial(
            seal_anchors=(self.root.der, self.strangers_root.der),
            timestamp_anchors=(self.root.der,),
            crls=self._revocation_lists(),
            issuers=(self.issuing.der,),
        )
        # Three seconds of the processor decide, not of the wall: other tests run beside.
        limits = ChildLimits(wall_seconds=60.0, processor_seconds=3)
        self._child = ChildEvidenceReader(lambda: self.trust, ChildOptions(limits=limits))
        self.house = self._furnished(folder)
        self._issue_all()

    def _revocation_lists(self) -> tuple[bytes, ...]:
        """Of every authority there is: a wrong signer shall fail by what is wrong about it."""
        revoked = [(serial, NOW - timedelta(days=30)) for serial in (66, REVOKED_SERIAL)]
        roots = (self.root, self.strangers_root)
        below = [item for root in roots for item in odd_authorities(root).values()]
        named = (*roots, self.issuing, *below, self.seal, self.stranger)
        return tuple(item.crl(revoked) for item in named)

    def _furnished(self, folder: Path):
        house = build(folder)
        house.renderer.render = lambda wanted: make_page(wanted.attachment)
        house.sealer.seal = self.sealer().seal
        house.reader.read = OnceReader(self._child).read
        return house

    def sealer(self, seal: Minted | None = None, timestamps: TestTimestamps | None = None):
        """Our own sealer, with whatever key."""
        stamps = timestamps or self.timestamps
        return PadesSealer(seal or self.seal, stamps, self.house_clock(), reserved=12 * 1024)

    def house_clock(self):
        class Still:
            def now(self):
                return NOW

        return Still()

    def warm(self) -> None:
        self._child.warm()

    def close(self) -> None:
        self._child.close()

    def judged(self, pdf: bytes, policy: str) -> Answer:
        return self.house.verify.by_file(pdf, Question(policy=POLICIES[policy]))

    # --- certificates on record -----------------------------------------------------------------

    def _issued(self, key: str) -> str:
        wanted = order(number=f"粤交运许可字 {key} 号")
        return self.house.issue.issue_one(CALLER, IssueRequest(wanted, key)).identifier

    def _file(self, identifier: str) -> bytes:
        name = self.house.certificate(identifier).files[0].object_name
        return self.house.objects.get(name)

    def _issue_all(self) -> None:
        """In one order, so that each gets the same identifier in every ground."""
        first, second, third = (self._issued(f"000{number}") for number in (1, 2, 3))
        decision = Decision(Action.REVOKE, "penalty", date(2026, 11, 21), "法", "号", "机关")
        self.house.change.change(CALLER, ChangeRequest(second, decision, "revoke"))
        changed = {"fields": {"KZ_JYFW": "道路旅客运输"}}
        self.house.revise.revise(CALLER, RevisionRequest(third, "change", "next", changed))
        self.genuine, self.revoked, self.superseded = map(self._file, (first, second, third))
        self.content = self.house.certificate(first).content

    def sealed(self, content=None, seal: Minted | None = None, *, page: bytes = b"", **options):
        """Our sealer's work beside the record: an insider, or a stolen key."""
        content = content or self.content
        stamps = options.get("timestamps")
        sealer = self.sealer(seal, stamps)
        return sealer.seal(
            page or make_page(content.canonical()), content, options.get("level", "B-T")
        ).pdf

    def unrecorded(self, serial: str = "9" * 20, **changes):
        """The content with an identifier of ours that is on no record."""
        issuer = changes.get("issuer_code", self.content.issuer_code)
        identifier = str(ids.build(self.content.type_code, issuer, serial, 1))
        return replace(self.content, identifier=identifier, **changes)

    # --- papers of strangers ---------------------------------------------------------------------

    def paper(self, level: int | None = None, **changes) -> bytes:
        """An honest paper of a trusted stranger."""
        return paper(self.stranger, level, timestamps=self.timestamps, **changes)
