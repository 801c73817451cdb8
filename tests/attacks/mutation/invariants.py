"""What no mutant may ever do, asked of one file.

Under `own` nothing is valid that is not on record byte for byte. Under `foreign`, in a library that
has issued none of the files, a mutant may be valid only where every byte that a reader shows is
covered by the signature that was genuinely made: the covered bytes are those of an original, so is
what was signed inside the gap, and what follows is nothing, the original's own end, or a revision
after which two renderers show the same pages.
"""

import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from types import FrameType

import pymupdf
import pypdfium2
from asn1crypto import cms

from certlib.evidence import ChangeGrade, FileFacts
from certlib.usecases.verify import Question
from certlib.verification import FOREIGN, OWN, Check, Outcome, Report, Verdict
from signing.evidence.bounds import check_facts
from signing.evidence.reader import read_facts
from signing.evidence.wire import Answer, answer_from_bytes, answer_to_bytes
from tests.attacks.mutation.originals import Originals

MOST_SECONDS = 3
"""Processor time for one file: what a reading child has before the kernel ends it."""

_RANGE = re.compile(rb"/ByteRange \[0 (\d+) (\d+) (\d+) *\]")
_DOTS_PER_INCH = 40


class TooSlow(BaseException):
    """The processor time for one file is over. No `Exception`: no reader may swallow it."""


class Judge:
    """Reads and judges mutants.

    Attributes:
        files: of which they are made.
    """

    def __init__(self, originals: Originals) -> None:
        self._originals = originals
        self.files = originals.files
        self._files = [item.pdf for item in originals.files]

    def offences(self, pdf: bytes) -> tuple[str, ...]:
        """What this file does that none may do; nothing where it is an original itself."""
        if pdf in self._originals.genuine:
            return ()
        try:
            with at_most(MOST_SECONDS):
                facts = travelled(read_facts(pdf, self._originals.trust))
                own, foreign = self._reports(pdf, facts)
        except TooSlow:
            return ("slow",)
        return tuple(self._found(pdf, facts, own, foreign))

    def _reports(self, pdf: bytes, facts: FileFacts) -> tuple[Report, Report]:
        self._originals.facts.facts = facts
        return (
            self._originals.own.by_file(pdf, Question(policy=OWN)).report,
            self._originals.elsewhere.by_file(pdf, Question(policy=FOREIGN)).report,
        )

    def _found(self, pdf: bytes, facts: FileFacts, own: Report, foreign: Report) -> Iterator[str]:
        crash = crash_of(facts)
        if crash:
            yield f"crash: {crash}"
        if own.verdict is Verdict.VALID:
            yield "own: valid"
        elif facts.readable and _only_unrecorded(own):
            # The record alone stops it: a stolen digest or an outage of the record would not.
            yield "own: nothing odd was seen in the bytes"
        if foreign.verdict is Verdict.VALID:
            uncovered = uncovered_in(pdf, facts, self._files)
            if uncovered:
                yield f"foreign: valid, {uncovered}"


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises `TooSlow` after so many seconds of processor time of this process."""

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def travelled(facts: FileFacts) -> FileFacts:
    """As the service gets them from a child (`signing.evidence.worker`): without half characters.

    Facts beyond the bounds of an answer never arrive; the file is then `malformed`.
    """
    try:
        check_facts(facts)
    except ValueError:
        try:
            check_facts(facts, "replace")
        except ValueError:
            return replace(facts, readable=False, fault="malformed", fault_detail="bounds")
        return answer_from_bytes(answer_to_bytes(Answer(facts, 0))).facts
    return facts


def crash_of(facts: FileFacts) -> str:
    """The exception that nobody had foreseen, even where the fault is called the file's own.

    A broken signature makes `malformed` of `crashed` (`signing.evidence.reader`); the exception's
    name stays in the detail, where our own words begin in lower case or with a slash.
    """
    if facts.fault in ("crashed", "memory"):
        return f"{facts.fault} {facts.fault_detail}"
    return facts.fault_detail if facts.fault_detail[:1].isupper() else ""


def _only_unrecorded(report: Report) -> bool:
    odd = {item.check for item in report.findings if item.outcome is not Outcome.PASS}
    return odd <= {Check.ORIGINAL}


def uncovered_in(pdf: bytes, facts: FileFacts, originals: Sequence[bytes]) -> str:
    """What of an accepted file nobody vouches for, or ""."""
    problems = [_against(pdf, facts, item) for item in originals]
    return "" if "" in problems else next((item for item in problems if item != _OTHER), _OTHER)


_OTHER = "its covered bytes are those of no original"


def _against(pdf: bytes, facts: FileFacts, original: bytes) -> str:
    before, after, length = (int(item) for item in _RANGE.search(original).groups())
    end = after + length
    if (pdf[:before], pdf[after:end]) != (original[:before], original[after:end]):
        return _OTHER
    if (facts.signatures[0].end, facts.signatures[0].layout_problem) != (end, ""):
        return "the signature that was found is another one"
    if _signed(pdf[before + 1 : after - 1]) != _signed(original[before + 1 : after - 1]):
        return "another signature stands in the gap"
    if pdf[end:] in (b"", original[end:]):
        return ""
    if facts.changes.grade not in (ChangeGrade.NONE, ChangeGrade.PERMITTED):
        return f"what follows is {facts.changes.grade.value}"
    return "" if shown(pdf) == shown(original[:end]) else "readers show another page"


def _signed(digits: bytes) -> tuple[bytes, bytes]:
    """What the signature covers inside the gap, and the signature."""
    plain = re.sub(rb"[^0-9A-Fa-f]", b"", digits).decode()
    content = bytes.fromhex(plain + "0" * (len(plain) % 2))
    message = cms.ContentInfo.load(content)["content"]["signer_infos"][0]
    return message["signed_attrs"].dump(), message["signature"].native


@lru_cache(maxsize=32)
def shown(pdf: bytes) -> tuple[bytes, ...]:
    """Every page as PDFium and MuPDF show it."""
    pages = []
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    for page in document:
        picture = page.render(scale=_DOTS_PER_INCH / 72)
        pages.append(bytes(picture.buffer))
        page.close()
    document.close()
    with pymupdf.open(stream=pdf, filetype="pdf") as opened:
        pages += [page.get_pixmap(dpi=_DOTS_PER_INCH).samples for page in opened]
    return tuple(pages)
