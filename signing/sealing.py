"""PAdES sealing (ETSI EN 319 142-1): page in, certified file out, levels B-B and B-T."""

import hashlib
from datetime import datetime
from typing import Any

from certlib.document import Content
from certlib.errors import KeyUnusable, SigningUnavailable
from certlib.ports import Clock, KeyHandle, SealCustody, SealedDocument, TimestampSource
from signing.cms import SealTemplate
from signing.gap import PreparedSeal, SealProfile, finish, prepare

__all__ = ["PadesSealer"]

_RESERVED = 6 * 1024
_RETRIES = 3
_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


class PadesSealer:
    """Seals pages with the issuer's key (`certlib.ports.DocumentSealer`).

    Certified with DocMDP P=1, one invisible field, nothing after the sealing revision. Safe to
    call from several threads; runs no event loop.

    Attributes:
        reserved: bytes kept for the CMS; doubled when a chain or a token turns out longer.
    """

    def __init__(
        self,
        custody: SealCustody,
        timestamps: TimestampSource | None,
        clock: Clock,
        *,
        reserved: int = _RESERVED,
    ) -> None:
        self._custody = custody
        self._timestamps = timestamps
        self._clock = clock
        self._templates: dict[tuple[bytes, ...], SealTemplate] = {}
        self.reserved = reserved

    def seal(self, pdf: bytes, content: Content, level: str = "B-T") -> SealedDocument:
        """Lays XMP of `content` into the PDF and seals it with the issuer's seal key.

        The claimed time is `content.sealed_at`, fixed at reservation; the timestamp proves the
        actual one. B-LT and B-LTA are reached from B-T by later revisions: sealing answers with
        `B-T` for them.

        Raises:
            SigningUnavailable: key or timestamp authority does not answer, or there is none.
            SealMismatch: the page cannot be sealed (not readable, sealed already, has a form).
        """
        if level not in _LEVELS or (level != "B-B" and self._timestamps is None):
            raise SigningUnavailable(what=level)
        level = "B-B" if level == "B-B" else "B-T"
        key = self._custody.seal_key(content.issuer_code)
        moment = content.sealed_at or self._clock.now()
        sealed = self._sealed(pdf, content.as_json(), key, level, moment)
        return SealedDocument(sealed, hashlib.sha256(sealed).hexdigest(), level)

    def seal_receipt(self, pdf: bytes, key: KeyHandle) -> bytes:
        """The same for a receipt: B-T, certified, its own data instead of a certificate's.

        Raises:
            SigningUnavailable: key or timestamp authority does not answer, or there is none.
            SealMismatch: the page cannot be sealed.
        """
        if self._timestamps is None:
            raise SigningUnavailable(what="B-T")
        return self._sealed(pdf, {}, key, "B-T", self._clock.now())

    def _sealed(
        self, pdf: bytes, elements: dict[str, Any], key: KeyHandle, level: str, moment: datetime
    ) -> bytes:
        template = self._template(key)
        reserved = self.reserved
        for _ in range(_RETRIES):
            prepared = prepare(pdf, SealProfile(elements, moment, reserved))
            cms = self._signed(prepared, template, key, level)
            if len(cms) <= prepared.room:
                return finish(prepared, cms)
            reserved = 2 * len(cms)
        raise KeyUnusable(what=key.name)

    def _signed(
        self, prepared: PreparedSeal, template: SealTemplate, key: KeyHandle, level: str
    ) -> bytes:
        attributes = template.attributes(prepared.digest)
        signature = key.sign(attributes)
        token = b""
        if level == "B-T" and self._timestamps is not None:
            token = self._timestamps.token(hashlib.sha256(signature).digest(), "sha256")
        return template.signed(attributes, signature, token)

    def _template(self, key: KeyHandle) -> SealTemplate:
        found = self._templates.get(key.chain)
        if found is None:
            found = SealTemplate(key.chain, key.algorithm)
            self._templates[key.chain] = found
        return found
