"""The public status on the wire; `api.status_path` writes it by hand."""

from typing import Literal

from pydantic import Field

from api.schemas.base import Day, Instant, Wire


class StatusOut(Wire):
    """公开状态：不含持证主体，不含处罚细节。 The public status: no holder, no penalty details."""

    identifier: str
    type_code: str
    issuer_code: str
    valid_from: Day
    valid_to: Day | None
    as_of: Instant
    verdict: Literal["valid", "invalid", "indeterminate"]
    code: str = Field(description="结论代码。 Code of the verdict.")
    state: str = Field(description="当日所见的状态。 The state as seen on the day.")
    zh: str
    en: str
    next_zh: str
    next_en: str
    demonstration: bool
