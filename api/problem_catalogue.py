"""The catalogue of problems as a page: `docs/problems.md`, written by `api.openapi`."""

from string import Formatter

from api.problems import TABLE
from certlib.errors import CertlibError

_HEAD = """\
# Problems

Every error of the API is a problem document (RFC 9457, `application/problem+json`). Branch on
`code`, which is stable; show `detail` (中文) or `detail_en`. `problems` lists every field at fault,
each with `field` (a JSON pointer into the body, or `query:name`, `header:name`, `path:name`),
`code`, `zh` and `en`. `type` leads to the page of its code, which every node serves.
`instance` holds the request's id, which is also the `X-Request-Id` of the answer and of the log.

This page is generated; `make openapi` writes it anew.

| code | status | 标题 | title | 说明 | detail |
| --- | --- | --- | --- | --- | --- |
"""


def text() -> str:
    """The page: one line for each class of errors, by status and code."""
    return _HEAD + "".join(map(_line, kinds()))


def kinds() -> list[type[CertlibError]]:
    """Every class of errors, by status and code."""
    return sorted(TABLE, key=lambda kind: (TABLE[kind].status, kind.code))


def _line(kind: type[CertlibError]) -> str:
    entry = TABLE[kind]
    cells = (
        f"`{kind.code}`",
        str(entry.status),
        entry.title,
        entry.title_en,
        shown(kind.zh),
        shown(kind.en),
    )
    return "| " + " | ".join(cells) + " |\n"


def shown(sentence: str) -> str:
    """The sentence with … where a value is filled in."""
    return "".join(
        literal + ("…" if name is not None else "")
        for literal, name, _, _ in Formatter().parse(sentence)
    )
