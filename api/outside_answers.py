"""Asks OCSP responders of others, for the worker alone: no question ever waits for one.

About X.509 certificates that others have issued and this node lives by: imported seals, pinned
timestamp authorities, and the authorities in the trust list. Only a responder that the operator
has named is ever called, and only if the certificate itself names the same address.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from api.egress.addresses import networks, plain_addresses
from api.egress.exchange import Exchange
from api.outside_lists import Believed, Fetched, asked_again
from api.settings import Settings
from api.timestamp_sources import read_sources
from certlib.errors import SigningUnavailable
from certlib.ports import Entropy, TrustMaterial
from keys.ocsp_answers import AnswerRefusedError
from keys.outside_answers import Question, due_of, file_of, keep, questions
from keys.timestamp_client import pinned_authorities
from keys.trust import OCSP_FOLDER

__all__ = ["OutsideAnswers", "open_outside_answers"]

_SECONDS: Final = 10.0
_NONCE: Final = 16
_MOST: Final = 200
"""Certificates asked about."""
_AT_ONCE: Final = 10
"""Questions of one round: the worker has other things to do, and every answer may be slow."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_HEADERS: Final = {
    "Content-Type": "application/ocsp-request",
    "Accept": "application/ocsp-response",
    "Accept-Encoding": "identity",
    "User-Agent": "certlib",
}

Post = Callable[[bytes, Mapping[str, str], float], bytes]
"""Body, headers and seconds → body of an answer; raises `SigningUnavailable`."""


class Publishing(Protocol):
    """The own authority, as far as its certificates go."""

    def public_certificates(self) -> Mapping[str, bytes]:
        """File name → DER; imported seals among them."""
        ...


@dataclass(slots=True)
class OutsideAnswers:
    """Every address of `CERTLIB_OCSP_SOURCES`, and when which certificate is due there.

    Attributes:
        responders: address → how it is asked, in the order of the settings.
        certificates: what may be asked about, DER; called at each round.
        failing: places of those whose last question failed, from 1.
    """

    responders: Mapping[str, Post]
    folder: Path
    believed: Believed
    certificates: Callable[[], Iterable[bytes]]
    entropy: Entropy
    failing: set[int] = field(default_factory=set)
    _next: dict[bytes, datetime] = field(default_factory=dict)
    _failed: dict[int, set[bytes]] = field(default_factory=dict)

    def round(self, now: datetime) -> Iterator[Fetched]:
        """Asks what is due, one after the other; never raises for what is answered."""
        if not self.responders:
            return
        material = self.believed.material()
        asked = tuple(self._questions(material, now))
        self._forget(asked)
        due = [item for item in asked if self._due(item) <= now]
        # Those that wait longest come first: what fails again and again keeps no other away.
        due.sort(key=self._due)
        for question in due[:_AT_ONCE]:
            if self._due(question) > now:
                continue
            found, reached = self._asked(question, material, now)
            if not reached:  # whoever does not answer once keeps nobody waiting again
                later = asked_again(now, None, found.fault)
                same = (item for item in due if item.address == question.address)
                self._next |= {item.certificate: later for item in same}
            yield found

    def _due(self, question: Question) -> datetime:
        return self._next.get(question.certificate, _NEVER)

    def _questions(self, material: TrustMaterial, now: datetime) -> Iterator[Question]:
        authorities = (*material.seal_anchors, *material.timestamp_anchors, *material.issuers)
        certificates = (*self.certificates(), *material.issuers)
        found = questions(certificates, authorities, self.responders.keys(), now)
        yield from islice(found, _MOST)

    def _asked(
        self, question: Question, material: TrustMaterial, now: datetime
    ) -> tuple[Fetched, bool]:
        """What became of it, and whether the responder has answered at all."""
        place = list(self.responders).index(question.address) + 1
        path, nonce = file_of(self.folder, question), self.entropy.octets(_NONCE)
        fault, fresh, reached = "", False, False
        try:
            post = self.responders[question.address]
            content = post(question.request(nonce), _HEADERS, _SECONDS)
            reached = True
            fresh = keep(path, content, question, nonce, material.crls, now)
        except AnswerRefusedError as error:
            fault = str(error)
        except SigningUnavailable as error:
            fault = str(error.values.get("what", error.code))
        self._note(place, question.certificate, failed=bool(fault))
        self._next[question.certificate] = asked_again(now, due_of(path), fault)
        return Fetched(place, fault, fresh), reached

    def _note(self, place: int, certificate: bytes, *, failed: bool) -> None:
        """A source fails while one of its certificates does."""
        faulty = self._failed.setdefault(place, set())
        (faulty.add if failed else faulty.discard)(certificate)
        self.failing = {number for number, found in self._failed.items() if found}

    def _forget(self, asked: Iterable[Question]) -> None:
        """What is not asked about any more fails no more."""
        current = {question.certificate for question in asked}
        self._next = {der: due for der, due in self._next.items() if der in current}
        self._failed = {place: found & current for place, found in self._failed.items()}
        self.failing = {place for place, found in self._failed.items() if found}


def open_outside_answers(
    settings: Settings, believed: Believed, authority: Publishing, entropy: Entropy
) -> OutsideAnswers:
    """The responders that the settings name; none is asked yet."""
    allowed = networks(settings.crl_networks.split(","))
    responders = {
        url: Exchange(url, allowed, whose="responder")
        for url in plain_addresses(settings.ocsp_sources)
    }

    def certificates() -> Iterable[bytes]:
        return (*authority.public_certificates().values(), *_stamping(settings))

    folder = settings.data_dir / "trust" / OCSP_FOLDER
    return OutsideAnswers(responders, folder, believed, certificates, entropy)


def _stamping(settings: Settings) -> Iterator[bytes]:
    """The timestamp authorities elsewhere whose certificates lie beside the file of sources."""
    if settings.timestamp_sources is None:
        return
    for one in read_sources(settings.timestamp_sources).source:
        if one.certificates:
            yield from pinned_authorities(settings.timestamp_sources.parent / one.certificates)
