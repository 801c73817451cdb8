"""Health on the wire."""

from typing import Literal

from pydantic import Field

from api.schemas.base import Wire


class AliveOut(Wire):
    """存活。 Alive."""

    status: Literal["ok"]


class PartOut(Wire):
    """一个部件。 One part; `fault` is a stable code, empty when it works."""

    name: str = Field(examples=["database"])
    fault: str = Field(examples=[""])
    ms: float = Field(examples=[0.8])


class ReadyOut(Wire):
    """各部件的状态。 Every part by name."""

    ready: bool
    parts: list[PartOut]
