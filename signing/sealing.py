"""PAdES sealing (ETSI EN 319 142-1): page in, certified file out, at levels B-B to B-LTA."""

import hashlib
from datetime import datetime
from typing import Any, NamedTuple

from certlib.document import Content
from certlib.errors import KeyUnusable, SigningUnavailable, Unavailable
from certlib.ports import (
    Clock,
    KeyHandle,
    SealCustody,
    SealedDocument,
    TimestampSource,
    ValidationMaterial,
    ValidationMaterialSource,
)
from certlib.sealing_errors import TimestampMissing
from signing import outside, writer
from signing.archive import archived
from signing.cms import SealTemplate
from signing.gap import PreparedSeal, SealedFile, SealProfile, finish
from signing.rendered import recognised
from signing.stamping import Stamps

__all__ = ["PadesSealer"]

_TOKEN = 4 * 1024  # most authorities send less; a longer token is remembered
_MARGIN = 256
_RETRIES = 3
_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
_LONG_TERM = frozenset({"B-LT", "B-LTA"})


class _Order(NamedTuple):
    """What one file needs of its seal."""

    elements: dict[str, Any]
    moment: datetime
    key: KeyHandle
    level: str


class PadesSealer:
    """Seals pages with the issuer's key (`certlib.ports.DocumentSealer`).

    Certified with DocMDP P=1, one invisible field, nothing after the sealing revision but the
    archive timestamp of B-LTA. Pages of our own take `signing.writer`, all others
    `signing.outside`. Safe to call from several threads; runs no event loop.

    Attributes:
        reserved: bytes kept for the CMS; None for what key and timestamp authority need. Where it
            was too little, the key signs once more.
    """

    def __init__(
        self,
        custody: SealCustody,
        timestamps: TimestampSource | None,
        clock: Clock,
        *,
        materials: ValidationMaterialSource | None = None,
        reserved: int | None = None,
    ) -> None:
        self._custody = custody
        self._stamps = None if timestamps is None else Stamps(timestamps)
        self._clock = clock
        self._materials = materials
        self._templates: dict[tuple[bytes, ...], SealTemplate] = {}
        self.reserved = reserved

    def seal(self, pdf: bytes, content: Content, level: str = "B-T") -> SealedDocument:
        """Lays XMP of `content` into the PDF and seals it with the issuer's seal key.

        The claimed time is `content.sealed_at`, fixed at reservation; the timestamp proves the
        actual one. Where there is no validation material, the level reached is B-T, and where the
        archive timestamp fails, B-LT: the answer says so, and `signing.archive` lifts it later.

        Raises:
            SigningUnavailable: the key does not answer, or there is no timestamp authority.
            TimestampMissing: the timestamp authority does not answer; the seal is made.
            SealMismatch: the page cannot be sealed (not readable, sealed already, has a form).
        """
        if level not in _LEVELS or (level != "B-B" and self._stamps is None):
            raise SigningUnavailable(what=level)
        key = self._custody.seal_key(content.issuer_code)
        moment = content.sealed_at or self._clock.now()
        file, level = self._at_level(pdf, _Order(content.as_json(), moment, key, level))
        return SealedDocument(file.pdf, file.sha256, level)

    def seal_receipt(self, pdf: bytes, key: KeyHandle) -> bytes:
        """The same for a receipt: B-T, certified, its own data instead of a certificate's.

        Raises:
            SigningUnavailable, TimestampMissing: as `seal`.
            SealMismatch: the page cannot be sealed.
        """
        if self._stamps is None:
            raise SigningUnavailable(what="B-T")
        return self._at_level(pdf, _Order({}, self._clock.now(), key, "B-T"))[0].pdf

    def _at_level(self, pdf: bytes, order: _Order) -> tuple[SealedFile, str]:
        """The file and the level reached."""
        stamps = self._stamps
        if order.level == "B-B" or stamps is None:
            return self._sealed(pdf, order, None, None)[0], "B-B"
        if self._materials is None or order.level not in _LONG_TERM:
            return self._sealed(pdf, order, stamps, None)[0], "B-T"
        store, expected = _material(self._materials, order.key.chain, stamps)
        file, token = self._sealed(pdf, order, stamps, store)
        # Another authority than the one expected has answered: the store does not speak of it.
        if store is None or expected not in token:
            return file, "B-T"
        if order.level == "B-LT":
            return file, "B-LT"
        try:
            return archived(file, stamps), "B-LTA"
        except Unavailable:
            return file, "B-LT"

    def _sealed(
        self, pdf: bytes, order: _Order, stamps: Stamps | None, store: ValidationMaterial | None
    ) -> tuple[SealedFile, bytes]:
        """The file with its seal, and the token in it."""
        template = self._template(order.key)
        reserved = self.reserved
        if reserved is None:
            token_size = 0 if stamps is None else max(_TOKEN, stamps.longest + _MARGIN)
            reserved = template.size + token_size
        for _ in range(_RETRIES):
            prepared = _prepared(pdf, SealProfile(order.elements, order.moment, reserved, store))
            attributes = template.attributes(prepared.digest)
            signature = order.key.sign(attributes)
            token = b""
            if stamps is not None:
                try:
                    token = stamps.token(hashlib.sha256(signature).digest())
                except Unavailable as error:  # its limit, too many questions, a store: none now
                    plain = finish(prepared, template.signed(attributes, signature, b""))
                    what = str(error.values.get("what", error.code))
                    raise TimestampMissing(pdf=plain.pdf, what=what) from error
            cms = template.signed(attributes, signature, token)
            if len(cms) <= prepared.room:
                return finish(prepared, cms), token
            reserved = len(cms) + _MARGIN
        raise KeyUnusable(what=order.key.name)

    def _template(self, key: KeyHandle) -> SealTemplate:
        found = self._templates.get(key.chain)
        if found is None:
            found = SealTemplate(key.chain, key.algorithm)
            self._templates[key.chain] = found
        return found


def _material(
    source: ValidationMaterialSource, chain: tuple[bytes, ...], stamps: Stamps
) -> tuple[ValidationMaterial | None, bytes]:
    """Material of the seal and of whoever will stamp it, and that one's X.509 certificate."""
    try:
        expected = stamps.chain()
        return source.material((chain, expected)), expected[0]
    except Unavailable:
        return None, b""


def _prepared(pdf: bytes, profile: SealProfile) -> PreparedSeal:
    """By our own writer where the page is ours in every respect, by the general one otherwise."""
    page = recognised(pdf)
    if page is not None and not page[1].form:
        pieces = (pdf,) if pdf.endswith(b"\n") else (pdf, b"\n")
        state = hashlib.sha256(pdf)
        if len(pieces) > 1:
            state.update(b"\n")
        try:
            return writer.sealed(page, SealedFile(pieces, state), profile)
        except ValueError:  # the packet lies otherwise
            pass
    return outside.sealed(pdf, profile)
