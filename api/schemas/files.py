"""Files of certificates on the wire, and how their seals stand."""

from typing import Self

from pydantic import Field

from api.schemas.base import Instant, Wire
from certlib.certificate import Certificate, CertificateFile


class FileOut(Wire):
    """证照文件。 One file of the certificate; its digest is what verification knows it by."""

    sha256: str
    size: int
    form: str
    copy_number: int
    revision: int
    kind: str
    level: str
    stored_at: Instant

    @classmethod
    def of(cls, file: CertificateFile) -> Self:
        """The wire shape, without the object's name."""
        return cls(
            sha256=file.sha256,
            size=file.size,
            form=file.form,
            copy_number=file.copy_number,
            revision=file.revision,
            kind=file.kind,
            level=file.level,
            stored_at=file.stored_at,
        )


class SealLevelOut(Wire):
    """签章级别。 PAdES levels (ETSI EN 319 142-1), over all files of the certificate."""

    target: str = Field(description="证照类型要求的级别。 What the type asks for.")
    reached: str = Field(description="已达到的级别，取各文件中最低者。 The lowest of its files.")
    next_due: Instant | None = Field(
        description="下次补足或续加时间戳的时间，尚未检查的为空。 When its seals are to be "
        "lifted or renewed; null where nobody has looked yet."
    )

    @classmethod
    def of(cls, certificate: Certificate) -> Self | None:
        """The wire shape; None where nothing is sealed yet."""
        if not certificate.target_level:
            return None
        return cls(
            target=certificate.target_level,
            reached=certificate.reached_level,
            next_due=certificate.care_due_at,
        )
