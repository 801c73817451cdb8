"""What may come out of each parser: values that keep its promises, or an exception it documents.

A target takes any bytes and returns nothing; whatever escapes from it is a finding.
"""

import dataclasses
import hashlib
import json
import re
import zlib
from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm

from certlib.evidence import FileFacts
from signing.evidence import wire
from signing.evidence.bounds import check_facts
from signing.evidence.certificates import certificate_facts, key_of, loaded, name_of, signed_by
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.changes import changes_after
from signing.evidence.crossref import CrossReferenceProblemError, chain_from
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.filters import FilterProblemError, decoded
from signing.evidence.form import fields
from signing.evidence.layout import der_length, layouts, scanned_layouts
from signing.evidence.library_message import library_message
from signing.evidence.message import (
    MessageProblemError,
    SignedMessage,
    check,
    digest_of,
    tst_info,
)
from signing.evidence.messages import read_message
from signing.evidence.metadata import metadata_of, scanned_metadata
from signing.evidence.opened import opened
from signing.evidence.own_message import own_message
from signing.evidence.reader import MOST_BYTES, read_facts
from signing.evidence.recovery import bodies, rebuilt
from signing.evidence.revocation import revocation_facts
from signing.evidence.structure import notes_of, structure_of
from signing.evidence.syntax import (
    HexString,
    Name,
    PdfDictionary,
    PdfValue,
    Stream,
    SyntaxProblemError,
    indirect_object,
    text_of,
    value_at,
)
from signing.naming import ATTACHMENT_NAME
from tests.attacks.generator.papers import stream, written
from tests.fuzz.corpus import people

__all__ = ["TARGETS", "Target"]

Target = Callable[[bytes], None]
_START = re.compile(rb"startxref\s+(\d{1,12})")
_HEAD = re.compile(rb"(\d+)[\x00\s]+(\d+)[\x00\s]+obj")
_FILTERS = (
    *("/FlateDecode", "/LZWDecode", "/RunLengthDecode", "/ASCIIHexDecode", "/ASCII85Decode"),
    *("/Crypt", "/DCTDecode", "/Fl"),
)
_PREDICTORS = (None, 1, 2, 10, 12, 15, 3, -1)
_SMALL = 64 * 1024


def syntax(data: bytes) -> None:
    """Whatever is understood strictly is understood leniently too, and as the same."""
    for read in (_value, _object):
        strict = read(data, lenient=False)
        if strict is not None:
            _check_value(strict[0], data, 0)
            assert 0 < strict[1] <= len(data)
            assert read(data, lenient=True) == strict
        elif (loose := read(data, lenient=True)) is not None:
            _check_value(loose[0], data, 0)
            assert 0 < loose[1] <= len(data)


def _value(data: bytes, *, lenient: bool) -> tuple[PdfValue, int] | None:
    try:
        return value_at(data, 0, Budget.of(len(data)), lenient=lenient)
    except (SyntaxProblemError, ReadingFaultError):
        return None


def _object(data: bytes, *, lenient: bool) -> tuple[PdfValue, int] | None:
    budget = Budget.of(len(data))
    try:
        found = indirect_object(data, 0, lambda _: 7, budget, lenient=lenient)
    except (SyntaxProblemError, ReadingFaultError):
        return None
    return found.value, found.end


def _check_value(value: PdfValue, data: bytes, depth: int) -> None:
    assert depth <= 60
    text_of(value)
    if isinstance(value, HexString):
        assert (data[value.start], data[value.end - 1]) == (ord("<"), ord(">"))
        assert len(value.decoded) <= len(value.digits)
    elif isinstance(value, Stream):
        assert 0 <= value.start <= value.end <= len(data)
        _check_value(value.entries, data, depth)
    elif isinstance(value, list):
        for item in value:
            _check_value(item, data, depth + 1)
    elif isinstance(value, dict):
        assert all(isinstance(key, Name) for key in value)
        for item in value.values():
            _check_value(item, data, depth + 1)


