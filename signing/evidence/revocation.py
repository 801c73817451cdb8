"""What lists and OCSP answers of our own store say of the certificates of a path (RFC 5280, 6.3).

They come from our store only: nothing that a file brings along is believed, nothing is fetched.
All of 6.3.3 but the clock: which lists cover a certificate, for which reasons, and who may sign
them. Where several lists are needed, the answer is as old as the oldest of them and ends with the
first that ends. An OCSP answer counts as a list about one certificate. Whether that is new enough
is for `certlib.verification` to judge.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from certlib.evidence import RevocationFacts
from signing.evidence.certificates import UNREADABLE, Name, certificate_facts, loaded, name_of
from signing.evidence.distribution import ALL_REASONS, Point, points_of, scope_covers
from signing.evidence.ocsp_answers import OcspAnswer, read_answer, says_no_check
from signing.evidence.paths import Authorities, SearchExhaustedError, found_paths, path_problem
from signing.evidence.revocation_lists import Entry, RevocationList, read_list

__all__ = ["revocation_facts"]

_DEEPEST = 3
"""Lists whose signer's own status stands in a list whose signer's …"""
_HELD = x509.ReasonFlags.certificate_hold.value


@lru_cache(maxsize=64)
def revocation_facts(
    path: tuple[bytes, ...],
    crls: tuple[bytes, ...],
    authorities: tuple[bytes, ...] = (),
    ocsps: tuple[bytes, ...] = (),
) -> tuple[RevocationFacts | None, ...]:
    """What the lists say of every certificate of a path, the anchor's last; None: not enough.

    Args:
        path: DER, the signer's certificate first.
        crls: of our own store, DER.
        authorities: certificates that may have signed lists; each needs a path of its own.
        ocsps: OCSP answers of our own store, DER.
    """
    inquiry = _Inquiry(_shelf(crls), authorities, _answers(ocsps))
    told = [inquiry.told(path[place:], frozenset()) for place in range(len(path) - 1)]
    return (*told, None)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """All lists that are understood, by issuer, the newest first."""

    complete: dict[Name, list[RevocationList]]
    delta: dict[Name, list[RevocationList]]


@lru_cache(maxsize=4)
def _shelf(crls: tuple[bytes, ...]) -> _Shelf:
    shelf = _Shelf({}, {})
    read = [found for found in map(read_list, crls) if found is not None]
    for item in sorted(read, key=lambda item: item.issued, reverse=True):
        kind = shelf.complete if item.base is None else shelf.delta
        kind.setdefault(item.issuer, []).append(item)
    return shelf


@lru_cache(maxsize=4)
def _answers(ocsps: tuple[bytes, ...]) -> dict[int, list[OcspAnswer]]:
    """All answers that are understood, by serial number, the newest first."""
    found: dict[int, list[OcspAnswer]] = {}
    read = [answer for answer in map(read_answer, ocsps) if answer is not None]
    for answer in sorted(read, key=lambda answer: answer.issued, reverse=True):
        found.setdefault(answer.serial, []).append(answer)
    return found


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one list, with its delta where there is one, says of a certificate."""

    entry: Entry | None
    issued: datetime
    next_update: datetime | None
    forgetful: bool


@dataclass(slots=True)
class _Gathered:
    """The reasons that lists have answered for so far (`reasons_mask`)."""

    reasons: frozenset[x509.ReasonFlags] = frozenset()
    answers: list[_Answer] = field(default_factory=list)

    def add(self, reasons: frozenset[x509.ReasonFlags], answer: _Answer) -> None:
        self.reasons |= reasons
        self.answers.append(answer)

    def facts(self) -> RevocationFacts | None:
        named = [answer.entry for answer in self.answers if answer.entry is not None]
        complete = self.reasons >= ALL_REASONS
        if not named and not complete:
            return None
        first = min(named, key=lambda entry: entry.date, default=None)
        # A list that may have forgotten the certificate is the weakest, whatever its age.
        weakest = min(self.answers, key=lambda answer: (not answer.forgetful, answer.issued))
        ends = [answer.next_update for answer in self.answers]
        return RevocationFacts(
            this_update=weakest.issued,
            next_update=None if None in ends else min(end for end in ends if end is not None),
            revoked_at=None if first is None else first.date,
            reason="" if first is None else first.reason,
            keeps_expired=not weakest.forgetful,
            complete=complete,
        )


