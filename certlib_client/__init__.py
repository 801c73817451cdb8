"""The Python client of the certificate library's API: typed, synchronous and asynchronous.

    from certlib_client import Credentials, Library

    with Library("https://zz.example.gov.cn", Credentials("id", "secret", "zhang.min")) as library:
        issued = library.issue({"type_code": …, "number": …, "holders": […], …})
        verdict = library.verify(issued.identifier)

Every act is sent under one idempotency key and repeated with it when the answer was lost, so a
broken connection never issues twice. What the library refuses is raised as `LibraryProblem`.
"""

from certlib_client.asynchronous import AsyncLibrary
from certlib_client.credentials import Credentials
from certlib_client.errors import (
    Conflict,
    Invalid,
    LibraryError,
    LibraryProblem,
    NotAuthenticated,
    NotFound,
    Refused,
    StaleVersion,
    Unreachable,
    WebhookRejected,
)
from certlib_client.models import (
    Change,
    Changed,
    ChangePage,
    Finding,
    Issued,
    KnownFile,
    Line,
    Page,
    Receipt,
    Record,
    RowResult,
    Status,
    Summary,
    Verification,
    WebhookEvent,
)
from certlib_client.patience import Patience
from certlib_client.synchronous import Library
from certlib_client.webhooks import read_webhook

__all__ = [
    "AsyncLibrary",
    "Change",
    "ChangePage",
    "Changed",
    "Conflict",
    "Credentials",
    "Finding",
    "Invalid",
    "Issued",
    "KnownFile",
    "Library",
    "LibraryError",
    "LibraryProblem",
    "Line",
    "NotAuthenticated",
    "NotFound",
    "Page",
    "Patience",
    "Receipt",
    "Record",
    "Refused",
    "RowResult",
    "StaleVersion",
    "Status",
    "Summary",
    "Unreachable",
    "Verification",
    "WebhookEvent",
    "WebhookRejected",
    "read_webhook",
]