def crossref(data: bytes) -> None:
    """Sections lie in the file, and no more entries come out than the budget allows."""
    found = _START.findall(data)
    start = int(found[-1]) if found else 0
    budget = Budget.of(len(data))
    most = budget.entries
    try:
        chain = chain_from(data, start, budget)
    except (CrossReferenceProblemError, ReadingFaultError):
        return
    assert 0 < len(chain.sections) <= 200
    assert sum(len(item.entries) for item in chain.sections) <= most
    for section in chain.sections:
        assert 0 <= section.start < section.end <= len(data)
        assert section.entries.keys() <= section.merged.keys()


def filters(data: bytes) -> None:
    """The first three bytes choose filters and predictor; no more comes out than was allowed."""
    if len(data) < 3:
        return
    entries: PdfDictionary = {"/Filter": [Name(_FILTERS[data[0] % 8])]}
    if data[0] & 0x10:
        entries["/Filter"] = [*entries["/Filter"], Name(_FILTERS[data[1] % 8])]
    predictor = _PREDICTORS[data[1] >> 5]
    parameters: PdfDictionary = {"/Columns": data[2], "/EarlyChange": data[0] >> 7}
    if predictor is not None:
        parameters |= {"/Predictor": predictor, "/Colors": 1 + (data[1] >> 3 & 3)}
    entries["/DecodeParms"] = [parameters, parameters]
    budget = Budget(decoded=_SMALL, slow=_SMALL)
    try:
        out = decoded(entries, data[3:], budget)
    except (FilterProblemError, ReadingFaultError):
        return
    # A row of a predictor is filled up to its end.
    assert len(out) <= 2 * _SMALL + 4 * 255
    assert budget.decoded >= 0
    assert budget.slow >= 0
    if data[0] & 0x17 == 0 and predictor in (None, 1):
        assert out == zlib.decompressobj().decompress(data[3:])


def recovery(data: bytes) -> None:
    """Bodies stand where it is said that they do; rebuilding gives up in words of its own."""
    try:
        found = bodies(data)
        for offset, (number, generation) in found.items():
            head = _HEAD.match(data, offset)
            assert (int(head[1]), int(head[2])) == (number, generation)
        section = rebuilt(data, Budget.of(len(data)))
    except ReadingFaultError:
        return
    assert "/Root" in section.trailer
    assert {entry[0] for entry in section.entries.values()} <= {1, 2}


def document(data: bytes) -> None:
    """Structure, form, layouts and changes of a whole file: a fault of the file, nothing else."""
    try:
        found = opened(data, MOST_BYTES)
        structure = structure_of(found)
        assert set(structure.notes) <= set(notes_of(found))
        fields(found)
        signed = layouts(found)
        metadata = metadata_of(found)
        changes = changes_after(found, signed)
    except ReadingFaultError:
        scanned_layouts(data)
        return
    assert structure.revisions <= len(found.sections)
    assert len(metadata.identifier) <= 128
    for layout in signed:
        if not layout.sound_problem:
            before, after, length = layout.byte_range[1:]
            assert data[before : before + 1] + data[after - 1 : after] == b"<>"
            assert sum(map(len, layout.covered(data))) == before + length
    assert all(layout.sound_problem for layout in signed) or changes.grade is not None


def reader(data: bytes) -> None:
    """A whole file to facts: no fault of ours, and facts that survive their way to the service."""
    facts = read_facts(data, people().trust)
    assert facts.fault not in ("crashed", "memory"), facts.fault_detail
    assert not facts.fault_detail[:1].isupper(), facts.fault_detail
    try:
        check_facts(facts, "replace")
    except ValueError:
        return  # the child then says `malformed`
    told = wire.answer_from_bytes(wire.answer_to_bytes(wire.Answer(facts, 0))).facts
    check_facts(told)
    assert told.signatures == facts.signatures or _has_surrogates(facts)