@dataclass(frozen=True, slots=True)
class _Signer:
    """Who may have signed a list; `limits` is what the lists about himself say."""

    certificate: x509.Certificate
    limits: tuple[RevocationFacts, ...]


@dataclass(frozen=True, slots=True)
class _Inquiry:
    shelf: _Shelf
    authorities: tuple[bytes, ...]
    answers: dict[int, list[OcspAnswer]]

    def told(self, path: tuple[bytes, ...], asked: frozenset[bytes]) -> RevocationFacts | None:
        """Of the first certificate of `path`; `asked` are those whose answer waits for this."""
        target = loaded(path[0])
        if not _extensions_are_readable(target):
            return None
        gathered = _Gathered()
        forgetful: list[tuple[frozenset[x509.ReasonFlags], _Answer]] = []
        for reasons, found in self._covering(target, path, asked, gathered):
            if found.forgetful and found.entry is None:
                forgetful.append((reasons, found))
            else:
                gathered.add(reasons, found)
        for reasons, found in forgetful:
            if reasons - gathered.reasons:
                gathered.add(reasons, found)
        return _joined(gathered.facts(), self._answered(target, path, asked))

    def _answered(
        self, target: x509.Certificate, path: tuple[bytes, ...], asked: frozenset[bytes]
    ) -> RevocationFacts | None:
        """What the newest answer says that is to be believed (RFC 6960, 3.2)."""
        for answer in self.answers.get(target.serial_number, ()):
            if not answer.speaks_of(target, loaded(path[1])):
                continue
            signer = answer.signer(path[1])
            limits = None if signer is None else self._limits_of_responder(signer, path, asked)
            if limits is not None:
                return RevocationFacts(
                    min([answer.issued, *(limit.this_update for limit in limits)]),
                    _first_of([answer.next_update, *(limit.next_update for limit in limits)]),
                    answer.revoked_at,
                    answer.reason,
                    not answer.may_have_forgotten(target.not_valid_after_utc),
                )
        return None

    def _limits_of_responder(
        self, signer: bytes, path: tuple[bytes, ...], asked: frozenset[bytes]
    ) -> tuple[RevocationFacts, ...] | None:
        """As `_limits`, of whom the issuer has appointed to answer for it (4.2.2.2.1)."""
        if signer == path[1] or says_no_check(signer):
            return ()
        if signer in asked or len(asked) >= _DEEPEST:
            return None
        told = self.told((signer, *path[1:]), asked | {signer})
        good = told is not None and told.revoked_at is None and told.complete
        return (told,) if told is not None and good else None

    def _covering(
        self,
        target: x509.Certificate,
        path: tuple[bytes, ...],
        asked: frozenset[bytes],
        gathered: _Gathered,
    ) -> Iterator[tuple[frozenset[x509.ReasonFlags], _Answer]]:
        """What each list says that covers reasons for which no newer one has answered."""
        for point in points_of(target):
            for item in self._lists_for(point, target):
                reasons = scope_covers(item, target, point)
                if not reasons - gathered.reasons:
                    continue
                signer = self._signer(item, path, asked)
                if signer is not None:
                    yield reasons, self._answer(item, signer, target)

    def _lists_for(self, point: Point, target: x509.Certificate) -> Iterator[RevocationList]:
        for issuer in point.issuers or (name_of(target.issuer),):
            yield from self.shelf.complete.get(issuer, ())

    def _answer(self, item: RevocationList, signer: _Signer, target: x509.Certificate) -> _Answer:
        delta = self._delta_of(item, signer.certificate)
        entry = None if delta is None else delta.entry(target)
        if entry is None:
            entry = item.entry(target)
        elif entry.removed:
            entry = None
        newest = delta or item
        # With its delta a list says more than either: it is good as long as one of them.
        ends = [item.next_update, newest.next_update]
        end = None if None in ends else max(moment for moment in ends if moment is not None)
        limits = [limit.next_update for limit in signer.limits]
        return _Answer(
            entry,
            min([newest.issued, *(limit.this_update for limit in signer.limits)]),
            _first_of([end, *limits]),
            item.may_have_forgotten(target.not_valid_after_utc),
        )

    def _delta_of(self, item: RevocationList, signer: x509.Certificate) -> RevocationList | None:
        """The newest delta of a complete list (RFC 5280, 5.2.4)."""
        for delta in self.shelf.delta.get(item.issuer, ()):
            if (
                delta.scope == item.scope
                and delta.key_id == item.key_id
                and _builds_on(delta, item)
                and delta.signed_by(signer)
            ):
                return delta
        return None

    def _signer(
        self, item: RevocationList, path: tuple[bytes, ...], asked: frozenset[bytes]
    ) -> _Signer | None:
        """Who has signed a list and may: an authority of the path itself, or one with its own."""
        for der in path[1:]:
            above = loaded(der)
            if _may_have_signed(item, above) and _may_sign_lists(above, unless_said=True):
                return _Signer(above, ())
        for der in dict.fromkeys((*asked, *self.authorities)):
            with suppress(ValueError):
                other = loaded(der)
                if not _may_have_signed(item, other) or not _may_sign_lists(other):
                    continue
                limits = self._limits(der, item, path, asked)
                if limits is not None:
                    return _Signer(other, limits)
        return None

    def _limits(
        self,
        signer: bytes,
        item: RevocationList,
        path: tuple[bytes, ...],
        asked: frozenset[bytes],
    ) -> tuple[RevocationFacts, ...] | None:
        """What limits a signer outside the path; None when he cannot be believed.

        Whoever was revoked at any time, for any reason, signs no lists for us.
        """
        if signer in asked:  # its own status stands in the list that it has signed
            return ()
        if signer == path[0] or len(asked) >= _DEEPEST:
            return None
        for way in _ways(signer, path, self.authorities):
            told = [
                self.told(way[place:], asked | {signer})
                for place, der in enumerate(way[:-1])
                if der not in path
            ]
            good = [found for found in told if found is not None and found.revoked_at is None]
            if len(good) == len(told) and _in_force(way, path, item.issued):
                return tuple(good)
        return None


