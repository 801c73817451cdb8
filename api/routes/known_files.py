"""GET /v1/files/{sha256}: whether a file is byte for byte on record, without sending it."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path

from api.deps import MetricsDep, PartsDep, Private
from api.failures import FileNotOnRecord
from api.schemas import examples
from api.schemas.known_files import KnownFileOut
from certlib.errors import MalformedRequest, StoreUnavailable
from certlib.usecases.verify import Question

router = APIRouter(prefix="/v1/files", tags=["公开 Public"], dependencies=[Private])

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@router.get(
    "/{sha256}", operation_id="readKnownFile", summary="按文件指纹核验 A file by its digest"
)
def known_file(
    sha256: Annotated[
        str,
        Path(
            description="整个文件的SHA-256，64位小写十六进制。 Of the whole file, in lower case.",
            json_schema_extra={"pattern": f"^{_DIGEST.pattern}$", "maxLength": 64},
            examples=[examples.DIGEST],
        ),
    ],
    parts: PartsDep,
    metrics: MetricsDep,
) -> KnownFileOut:
    """文件不必上传，任何人可查；所答与公开核验页相同。 For anybody, with nothing uploaded.

    The answer is that of the page `/v/{sha256}`. 404 `file-not-on-record` is no finding against the
    file: whoever may, has it examined by `POST /v1/verifications`, anybody on the page `/v`.
    """
    if not _DIGEST.fullmatch(sha256):
        raise MalformedRequest(what="sha256", field_path="path:sha256")
    answer = parts.verify.by_digest(sha256, Question())
    if answer is None:
        raise FileNotOnRecord(field_path="path:sha256")
    if answer.subject is None:
        raise StoreUnavailable(what="registry")
    report = answer.report
    metrics.verdicts.labels(report.verdict.value, report.code).inc()
    return KnownFileOut.of(sha256, answer, answer.subject)
