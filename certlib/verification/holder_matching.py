"""Comparing a claimed holder with the record: dated names and codes, former and present ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from certlib.calendar import legal_day
from certlib.certificate import Certificate
from certlib.holder_changes import Chronicle, HolderKey, Standing, key_of
from certlib.holders import mask_code, mask_name, name_key, normalise
from certlib.verification.model import Judgement


class Likeness(IntEnum):
    """How a claim stands to a holder; of several holders the likest counts."""

    DIFFERENT = 0
    DIVIDED = 1
    MERGED = 2
    CHANGED = 3
    SAME = 4


@dataclass(frozen=True, slots=True)
class HolderThen:
    """A holder as it stands today and, where a past day is asked for, as it stood then."""

    now: Standing
    then: Standing | None


def holders_of(bench: Judgement, record: Certificate) -> tuple[HolderThen, ...]:
    """What has become of the sealed holders, by the events among the facts."""
    facts, sealed_on = bench.facts, record.content.issue_date
    today = legal_day(bench.at)
    past = _past_day(facts.on, today)
    now, then = Chronicle(facts.holder_changes), Chronicle(facts.holder_changes, facts.known_at)
    return tuple(
        HolderThen(
            now.standing(holder, sealed_on, today),
            None if past is None else then.standing(holder, sealed_on, past),
        )
        for holder in record.content.holders
    )


def name_likeness(claim: str, holder: HolderThen, former: Iterable[str]) -> Likeness:
    """How a claimed name stands to a holder.

    The name of the asked day is right without remark; today a name that is not both sealed and
    present is one that has changed.
    """
    wanted = name_key(claim)
    now, then = holder.now, holder.then
    known = {name_key(name) for name in (*now.names, *former)}
    if then is not None and wanted == name_key(then.own.name):
        return Likeness.SAME
    unchanged = name_key(now.own.name) == name_key(now.sealed.name)
    if then is None and unchanged and wanted == name_key(now.sealed.name):
        return Likeness.SAME
    if wanted in known:
        return Likeness.CHANGED
    if wanted in {name_key(item.name) for item in now.heirs}:
        return Likeness.MERGED
    divided = {name_key(item.name) for item in now.divided}
    return Likeness.DIVIDED if wanted in divided else Likeness.DIFFERENT


def code_likeness(claim: str, holder: HolderThen) -> Likeness:
    """How a claimed code stands to a holder; 15 and 18 digits of one number are the same."""
    now, then = holder.now, holder.then
    sealed, current = key_of(now.sealed), key_of(now.own)
    if then is not None and _means(claim, key_of(then.own)):
        return Likeness.SAME
    if then is None and sealed == current and _means(claim, sealed):
        return Likeness.SAME
    if any(_means(claim, key) for key in now.keys):
        return Likeness.CHANGED
    if any(_means(claim, key_of(item)) for item in now.heirs):
        return Likeness.MERGED
    divided = any(_means(claim, key_of(item)) for item in now.divided)
    return Likeness.DIVIDED if divided else Likeness.DIFFERENT


def present(holders: Iterable[HolderThen]) -> dict[str, str]:
    """Present names and codes, masked: who knows a former one is not told the present in full."""
    current = [item.now.own for item in holders]
    return {
        "name": "、".join(mask_name(item.name, item.code_type) for item in current),
        "code": "、".join(mask_code(item.code_type, item.code) for item in current),
    }


def merger_values(standing: Standing) -> dict[str, str]:
    """Who the certificate names and who stands in that holder's place, both organisations."""
    return {"sealed": standing.own.name, "name": standing.current.name}


def _past_day(on: date | None, today: date) -> date | None:
    return on if on is not None and on < today else None


def _means(claim: str, key: HolderKey) -> bool:
    return normalise(key.code_type, claim) == key.code
