"""Proves an exported history without any database: chain, Merkle roots, seals, timestamps."""

import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from api.audit.batches import Batch, BatchChain, Header, header_of
from api.audit.canonical import canonical
from api.audit.export import BATCH, FORMAT
from api.audit.merkle import leaf, path, root, root_by
from api.audit.report import CannotAudit, Violation
from api.audit.trust import Trust, trust_of_files

_CHANGED = ("changed", "记录不是规范形式或无法读取", "the line is no record in canonical form")
_GAP = ("gap", "记录序号有缺口", "the sequence has a gap")
_LINK = ("link", "记录与前一条不衔接", "the record does not follow the one before")
_COUNT = ("batch-records", "批次中的记录多于或少于封签时", "not as many records as were sealed")
_ROOT = ("batch-root", "记录与封签时不符", "the records are not those that were sealed")
_HEAD = ("batch-head", "批次末条记录与封签头不符", "the last record is not the sealed one")
_MISSING = ("missing", "文件缺失或无法读取", "files are missing or cannot be read")
_MOST_FOUND = 1000


@dataclass(slots=True)
class Proof:
    """What was checked and found.

    Attributes:
        first, last: numbers of the first and last batch; 0 when there is none.
        records: how many records seals cover; `unsealed`: how many none does yet.
        since, until: when the first and the last batch were sealed.
        whole: the first batch is the first of the history, so nothing before it is missing.
        roots: hex SHA-256 of the certificates that were believed.
        found: the records that were asked for, each in its batch.
    """

    first: int = 0
    last: int = 0
    records: int = 0
    unsealed: int = 0
    since: str = ""
    until: str = ""
    whole: bool = False
    roots: tuple[str, ...] = ()
    faults: list[Violation] = field(default_factory=list)
    found: list["Inclusion"] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        """What `certlib audit --prove --json` prints."""
        return {
            "proved": self.holds,
            "first_batch": self.first,
            "last_batch": self.last,
            "records": self.records,
            "unsealed": self.unsealed,
            "sealed_from": self.since,
            "sealed_to": self.until,
            "from_the_beginning": self.whole,
            "roots": list(self.roots),
            "faults": [
                {"subject": one.subject, "code": one.code, "text": {"zh": one.zh, "en": one.en}}
                for one in self.faults
            ],
            "found": [one.summary() for one in self.found],
        }


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One record with the proof that a sealed batch holds it.

    Attributes:
        proof: sibling hashes from the leaf to the root (RFC 6962 section 2.1.1).
        batch: None in the tail, which no seal covers yet.
    """

    record: dict[str, Any]
    index: int
    size: int
    proof: tuple[bytes, ...]
    batch: Batch | None

    def summary(self) -> dict[str, Any]:
        """Which record lies in which batch."""
        said = {name: self.record[name] for name in ("sequence", "at", "actor", "act", "target")}
        return {**said, "batch": self.batch.number if self.batch is not None else None}

    def as_json(self) -> dict[str, Any]:
        """A file that proves by itself, to whoever believes the root."""
        batch = self.batch
        if batch is None:
            return {}
        return {
            "format": FORMAT,
            "record": self.record,
            "index": self.index,
            "size": self.size,
            "path": [step.hex() for step in self.proof],
            "batch": batch.number,
            "header": json.loads(batch.header),
            "signature": b64encode(batch.signature).decode(),
            "certificate": b64encode(batch.certificate).decode(),
            "timestamp": b64encode(batch.token).decode(),
        }


def prove(folder: Path, trust: Trust, record: str = "") -> Proof:
    """Checks an export; `record` asks for the records of a target, or one by its sequence.

    Raises:
        CannotAudit: the folder is no export.
    """
    manifest = _manifest(folder)
    proof = Proof(roots=_fingerprints(trust))
    prover = _Prover(folder, trust, record, proof)
    proof.first, proof.last = manifest["first_batch"], manifest["last_batch"]
    proof.whole = proof.first <= 1
    prover.batches()
    if not manifest["to"]:
        prover.tail()
    return proof


class _Prover:
    """Walks along the batches.

    Attributes:
        before: sequence and digest of the record before, None when that is unknown.
    """

    def __init__(self, folder: Path, trust: Trust, wanted: str, proof: Proof) -> None:
        self._folder = folder
        self._trust = trust
        self._wanted = wanted
        self._proof = proof
        self._certificates = _certificates(folder)
        self._before: tuple[int, str] | None = (0, "")

    def batches(self) -> None:
        """All batches that the manifest names."""
        proof = self._proof
        numbers = range(proof.first, proof.last + 1) if proof.last else range(0)
        there = {item.name for item in (self._folder / "batches").glob("*")}
        named = {int(name) for name in there if re.fullmatch(r"[0-9]{6,18}", name)}
        kept = [number for number in sorted(named) if number in numbers]
        if len(kept) != len(numbers) or len(there) != len(kept):
            self._fault("batches", _MISSING)
        chain = BatchChain(self._trust, anywhere=not proof.whole)
        self._before = (0, "") if proof.whole else None
        for number in kept:
            self._batch(chain, number)

    def _batch(self, chain: BatchChain, number: int) -> None:
        try:
            batch, lines = self._read(number)
        except OSError:
            self._fault(f"batch {number}", _MISSING)
            self._before = None
            return
        header, faults = chain.take(batch)
        for fault in faults:
            self._fault(f"batch {number}", fault)
        self._records(lines, batch, header)

    def tail(self) -> None:
        """What no seal covers yet."""
        try:
            lines = _lines(self._folder / "tail")
        except OSError:
            self._fault("tail", _MISSING)
            return
        self._proof.unsealed = len(lines)
        for line in lines:
            said = self._follows(line)
            if said is not None and self._is_wanted(said):
                self._found(Inclusion(said, 0, 0, (), None))

    def _read(self, number: int) -> tuple[Batch, list[bytes]]:
        place = self._folder / BATCH.format(number)
        header = (place / "header.json").read_bytes()
        certificate = self._certificates.get(_certificate_of(header), b"")
        signature = (place / "signature.der").read_bytes()
        token = (place / "timestamp.tst").read_bytes()
        return Batch(number, header, certificate, signature, token), _lines(place)

    def _records(self, lines: list[bytes], batch: Batch, header: Header | None) -> None:
        leaves = [leaf(line) for line in lines]
        for index, line in enumerate(lines):
            said = self._follows(line)
            if said is not None and self._is_wanted(said):
                proof = tuple(path(leaves, index))
                self._found(Inclusion(said, index, len(leaves), proof, batch))
        self._proof.records += len(lines)
        if header is None:
            return
        self._proof.since = self._proof.since or header.sealed_at
        self._proof.until = header.sealed_at
        subject = f"batch {batch.number}"
        if len(lines) != header.count or not lines:
            self._fault(subject, _COUNT)
        elif root(leaves).hex() != header.root:
            self._fault(subject, _ROOT)
        elif self._before != (header.last, header.head):
            self._fault(subject, _HEAD)

    def _follows(self, line: bytes) -> dict[str, Any] | None:
        """The record on a line, after it was held against the one before."""
        said = _record(line)
        if said is None:
            place = "?" if self._before is None else str(self._before[0] + 1)
            self._fault(place, _CHANGED)
            self._before = None
            return None
        if self._before is not None:
            sequence, digest = self._before
            if said["sequence"] != sequence + 1:
                self._fault(str(said["sequence"]), _GAP)
            elif said["previous"] != digest:
                self._fault(str(said["sequence"]), _LINK)
        self._before = (said["sequence"], sha256(line).hexdigest())
        return said

    def _is_wanted(self, said: dict[str, Any]) -> bool:
        return bool(self._wanted) and self._wanted in {said["target"], str(said["sequence"])}

    def _found(self, inclusion: Inclusion) -> None:
        if len(self._proof.found) < _MOST_FOUND:
            self._proof.found.append(inclusion)

    def _fault(self, subject: str, fault: tuple[str, str, str]) -> None:
        self._proof.faults.append(Violation(subject, *fault))


def prove_inclusion(file: Path, trust: Trust) -> Proof:
    """Checks the proof of one record, as `Inclusion.as_json` wrote it.

    Raises:
        CannotAudit: the file is no such proof.
    """
    try:
        said = json.loads(file.read_bytes())
        record, header = said["record"], canonical(said["header"])
        names = ("signature", "certificate", "timestamp")
        signature, certificate, token = (b64decode(said[name], validate=True) for name in names)
        steps = [bytes.fromhex(step) for step in said["path"]]
        batch = Batch(said["batch"], header, certificate, signature, token)
        entry = leaf(canonical(record))
        made = root_by(entry, said["index"], said["size"], steps)
        place = (record["sequence"] - said["index"], said["size"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CannotAudit("这不是包含证明文件。", "This is no proof of inclusion.") from error
    found, faults = BatchChain(trust, anywhere=True).take(batch)
    proof = Proof(batch.number, batch.number, records=1, roots=_fingerprints(trust))
    proof.faults += [Violation(f"batch {batch.number}", *fault) for fault in faults]
    if found is not None:
        proof.since = proof.until = found.sealed_at
        if made is None or made.hex() != found.root or place != (found.first, found.count):
            proof.faults.append(Violation(str(record["sequence"]), *_ROOT))
    if proof.holds:
        proof.found.append(Inclusion(record, said["index"], said["size"], tuple(steps), batch))
    return proof


def batch_digests(folder: Path) -> dict[int, str]:
    """Number → digest of every batch in an export, to be held against the record later.

    Raises:
        CannotAudit: the folder is no export, or a file is missing.
    """
    manifest = _manifest(folder)
    numbers = range(manifest["first_batch"], manifest["last_batch"] + 1)
    try:
        return {
            number: sha256(
                (folder / BATCH.format(number) / "header.json").read_bytes()
                + (folder / BATCH.format(number) / "signature.der").read_bytes()
            ).hexdigest()
            for number in numbers
            if number
        }
    except OSError as error:
        raise _no_export() from error


def own_trust(folder: Path) -> Trust:
    """The roots and lists that lie in an export: whoever uses them must know them otherwise.

    Raises:
        CannotAudit: there are none.
    """
    kept = sorted((folder / "certificates").glob("*"))
    found = trust_of_files(path for path in kept if not path.name.startswith("history-"))
    if not found.roots:
        raise CannotAudit("导出目录中没有信任根。", "There is no root in the export.")
    return replace(found, pinned=tuple(one for one in found.pinned if not found.root_of(one)))


def _fingerprints(trust: Trust) -> tuple[str, ...]:
    believed = (one.public_bytes(Encoding.DER) for one in trust.certificates)
    return tuple(sha256(der).hexdigest() for der in believed)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        said = json.loads((folder / "manifest.json").read_bytes())
        numbers = all(type(said[name]) is int for name in ("first_batch", "last_batch"))
        good = numbers and said["format"] == FORMAT and isinstance(said["to"], str)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_export() from error
    if not good:
        raise _no_export()
    return dict(said)


def _no_export() -> CannotAudit:
    return CannotAudit(
        "该目录不是本程序导出的审计历史。", "This folder is no history that this program exported."
    )


def _certificates(folder: Path) -> dict[str, bytes]:
    """Certificates by fingerprint, whatever the files are called."""
    found = [path.read_bytes() for path in (folder / "certificates").glob("*.cer")]
    return {sha256(der).hexdigest(): der for der in found}


def _certificate_of(header: bytes) -> str:
    found = header_of(header)
    return "" if found is None else found.certificate


def _lines(folder: Path) -> list[bytes]:
    # By line feeds alone: JSON may hold other characters that end lines elsewhere.
    return (folder / "records.jsonl").read_bytes().split(b"\n")[:-1]


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
        names = {"sequence", "at", "actor", "act", "target", "details", "previous"}
        good = said.keys() == names and type(said["sequence"]) is int and canonical(said) == line
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
    return dict(said) if good else None