@lru_cache(maxsize=64)
def _ways(
    signer: bytes, path: tuple[bytes, ...], authorities: tuple[bytes, ...]
) -> tuple[tuple[bytes, ...], ...]:
    """The signer's paths to the very anchor of `path` (RFC 5280, 6.3.3 f)."""
    try:
        found = found_paths(signer, Authorities.of(path[-1:], path[1:], authorities))
    except SearchExhaustedError:
        return ()
    return tuple(way for way in found if not path_problem(way))


def _in_force(way: tuple[bytes, ...], path: tuple[bytes, ...], issued: datetime) -> bool:
    """Whether what is not in `path`, where it is judged anyway, was sound when it signed."""
    try:
        others = [certificate_facts(der) for der in way if der not in path]
    except (ValueError, UnsupportedAlgorithm):
        return False
    return all(not item.problem and item.not_before <= issued <= item.not_after for item in others)


def _may_have_signed(item: RevocationList, certificate: x509.Certificate) -> bool:
    return name_of(certificate.subject) == item.issuer and item.signed_by(certificate)


def _may_sign_lists(certificate: x509.Certificate, *, unless_said: bool = False) -> bool:
    """RFC 5280, 4.2.1.3; an authority that says nothing may, others have to say it."""
    if not _extensions_are_readable(certificate):
        return False
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return unless_said


def _extensions_are_readable(certificate: x509.Certificate) -> bool:
    try:
        _ = certificate.extensions
    except UNREADABLE:
        return False
    return True


def _joined(
    by_lists: RevocationFacts | None, by_answer: RevocationFacts | None
) -> RevocationFacts | None:
    """The newer of both, a list before an answer; what was revoked for good stays revoked."""
    if by_lists is None or by_answer is None:
        return by_lists or by_answer
    both = (by_lists, by_answer)
    newest = max(both, key=lambda told: (told.complete, told.keeps_expired, told.this_update))
    for told in both:
        if told is not newest and told.revoked_at is not None and told.reason != _HELD:
            since = min(told.revoked_at, newest.revoked_at or told.revoked_at)
            return replace(newest, revoked_at=since, reason=told.reason)
    return newest


def _builds_on(delta: RevocationList, item: RevocationList) -> bool:
    if item.number is None or delta.number is None or delta.base is None:
        return False
    return delta.base <= item.number < delta.number


def _first_of(ends: list[datetime | None]) -> datetime | None:
    return None if None in ends else min(end for end in ends if end is not None)
