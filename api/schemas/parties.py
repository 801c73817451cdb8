"""Holders and issuers on the wire: as sealed, and what has become of them since."""

from typing import Self

from pydantic import Field

from api.schemas.base import Day, Wire
from certlib.co_holders import masked
from certlib.document import Holder
from certlib.holder_changes import Standing
from certlib.verification import IssuerNow


class HolderOut(Wire):
    """持证主体。 Persons are masked unless they are revealed."""

    name: str
    code_type: str
    code: str

    @classmethod
    def of(cls, holder: Holder, *, reveal: bool) -> Self:
        """The wire shape, masked or not."""
        shown = holder if reveal else masked(holder)
        return cls(name=shown.name, code_type=shown.code_type, code=shown.code)


class HolderNowOut(Wire):
    """持证主体的现状。 A holder today; the certificate stays as it was sealed."""

    position: int = Field(description="第几个持证主体，从0起。 Which holder, from 0.")
    current: HolderOut
    divided_into: list[HolderOut]
    ended_on: Day | None = Field(description="死亡或终止日期。 Day of death or dissolution.")

    @classmethod
    def of(cls, position: int, standing: Standing, *, reveal: bool) -> Self:
        """The wire shape, masked or not."""
        ended = standing.ended
        return cls(
            position=position,
            current=HolderOut.of(standing.current, reveal=reveal),
            divided_into=[HolderOut.of(item, reveal=reveal) for item in standing.divided],
            ended_on=None if ended is None else ended.effective_from,
        )


class IssuerNowOut(Wire):
    """发证机关的现状。 Who stands in the issuer's place today, or its new name."""

    code: str
    name: str
    since: Day

    @classmethod
    def of(cls, issuer: IssuerNow) -> Self:
        """The wire shape."""
        return cls(code=issuer.code, name=issuer.name, since=issuer.since)
