"""One tree of errors: six families, each leaf with a stable code and a sentence in two languages.

A sentence says what is wrong and what to do. `{name}` in it is filled from the values the error
carries; a value never holds a holder's number. Only `api.problems` knows HTTP statuses.
"""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one field of the input.

    Attributes:
        field: JSON pointer into the caller's document (`/fields/KZ_JYFW`), or "" for the whole.
        code: stable slug.
        zh: the sentence in Chinese.
        en: the sentence in English.
    """

    field: str
    code: str
    zh: str
    en: str


class CertlibError(Exception):
    """Root of everything this library raises on purpose.

    Attributes:
        values: what fills the sentence.
        field_path: JSON pointer of the field at fault, or "".
        problems: every single problem where there are several.
    """

    code: ClassVar[str] = "error"
    zh: ClassVar[str] = "发生错误。"
    en: ClassVar[str] = "An error occurred."

    def __init__(
        self, *, field_path: str = "", problems: tuple[Problem, ...] = (), **values: Any
    ) -> None:
        self.values = values
        self.field_path = field_path
        self.problems = problems
        super().__init__(self.en_text)

    @property
    def zh_text(self) -> str:
        """The sentence in Chinese."""
        return self.zh.format(**self.values)

    @property
    def en_text(self) -> str:
        """The sentence in English."""
        return self.en.format(**self.values)

    def as_problem(self) -> Problem:
        """This error as one line of a list of problems."""
        return Problem(self.field_path, self.code, self.zh_text, self.en_text)

    def __str__(self) -> str:
        return f"{self.code}: {self.en_text}"


# --- the six families ---------------------------------------------------------------------


class Invalid(CertlibError):
    """The input itself is wrong; nothing was stored. `problems` lists every field at once."""

    code = "invalid"
    zh = "输入有误，请按所列字段更正后重试。"
    en = "The input has errors: correct the listed fields and try again."


class NotFound(CertlibError):
    """What was asked for is not on record, or not visible to the caller."""

    code = "not-found"
    zh = "查无此项，请核对后重试。"
    en = "Not found: check what you asked for."


class Conflict(CertlibError):
    """The state of the record forbids the act."""

    code = "conflict"
    zh = "与现有记录冲突，请重新读取后再试。"
    en = "This conflicts with the record: read it again first."


class Refused(CertlibError):
    """The caller may not do this."""

    code = "refused"
    zh = "无权进行此操作。"
    en = "You may not do this."


class Unavailable(CertlibError):
    """A dependency is missing; the same call may succeed later."""

    code = "unavailable"
    zh = "服务暂时不可用，未作任何更改，请稍后以相同幂等键重试。"
    en = "Temporarily unavailable, nothing was changed: retry later with the same key."
    retry_after: ClassVar[int] = 5
    """Seconds after which a retry makes sense."""


class Corrupt(CertlibError):
    """The record and the stored bytes disagree, or a stored value does not decrypt."""

    code = "corrupt"
    zh = "存储的数据与登记不一致，已停止操作，请联系管理员（{what}）。"
    en = "Stored data and record disagree, stopped: call the operator ({what})."


# --- input ----------------------------------------------------------------------------------


class MalformedIdentifier(Invalid):
    """An identifier that GB/T 36904 does not allow; `part` names the malformed part."""

    code = "identifier-malformed"
    zh = "电子证照标识格式有误（{part}），请按所列各项核对后重新输入。"
    en = "The identifier is malformed ({part}): check and enter it again."


class BadCheckCharacter(Invalid):
    """A check digit or character does not fit."""

    code = "check-character"
    zh = "{what}校验位有误，请逐位核对。"
    en = "The check character of {what} is wrong: compare it character by character."


class MalformedCode(Invalid):
    """A holder code or credit code of the wrong form."""

    code = "code-malformed"
    zh = "{what}格式有误，请核对长度和字符。"
    en = "{what} has the wrong form: check its length and characters."


class ImpossibleBirthDate(Invalid):
    """The birth date inside an identity number does not exist."""

    code = "birth-date-impossible"
    zh = "公民身份号码中的出生日期不存在，请核对。"
    en = "The birth date in the identity number does not exist: check it."


class UnknownCodeType(Invalid):
    """A holder code type outside GB/T 36903 annex A and the hall systems' table."""

    code = "code-type-unknown"
    zh = "持证主体代码类型“{value}”不存在，请使用代码表中的类型。"
    en = "Holder code type {value} does not exist: use one of the code table."


