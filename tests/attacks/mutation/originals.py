"""The files that are mutated: what the service makes and seals, and honest papers of strangers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from asn1crypto import cms

from api.demo.orders import Term, order
from api.shipped import type_files
from certlib.calendar import legal_day
from certlib.catalogue import TypeVersion
from certlib.registry import IssueListEntry
from certlib.usecases.issue import IssueRequest
from certlib.usecases.verify import VerifyCertificates
from signing.evidence.reader import read_facts
from signing.pages.renderer import TypstRenderer
from storage.encryption import Cipher
from storage.engines import EngineOptions
from storage.migrations import upgrade
from storage.registry import SqlRegistry
from tests.attacks.attacks_forging import object_of, revision, root_of, size_of
from tests.attacks.generator.dss import _honest, _stamped, _timestamped
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.minting import Profile, minted, rsa_key
from tests.attacks.generator.papers import seal_dictionary, stream
from tests.unit.usecases.house import CALLER, ISSUER, NOW, TYPE, CountingEntropy, SetClock

WANTED = (
    ("licence-landscape", "ecdsa", "B-T"),
    ("licence-portrait", "rsa", "B-T"),
    ("card", "ecdsa", "B-B"),
    ("inspection-report", "ecdsa", "B-T"),
    ("proof-bilingual", "rsa", "B-B"),
)
"""Design, key and level of the certificates that are made."""


@dataclass(frozen=True)
class Original:
    """A file of which mutants are made.

    Attributes:
        ours: a certificate of this library.
    """

    name: str
    pdf: bytes
    ours: bool


class FactsReader:
    """Facts that were read before: one reading, as many judgements as are wanted."""

    def __init__(self) -> None:
        self.facts = None

    def read(self, pdf: bytes):
        return self.facts


class Originals:
    """Made once: the same files, byte for byte, in every run.

    Attributes:
        genuine: they, and those of B-T as they would be at B-B. Whoever takes a timestamp away has
            a file of our form; nothing but the record knows that it was never issued.
        own: judges with the record on which the certificates of this library stand.
        elsewhere: judges with the record of a library in another city, which has issued nothing.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "here").mkdir()
        (folder / "elsewhere").mkdir()
        self.ground = Ground(folder / "here")
        self.ground.close()
        self.trust = self.ground.trust
        house = self.ground.house
        self.facts = FactsReader()
        self.files = (*self._ours(), *self._theirs())
        lower = (_without_timestamp(item.pdf) for item in self.files if item.name.endswith("-B-T"))
        self.genuine = frozenset((*(item.pdf for item in self.files), *lower))
        self.own = VerifyCertificates(house.registry, self.facts, house.clock, house.divisions)
        self.elsewhere = VerifyCertificates(
            _nobodys(folder / "elsewhere"), self.facts, house.clock, house.divisions
        )

    def _ours(self) -> Iterator[Original]:
        ground, house = self.ground, self.ground.house
        house.renderer.render = TypstRenderer().render
        house.reader.read = lambda pdf: read_facts(pdf, ground.trust)
        rsa = Profile("揭阳市交通运输局", ground.issuing, code=ISSUER, key=rsa_key("seal", 3072))
        seals = {"ecdsa": ground.seal, "rsa": minted(replace(rsa, serial=67))}
        for number, (design, key, level) in enumerate(WANTED, 1):
            sealer = ground.sealer(seals[key])
            house.sealer.seal = lambda pdf, content, _, sealer=sealer, level=level: sealer.seal(
                pdf, content, level
            )
            pdf = self._issued(_version(design), number)
            yield Original(f"{design}-{key}-{level}", pdf, ours=True)
            if number == 1:
                yield Original(f"{design}-lifted", self._lifted(pdf), ours=True)

    def _issued(self, found: tuple[TypeVersion, str], number: int) -> bytes:
        version, text = found
        house = self.ground.house
        with house.registry.begin() as uow:
            uow.put_type_version(version, text)
            began = legal_day(NOW) - timedelta(days=365)
            uow.put_issue_entry(IssueListEntry(version.type_code, ISSUER, began))
            uow.commit()
        today = legal_day(NOW)
        made = order(version, number, Term(today, today, today + timedelta(days=700)))
        wanted = replace(made, issuer_code=ISSUER)
        issued = house.issue.issue_one(CALLER, IssueRequest(wanted, f"mutants-{number}"))
        return self.ground._file(issued.identifier)

    def _lifted(self, pdf: bytes) -> bytes:
        """B-LTA: validation material, then a document timestamp over everything."""
        info = b"/Info " + re.findall(rb"/Info (\d+ 0 R)", pdf)[-1]
        fresh, root = size_of(pdf), root_of(pdf)
        store = b"<< /DSS << /Type /DSS /Certs [%d 0 R] >> " % fresh
        catalog = object_of(pdf, root).replace(b"<<", store, 1)
        pdf = revision(pdf, {root: catalog, fresh: stream(self.ground.root.der)}, trailer=info)
        fresh, form = size_of(pdf), _number(pdf, b"/Fields")
        seal = seal_dictionary(kind=b"/ETSI.RFC3161")
        seal = seal.replace(b"/Type /Sig ", b"/Type /DocTimeStamp ")
        field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Stamp) /F 132 /Rect [0 0 0 0]"
        fields = object_of(pdf, form).replace(b"/Fields [", b"/Fields [%d 0 R " % fresh, 1)
        objects = {form: fields, fresh: field + b" /V %d 0 R >>" % (fresh + 1), fresh + 1: seal}
        return _stamped(revision(pdf, objects, trailer=info), self.ground.timestamps)

    def _theirs(self) -> Iterator[Original]:
        ground = self.ground
        paper = ground.paper()
        yield Original("paper", paper, ours=False)
        yield Original("paper-certified", ground.paper(2), ours=False)
        lifted = _timestamped(_honest(ground, paper), ground.timestamps)
        yield Original("paper-lifted", lifted, ours=False)


def _without_timestamp(pdf: bytes) -> bytes:
    gap = re.search(rb"/Contents <([0-9a-f]+)>", pdf)
    message = cms.ContentInfo.load(bytes.fromhex(gap[1].decode()))
    del message["content"]["signer_infos"][0]["unsigned_attrs"]
    octets = message.dump(force=True).hex().encode().ljust(len(gap[1]), b"0")
    return pdf[: gap.start(1)] + octets + pdf[gap.end(1) :]


def _nobodys(folder: Path) -> SqlRegistry:
    """The record of another city: none of our departments, types and certificates."""
    clock = SetClock()
    path = folder / "certlib.sqlite"
    upgrade(f"sqlite:///{path}")
    cipher = Cipher(b"e" * 32, CountingEntropy())
    return SqlRegistry(EngineOptions(f"sqlite:///{path}"), cipher, clock)


def _version(design: str) -> tuple[TypeVersion, str]:
    """The type of that design whose samples bring the most pictures."""
    # One code is a type of the house of tests, too.
    found = [
        item for item in type_files() if item[0].design == design and item[0].type_code != TYPE
    ]
    return max(found, key=lambda item: item[1].count("contentMediaType"))


def _number(pdf: bytes, entry: bytes) -> int:
    """The object in whose value the last such entry stands."""
    before = pdf[: pdf.rindex(entry)]
    return int(before[: before.rindex(b" 0 obj")].split()[-1])
