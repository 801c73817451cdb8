"""Search: keyset pages in the order of identifiers. It never filters on valid states.

Each page is one query on indexes. A department that took others' certificates over browses several
issuers at once: each is read in order from its own index, and no more of it than one page.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    false,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from certlib.certificate import Certificate
from certlib.departments import Holding
from certlib.holder_changes import HolderKey
from certlib.holders import IDENTITY_NUMBER, normalise_code_type
from certlib.ids import ROOT
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
_MOST_PARTS = 200
"""SELECTs in one compound: SQLite takes 500."""


def search(link: Link, query: SearchQuery) -> Sequence[Certificate]:
    """The page after `query.after`; every given criterion holds."""
    return records.whole(link, link.fetch(page(link, query)))


def page(link: Link, query: SearchQuery) -> Select[Any]:
    """The statement behind one page."""
    statement = select(*records.COLUMNS)
    conditions = [*_plain(query), *_hashed(link, query)]
    if query.within is None:
        statement = statement.where(*conditions)
    elif query.number or query.holder_code or query.holder_name:
        # A hash finds few: whose they are is asked of those alone.
        statement = statement.where(*conditions, held(_TABLE, query.within))
    else:
        parts = list(_single(query))
        if len(parts) > _MOST_PARTS:
            statement = statement.where(*conditions, held(_TABLE, query.within))
        elif len(parts) == 1:
            statement = statement.where(*conditions, *_ranged(parts[0]))
        else:
            browsed = _browsed(query, parts, conditions) if parts else false()
            statement = statement.where(browsed)
    return statement.order_by(_CERTIFICATES.identifier).limit(max(query.limit, 0))


def _browsed(
    query: SearchQuery, parts: Iterable[Holding], conditions: Sequence[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Among the next identifiers of each part: the page is among them."""
    pages = (
        select(_CERTIFICATES.identifier)
        .where(*conditions, *_ranged(part))
        .order_by(_CERTIFICATES.identifier)
        .limit(max(query.limit, 0))
        .subquery()
        for part in parts
    )
    together = union_all(*(select(one.c.identifier) for one in pages)).subquery()
    return _CERTIFICATES.identifier.in_(select(together.c.identifier))


def _single(query: SearchQuery) -> Iterator[Holding]:
    """Holdings of one type each, or of all of an issuer's: each is in the order of an index."""
    for part in query.within or ():
        if query.type_code:
            if part.covers(part.issuer_code, query.type_code, part.acting_code):
                only = frozenset({query.type_code})
                yield Holding(part.issuer_code, only, acting_code=part.acting_code)
        elif part.only is None:
            yield part
        else:
            for kind in sorted(part.only):
                yield Holding(part.issuer_code, frozenset({kind}), acting_code=part.acting_code)


def _ranged(part: Holding) -> Iterator[ColumnElement[bool]]:
    """A part of `_single`: an identifier begins with type and issuer (GB/T 36904)."""
    for kind in part.only or ():
        first = f"{ROOT}.{kind}.{part.issuer_code}."
        yield _CERTIFICATES.identifier > first
        yield _CERTIFICATES.identifier < first[:-1] + "/"  # the character after the point
    if part.acting_code:
        # Type and issuer stand in the range; naming them would draw SQLite to a longer index.
        yield _CERTIFICATES.acting_code == part.acting_code
        yield _CERTIFICATES.acting_code != literal_column("''")  # what the index leaves out
    else:
        yield held(_TABLE, [part])


def _plain(query: SearchQuery) -> Iterator[ColumnElement[bool]]:
    if query.after:
        yield _CERTIFICATES.identifier > query.after
    if query.issuer_codes is not None:
        yield _CERTIFICATES.issuer_code.in_(sorted(query.issuer_codes))
    if query.type_code:
        yield _CERTIFICATES.type_code == query.type_code
    if query.states is not None:
        yield _CERTIFICATES.state.in_(sorted(query.states))
    yield from _dated(query)


def _dated(query: SearchQuery) -> Iterator[ColumnElement[bool]]:
    if query.issued_from is not None:
        yield _CERTIFICATES.issue_date >= query.issued_from
    if query.issued_to is not None:
        yield _CERTIFICATES.issue_date <= query.issued_to
    if query.ends_from is not None:
        yield _CERTIFICATES.valid_to >= query.ends_from
    if query.ends_to is not None:
        yield _CERTIFICATES.valid_to <= query.ends_to
    if query.recorded_since is not None:
        yield _CERTIFICATES.recorded_at >= query.recorded_since


def _hashed(link: Link, query: SearchQuery) -> Iterator[ColumnElement[bool]]:
    if query.number:
        yield _CERTIFICATES.number_hash == number_hash(link.cipher, query.number)
    if query.holder_code:
        meant = _meant(link, query)
        coded = select(_HOLDERS.identifier).where(or_(meant, *_keyed(link, query.code_keys)))
        yield _CERTIFICATES.identifier.in_(coded)
    if query.holder_name:
        named = select(_NAMES.identifier).where(
            _NAMES.name_hash == name_hash(link.cipher, query.holder_name)
        )
        if query.name_keys:
            bearers = select(_HOLDERS.identifier).where(or_(*_keyed(link, query.name_keys)))
            yield _CERTIFICATES.identifier.in_(union(named, bearers))
        else:
            yield _CERTIFICATES.identifier.in_(named)


def held_by(link: Link, keys: Iterable[HolderKey]) -> list[str]:
    """Identifiers of the certificates of these holders, in order."""
    wanted = list(_keyed(link, keys))
    if not wanted:
        return []
    found = select(_HOLDERS.identifier).where(or_(*wanted)).distinct()
    return [row.identifier for row in link.fetch(found.order_by(_HOLDERS.identifier))]


def _meant(link: Link, query: SearchQuery) -> ColumnElement[bool]:
    # Without a type the code may be an old identity number or anything else: both are tried.
    types = [query.holder_code_type] if query.holder_code_type else [IDENTITY_NUMBER, _OTHER]
    hashes = {code_hash(link.cipher, code_type, query.holder_code) for code_type in types}
    meant = _HOLDERS.code_hash.in_(sorted(hashes))
    if not query.holder_code_type:
        return meant
    return and_(meant, _HOLDERS.code_type == normalise_code_type(query.holder_code_type))


def _keyed(link: Link, keys: Iterable[HolderKey]) -> Iterator[ColumnElement[bool]]:
    """Holders with one of these keys, type by type."""
    ordered = sorted(keys, key=lambda key: (key.code_type, key.code))
    for code_type, group in groupby(ordered, key=lambda key: key.code_type):
        hashes = sorted(code_hash(link.cipher, code_type, key.code) for key in group)
        yield and_(_HOLDERS.code_hash.in_(hashes), _HOLDERS.code_type == code_type)
