"""Four eyes: who makes, who reviews and who seals are different persons where the type says so.

Persons are compared (`certlib.persons`), never clients. A client that states no person counts as
itself, and cannot take part where several persons are needed: nobody could tell whose eyes those
were.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from certlib.catalogue import TypeVersion
from certlib.errors import ApprovalMissing
from certlib.issuing_errors import (
    NotYetApproved,
    PersonMissing,
    SamePerson,
    SealerNotSeparate,
)
from certlib.persons import person_key, persons, same_person
from certlib.registry import Draft
from certlib.usecases.caller import SEAL, Caller
from certlib.usecases.order import IssueOrder


@dataclass(frozen=True, slots=True)
class Hands:
    """Who took part, as one call says it.

    Attributes:
        made_by: who made it, where the caller seals what another person made; "" for the caller.
        approved_by: who approved.
    """

    made_by: str = ""
    approved_by: tuple[str, ...] = ()

    def maker(self, caller: Caller) -> str:
        """Who made it: the person named, or whoever calls."""
        return self.made_by or caller.requester


def need_hands(caller: Caller, hands: Hands, version: TypeVersion) -> None:
    """In one call approvers and maker are named; the caller seals.

    Raises:
        PersonMissing: the type asks for several persons, and the caller states none.
        ApprovalMissing: fewer others than the type asks for, or maker or caller among them.
        SealerNotSeparate: the type wants a sealer apart, and maker and caller are not two persons.
        ScopeMissing: the type wants a sealer apart, and the client may not seal.
    """
    if version.approvals or version.separate_sealer:
        need_person(caller)
    involved = persons((hands.maker(caller), caller.requester))
    approvers = persons(hands.approved_by)
    if approvers & involved or len(approvers) < version.approvals:
        raise ApprovalMissing(field_path="/approved_by")
    if version.separate_sealer:
        caller.need(SEAL)
        if not person_key(hands.made_by) or same_person(hands.made_by, caller.person):
            raise SealerNotSeparate(field_path="/made_by")


def hands_of(order: IssueOrder) -> Hands:
    """Who took part in what the order says."""
    return Hands(order.made_by, order.approved_by)


def need_eyes_of_order(caller: Caller, order: IssueOrder, version: TypeVersion) -> None:
    """Raises as `need_hands`."""
    need_hands(caller, hands_of(order), version)


def need_maker(caller: Caller, order: IssueOrder, version: TypeVersion) -> None:
    """A draft of a type that needs several persons is made by a person.

    Raises:
        PersonMissing: the caller states none.
    """
    del order
    if version.approvals or version.separate_sealer:
        need_person(caller)


def need_person(caller: Caller) -> None:
    """Raises `PersonMissing` unless the client states the acting person."""
    if not person_key(caller.person):
        raise PersonMissing


def need_second_person(caller: Caller, approved_by: Iterable[str]) -> None:
    """What one call does alone is done by a person, and another one has approved it.

    Raises:
        PersonMissing: the caller states none.
        ApprovalMissing: nobody approved, or the caller did.
    """
    need_person(caller)
    approvers = persons(approved_by)
    if not approvers or approvers & persons((caller.person,)):
        raise ApprovalMissing(field_path="/approved_by")


def need_reviewer(caller: Caller, draft: Draft) -> None:
    """Who reviews is a person, did not make it, and has not approved it before.

    Raises:
        PersonMissing, SamePerson: otherwise.
    """
    need_person(caller)
    _need_other(caller, draft)


def need_sealer(caller: Caller, draft: Draft, version: TypeVersion) -> None:
    """Enough others have approved, and who seals is apart where the type says so.

    Raises:
        NotYetApproved: approvals are missing.
        PersonMissing, SamePerson: the sealer is no person, or had another part in it.
    """
    if not draft.approved:
        given, wanted = draft.approvals, draft.approvals_required
        raise NotYetApproved(given=given, wanted=wanted)
    if version.separate_sealer:
        need_person(caller)
        _need_other(caller, draft)


def _need_other(caller: Caller, draft: Draft) -> None:
    if person_key(caller.person) in persons((draft.made_by, *draft.approved_by)):
        raise SamePerson
