"""Search: keyset pages in the order of identifiers. It never filters on valid states."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from certlib.certificate import Certificate
from certlib.holders import IDENTITY_NUMBER, normalise_code_type
from certlib.registry import SearchQuery
from storage import records
from storage.holdings import held
from storage.link import Link
from storage.lookup import code_hash, name_hash, number_hash
from storage.tables import CertificateHolderRow, CertificateRow, HolderNameRow, table

_TABLE = table(CertificateRow)
_CERTIFICATES = _TABLE.c
_HOLDERS = table(CertificateHolderRow).c
_NAMES = table(HolderNameRow).c
_OTHER = "999"


def search(link: Link, query: SearchQuery) -> Sequence[Certificate]:
    """The page after `query.after`; every given criterion holds."""
    statement = (
        select(*records.COLUMNS)
        .where(*_plain(query), *_hashed(link, query))
        .order_by(_CERTIFICATES.identifier)
        .limit(max(query.limit, 0))
    )
    return records.whole(link, link.fetch(statement))


def _plain(query: SearchQuery) -> Iterator[ColumnElement[bool]]:
    if query.after:
        yield _CERTIFICATES.identifier > query.after
    if query.within is not None:
        yield held(_TABLE, query.within)
    if query.issuer_codes is not None:
        yield _CERTIFICATES.issuer_code.in_(sorted(query.issuer_codes))
    if query.type_code:
        yield _CERTIFICATES.type_code == query.type_code
    if query.states is not None:
        yield _CERTIFICATES.state.in_(sorted(query.states))


def _hashed(link: Link, query: SearchQuery) -> Iterator[ColumnElement[bool]]:
    if query.number:
        yield _CERTIFICATES.number_hash == number_hash(link.cipher, query.number)
    if query.holder_code:
        held = select(_HOLDERS.identifier).where(_HOLDERS.code_hash.in_(_codes(link, query)))
        if query.holder_code_type:
            code_type = normalise_code_type(query.holder_code_type)
            held = held.where(_HOLDERS.code_type == code_type)
        yield _CERTIFICATES.identifier.in_(held)
    if query.holder_name:
        named = select(_NAMES.identifier).where(
            _NAMES.name_hash == name_hash(link.cipher, query.holder_name)
        )
        yield _CERTIFICATES.identifier.in_(named)


def _codes(link: Link, query: SearchQuery) -> set[Any]:
    # Without a type the code may be an old identity number or anything else: both are tried.
    types = [query.holder_code_type] if query.holder_code_type else [IDENTITY_NUMBER, _OTHER]
    return {code_hash(link.cipher, code_type, query.holder_code) for code_type in types}
