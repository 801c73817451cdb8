"""From errors to problem documents (RFC 9457): the one table of statuses, types and titles."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from api import failures
from api.persons import masked_numbers
from certlib import (
    beside_errors,
    clock_errors,
    errors,
    history_errors,
    issuing_errors,
    key_errors,
    page_errors,
    paper_errors,
    party_errors,
    remarks,
    sealing_errors,
    signer_errors,
    snapshot_errors,
    trust_errors,
)
from certlib.errors import CertlibError, Corrupt, Problem

MEDIA_TYPE = "application/problem+json"
PAGES = "/problems"
"""Where the catalogue is served: `type` of every document leads to its page (RFC 9457, 3.1.1)."""
_KEY = "header:Idempotency-Key"
_NAMED = "path:identifier"


@dataclass(frozen=True, slots=True)
class Entry:
    """What HTTP says of a class of errors.

    Attributes:
        place: the part of the request at fault, where the error itself names no field.
    """

    status: int
    title: str
    title_en: str
    place: str = ""


TABLE: Mapping[type[CertlibError], Entry] = {
    # families
    errors.Invalid: Entry(422, "输入有误", "Invalid input"),
    errors.NotFound: Entry(404, "查无此项", "Not found"),
    errors.Conflict: Entry(409, "与现有记录冲突", "Conflict with the record"),
    errors.Refused: Entry(403, "无权操作", "Refused"),
    errors.Unavailable: Entry(503, "服务暂时不可用", "Temporarily unavailable"),
    errors.Corrupt: Entry(503, "存储数据异常", "Stored data damaged"),
    history_errors.HistoryRolledBack: Entry(503, "审计历史与留存封签不符", "History rolled back"),
    snapshot_errors.SnapshotRefused: Entry(503, "状态快照未被接受", "Status snapshot not accepted"),
    trust_errors.TrustListRefused: Entry(503, "信任清单未被接受", "Trust list not accepted"),
    # input
    errors.MalformedIdentifier: Entry(400, "证照标识格式有误", "Malformed identifier"),
    errors.BadCheckCharacter: Entry(422, "校验位有误", "Wrong check character"),
    errors.MalformedCode: Entry(422, "代码格式有误", "Malformed code"),
    errors.ImpossibleBirthDate: Entry(422, "出生日期不存在", "Impossible birth date"),
    errors.UnknownCodeType: Entry(422, "代码类型不存在", "Unknown code type"),
    errors.UnknownDivision: Entry(422, "行政区划不存在", "Unknown division"),
    errors.UnprintableCharacter: Entry(422, "没有可用字形", "Unprintable character"),
    errors.ControlCharacter: Entry(422, "含有控制字符", "Forbidden character"),
    page_errors.FaceOverflow: Entry(422, "版面容纳不下", "Too long for the face"),
    page_errors.PictureUnusable: Entry(422, "图片无法使用", "Unusable picture"),
    page_errors.SumDiffers: Entry(422, "合计与明细不符", "Total differs from its table"),
    errors.NotNormalised: Entry(422, "文字未规范化", "Text not normalised"),
    errors.DateOrder: Entry(422, "日期顺序有误", "Impossible order of dates"),
    errors.Unsupported: Entry(422, "值不受支持", "Unsupported value"),
    key_errors.SealAnswerRefused: Entry(422, "证书未导入", "Certificate not imported"),
    key_errors.CeremonyRefused: Entry(422, "密钥仪式文件有误", "Ceremony refused"),
    key_errors.FoundedAlready: Entry(409, "已有密钥", "Keys are there"),
    failures.PortTaken: Entry(409, "端口不可用", "Port taken"),
    failures.FileUnreadable: Entry(422, "文件无法读取", "Unreadable file"),
    errors.MalformedRequest: Entry(400, "请求无法解析", "Malformed request"),
    errors.BodyTooLarge: Entry(413, "请求内容过大", "Body too large"),
    errors.IdempotencyMismatch: Entry(422, "幂等键已用于其他内容", "Idempotency key reused", _KEY),
    errors.IdempotencyKeyMissing: Entry(400, "缺少幂等键", "Idempotency key missing"),
    failures.MediaTypeUnsupported: Entry(415, "内容类型不受支持", "Unsupported media type"),
    failures.RangeNotSatisfiable: Entry(416, "字节范围无效", "Range not satisfiable"),
    failures.HeadTooLarge: Entry(431, "请求头过大", "Head too large"),
    failures.RequestTooSlow: Entry(408, "请求超时", "Request timeout"),
    # remarks are listed as warnings and never raised
    remarks.LegacyCheckCharacter: Entry(422, "旧算法校验位", "Legacy check character"),
    remarks.IssuerCodeNonstandard: Entry(422, "颁发机构代码不标准", "Non-standard issuer code"),
    remarks.TypeCodeNonstandard: Entry(422, "证照类型代码不标准", "Non-standard type code"),
    remarks.IdentityDivision: Entry(422, "身份号码区划不明", "Division of identity number"),
    # record
    errors.TypeUnknown: Entry(404, "证照类型未登记", "Unknown certificate type"),
    errors.CertificateNotFound: Entry(404, "查无记录", "Not on record", _NAMED),
    errors.OtherNode: Entry(404, "属其他证照库", "Kept by another node", _NAMED),
    failures.FileNotOnRecord: Entry(404, "文件未登记", "File not on record"),
    failures.PathUnknown: Entry(404, "没有此地址", "No such path"),
    errors.TypeNotPublished: Entry(409, "证照类型未开通", "Type not open"),
    errors.FaceNumberTaken: Entry(409, "证照编号已被使用", "Number already taken"),
    issuing_errors.FormTaken: Entry(409, "该份文件已存在", "That file is there", "/form"),
    issuing_errors.RestrictedTransfer: Entry(
        409, "受限制不能转移", "Restricted: no transfer", _NAMED
    ),
    issuing_errors.AlreadyRenewed: Entry(409, "已有后续版本", "Another version follows", _NAMED),
    issuing_errors.RenewalWaits: Entry(409, "延续尚未生效", "The renewal waits", _NAMED),
    issuing_errors.NotYetApproved: Entry(409, "尚缺审核", "Approvals missing", _NAMED),
    issuing_errors.DraftEnded: Entry(409, "待签发证照已办结", "The draft has ended", _NAMED),
    issuing_errors.DraftNotFound: Entry(404, "没有这份待签发证照", "No such draft", _NAMED),
    issuing_errors.PersonMissing: Entry(403, "须写明经办人", "A person must be stated"),
    issuing_errors.SealerNotSeparate: Entry(403, "签发人须分开", "A sealer apart is needed"),
    paper_errors.PrintNumberTaken: Entry(409, "印制号已登记", "Print number taken"),
    paper_errors.BlankFormUnusable: Entry(409, "空白证件不可用", "Blank form unusable"),
    paper_errors.SheetAmbiguous: Entry(409, "纸质件不止一份", "Several sheets fit"),
    paper_errors.SheetUnknown: Entry(404, "无此纸质件", "No such sheet"),
    errors.TransitionForbidden: Entry(409, "当前状态不允许", "Transition forbidden", _NAMED),
    beside_errors.RenewalOpen: Entry(409, "已有延续申请", "Renewal undecided already"),
    beside_errors.NoRenewalOpen: Entry(409, "没有延续申请", "No renewal undecided"),
    beside_errors.RestrictionExists: Entry(409, "限制已登记", "Restriction on record"),
    beside_errors.RestrictionUnknown: Entry(404, "没有此项限制", "No such restriction"),
    beside_errors.RestrictionAmbiguous: Entry(409, "限制不止一项", "Several restrictions fit"),
    beside_errors.DeliveryRecorded: Entry(409, "送达已登记", "Delivery on record"),
    errors.StaleVersion: Entry(412, "记录已更新", "Stale version", "header:If-Match"),
    errors.IdempotencyInProgress: Entry(409, "相同请求处理中", "Still in progress", _KEY),
    failures.CursorUnknown: Entry(409, "游标不属于本库", "Cursor beyond the record", "query:after"),
    failures.MethodNotAllowed: Entry(405, "方法不受支持", "Method not allowed"),
    # caller
    failures.NotAuthenticated: Entry(401, "未认证", "Not authenticated"),
    errors.IssuerNotAuthorised: Entry(403, "不在发证清单内", "Not on the issue list"),
    errors.OutsideDepartment: Entry(403, "非本单位事项", "Outside your department"),
    party_errors.ActsForPrincipal: Entry(403, "应以委托机关名义", "Acts for a principal"),
    party_errors.DepartmentEnded: Entry(403, "单位已由他单位承接", "Department succeeded"),
    party_errors.HolderChangeContradicts: Entry(409, "变更记录矛盾", "Changes contradict"),
    party_errors.EventNotFound: Entry(404, "没有该变更记录", "No such change"),
    party_errors.EventVoid: Entry(409, "变更记录已作废", "Change is void"),
    party_errors.DepartmentUnknown: Entry(404, "单位未登记", "Unknown body"),
    party_errors.DepartmentRegistered: Entry(409, "单位已登记", "Body is registered"),
    party_errors.SuccessionContradicts: Entry(409, "承接关系矛盾", "Successions contradict"),
    party_errors.MandateKnown: Entry(409, "发证清单条目重叠", "Entries overlap"),
    errors.ScopeMissing: Entry(403, "缺少权限", "Scope missing"),
    errors.ApprovalMissing: Entry(403, "缺少审核", "Approval missing"),
    issuing_errors.SamePerson: Entry(403, "须换人办理", "Another person is needed"),
    # ours
    errors.StoreUnavailable: Entry(503, "存储暂时不可用", "Store unavailable"),
    errors.StoreUnfit: Entry(503, "存储配置不符合要求", "Store not set up"),
    errors.DataFolderBusy: Entry(503, "数据目录被占用", "Data folder in use"),
    errors.SigningUnavailable: Entry(503, "签章暂时不可用", "Sealing unavailable"),
    clock_errors.ClockNotTrusted: Entry(503, "服务器时钟不可信", "The clock cannot be believed"),
    sealing_errors.TimestampMissing: Entry(503, "时间戳暂时不可用", "No timestamp now"),
    sealing_errors.TimestampOutage: Entry(503, "时间戳中断已久", "No timestamps for too long"),
    failures.ProcessesFailed: Entry(503, "服务进程启动失败", "Processes failed"),
    sealing_errors.SealingHalted: Entry(503, "签章已暂停", "Sealing halted"),
    sealing_errors.TwoPersonsNeeded: Entry(403, "须两人办理", "Two persons are needed"),
    sealing_errors.NotHalted: Entry(409, "没有暂停", "Not halted"),
    sealing_errors.HaltIsFinal: Entry(409, "密钥不再使用", "The key was given up"),
    errors.Overloaded: Entry(503, "请求过多", "Overloaded"),
    failures.TooManyRequests: Entry(429, "请求过于频繁", "Too many requests"),
    failures.Stopping: Entry(503, "服务正在停止", "Stopping"),
    failures.TookTooLong: Entry(503, "处理超时", "Took too long"),
    failures.Unexpected: Entry(503, "意外错误", "Unexpected error"),
    errors.KeyUnusable: Entry(503, "密钥无法使用", "Key unusable"),
    errors.SealMismatch: Entry(503, "签章与意图不符", "Seal mismatch"),
    signer_errors.SignatureRefused: Entry(503, "拒绝签名", "Signature refused"),
    signer_errors.SigningLimited: Entry(503, "签名次数已达上限", "Signing limit reached"),
}
"""Class to status and title. Every leaf has a line of its own; a test walks them all."""

_CODE = re.compile(r"[0-9A-Za-z]{1,32}")
_LAST_RESORT = Entry(503, "意外错误", "Unexpected error")


def entry_of(kind: type[CertlibError]) -> Entry:
    """The line of a class, or that of its nearest ancestor."""
    return next((TABLE[base] for base in kind.__mro__ if base in TABLE), _LAST_RESORT)


def document(error: CertlibError, request_id: str) -> dict[str, Any]:
    """The problem document: RFC 9457's members, and `code`, `*_en` and `problems` beside them.

    What is damaged inside (`Corrupt`) stays in the log: outside, the request's id stands for it.
    """
    entry = entry_of(type(error))
    values = _values(error, request_id)
    listed = error.problems or ((error.as_problem(),) if error.field_path else ())
    return {
        "type": f"{PAGES}/{error.code}",
        "title": entry.title,
        "title_en": entry.title_en,
        "status": entry.status,
        "detail": masked_numbers(error.zh.format(**values)),
        "detail_en": masked_numbers(error.en.format(**values)),
        "code": error.code,
        "instance": f"urn:certlib:request:{request_id}",
        "problems": [line(item) for item in listed],
        # RFC 9457 section 3.2: members of this type of problem alone.
        **(error.verdict if isinstance(error, failures.FileUnreadable) else {}),
    }


def _values(error: CertlibError, request_id: str) -> Mapping[str, Any]:
    """What fills the sentence; of what a caller sent, nothing that could be anybody's name."""
    match error:
        case Corrupt():
            return {**error.values, "what": request_id}
        case errors.TypeUnknown(values={"type_code": str(code)}) if not _CODE.fullmatch(code):
            return {**error.values, "type_code": "…"}
        case _:
            return error.values


