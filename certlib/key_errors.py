"""What can be wrong with the answer of an outside authority, or a ceremony: one error each."""

from collections.abc import Mapping
from typing import Any, Final

from certlib.errors import Conflict, Invalid

__all__ = ["CeremonyRefused", "FoundedAlready", "SealAnswerRefused", "answer_refused"]

_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "too-large": ("文件超过 {limit} 字节", "it has more than {limit} bytes"),
    "too-many": ("其中证书超过 {limit} 张", "it holds more than {limit} certificates"),
    "unreadable": (
        "不是证书文件，应为 PEM、DER 或 PKCS#7",
        "it holds no certificate: PEM, DER or PKCS#7 are read",
    ),
    "no-request": (
        "其中没有本库申请过的密钥的证书，请核对是否取错文件，或先运行 certlib keys request",
        "no certificate in it is for a key requested here: is it the right file?",
    ),
    "code": (
        "证书主体中的统一社会信用代码是“{found}”，应为 {wanted}，请签发机构更正",
        "its subject has the credit code {found!r} instead of {wanted}: have it corrected",
    ),
    "authority": (
        "证书属于签发机构（CA），不能用于签章，请签发机构更正",
        "it is an authority's certificate and cannot seal: have it corrected",
    ),
    "usage": (
        "密钥用途须含数字签名和抗抵赖，请签发机构更正",
        "key usage must have digitalSignature and nonRepudiation: have it corrected",
    ),
    "purpose": (
        "增强密钥用途不含文档签名（RFC 9336），请签发机构更正",
        "extended key usage lacks documentSigning (RFC 9336): have it corrected",
    ),
    "digest": (
        "证书的签名算法 {algorithm} 强度不足，请签发机构改用 SHA-256 以上",
        "it is signed with {algorithm}, which is too weak: ask for SHA-256 or better",
    ),
    "expired": ("证书已于 {day} 到期，请重新申请", "it ended on {day}: ask for another"),
    "chain": (
        "证书不能链接到信任清单中的机构；请把签发机构的中间证书一并放入文件，或更新信任清单",
        "it leads to no authority of the trust list: bring its intermediates, or a newer list",
    ),
    "not-trusted": (
        "信任清单不允许该机构为 {wanted} 签发签章证书（{slug}）",
        "the trust list does not let that authority issue a seal for {wanted} ({slug})",
    ),
    "no-list": (
        "没有“{issuer}”的有效吊销列表，请放入 DATA_DIR/trust/crls 后重试",
        "there is no current revocation list of {issuer}: put it into DATA_DIR/trust/crls",
    ),
    "revoked": ("证书已被签发机构吊销", "its authority has revoked it"),
}


class SealAnswerRefused(Invalid):
    """A file is not the answer to a request for a seal; nothing was changed."""

    code = "seal-answer-refused"
    zh = "证书未导入：{told}。"
    en = "Not imported: {told_en}."


def answer_refused(reason: str, **values: Any) -> SealAnswerRefused:
    """The error for a reason; `reason` stays among its values."""
    zh, en = _REASONS[reason]
    return SealAnswerRefused(
        reason=reason, told=zh.format(**values), told_en=en.format(**values), **values
    )


class CeremonyRefused(Invalid):
    """The file that declares a ceremony cannot be carried out."""

    code = "ceremony-refused"
    zh = "密钥仪式文件有误（{place}）：{told}。"
    en = "The ceremony cannot be held as declared ({place}): {told_en}."


class FoundedAlready(Conflict):
    """There are keys already; a ceremony never takes their place."""

    code = "founded-already"
    zh = "数据目录中已有密钥，密钥仪式不会覆盖；请另选空的数据目录。"
    en = "There are keys in this data folder, and a ceremony overwrites none: choose an empty one."
