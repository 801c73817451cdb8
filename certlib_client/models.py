"""Answers, typed. Members that a later library adds are in `raw`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

Json = Mapping[str, Any]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was issued: sealed, stored and on record."""

    identifier: str
    number: str
    type_code: str
    state: str
    row_version: int
    sha256: str
    size: int
    replayed: bool
    warnings: Sequence[str]
    raw: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class RowResult:
    """The outcome of one row of a batch: `issued`, or the problem."""

    key: str
    status: int
    issued: Issued | None
    problem: Json | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A record after an act."""

    identifier: str
    row_version: int
    raw: Json = field(repr=False)

    @property
    def state(self) -> str:
        """The stored state, where the act was one on the state."""
        return str(self.raw.get("state", ""))

    @property
    def warnings(self) -> Sequence[str]:
        """Codes of what is remarkable, such as `other-version-counts`; sentences are in `raw`."""
        return tuple(item["code"] for item in self.raw.get("warnings", ()))


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of a list; the holder is masked."""

    identifier: str
    type_code: str
    number: str
    state: str
    raw: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """The record of one certificate; `etag` goes into `if_match` of the next act."""

    identifier: str
    state: str
    row_version: int
    raw: Json = field(repr=False)

    @property
    def etag(self) -> str:
        """The version as `If-Match` takes it."""
        return f'"{self.row_version}"'


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `pass`, `fail` or `unknown`."""

    check: str
    outcome: str
    code: str
    zh: str
    en: str
    evidence: Json


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer to a question: `valid`, `invalid` or `indeterminate`, with its reasons.

    `indeterminate` is no finding against the certificate: say `next_step_zh` to the applicant.
    """

    verdict: str
    code: str
    sentence_zh: str
    sentence_en: str
    next_step_zh: str
    next_step_en: str
    findings: Sequence[Finding]
    raw: Json = field(repr=False)

    @property
    def valid(self) -> bool:
        """Whether the verdict is `valid`; never true when the library could not tell."""
        return self.verdict == "valid"


@dataclass(frozen=True, slots=True)
class Receipt:
    """核验回执: what the library answered and when, sealed; keep it as it is.

    Attributes:
        number: of the receipt, as it stands in the library's history.
        content: a PDF with its data attached, or signed JSON (JWS).
    """

    number: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One check of a file as anybody may read it: `pass`, `fail` or `unknown`."""

    check: str
    outcome: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that is byte for byte on record; whether its certificate is good, `verdict` says."""

    sha256: str
    identifier: str
    verdict: str
    code: str
    sentence_zh: str
    sentence_en: str
    next_step_zh: str
    next_step_en: str
    findings: Sequence[Line]
    raw: Json = field(repr=False)

    @property
    def valid(self) -> bool:
        """Whether the verdict is `valid`."""
        return self.verdict == "valid"


@dataclass(frozen=True, slots=True)
class Status:
    """The public state of a certificate now; `found` is False when it is not on record.

    Attributes:
        identifier: "" where what was asked is no identifier; answers stand in the order asked.
        verdict: `valid`, `invalid` or `indeterminate`.
        code: why: `valid`, `revoked`, `not-found`, `identifier-malformed`, …
    """

    identifier: str
    found: bool
    verdict: str
    code: str
    zh: str
    en: str
    raw: Json = field(repr=False)

    @property
    def valid(self) -> bool:
        """Whether the verdict is `valid`."""
        return self.verdict == "valid"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a certificate."""

    identifier: str
    act: str
    state: str
    row_version: int
    recorded_at: datetime
    raw: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes in the order of commits; go on with `after`."""

    changes: Sequence[Change]
    after: str
    more: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[_Item]):
    """One page of a list; `after` asks for the next one, "" at the end."""

    items: Sequence[_Item]
    after: str


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A notification whose signature is good. The same `event_id` may come again: drop it."""

    event_id: str
    sent_at: datetime
    payload: Json


def issued(said: Json) -> Issued:
    """From the answer to an order."""
    return Issued(
        identifier=said["identifier"],
        number=said.get("number", ""),
        type_code=said["type_code"],
        state=said["state"],
        row_version=said["row_version"],
        sha256=said["sha256"],
        size=said["size"],
        replayed=said.get("replayed", False),
        warnings=tuple(said.get("warnings", ())),
        raw=said,
    )


def row_result(said: Json) -> RowResult:
    """From one row of a batch's answer."""
    answer = said.get("answer")
    return RowResult(
        key=said["key"],
        status=said["status"],
        issued=None if answer is None else issued(answer),
        problem=said.get("problem"),
    )


def changed(said: Json) -> Changed:
    """From the answer to an act on a record."""
    return Changed(said["identifier"], said["row_version"], said)


def summary(said: Json) -> Summary:
    """From a line of a search."""
    return Summary(said["identifier"], said["type_code"], said["number"], said["state"], said)


def record(said: Json) -> Record:
    """From the answer to a reading."""
    return Record(said["identifier"], said["state"], said["row_version"], said)


def verification(said: Json) -> Verification:
    """From the answer to a question."""
    return Verification(
        verdict=said["verdict"],
        code=said["code"],
        sentence_zh=said["sentence"]["zh"],
        sentence_en=said["sentence"]["en"],
        next_step_zh=said["next_step"]["zh"],
        next_step_en=said["next_step"]["en"],
        findings=tuple(_finding(item) for item in said["findings"]),
        raw=said,
    )


def receipt(answer: tuple[bytes, Mapping[str, str]]) -> Receipt:
    """From content and headers of the answer."""
    content, headers = answer
    return Receipt(headers.get("Receipt-Number", ""), content)


def known_file(said: Json) -> KnownFile:
    """From the answer on a file by its digest."""
    lines = [
        Line(item["check"], item["outcome"], item["zh"], item["en"]) for item in said["findings"]
    ]
    return KnownFile(
        sha256=said["sha256"],
        identifier=said["identifier"],
        verdict=said["verdict"],
        code=said["code"],
        sentence_zh=said["zh"],
        sentence_en=said["en"],
        next_step_zh=said["next_zh"],
        next_step_en=said["next_en"],
        findings=tuple(lines),
        raw=said,
    )


def status(said: Json) -> Status:
    """From a status look-up."""
    return Status(
        identifier=said["identifier"],
        found=said.get("found", True),
        verdict=said.get("verdict", ""),
        code=said.get("code", ""),
        zh=said.get("zh", ""),
        en=said.get("en", ""),
        raw=said,
    )


def change_page(said: Json) -> ChangePage:
    """From a page of the change feed."""
    changes = tuple(_change(item) for item in said["changes"])
    return ChangePage(changes, said["after"], said["more"])


def _finding(said: Json) -> Finding:
    return Finding(
        check=said["check"],
        outcome=said["outcome"],
        code=said["code"],
        zh=said["text"]["zh"],
        en=said["text"]["en"],
        evidence=said.get("evidence", {}),
    )


def _change(said: Json) -> Change:
    return Change(
        identifier=said["identifier"],
        act=said["act"],
        state=said["state"],
        row_version=said["row_version"],
        recorded_at=instant(said["recorded_at"]),
        raw=said,
    )


def instant(text: str) -> datetime:
    """An aware instant from the API's form."""
    return datetime.fromisoformat(text)