def line(problem: Problem) -> dict[str, str]:
    """One problem of one field; keys of the caller's may hold what UTF-8 cannot.

    A caller logs what it is told: somebody's number that was sent in a wrong place stays masked.
    """
    return {
        "field": masked_numbers(problem.field.encode("utf-8", "replace").decode()),
        "code": problem.code,
        "zh": masked_numbers(problem.zh),
        "en": masked_numbers(problem.en),
    }


def encoded(value: object) -> bytes:
    """JSON in UTF-8; what UTF-8 cannot hold becomes a question mark."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def response(
    error: CertlibError, request_id: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer to a request that ended in `error`."""
    entry = entry_of(type(error))
    told = document(error, request_id)
    if entry.place and not told["problems"]:
        said = Problem(entry.place, error.code, told["detail"], told["detail_en"])
        told["problems"] = [line(said)]
    return Response(
        encoded(told),
        status_code=entry.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **_headers_of(error), **(headers or {})},
    )


def _headers_of(error: CertlibError) -> dict[str, str]:
    retry = getattr(error, "retry_after", None)
    if isinstance(error, failures.NotAuthenticated):
        return {"WWW-Authenticate": 'Bearer realm="certlib"'}
    if isinstance(error, Corrupt):
        return {"Retry-After": "60"}
    if isinstance(error, failures.TooManyRequests):
        return {"Retry-After": str(error.wait), **error.headers}
    return {} if retry is None else {"Retry-After": str(retry)}
