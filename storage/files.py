"""Files that were served: their rows, which come and stay as they are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert

from certlib.certificate import CertificateFile
from storage import locks
from storage.encryption import Place
from storage.link import Link
from storage.tables import CertificateFileRow, table

_FILES = table(CertificateFileRow)
_INSERT = insert(_FILES)


def add(link: Link, files: Sequence[CertificateFile]) -> None:
    """Keeps the digests of served files.

    Raises:
        Conflict: no such certificate, or the file is known already.
    """
    link.change(_INSERT, [_row(link, file) for file in files])
    locks.due(link, files)


def file_of(link: Link, row: Row[Any]) -> CertificateFile:
    """The served file behind a row that has its columns."""
    purpose = ""
    if row.purpose is not None:
        place = Place(_FILES.name, "purpose", f"{row.identifier}\x1f{row.sha256}")
        purpose = link.cipher.open_text(bytes(row.purpose), place)
    return CertificateFile(
        sha256=row.sha256,
        identifier=row.identifier,
        object_name=row.object_name,
        size=row.size,
        form=row.form,
        revision=row.revision,
        level=row.level,
        stored_at=row.stored_at,
        kind=row.kind,
        purpose=purpose,
        expires_on=row.expires_on,
        copy_number=row.copy_number,
        content_digest=row.content_digest,
    )


def _row(link: Link, file: CertificateFile) -> dict[str, Any]:
    place = Place(_FILES.name, "purpose", f"{file.identifier}\x1f{file.sha256}")
    return {
        "identifier": file.identifier,
        "sha256": file.sha256,
        "object_name": file.object_name,
        "size": file.size,
        "form": file.form,
        "revision": file.revision,
        "level": file.level,
        "stored_at": file.stored_at,
        "kind": file.kind,
        "purpose": link.cipher.seal_text(file.purpose, place) if file.purpose else None,
        "expires_on": file.expires_on,
        "copy_number": file.copy_number,
        "content_digest": file.content_digest,
    }
