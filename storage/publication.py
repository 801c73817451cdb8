"""What a publication writes: certificate, holders, names, files, first step, all set by set."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert

from certlib.certificate import Certificate
from certlib.document import Holder
from certlib.errors import Unsupported
from certlib.holders import normalise_code_type
from certlib.registry import Publication
from storage import face_numbers, files, handing_over, intents, preservation, standing, steps
from storage.content import seal_content
from storage.encryption import Place
from storage.link import Link
from storage.lookup import code_hash, name_hash, number_hash
from storage.tables import (
    CertificateHolderRow,
    CertificateRow,
    HolderNameRow,
    table,
)

_CERTIFICATES = table(CertificateRow)
_HOLDERS = table(CertificateHolderRow)
_NAMES = table(HolderNameRow)
_INSERT_CERTIFICATE = insert(_CERTIFICATES)
_INSERT_HOLDER = insert(_HOLDERS)
_INSERT_NAME = insert(_NAMES)


def publish(link: Link, publications: Iterable[Publication]) -> None:
    """Makes certificates public with the coming commit, as `UnitOfWork.publish` says."""
    # One order for all units: two of them cannot wait for each other's rows.
    ordered = sorted(publications, key=lambda item: item.certificate.identifier)
    certificates = [item.certificate for item in ordered]
    intents.mark_published(link, [item.intent.identifier for item in ordered])
    rows = [_certificate_row(link, item) for item in ordered]
    link.change(_INSERT_CERTIFICATE, rows)
    link.change(_INSERT_HOLDER, [row for item in certificates for row in _holder_rows(link, item)])
    link.change(_INSERT_NAME, [row for item in certificates for row in _name_rows(link, item)])
    files.add(link, [file for item in certificates for file in item.files])
    preservation.begin(
        link,
        [
            (file, item.certificate.content.type_code, item.intent.seal_level)
            for item in ordered
            for file in item.certificate.files
        ],
    )
    steps.add(link, [(item.identifier, step) for item in certificates for step in item.history])
    steps.put_restrictions(
        link, [(item.identifier, one) for item in certificates for one in item.restrictions]
    )
    handing_over.expect(link, certificates)
    face_numbers.hand_over(
        link,
        [
            face_numbers.claim_of(item.content, row["number_hash"])
            for item, row in zip(certificates, rows, strict=True)
        ],
    )


def former_name_rows(link: Link, certificate: Certificate, start: int) -> list[dict[str, Any]]:
    """Rows of the former names from index `start` on; they belong to the first holder."""
    names = certificate.former_names[start:]
    return [
        _name_row(link, certificate.identifier, (0, start + offset + 1), name)
        for offset, name in enumerate(names)
    ]


def lineage(identifier: str) -> tuple[str, str]:
    """Serial and version of an identifier (GB/T 36904: parsed from the right).

    Raises:
        Unsupported: too few parts.
    """
    parts = identifier.rsplit(".", 3)
    if len(parts) != 4:  # noqa: PLR2004 -- root and codes, serial, version, check character
        raise Unsupported(what="identifier without serial and version")
    return parts[1], parts[2]


def _certificate_row(link: Link, item: Publication) -> dict[str, Any]:
    certificate, intent, content = item.certificate, item.intent, item.certificate.content
    serial, version = lineage(certificate.identifier)
    return {
        "identifier": certificate.identifier,
        "state": certificate.state,
        "valid_from": content.valid_from or content.issue_date,
        "valid_to": content.valid_to,
        "type_code": content.type_code,
        "issuer_code": content.issuer_code,
        "row_version": certificate.row_version,
        "renewal_pending_since": certificate.renewal_pending_since,
        "changed_at": certificate.recorded_at,
        "serial": serial,
        "version": version,
        "type_version": content.type_version,
        "division_code": content.division_code,
        "form": content.form,
        "number_hash": number_hash(link.cipher, content.number),
        "issue_date": content.issue_date,
        "recorded_at": certificate.recorded_at,
        "supersedes": intent.supersedes,
        "superseded_by": certificate.superseded_by,
        "paper": certificate.paper,
        "demonstration": content.demonstration,
        "target_level": intent.seal_level,
        "reached_level": preservation.lowest(certificate.files),
        "timestamp_due": preservation.first_due(certificate.files, intent.seal_level),
        "storage_key": intent.storage_key,
        "template_digest": intent.design.template,
        "fonts_digest": intent.design.fonts,
        "typst_digest": intent.design.typst,
        "content_digest": intent.content_digest,
        "content": seal_content(link.cipher, _CERTIFICATES.name, content),
        "acting_code": content.acting_code,
        "duties_since": standing.clocks_text(certificate.duties_since),
        "holder_hash": _sole_holder(link, content.holders),
    }


def _sole_holder(link: Link, holders: Sequence[Holder]) -> str:
    if len(holders) != 1:
        return ""
    return code_hash(link.cipher, holders[0].code_type, holders[0].code)


def _holder_rows(link: Link, certificate: Certificate) -> list[dict[str, Any]]:
    return [
        {
            "identifier": certificate.identifier,
            "position": position,
            "code_type": normalise_code_type(holder.code_type),
            "code_hash": code_hash(link.cipher, holder.code_type, holder.code),
            "code": link.cipher.seal_text(
                holder.code,
                Place(_HOLDERS.name, "code", f"{certificate.identifier}\x1f{position}"),
            ),
        }
        for position, holder in enumerate(certificate.content.holders)
    ]


def _name_rows(link: Link, certificate: Certificate) -> list[dict[str, Any]]:
    sealed = [
        _name_row(link, certificate.identifier, (position, 0), holder.name)
        for position, holder in enumerate(certificate.content.holders)
    ]
    return [*sealed, *former_name_rows(link, certificate, 0)]


def _name_row(link: Link, identifier: str, place: tuple[int, int], name: str) -> dict[str, Any]:
    position, sequence = place
    row = f"{identifier}\x1f{position}\x1f{sequence}"
    return {
        "identifier": identifier,
        "position": position,
        "sequence": sequence,
        "name_hash": name_hash(link.cipher, name),
        "name": link.cipher.seal_text(name, Place(_NAMES.name, "name", row)),
        "recorded_at": link.clock.now(),
    }
