"""The change feed on the wire."""

from typing import Self

from pydantic import Field

from api.cursors import cursor
from api.schemas.base import Instant, Wire
from certlib.registry.notices import Change
from certlib.usecases.follow import FeedPage


class ChangeOut(Wire):
    """一次变更。 One thing that happened to one certificate; nothing of its holder."""

    identifier: str
    type_code: str
    issuer_code: str
    act: str = Field(description="操作，如 issue、revoke。 The act, as in the history.")
    state: str = Field(description="操作后的登记状态。 The stored state after it.")
    row_version: int = Field(
        description="操作后的登记版本，数大者新。 The version after it: higher is newer."
    )
    recorded_at: Instant

    @classmethod
    def of(cls, change: Change) -> Self:
        """The wire shape."""
        return cls(
            identifier=change.identifier,
            type_code=change.type_code,
            issuer_code=change.issuer_code,
            act=change.act,
            state=change.state.value,
            row_version=change.row_version,
            recorded_at=change.recorded_at,
        )


class ChangesOut(Wire):
    """变更流的一页。 A page of the feed; go on with `after`, now or at any later time."""

    changes: list[ChangeOut]
    after: str = Field(description="下次读取的起点，请原样保存。 Where to go on: keep it as it is.")
    more: bool = Field(description="是否还有未读的变更。 Whether there is more already.")

    @classmethod
    def of(cls, page: FeedPage) -> Self:
        """The wire shape."""
        changes = [ChangeOut.of(item) for item in page.changes]
        return cls(changes=changes, after=cursor(page.after), more=page.more)