class UnknownDivision(Invalid):
    """A division code that GB/T 2260 never had."""

    code = "division-unknown"
    zh = "行政区划代码“{value}”不存在，请使用现行六位代码。"
    en = "Division code {value} does not exist: use a current six-digit code."


class TypeUnknown(NotFound):
    """No such certificate type."""

    code = "type-unknown"
    zh = "证照类型代码“{type_code}”未登记，请查询证照目录。"
    en = "Certificate type {type_code} is not in the catalogue: look it up there."


class TypeNotPublished(Conflict):
    """The type exists but may not be issued now."""

    code = "type-not-published"
    zh = "证照类型“{name}”未开通或已停用，不能签发。"
    en = "Certificate type {name} is not open for issuing."


class IssuerNotAuthorised(Refused):
    """The department is not on the issue list for this type on this day."""

    code = "issuer-not-authorised"
    zh = "该单位在{day}不在“{name}”的发证清单内，请核对颁发日期，或联系证照库管理单位。"
    en = (
        "This department is not on the issue list for {name} on {day}: check the issue date, or"
        " contact the operator."
    )


class OutsideDepartment(Refused):
    """A client acts for a department that is not its own."""

    code = "outside-department"
    zh = "不能代其他单位操作，请使用本单位的凭据。"
    en = "You cannot act for another department: use that department's credentials."


class ScopeMissing(Refused):
    """The client's token lacks the scope."""

    code = "scope-missing"
    zh = "凭据缺少权限“{scope}”，请联系管理员开通。"
    en = "The credentials lack the scope {scope}: ask the operator for it."


class ApprovalMissing(Refused):
    """Four eyes are asked for, and the approval is absent or by the requester."""

    code = "approval-missing"
    zh = "此事项需要由经办人以外的人审核，请先完成审核。"
    en = "This needs approval by a second person: have it approved first."


class UnprintableCharacter(Invalid):
    """A character that no font at hand can draw; named, never printed as a box."""

    code = "character-unprintable"
    zh = "字符“{character}”（{codepoint}）没有可用字形，请改用规范字或联系管理员。"
    en = "No font can draw {character} ({codepoint}): use a standard character or ask the operator."


class ControlCharacter(Invalid):
    """A control, format or unassigned character inside a value."""

    code = "character-forbidden"
    zh = "包含不可见或控制字符（{codepoint}），请删除后重试。"
    en = "The value holds a control or invisible character ({codepoint}): remove it."


class NotNormalised(Invalid):
    """A value that is not in Unicode normalisation form C."""

    code = "character-not-normalised"
    zh = "文字不是规范组合形式（Unicode NFC），请重新输入。"
    en = "The text is not in Unicode normalisation form C: normalise it."


class DateOrder(Invalid):
    """Dates that cannot follow one another."""

    code = "date-order"
    zh = "{later}不能早于{earlier}，请核对日期。"
    en = "{later_en} cannot lie before {earlier_en}: check the dates."


class Unsupported(Invalid):
    """A value outside what canonical JSON or this service carries."""

    code = "value-unsupported"
    zh = "值的类型不受支持：{what}。"
    en = "Unsupported value: {what}."


class MalformedRequest(Invalid):
    """The request cannot be read at all."""

    code = "request-malformed"
    zh = "请求无法解析：{what}。"
    en = "The request cannot be read: {what}."


class BodyTooLarge(Invalid):
    """The body is over the limit."""

    code = "body-too-large"
    zh = "请求内容超过上限 {limit} 字节，请缩小文件后重试。"
    en = "The body is over the limit of {limit} bytes: send a smaller one."


