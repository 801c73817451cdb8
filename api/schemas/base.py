"""What all wire shapes share: strict types, no unknown fields, dates as people write them."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class Wire(BaseModel):
    """A request or answer: no field beyond the schema, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def day_from(value: Any) -> date:  # noqa: ANN401 - whatever the caller sent
    """A calendar day written as RFC 3339 has it."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise PydanticCustomError("certlib_day", "not a day")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError("certlib_day", "not a day") from error


def instant_from(value: Any) -> datetime:  # noqa: ANN401 - whatever the caller sent
    """An instant with its zone (RFC 3339), as aware UTC."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError("certlib_instant", "not an instant")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("certlib_instant", "not an instant") from error


def instant_text(moment: datetime) -> str:
    """An aware instant as every answer writes it: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Day = Annotated[
    date,
    BeforeValidator(day_from),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-01-31"]}),
]
"""A legal day (UTC+8)."""

Instant = Annotated[
    datetime,
    BeforeValidator(instant_from),
    PlainSerializer(instant_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T08:00:00Z"]}),
]
"""An instant; a zone is mandatory, answers are in UTC."""

Code = Annotated[str, StringConstraints(max_length=64)]
Name = Annotated[str, StringConstraints(max_length=512)]
Note = Annotated[str, StringConstraints(max_length=1000)]
TypeCode = Annotated[str, StringConstraints(min_length=1, max_length=32)]
IdentifierText = Annotated[
    str, StringConstraints(max_length=128), Field(description="电子证照标识。 The identifier.")
]


class Said(Wire):
    """The same thing in both languages."""

    zh: str
    en: str


class Remark(Wire):
    """One thing that is wrong, or remarkable, about one field."""

    field: str = Field(
        description="JSON pointer into the body, or `query:name`, `header:name`, `path:name`."
    )
    code: str
    zh: str
    en: str


class ProblemDocument(BaseModel):
    """RFC 9457 问题说明。 What went wrong, in both languages, with every field at fault."""

    type: str = Field(examples=["/problems/invalid"])
    title: str = Field(examples=["输入有误"])
    title_en: str = Field(examples=["Invalid input"])
    status: int = Field(examples=[422], ge=400, le=599)
    detail: str = Field(examples=["输入有误，请按所列字段更正后重试。"])
    detail_en: str = Field(
        examples=["The input has errors: correct the listed fields and try again."]
    )
    code: str = Field(examples=["invalid"], description="稳定代码。 Stable; branch on it.")
    instance: str = Field(examples=["urn:certlib:request:0f1e2d3c4b5a-1f"])
    problems: list[Remark]