def _has_surrogates(facts: FileFacts) -> bool:
    return any(0xD800 <= ord(character) < 0xE000 for character in repr(facts))


def message(data: bytes) -> None:
    """CMS and timestamp tokens: one exception, and two readers of one mind."""
    try:
        found = read_message(data)
    except MessageProblemError:
        return
    digest = hashlib.sha256(found.encapsulated or b"").digest()
    check(found, digest)
    _check_alike(data[: der_length(data)], digest)
    for token in found.tokens:
        message(token)
    for attempt in (lambda: tst_info(found), lambda: digest_of((b"",), found.digest_algorithm)):
        try:
            attempt()
        except MessageProblemError:
            continue


def _check_alike(der: bytes, digest: bytes) -> None:
    """Where our own reader answers, the careful one says the same."""
    own = own_message(der)
    if own is None:
        return
    try:
        careful = library_message(der)
    except MessageProblemError:
        # It opens a token's content at once; ours leaves that to `tst_info`.
        assert _is_no_token(own)
        return
    told = [
        {item.name: getattr(one, item.name) for item in dataclasses.fields(one)}
        for one in (own, careful)
    ]
    for one in told:
        one["verify"] = one["verify"](digest)
        # Asked for only where nobody can check the signature: then our own reader does not answer.
        del one["stated"]
    assert told[0] == told[1]


def _is_no_token(found: SignedMessage) -> bool:
    try:
        tst_info(found)
    except MessageProblemError:
        return True
    return False


def certificate(data: bytes) -> None:
    """A certificate to facts; what cannot be read raises one of two, and breaks no chain."""
    try:
        facts = certificate_facts(data)
        own = loaded(data)
    except (ValueError, UnsupportedAlgorithm):
        facts = None
    else:
        assert facts.sha256 == hashlib.sha256(data).hexdigest()
        key_of(own)
        name_of(own.subject)
        signed_by(own, own)
    trust = people().trust
    anchors = TrustSet(trust.seal_anchors, trust.crls, trust.issuers)
    chain = chain_facts(data, (), anchors)
    assert facts is not None or not chain.paths
    # Nobody has the keys: whatever was changed, no path leads from there to an anchor.
    assert not chain.paths or data in people().certificates


def revocation(data: bytes) -> None:
    """A revocation list that anybody might have put into the store: it answers or is nothing."""
    path = people().path
    told = revocation_facts(path, (data,))
    assert len(told) == len(path)
    assert told[-1] is None
    # Only the lists that were made with the keys speak.
    assert data in people().trust.crls or not any(told)


def answer(data: bytes) -> None:
    """What a child says: facts, or `ValueError` (the service refuses it)."""
    try:
        found = wire.answer_from_bytes(data)
        check_facts(found.facts)
    except ValueError:
        return
    assert wire.answer_from_bytes(wire.answer_to_bytes(found)) == found


def metadata(data: bytes) -> None:
    """XMP and attachment of a file, split at the first null byte."""
    packet, _, attached = data.partition(b"\0")
    found = scanned_metadata(data)
    assert len(found.identifier) <= 128
    told = metadata_of(opened(_carrier(packet, attached), MOST_BYTES))
    assert len(told.identifier) <= 128
    assert told.content in ("", attached.decode("utf-8", "replace"))
    if told.content:
        assert "ZZBS" in json.loads(told.content)


def _carrier(packet: bytes, attached: bytes) -> bytes:
    name = ATTACHMENT_NAME.encode("ascii")
    return written(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /Metadata 3 0 R /AF [4 0 R] >>",
            2: b"<< /Type /Pages /Count 0 /Kids [] >>",
            3: stream(packet),
            4: b"<< /Type /Filespec /F (%s) /EF << /F 5 0 R >> >>" % name,
            5: stream(attached),
        }
    )


TARGETS: dict[str, Target] = {
    made.__name__: made
    for made in (
        *(syntax, crossref, filters, recovery, document, reader),
        *(message, certificate, revocation, answer, metadata),
    )
}