# --- record ---------------------------------------------------------------------------------


class CertificateNotFound(NotFound):
    """No certificate under this identifier: never proof of forgery."""

    code = "certificate-not-found"
    zh = "查无记录：不等于证照不真实，可能尚未入库。请核对编号。"
    en = "No such certificate on record, which proves nothing against it: check the identifier."


class OtherNode(NotFound):
    """The identifier belongs to another node."""

    code = "other-node"
    zh = "该标识由其他地区证照库管理，请向省级平台查询。"
    en = "This identifier is kept by another node: ask the province platform."


class FaceNumberTaken(Conflict):
    """Another current certificate of this type and issuer has this face number."""

    code = "face-number-taken"
    zh = "证照编号已被本单位同类有效证照使用，请核对编号或先办理换发。"
    en = "Another current certificate of this type has this number: check it or renew that one."


class TransitionForbidden(Conflict):
    """The transition table has no such step."""

    code = "transition-forbidden"
    zh = "证照当前状态为“{state_zh}”，不能办理“{action_zh}”，请核对登记。"
    en = "The certificate is {state}: {action} is not possible, read the record."


class StaleVersion(Conflict):
    """`If-Match` names a version that is not the current one."""

    code = "version-stale"
    zh = "记录已被他人更新，请重新读取后再操作。"
    en = "The record has changed since you read it: read it again first."


class IdempotencyMismatch(Invalid):
    """The same key came with another body."""

    code = "idempotency-mismatch"
    zh = "该幂等键已用于不同内容，请换用新的幂等键。"
    en = "This idempotency key was used with another body: use a new key."


class IdempotencyInProgress(Conflict):
    """The first call with this key is still running."""

    code = "idempotency-in-progress"
    zh = "相同幂等键的请求仍在处理，请稍后重试。"
    en = "The first request with this key is still running: retry shortly."
    retry_after: ClassVar[int] = 1


class IdempotencyKeyMissing(Invalid):
    """A POST that changes state came without its key."""

    code = "idempotency-key-missing"
    zh = "缺少 Idempotency-Key 请求头，请为每次操作生成一个唯一键。"
    en = "The Idempotency-Key header is missing: send one unique key per act."


class StoreUnavailable(Unavailable):
    """Database or object store does not answer."""

    code = "store-unavailable"
    zh = "存储暂时不可用（{what}），未作确认，请稍后以相同幂等键重试。"
    en = "The store is unavailable ({what}), nothing was confirmed: retry with the same key."


class StoreUnfit(Invalid):
    """A database or bucket that answers, but is not set up as the library needs it."""

    code = "store-unfit"
    zh = "存储配置不符合要求：{what}。"
    en = "The store is not set up as it must be: {what_en}."


class DataFolderBusy(Conflict):
    """Another process holds the writer's lock of the data folder."""

    code = "data-folder-busy"
    zh = "数据目录正被另一个进程使用，请先停止该服务。"
    en = "Another process uses this data folder: stop that server first."


class SigningUnavailable(Unavailable):
    """Key or timestamp authority does not answer."""

    code = "signing-unavailable"
    zh = "签章服务暂时不可用（{what}），请稍后以相同幂等键重试。"
    en = "Sealing is unavailable ({what}): retry later with the same key."


class Overloaded(Unavailable):
    """Too much at once."""

    code = "overloaded"
    zh = "请求过多，请稍后重试。"
    en = "Too many requests at once: retry later."


class KeyUnusable(Corrupt):
    """A stored key does not decrypt, or does not match its seal certificate."""

    code = "key-unusable"
    zh = "密钥无法使用（{what}），请联系管理员运行 certlib doctor。"
    en = "A key cannot be used ({what}): call the operator, who asks certlib doctor."


class SealMismatch(Corrupt):
    """What was sealed is not what was intended; it is not published."""

    code = "seal-mismatch"
    zh = "签章回读与签发意图不一致（{what}），已停止发布。"
    en = "The sealed file is not what was intended ({what}): not published."
