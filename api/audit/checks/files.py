"""INV-2: every record has its file, its digest equal, its seal good, its content as intended."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.audit.checks import revisions
from api.audit.checks.signatures import RecordedSeals
from api.audit.database import Row, Snapshot
from api.audit.ledger import Ledger, object_name
from api.audit.objects import Objects
from api.audit.report import Invariant
from api.audit.scope import WHOLE, Progress, Scope, told
from api.audit.seal import BadSeal, checked_seal
from api.audit.unsealing import DoesNotOpen, Opener

_NO_FILE = ("登记没有对应的文件", "the record has no file")
_NO_OBJECT = ("登记的文件不存在", "the recorded object does not exist")
_DAMAGED = ("文件在存储中已损坏", "the object is damaged in its store")
_NOT_LOCKED = ("文件在存储中未锁定", "the object is not locked in its store")
_NOT_OPEN = ("文件无法解密", "the object does not decrypt")
_DIGEST = ("文件摘要与登记不符", "the object's digest is not the recorded one")
_SIZE = ("文件大小与登记不符", "the object's size is not the recorded one")
_NAME = ("文件名与预留的存储键不符", "the object is not named by the reserved key")
_SIGNER = ("签章单位与登记的颁发机构不符", "sealed by another body than the issuer on record")
_STRAY_FILE = ("文件登记没有对应的证照", "a recorded file belongs to no certificate")
_NO_INTENT = ("证照没有已完成的签发意图", "the certificate has no published intent")
_NO_RECORD = ("签发意图已完成但没有证照", "the intent is published, the certificate is missing")
_CONTENT = ("内容无法解密", "the content does not decrypt")
_CONTENT_DIGEST = ("内容与登记的摘要不符", "the content is not what its digest says")
_INTENDED = ("内容与签发意图不符", "the content is not what was intended")
_COLUMNS = ("登记栏目与内容不符", "the columns say something else than the content")
_CONTENTS = "SELECT identifier, content, content_digest FROM certificates"
_ELEMENTS = {
    "ZZBS": "identifier",
    "ZZLXDM": "type_code",
    "ZZBFJGDM": "issuer_code",
    "type_version": "type_version",
}
_DAYS = {"ZZBFRQ": "issue_date", "ZZYXQJZRQ": "valid_to"}
_CREDIT_CODE_PREFIX = "NTRCN-"


@dataclass(frozen=True, slots=True)
class Archive:
    """Where files lie and what opens them.

    Attributes:
        quick: seals are not verified; digests are.
        waiting: names of published objects whose lock is still to be set.
        scope: which certificates' files are read.
        progress: is told how far it is.
        seals: takes the seals that hold.
    """

    objects: Objects
    opener: Opener
    quick: bool
    waiting: frozenset[str] = frozenset()
    scope: Scope = WHOLE
    progress: Progress | None = None
    seals: RecordedSeals = field(default_factory=RecordedSeals)


def check(snapshot: Snapshot, ledger: Ledger, archive: Archive) -> Invariant:
    """Every certificate in whatever state, every file that was ever served."""
    found = Invariant("INV-2")
    for identifier, row in ledger.certificates.items():
        found.checked += 1
        _check_intent(found, identifier, row, ledger)
        for form in _forms_of(ledger, identifier):
            held = form in {_form(item) for item in ledger.files.get(identifier, ())}
            found.expect(held, identifier, "no-file", _NO_FILE)
    _check_files(found, ledger, archive)
    revisions.check(found, ledger)
    for identifier, intent in ledger.intents.items():
        if intent["status"] == "published":
            held = identifier in ledger.certificates
            found.expect(held, identifier, "published-without-record", _NO_RECORD)
    for content in snapshot.rows(_CONTENTS):
        if archive.scope.young(ledger.certificates[content["identifier"]]):
            _check_content(found, content, ledger, archive.opener)
    return found


def _check_files(found: Invariant, ledger: Ledger, archive: Archive) -> None:
    files = told(ledger.files.items(), "files", len(ledger.files), archive.progress)
    for identifier, rows in files:
        certificate = ledger.certificates.get(identifier)
        if certificate is None:
            found.broken(identifier, "file-without-record", *_STRAY_FILE)
            continue
        served = {(*_form(row), row["revision"]): row for row in rows if row["kind"] == "original"}
        for file in rows if archive.scope.young(certificate) else ():
            if file["kind"] == "original":
                named = file["object_name"] in _names_of(ledger, certificate, file)
                found.expect(named, identifier, "object-name", _NAME)
            pdf = _check_file(found, file, certificate, archive)
            if pdf and file["kind"] == "original":
                revisions.check_appended(found, file, pdf, served)


def _check_intent(found: Invariant, identifier: str, row: Row, ledger: Ledger) -> None:
    intent = ledger.intents.get(identifier)
    published = intent is not None and intent["status"] == "published"
    if found.expect(published, identifier, "no-intent", _NO_INTENT) and intent is not None:
        same = intent["content_digest"] == row["content_digest"]
        found.expect(same, identifier, "not-as-intended", _INTENDED)


def _forms_of(ledger: Ledger, identifier: str) -> Iterator[tuple[str, int]]:
    """Every file that a published intent promised."""
    intent = ledger.intents.get(identifier)
    promised = [("original", 0)] if intent is None else json.loads(intent["forms"])
    yield from ((form, copy_number) for form, copy_number in promised)
    for row in ledger.additions.get(identifier, ()):
        if row["status"] == "published":
            yield _form(row)


def _form(row: Row) -> tuple[str, int]:
    return row["form"], row["copy_number"]


def _names_of(ledger: Ledger, certificate: Row, file: Row) -> set[str]:
    """The names under which the file may lie: of the certificate's key, or its own intent's."""
    added = [
        row["storage_key"]
        for row in ledger.additions.get(file["identifier"], ())
        if _form(row) == _form(file) and row["status"] == "published"
    ]
    keys = [certificate["storage_key"], *added]
    return {object_name(key, *_form(file), file["revision"]) for key in keys}


def _check_file(found: Invariant, file: Row, certificate: Row, archive: Archive) -> bytes:
    """The clear octets of a file that is what its row says, else none."""
    identifier, name = file["identifier"], file["object_name"]
    stored = archive.objects.read(name)
    if stored is None:
        found.broken(identifier, "no-object", *_NO_OBJECT)
        return b""
    if not found.expect(not stored.damaged, identifier, "damaged", _DAMAGED):
        return b""
    locked = stored.locked is not False or name in archive.waiting
    found.expect(locked, identifier, "not-locked", _NOT_LOCKED)
    try:
        pdf = archive.opener.stored(stored.octets, name, sealed=stored.sealed)
    except DoesNotOpen:
        found.broken(identifier, "does-not-open", *_NOT_OPEN)
        return b""
    same = hashlib.sha256(pdf).hexdigest() == file["sha256"]
    if not found.expect(same, identifier, "digest", _DIGEST):
        return b""
    found.expect(len(pdf) == file["size"], identifier, "size", _SIZE)
    if not archive.quick and file["kind"] == "original":
        _check_seal(found, file, pdf, certificate, archive)
    return pdf


def _check_seal(
    found: Invariant, file: Row, pdf: bytes, certificate: Row, archive: Archive
) -> None:
    identifier = file["identifier"]
    try:
        seal = checked_seal(pdf)
    except BadSeal as bad:
        zh, en = f"签章无效（{bad}）", f"the seal does not hold ({bad})"
        found.broken(identifier, "seal", zh, en)
        return
    archive.seals.add(seal, identifier, file["stored_at"])
    code = seal.organisation.removeprefix(_CREDIT_CODE_PREFIX)
    found.expect(code == certificate["issuer_code"], identifier, "signer", _SIGNER)


def _check_content(found: Invariant, row: Row, ledger: Ledger, opener: Opener) -> None:
    identifier = row["identifier"]
    try:
        clear = opener.column(bytes(row["content"]), "certificates", "content", identifier)
    except DoesNotOpen:
        found.broken(identifier, "content-does-not-open", *_CONTENT)
        return
    same = hashlib.sha256(clear).hexdigest() == row["content_digest"]
    if found.expect(same, identifier, "content-digest", _CONTENT_DIGEST):
        agree = _agrees(json.loads(clear), ledger.certificates[identifier])
        found.expect(agree, identifier, "columns", _COLUMNS)


def _agrees(content: Mapping[str, Any], columns: Row) -> bool:
    texts = all(content.get(element) == columns[column] for element, column in _ELEMENTS.items())
    days = all(
        (content.get(element) or "") == (columns[column] or "").replace("-", "")
        for element, column in _DAYS.items()
    )
    start = content.get("ZZYXQQSRQ") or content.get("ZZBFRQ")
    return texts and days and start == columns["valid_from"].replace("-", "")
