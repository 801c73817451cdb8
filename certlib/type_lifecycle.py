"""The life of a type version: draft → reviewed → published → withdrawn, by four eyes.

GB/T 36902 describes what a version says; this module says who may bring it into force and from
which day. A version's definition is fixed with its publication; only days follow after that.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from certlib.canonical import canonical_bytes, digest
from certlib.catalogue import TypeStatus, TypeVersion, type_version_from
from certlib.errors import DateOrder, Invalid, Problem, StaleVersion, TransitionForbidden
from certlib.issuing_errors import SamePerson
from certlib.persons import person_key, persons

_STATUS_ZH: Mapping[TypeStatus, str] = {
    TypeStatus.DRAFT: "草稿",
    TypeStatus.REVIEWED: "已审核",
    TypeStatus.PUBLISHED: "已发布",
    TypeStatus.WITHDRAWN: "已停用",
}
_LIFECYCLE_KEYS = ("status", "published_from", "usable_until")


@dataclass(frozen=True, slots=True)
class TypeRecord:
    """One version of a type, with its place in the catalogue.

    Attributes:
        definition: canonical JSON of what the version says, without its days.
        authors: everybody who wrote at it; none of them may review it.
        remark: why it was returned or withdrawn, with the basis.
        published_from: cut-over day, the first day of use.
        usable_until: last day of use; None while no end is set.
    """

    type_code: str
    version: str
    definition: str
    status: TypeStatus
    authors: tuple[str, ...]
    changed_at: datetime
    reviewer: str = ""
    publisher: str = ""
    remark: str = ""
    published_from: date | None = None
    usable_until: date | None = None
    row_version: int = 1

    @property
    def target(self) -> str:
        """How the history names it."""
        return f"type:{self.type_code}@{self.version}"

    @property
    def definition_digest(self) -> str:
        """Hex SHA-256 of the definition in canonical JSON."""
        return digest(json.loads(self.definition))

    def as_version(self) -> TypeVersion:
        """What the version says, in force on its days."""
        return replace(
            type_version_from(json.loads(self.definition)),
            status=self.status,
            published_from=self.published_from,
            usable_until=self.usable_until,
        )

    def expect(self, expected_version: int | None) -> "TypeRecord":
        """The record itself, if it is the one the caller has read.

        Raises:
            StaleVersion: it has changed since.
        """
        if expected_version is not None and expected_version != self.row_version:
            raise StaleVersion
        return self

    def rewritten(self, definition: Mapping[str, Any], person: str, now: datetime) -> "TypeRecord":
        """The draft with another text.

        Raises:
            TransitionForbidden: it is no draft any more.
        """
        self._need("rewrite", "修改", TypeStatus.DRAFT)
        known = person_key(person) in persons(self.authors)
        authors = self.authors if known else (*self.authors, person)
        return self._next(now, definition=definition_text(definition), authors=authors)

    def reviewed(self, person: str, now: datetime) -> "TypeRecord":
        """The draft, found good by somebody who did not write at it.

        Raises:
            TransitionForbidden: it is no draft.
            SamePerson: the reviewer is one of the authors.
        """
        self._need("review", "审核", TypeStatus.DRAFT)
        if person_key(person) in persons(self.authors):
            raise SamePerson
        return self._next(now, status=TypeStatus.REVIEWED, reviewer=person, remark="")

    def returned(self, remark: str, now: datetime) -> "TypeRecord":
        """Back to its authors, with what is to be done.

        Raises:
            TransitionForbidden: it was never reviewed, or is published.
            Invalid: no remark.
        """
        self._need("return", "退回", TypeStatus.DRAFT, TypeStatus.REVIEWED)
        _need_remark(remark)
        return self._next(now, status=TypeStatus.DRAFT, reviewer="", remark=remark)

    def published(self, person: str, first_day: date, today: date, now: datetime) -> "TypeRecord":
        """In force from `first_day`, the cut-over day.

        Raises:
            TransitionForbidden: it was not reviewed.
            DateOrder: the day is past: what was issued before cannot change its rules.
        """
        self._need("publish", "发布", TypeStatus.REVIEWED)
        if first_day < today:
            raise DateOrder(
                field_path="/published_from",
                later="启用日期",
                earlier="今天",
                later_en="the first day of use",
                earlier_en="today",
            )
        return self._next(
            now, status=TypeStatus.PUBLISHED, publisher=person, published_from=first_day
        )

    def ended(self, last_day: date, now: datetime) -> "TypeRecord":
        """Replaced by a newer version: usable until `last_day`.

        Raises:
            TransitionForbidden: it is not in force.
        """
        self._need("end", "停止使用", TypeStatus.PUBLISHED)
        return self._next(now, usable_until=last_day)

    def withdrawn(self, last_day: date, remark: str, now: datetime) -> "TypeRecord":
        """Abolished: no new certificates after `last_day`; those that were issued stay as they are.

        Raises:
            TransitionForbidden: it is not in force.
            Invalid: no remark.
            DateOrder: the last day lies before the first.
        """
        self._need("withdraw", "停用", TypeStatus.PUBLISHED)
        _need_remark(remark)
        if self.published_from is not None and last_day < self.published_from - timedelta(days=1):
            raise DateOrder(
                field_path="/last_day",
                later="停用日期",
                earlier="启用日期",
                later_en="the last day of use",
                earlier_en="the first",
            )
        return self._next(now, status=TypeStatus.WITHDRAWN, usable_until=last_day, remark=remark)

    def _need(self, action: str, action_zh: str, *allowed: TypeStatus) -> None:
        if self.status not in allowed:
            raise TransitionForbidden(
                state=self.status.value,
                state_zh=_STATUS_ZH[self.status],
                action=action,
                action_zh=action_zh,
            )

    def _next(self, now: datetime, **changes: Any) -> "TypeRecord":
        return replace(self, row_version=self.row_version + 1, changed_at=now, **changes)


def drafted(definition: Mapping[str, Any], person: str, now: datetime) -> TypeRecord:
    """A new draft.

    Raises:
        Invalid: the definition breaks the rules of `type_version_from`.
    """
    text = definition_text(definition)
    version = type_version_from(json.loads(text))
    return TypeRecord(
        type_code=version.type_code,
        version=version.version,
        definition=text,
        status=TypeStatus.DRAFT,
        authors=(person,),
        changed_at=now,
    )


def definition_text(definition: Mapping[str, Any]) -> str:
    """Canonical JSON of what a version says; its days and status are no part of that.

    Raises:
        Invalid: the definition breaks the rules of `type_version_from`.
    """
    said = {key: value for key, value in definition.items() if key not in _LIFECYCLE_KEYS}
    type_version_from(said)
    return canonical_bytes(said).decode()


def version_for(
    versions: Iterable[TypeVersion], today: date, accepted_on: date | None = None
) -> TypeVersion | None:
    """The version a certificate is issued by; None when none is open today.

    An open case follows its day of acceptance: the version that was in force then, as long as it
    is still usable; otherwise the newest one that is.

    Args:
        versions: of one type, oldest first.
        today: the legal day of issue.
        accepted_on: the day the case was accepted, where that decides.
    """
    usable = [item for item in versions if item.open_on(today)]
    if accepted_on is not None:
        then = [item for item in usable if _first_day(item) <= accepted_on]
        usable = then or usable[:1]
    return max(usable, key=_first_day, default=None) if usable else None


def _first_day(version: TypeVersion) -> date:
    return version.published_from or date.min


def _need_remark(remark: str) -> None:
    if not remark.strip():
        raise Invalid(
            problems=(
                Problem(
                    "/remark",
                    "remark-missing",
                    "请写明理由和依据。",
                    "Say why, and on which basis.",
                ),
            )
        )
