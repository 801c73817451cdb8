"""Why a trust list is not believed: one error, with a reason that machines can branch on."""

from collections.abc import Mapping
from typing import Any, Final

from certlib.errors import Corrupt, Problem

__all__ = ["TrustListRefused", "refused"]

_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("没有找到清单文件", "there is no such file"),
    "unreadable": ("文件无法读取，请检查权限", "a file cannot be read: look at its permissions"),
    "too-large": ("文件超过 {limit} 字节", "the file has more than {limit} bytes"),
    "malformed": ("不是信任清单（{detail}）", "this is no trust list ({detail})"),
    "header": (
        "签名头的成员“{member}”不受支持",
        "its signature header has {member}, which is not supported",
    ),
    "algorithm": (
        "签名算法“{algorithm}”不受支持，应为 ES256 或 RS256",
        "signed with {algorithm}, only ES256 and RS256 are believed",
    ),
    "certificate": (
        "签名证书无法使用（{detail}）",
        "the signer's certificate cannot be used ({detail})",
    ),
    "signer": (
        "签名者不是所指定的，请向发布单位核对指纹 {fingerprint}",
        "its signer is none of those named here: ask its operator whether {fingerprint} is theirs",
    ),
    "signature": (
        "签名与内容不符，清单已被改动或系伪造",
        "the signature does not fit: it was changed or forged",
    ),
    "signer-ended": (
        "发布时签名证书不在有效期内",
        "the signer's certificate was not valid when it was issued",
    ),
    "format": ("格式版本“{format}”不受支持", "format {format} is not supported"),
    "canonical": ("内容不是规范形式", "its content is not in canonical form"),
    "content": ("内容有误", "its content has errors"),
    "anchor": (
        "“{name}”的证书不能作为信任机构（{detail}）",
        "a certificate of {name} is no authority's ({detail})",
    ),
    "rollback": (
        "版本 {version} 低于已采用过的版本 {seen}",
        "version {version} is older than version {seen}, which was here before",
    ),
    "replaced": (
        "与此前见过的同一版本 {version} 内容不同",
        "version {version} was here before with another content",
    ),
    "memory": (
        "记录已见版本的文件 {name} 已损坏",
        "{name}, which knows the version seen last, is damaged",
    ),
}


class TrustListRefused(Corrupt):
    """A trust list that nobody may believe; whatever was in force before stays in force."""

    code = "trust-list-refused"
    zh = "信任清单未被接受：{what}。"
    en = "The trust list is not accepted: {what_en}."


def refused(reason: str, problems: tuple[Problem, ...] = (), **values: object) -> TrustListRefused:
    """The error for a reason; `values["reason"]` keeps the slug."""
    zh, en = _REASONS[reason]
    said: dict[str, Any] = {"what": zh.format(**values), "what_en": en.format(**values)}
    return TrustListRefused(problems=problems, reason=reason, **said)
