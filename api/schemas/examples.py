"""Examples of the API document: invented bodies and holders with valid check digits."""

from typing import Any, Final

IDENTIFIER: Final = (
    "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.4"
)
TYPE: Final = "11100000000019713D008"
ISSUER: Final = "11445200990090139J"
DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

ORDER: Final[dict[str, Any]] = {
    "type_code": TYPE,
    "issuer_code": ISSUER,
    "number": "粤交运管许可揭字445230000001号",
    "holders": [
        {"name": "揭阳市示例运输有限公司", "code_type": "001", "code": "91445202MA9TEXT00K"}
    ],
    "issue_date": "2026-03-02",
    "valid_from": "2026-03-02",
    "valid_to": "2030-03-01",
    "division_code": "445202",
    "fields": {
        "KZ_DZ": "广东省揭阳市榕城区临江北路128号",
        "KZ_FDDBR": "欧阳明远",
        "KZ_JJXZ": "有限责任公司",
        "KZ_JYFW": "道路普通货物运输",
    },
}

ISSUED: Final[dict[str, Any]] = {
    "identifier": IDENTIFIER,
    "number": ORDER["number"],
    "type_code": TYPE,
    "type_version": "2026.1",
    "issuer_code": ISSUER,
    "state": "ISSUED",
    "row_version": 1,
    "level": "B-T",
    "target_level": "B-T",
    "sha256": DIGEST,
    "size": 98304,
    "recorded_at": "2026-03-02T01:02:03Z",
    "files": [{"form": "original", "copy_number": 0, "sha256": DIGEST, "size": 98304}],
    "replayed": False,
    "warnings": [],
}

DECISION: Final[dict[str, Any]] = {
    "reason_code": "penalty",
    "effective_from": "2026-11-22",
    "legal_basis": "《中华人民共和国道路运输条例》第六十四条",
    "document_number": "揭交罚〔2026〕1号",
    "authority": "揭阳市交通运输局",
    "note": "",
}

DEFINITION: Final[dict[str, Any]] = {
    "type_code": TYPE,
    "version": "2026.2",
    "name": "道路运输经营许可证",
    "name_en": "Road Transport Operation Permit",
    "design": "licence-landscape",
    "category": "证照执照",
    "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "KZ_JYFW": {
                "type": "string",
                "title": "经营范围",
                "maxLength": 600,
                "x-title-en": "Scope of business",
                "x-order": 10,
                "x-sample": "道路普通货物运输",
            }
        },
    },
}

PRINT: Final[dict[str, Any]] = {
    "form": "original",
    "copy_number": 0,
    "print_number": "JT20260001",
    "blank_number": "A000001",
    "place": "揭阳市行政服务中心一楼",
    "printed_at": "2026-03-02T01:30:00Z",
    "replaces": "",
}

PROBLEM: Final[dict[str, Any]] = {
    "type": "/problems/invalid",
    "title": "输入有误",
    "title_en": "Invalid input",
    "status": 422,
    "detail": "输入有误，请按所列字段更正后重试。",
    "detail_en": "The input has errors: correct the listed fields and try again.",
    "code": "invalid",
    "instance": "urn:certlib:request:0f1e2d3c4b5a-1f",
    "problems": [
        {
            "field": "/holders/0/code",
            "code": "check-character",
            "zh": "统一社会信用代码校验位有误，请逐位核对。",
            "en": "The check character of the credit code is wrong: compare it.",
        }
    ],
}
