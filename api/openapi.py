"""The API document (OpenAPI 3.1): FastAPI's, with what it cannot know put right.

`python -m api.openapi docs/openapi.json` writes it there, and the catalogue of problems beside it;
tests keep them equal to the code.
"""

import copy
import json
import sys
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import deprecation, document_answers, document_bounds, problem_catalogue
from api.routes.table import ROUTERS
from api.schemas import examples
from api.schemas.base import ProblemDocument
from api.schemas.duties import PeriodicResultRow
from api.schemas.orders import BatchRow
from api.schemas.status import StatusOut
from api.schemas.verifications import VerifyIn
from certlib.usecases.caller import (
    CHANGES,
    DEPARTMENTS,
    HOLDERS,
    ISSUE,
    MANAGE,
    MANAGE_TYPES,
    OPERATE,
    PAPER,
    READ,
    REVEAL,
    REVIEW,
    SEAL,
    TYPES,
    VERIFY,
    WEBHOOKS,
)

_REFS: Final = "#/components/schemas/{model}"
_METHODS: Final = frozenset({"get", "post", "put", "delete", "patch"})
_NOT_OURS: Final = ("HTTPValidationError", "ValidationError")
_OUTSIDE: Final = (ProblemDocument, BatchRow, PeriodicResultRow, VerifyIn, StatusOut)
_IDENTIFIER: Final = (
    r"^1\.2\.156\.3005\.2\.[0-9A-Z]{18}[0-9]{3}\.([0-9A-Z]{18}|[0-9]{6})"
    r"\.[0-9A-Z]{7,32}\.[0-9]{3}\.[0-9A-Z]$"
)
_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    # What the framework takes for optional, because we say ourselves what is missing.
    "Idempotency-Key": {
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
        "example": "2026-000001",
    },
    "identifier": {
        "schema": {"type": "string", "maxLength": 128, "pattern": _IDENTIFIER},
        "example": examples.IDENTIFIER,
    },
    "if-match": {
        "schema": {"type": "string", "maxLength": 17, "pattern": '^("[0-9]{1,15}"|\\*)$'},
        "example": '"3"',
    },
    "if-none-match": {"schema": {"type": "string", "maxLength": 8192}, "example": '"3"'},
    "type_code": {"schema": {"type": "string", "maxLength": 32}, "example": examples.TYPE},
}
"""Parameters whose schema says more than their type in Python."""
_DESCRIPTION: Final = """\
城市电子证照库：签发、核验、查询、变更状态。 The electronic certificate library of a city.

错误一律为 RFC 9457 问题说明（`application/problem+json`），中英文并列，`code` 稳定，
`problems` 一次列出全部有误字段。
Errors are problem documents in both languages; `code` is stable, `problems` lists every field.

改变状态的请求须带 `Idempotency-Key`：同键重试得到首次结果。
Acts need an `Idempotency-Key`; a retry with it gets the first answer.

`/v1` 只增不改：可能增加字段和操作，请忽略不认识的字段；将停用的操作至少提前一年在此标明，
并在答复中带 `Deprecation`（RFC 9745）和 `Sunset`（RFC 8594）。
`/v1` only grows: ignore fields that you do not know. What shall go is marked here a year before,
and says so in its answers.
"""
_SCOPES: Final = {
    ISSUE: "签发 issue",
    MANAGE: "变更状态 change states",
    READ: "读取本单位证照 read the department's own",
    VERIFY: "核验 verify",
    TYPES: "读取证照目录 read the catalogue",
    REVIEW: "审核待签发证照 review drafts",
    SEAL: "签发（用印） seal drafts",
    REVEAL: "查看完整姓名、号码和敏感字段 see what is masked",
    CHANGES: "读取变更流 read the change feed",
    WEBHOOKS: "管理本单位通知 manage the department's webhooks",
    PAPER: "管理纸质证照 manage paper twins and blank forms",
    HOLDERS: "登记持证主体变更 record changes of holders",
    DEPARTMENTS: "管理单位 manage departments",
    MANAGE_TYPES: "管理证照目录 manage the catalogue",
    OPERATE: "证照库运行管理 operate the library",
}
_TAGS: Final = [
    {"name": "认证 Authentication", "description": "OAuth 2 客户端凭据。 Client credentials."},
    {"name": "证照目录 Catalogue", "description": "类型和字段字典。 Types and dictionaries."},
    {
        "name": "单位 Departments",
        "description": "名称、承接、发证清单。 Names, mandates.",
    },
    {
        "name": "持证主体 Holders",
        "description": "更名、换码、合并、分立。 Their changes.",
    },
    {"name": "证照 Certificates", "description": "签发和读取。 Issue and read."},
    {
        "name": "制证与签发 Drafts",
        "description": "先制证、审核，再签发。 Made, reviewed, then sealed.",
    },
    {
        "name": "换发与文件 Versions and files",
        "description": "换发、变更和附件。 Next versions and further files.",
    },
    {"name": "状态变更 Decisions", "description": "吊销、撤销、注销等。 Changes of state."},
    {
        "name": "状态之外 Beside the state",
        "description": "延续申请、限制、定期义务、送达。 Renewals, restrictions, duties, delivery.",
    },
    {"name": "纸质证照 Paper", "description": "纸质件和空白证件。 Sheets and blank forms."},
    {"name": "核验 Verification", "description": "一个结论及其依据。 One verdict and why."},
    {"name": "变更流 Changes", "description": "证照发生了什么。 What happened to certificates."},
    {"name": "通知 Webhooks", "description": "变更主动送达。 Told of changes as they happen."},
    {"name": "公开 Public", "description": "无需认证。 For anybody."},
    {"name": "运行 Operation", "description": "健康和指标。 Health and metrics."},
]


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    bare = FastAPI()
    for router in ROUTERS:
        bare.include_router(router)
    made = get_openapi(
        title="电子证照库 certlib",
        version="1",
        summary="签发、核验、查询电子证照 Issue, verify and read electronic certificates",
        description=_DESCRIPTION,
        routes=[route for route in bare.routes if getattr(route, "path", "") not in _own(bare)],
        tags=_TAGS,
        servers=[{"url": "/", "x-internal": False}],
        contact={"name": "证照库运行管理单位 The library's operator"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    _add_components(made)
    made["paths"]["/v1/status/{identifier}"] = {"get": _status_operation()}
    schemas = made["components"]["schemas"]
    for path, method, operation in _operations(made):
        document_answers.add(path, method, operation, schemas)
        _put_right(operation)
        _give_examples(operation, schemas)
    deprecation.mark(made["paths"])
    document_bounds.bound(made["paths"])
    document_bounds.bound(made["components"])
    return made


@cache
def encoded() -> bytes:
    """The document as it is served."""
    return json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()


def text() -> str:
    """The document as it lies in `docs/openapi.json`."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


def shipped_examples() -> dict[str, dict[str, Any]]:
    """Operation → status → an answer this service gave, holders invented."""
    shipped: dict[str, dict[str, Any]] = {}
    for file in resources.files("api.schemas").iterdir():
        if file.name.startswith("examples") and file.name.endswith(".json"):
            shipped |= json.loads(file.read_text("utf-8"))
    return shipped


def _own(bare: FastAPI) -> set[str | None]:
    """FastAPI's own pages: they would load scripts from elsewhere, and are not served."""
    return {bare.openapi_url, bare.docs_url, bare.redoc_url, bare.swagger_ui_oauth2_redirect_url}


def _operations(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            if method in _METHODS:
                yield path, method, operation


def _add_components(made: dict[str, Any]) -> None:
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in _OUTSIDE:
        schema = model.model_json_schema(ref_template=_REFS)
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for name in _NOT_OURS:
        schemas.pop(name, None)
    schemas["ProblemDocument"]["examples"] = [examples.PROBLEM]
    components["schemas"] = dict(sorted(schemas.items()))
    components["headers"] = copy.deepcopy(document_answers.HEADERS)
    components["responses"] = copy.deepcopy(document_answers.RESPONSES)
    components["securitySchemes"] = {
        "client": {
            "type": "oauth2",
            "description": "短期令牌（JWT，遵循 RFC8725），见 /oauth2/token。"
            " Short-lived tokens: JWTs by the rules of RFC8725.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": _SCOPES}},
        },
        "basic": {"type": "http", "scheme": "basic", "description": "client_id:client_secret"},
    }


def _put_right(operation: dict[str, Any]) -> None:
    """Examples for what goes well, and what parameters are beyond their type in Python."""
    responses = operation["responses"]
    for status, example in shipped_examples().get(operation["operationId"], {}).items():
        responses[status]["content"]["application/json"]["example"] = example
    for parameter in operation.get("parameters", ()):
        parameter.update(_PARAMETERS.get(parameter["name"], {}))


def _give_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """The answer of a shape that has an example is that example, where none is kept for it."""
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json")
        if content is None or "example" in content or not status.startswith("2"):
            continue
        shape = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
        if shape.get("examples"):
            content["example"] = shape["examples"][0]


def _status_operation() -> dict[str, Any]:
    answer = {"schema": {"$ref": "#/components/schemas/StatusOut"}}
    return {
        "tags": ["公开 Public"],
        "operationId": "readStatus",
        "summary": "公开状态 Public status",
        "description": "主库即时状态，任何人可查；不含持证主体和处罚细节。"
        " The status now, from the primary record, for anybody.",
        "parameters": [
            {
                "name": "identifier",
                "in": "path",
                "required": True,
                "description": "电子证照标识。 The identifier.",
            }
        ],
        "responses": {
            "200": {
                "description": "登记状态。 The status on record.",
                "content": {"application/json": answer},
            }
        },
    }


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(text(), "utf-8")
    target.with_name("problems.md").write_text(problem_catalogue.text(), "utf-8")
