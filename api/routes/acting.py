"""What every act on a record brings along: who acts, under which key, on which version of it."""

from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Response

from api.deps import CallerDep, ExpectedVersionDep, KeyDep, MetricsDep, PartsDep, etag
from api.metrics import Metrics
from api.parts import Parts
from certlib.usecases.caller import Caller


class Versioned(Protocol):
    """An answer that tells the version of its record."""

    @property
    def row_version(self) -> int:
        """The version."""
        ...


_Answer = TypeVar("_Answer", bound=Versioned)


@dataclass(frozen=True, slots=True)
class Acting:
    """One act that somebody asks for, but for its own words.

    Attributes:
        key: the idempotency key; `expected_version`: from `If-Match`.
    """

    caller: Caller
    parts: Parts
    metrics: Metrics
    key: str
    expected_version: int | None
    response: Response

    def told(self, answer: _Answer) -> _Answer:
        """The answer, the version of its record in the ETag."""
        self.response.headers["ETag"] = etag(answer.row_version)
        return answer


async def _acting(
    *,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    key: KeyDep,
    expected_version: ExpectedVersionDep,
    response: Response,
) -> Acting:
    return Acting(caller, parts, metrics, key, expected_version, response)


ActingDep = Annotated[Acting, Depends(_acting)]
