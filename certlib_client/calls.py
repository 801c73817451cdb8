"""What can be asked of the library: each call as data, sent by whichever client."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from certlib_client import models

Json = Mapping[str, Any]
_RECEIPTS: Mapping[str, str] = {"pdf": "application/pdf", "json": "application/jose+json"}
"""What is asked for, by the form of the receipt."""
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Call(Generic[_Answer]):
    """One call of the API.

    Attributes:
        read: what the body of a good answer means.
        key: idempotency key of an act, "" for questions.
        binary: the answer is bytes, not JSON.
        headed: `read` takes bytes and headers: (content, headers).
        open: needs no token.
    """

    method: str
    path: str
    read: Callable[[Any], _Answer]
    json: Json | None = None
    content: bytes | None = field(default=None, repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    binary: bool = False
    headed: bool = False
    open: bool = False


def issue(order: Json, key: str) -> Call[models.Issued]:
    """Issues one certificate."""
    return Call("POST", "/v1/certificates", models.issued, json=order, key=key)


def check(order: Json, key: str) -> Call[Json]:
    """What stands against an order; nothing is stored."""
    params = {"dry_run": "true"}
    return Call("POST", "/v1/certificates", _as_it_is, json=order, key=key, params=params)


def issue_batch(rows: Sequence[tuple[str, Json]]) -> Call[Sequence[models.RowResult]]:
    """Issues many, each row under a key of its own."""
    body = {"rows": [{"key": key, "order": order} for key, order in rows]}

    def read(said: Json) -> Sequence[models.RowResult]:
        return tuple(models.row_result(item) for item in said["rows"])

    return Call("POST", "/v1/certificate-batches", read, json=body)


def revise(identifier: str, body: Json, key: str, if_match: str) -> Call[models.Issued]:
    """Issues the next version of a certificate: change, renewal, replacement, correction."""
    path = f"{_record(identifier)}/versions"
    return Call("POST", path, models.issued, json=body, key=key, headers=_match(if_match))


def act(identifier: str, name: str, body: Json, key: str, if_match: str) -> Call[models.Changed]:
    """A decision on a certificate, or another act on its record, by its path."""
    path = f"{_record(identifier)}/{name}"
    return Call("POST", path, models.changed, json=body, key=key, headers=_match(if_match))


def certificate(identifier: str, *, reveal: bool) -> Call[models.Record]:
    """The record, masked unless revealed."""
    params = {"reveal": "true"} if reveal else {}
    return Call("GET", _record(identifier), models.record, params=params)


def search(criteria: Json) -> Call[models.Page[models.Summary]]:
    """One page of the department's certificates."""

    def read(said: Json) -> models.Page[models.Summary]:
        items = tuple(models.summary(item) for item in said["certificates"])
        return models.Page(items, said["after"])

    return Call("POST", "/v1/certificates/search", read, json=criteria)


def file(identifier: str, form: str, copy_number: int) -> Call[bytes]:
    """The sealed PDF of one form."""
    params = {} if form == "original" else {"form": form}
    if copy_number:
        params["copy_number"] = str(copy_number)
    return Call("GET", f"{_record(identifier)}/file", bytes, params=params, binary=True)


def history(identifier: str) -> Call[Sequence[Json]]:
    """Who did what to a certificate, oldest first."""
    return Call("GET", f"{_record(identifier)}/history", lambda said: tuple(said["acts"]))


def verify(question: Json) -> Call[models.Verification]:
    """A question by identifier or by fields."""
    return Call("POST", "/v1/verifications", models.verification, json=question)


def verify_file(pdf: bytes, params: Mapping[str, str]) -> Call[models.Verification]:
    """A question by file."""
    return Call(
        "POST",
        "/v1/verifications",
        models.verification,
        content=pdf,
        params=params,
        headers={"Content-Type": "application/pdf"},
    )


def receipt(question: Json, form: str) -> Call[models.Receipt]:
    """The receipt of the answer to a question by identifier or by fields."""
    headers = {"Accept": _RECEIPTS[form]}
    path = "/v1/verifications"
    return Call("POST", path, models.receipt, json=question, headers=headers, headed=True)


def file_receipt(pdf: bytes, form: str, params: Mapping[str, str]) -> Call[models.Receipt]:
    """The receipt of the answer to a question by file."""
    return Call(
        "POST",
        "/v1/verifications",
        models.receipt,
        content=pdf,
        params=params,
        headers={"Content-Type": "application/pdf", "Accept": _RECEIPTS[form]},
        headed=True,
    )


def known_file(file: bytes | str) -> Call[models.KnownFile]:
    """Whether a file is byte for byte on record, by its digest; needs no token."""
    digest = file.lower() if isinstance(file, str) else hashlib.sha256(file).hexdigest()
    return Call("GET", f"/v1/files/{quote(digest, safe='')}", models.known_file, open=True)


def status(identifier: str) -> Call[models.Status]:
    """The public state of one certificate; needs no token."""
    return Call("GET", f"/v1/status/{quote(identifier)}", models.status, open=True)


def statuses(identifiers: Sequence[str]) -> Call[Sequence[models.Status]]:
    """The public state of many, in the order asked."""

    def read(said: Json) -> Sequence[models.Status]:
        return tuple(models.status(item) for item in said["statuses"])

    return Call("POST", "/v1/statuses", read, json={"identifiers": list(identifiers)})


def changes(after: str, limit: int, wait: int, type_code: str) -> Call[models.ChangePage]:
    """What happened behind a cursor."""
    params = {"limit": str(limit)}
    params |= {"after": after} if after else {}
    params |= {"wait": str(wait)} if wait else {}
    params |= {"type_code": type_code} if type_code else {}
    return Call("GET", "/v1/changes", models.change_page, params=params)


def types() -> Call[Sequence[Json]]:
    """The newest version of every type."""
    return Call("GET", "/v1/types", lambda said: tuple(said["types"]))


def type_versions(type_code: str) -> Call[Json]:
    """A type with its versions and dictionaries."""
    return Call("GET", f"/v1/types/{quote(type_code)}", _as_it_is)


def any_call(method: str, path: str, body: Json | None, key: str, if_match: str) -> Call[Json]:
    """Whatever else the API offers; the answer as it is."""
    return Call(method, path, _as_it_is, json=body, key=key, headers=_match(if_match))


def _as_it_is(said: Json) -> Json:
    return said


def _record(identifier: str) -> str:
    return f"/v1/certificates/{quote(identifier)}"


def _match(if_match: str) -> Mapping[str, str]:
    return {"If-Match": if_match} if if_match else {}
