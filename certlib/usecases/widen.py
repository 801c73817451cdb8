"""Widen a search by what happened to holders: old and new codes and names find each other."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from certlib.holder_changes import Chronicle, HolderKey
from certlib.holders import IDENTITY_NUMBER, normalise, normalise_code_type
from certlib.registry import ReadSession, SearchQuery

_OTHER = "999"


def widened(session: ReadSession, query: SearchQuery, day: date) -> SearchQuery:
    """The query with every holder that its code or name means; one query more, or none.

    A code finds what its holder has under older and newer codes, and what came to it by merger or
    division. A name finds whoever bore it at some time.

    Raises:
        UnknownCodeType: the code's type is in no table.
    """
    meant = _meant(query)
    names = (query.holder_name,) if query.holder_name else ()
    if not meant and not names:
        return query
    changes = session.related_changes(meant, names)
    if not changes:
        return query
    chronicle = Chronicle(changes)
    known = {key for change in changes for key in change.keys}
    started = [key for key in known if _means(key, meant, typed=bool(query.holder_code_type))]
    bearers = chronicle.bearers(query.holder_name, day) if names else ()
    return replace(
        query,
        code_keys=_belonging(chronicle, started, day),
        name_keys=_belonging(chronicle, bearers, day),
    )


def _meant(query: SearchQuery) -> list[HolderKey]:
    """Without a type the code may be an old identity number or anything else."""
    if not query.holder_code:
        return []
    types = [query.holder_code_type] if query.holder_code_type else [IDENTITY_NUMBER, _OTHER]
    known = [normalise_code_type(code_type) for code_type in types]
    return [HolderKey(kind, normalise(kind, query.holder_code)) for kind in known]


def _means(key: HolderKey, meant: Iterable[HolderKey], *, typed: bool) -> bool:
    return any(key == one if typed else key.code == one.code for one in meant)


def _belonging(chronicle: Chronicle, keys: Iterable[HolderKey], day: date) -> frozenset[HolderKey]:
    return frozenset(one for key in keys for one in chronicle.belonging(key, day))
