"""Whether a change speaks of holders that the library knows, by a name that they bore that day.

Whoever records a change decides with it who may use a certificate. So nothing is said of strangers:
the code stands on a certificate or came out of an earlier change, and so does the name.
"""

from collections.abc import Iterator, Sequence

from certlib.document import Holder
from certlib.errors import Problem
from certlib.holder_changes import ChangeKind, Chronicle, HolderChange, HolderKey, key_of
from certlib.holders import name_key
from certlib.registry import ReadSession, SearchQuery

_MOST_READ = 50
_GO_ON = frozenset({ChangeKind.DIVIDED})
"""After these whoever it happened to may still be there, under the name of before."""


def fit_problems(session: ReadSession, change: HolderChange) -> Iterator[Problem]:
    """What does not fit the record about the holders as they were before."""
    known = session.related_changes(key_of(holder) for holder in change.before)
    for place, holder in enumerate(change.before):
        if not _code_known(session, known, key_of(holder)):
            yield Problem(
                f"/before/{place}/code",
                "holder-not-on-record",
                "库内没有该主体的证照或变更登记，请核对代码；无须登记与本库无关的主体。",
                "Neither a certificate nor a change of this holder is on record: check the code.",
            )
        elif name_key(holder.name) not in _names(session, known, holder, change):
            yield Problem(
                f"/before/{place}/name",
                "holder-name-not-on-record",
                "该主体在生效日登记的不是此名称，请核对；此前更名尚未登记的，请先登记。",
                "The holder did not bear this name on that day by the record: check it, and record "
                "first what is missing before it.",
            )


def _code_known(session: ReadSession, known: Sequence[HolderChange], key: HolderKey) -> bool:
    query = SearchQuery(holder_code=key.code, holder_code_type=key.code_type, limit=1)
    return any(key in item.keys for item in _standing(known)) or bool(session.search(query))


def _names(
    session: ReadSession, known: Sequence[HolderChange], holder: Holder, change: HolderChange
) -> frozenset[str]:
    """Names of the day, folded; of those on certificates the one that is asked about."""
    chronicle, day, key = Chronicle(known), change.effective_from, key_of(holder)
    query = SearchQuery(
        holder_code=key.code,
        holder_code_type=key.code_type,
        holder_name=holder.name,
        limit=_MOST_READ,
    )
    sealed = [
        (own, found.content.issue_date)
        for found in session.search(query)
        for own in found.content.holders
    ]
    recorded = [(own, item.effective_from) for item in _standing(known) for own in _parties(item)]
    return frozenset(
        name_key(chronicle.standing(own, since, day).own.name)
        for own, since in (*sealed, *(pair for pair in recorded if pair[1] <= day))
        if key_of(own) == key
    )


def _standing(known: Sequence[HolderChange]) -> list[HolderChange]:
    return [item for item in known if item.source.stands()]


def _parties(change: HolderChange) -> tuple[Holder, ...]:
    """Whoever goes on after a change."""
    return (*change.after, *change.before) if change.kind in _GO_ON else change.after
