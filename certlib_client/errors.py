"""What may go wrong, as the caller can act on it."""

from collections.abc import Mapping, Sequence
from typing import Any

_BY_STATUS: dict[int, type["LibraryProblem"]] = {}


class LibraryError(Exception):
    """Root of everything this client raises on purpose."""


class Unreachable(LibraryError):
    """No answer within the caller's patience; an act may or may not have happened.

    Call again with the same `key`: nothing is done twice.
    """

    def __init__(self, key: str, cause: str) -> None:
        self.key = key
        super().__init__(f"{cause}; call again with key={key!r}" if key else cause)


class LibraryProblem(LibraryError):
    """The library refused (RFC 9457).

    Attributes:
        status: HTTP status; `code`: stable slug, listed in the library's docs/problems.md.
        zh, en: what is wrong and what to do.
        problems: every field at fault, each with `field`, `code`, `zh`, `en`.
        request_id: names the request to the operator.
    """

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", "unknown"))
        self.zh = str(body.get("detail", ""))
        self.en = str(body.get("detail_en", ""))
        self.problems: Sequence[Mapping[str, str]] = list(body.get("problems", ()))
        self.request_id = str(body.get("instance", ""))
        self.body = body
        super().__init__(f"{self.code}: {self.en or self.zh}")


class Invalid(LibraryProblem):
    """400, 413, 415 or 422: the input is wrong."""


class NotAuthenticated(LibraryProblem):
    """401: the credentials are not accepted."""


class Refused(LibraryProblem):
    """403: the client may not do this."""


class NotFound(LibraryProblem):
    """404: not on record, or not visible to the client."""


class Conflict(LibraryProblem):
    """409: the state of the record forbids it."""


class StaleVersion(LibraryProblem):
    """412: the record has changed since it was read."""


class WebhookRejected(LibraryError):
    """A notification that is not the library's, was altered, or is too old."""


_BY_STATUS.update(
    {
        400: Invalid,
        401: NotAuthenticated,
        403: Refused,
        404: NotFound,
        409: Conflict,
        412: StaleVersion,
        413: Invalid,
        415: Invalid,
        422: Invalid,
    }
)


def problem(status: int, body: object) -> LibraryProblem:
    """The error behind an answer that is none of the good ones."""
    said = body if isinstance(body, Mapping) else {}
    if "error" in said and "code" not in said:  # the token endpoint speaks RFC 6749
        said = {
            "code": said["error"],
            "detail": said.get("error_description_zh", ""),
            "detail_en": said.get("error_description", ""),
        }
    return _BY_STATUS.get(status, LibraryProblem)(status, said)
