"""Why a status snapshot is not believed: one error, with a reason that machines can branch on."""

from collections.abc import Mapping
from typing import Any, Final

from certlib.errors import Corrupt

__all__ = ["SnapshotRefused", "refused"]

_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("没有找到快照文件", "there is no such file"),
    "malformed": ("不是状态快照（{detail}）", "this is no status snapshot ({detail})"),
    "certificate": (
        "签名证书不是状态快照专用证书",
        "its signer's certificate is none for status snapshots",
    ),
    "signer": (
        "签名者不在信任清单内，可能属于其他节点",
        "its signer is not on the trust list: it may be another node's",
    ),
    "signer-ended": (
        "签名证书在生成时或现在不在有效期内，或已吊销",
        "the signer's certificate was not valid when it was made, is not now, or was revoked",
    ),
    "signature": (
        "签名与内容不符，快照已被改动或系伪造",
        "the signature does not fit: it was changed or forged",
    ),
    "truncated": (
        "内容不完整，应有 {wanted} 字节，实有 {found} 字节",
        "it is not whole: {wanted} bytes were signed, {found} are there",
    ),
    "content": (
        "内容与签名的摘要不符，快照已被改动",
        "its rows do not fit the digest that was signed: it was changed",
    ),
    "changed": ("使用期间文件被改动", "it was changed while it was in use"),
    "future": (
        "生成时间晚于本机时间，请核对时钟",
        "it was made later than this machine's clock says",
    ),
}


class SnapshotRefused(Corrupt):
    """A status snapshot that nobody may believe; without it the status is unknown."""

    code = "snapshot-refused"
    zh = "状态快照未被接受：{what}。"
    en = "The status snapshot is not accepted: {what_en}."


def refused(reason: str, **values: object) -> SnapshotRefused:
    """The error for a reason; `values["reason"]` keeps the slug."""
    zh, en = _REASONS[reason]
    said: dict[str, Any] = {"what": zh.format(**values), "what_en": en.format(**values)}
    return SnapshotRefused(reason=reason, **said)
