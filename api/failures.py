"""Failures that only HTTP knows: leaves of the one tree of errors, so that one table maps them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from certlib.errors import Conflict, Invalid, NotFound, Refused, Unavailable

__all__ = [
    "CursorUnknown",
    "FileNotOnRecord",
    "FileUnreadable",
    "HeadTooLarge",
    "MediaTypeUnsupported",
    "MethodNotAllowed",
    "NotAuthenticated",
    "PathUnknown",
    "PortTaken",
    "ProcessesFailed",
    "RangeNotSatisfiable",
    "RequestTooSlow",
    "TooManyRequests",
    "TookTooLong",
    "Unexpected",
]


class NotAuthenticated(Refused):
    """No access token, or one that is not good any more."""

    code = "not-authenticated"
    zh = "缺少有效的访问令牌，请在 /oauth2/token 重新取得后再试。"
    en = "A valid access token is missing: get one at /oauth2/token and try again."


class PathUnknown(NotFound):
    """No such path."""

    code = "path-unknown"
    zh = "没有此地址，请对照接口文档核对。"
    en = "No such path: compare it with the API document."


class FileNotOnRecord(NotFound):
    """No file on record has this digest."""

    code = "file-not-on-record"
    zh = "登记中没有这个文件指纹；不等于文件有问题，可上传文件核验。"
    en = "This digest is not on record; no finding against the file: have the file itself checked."


class MethodNotAllowed(Conflict):
    """The path exists, the method does not."""

    code = "method-not-allowed"
    zh = "此地址不支持该方法，允许的方法见 Allow 响应头。"
    en = "This path does not have that method: the Allow header names those it has."


class CursorUnknown(Conflict):
    """A cursor beyond the end of the record: from another one, or from before a restored backup."""

    code = "cursor-unknown"
    zh = (
        "游标超出本库的记录（可能已从较早的备份恢复），"
        "请重新查询所需证照的状态，再用 after=now 继续。"
    )
    en = (
        "The cursor lies beyond this record, which may have been restored from a backup:"
        " read the statuses you need anew, then go on with after=now."
    )


class MediaTypeUnsupported(Invalid):
    """A body of a kind that the path does not read."""

    code = "media-type-unsupported"
    zh = "不支持此内容类型，应为：{allowed}。"
    en = "Unsupported media type: send {allowed}."


class RangeNotSatisfiable(Invalid):
    """A byte range beyond the file's end."""

    code = "range-not-satisfiable"
    zh = "请求的字节范围超出文件长度（{size}字节）。"
    en = "The byte range lies beyond the file's {size} bytes."


class HeadTooLarge(Invalid):
    """Request line and headers are over the limit."""

    code = "head-too-large"
    zh = "请求行和请求头超过上限 {limit} 字节。"
    en = "Request line and headers are over the limit of {limit} bytes."


class FileUnreadable(Invalid):
    """The uploaded file cannot be read: an input error, whose verdict travels along.

    Attributes:
        verdict: members of the ordinary answer, laid beside those of the problem document.
    """

    code = "unreadable"
    zh = "文件无法读取：{fault}。请重新获取原文件。"
    en = "The file cannot be read: {fault_en}. Get the original file again."

    def __init__(self, *, verdict: Mapping[str, Any] | None = None, **values: Any) -> None:
        self.verdict = verdict or {}
        super().__init__(field_path="file", **values)


class PortTaken(Conflict):
    """The server cannot listen where it should."""

    code = "port-taken"
    zh = "端口 {port} 不可用（可能已被占用），请用 PORT 另选端口，或先停止占用它的程序。"
    en = "Port {port} cannot be had (in use?): choose another with PORT, or stop what uses it."


class ProcessesFailed(Unavailable):
    """Server processes ended as soon as they were started."""

    code = "processes-failed"
    zh = "服务进程反复启动失败，已停止，原因见日志。"
    en = "Server processes failed again and again as they started: the log says why."


class RequestTooSlow(Invalid):
    """The request did not arrive whole in time."""

    code = "request-too-slow"
    zh = "请求未在 {seconds} 秒内到齐，请检查网络后重试。"
    en = "The request did not arrive within {seconds} seconds: check the network and retry."


class TookTooLong(Unavailable):
    """The deadline of a request has passed; the act may still come to its end."""

    code = "took-too-long"
    zh = "处理超过时限，结果未知，请稍后以相同幂等键重试。"
    en = "It took too long and its outcome is unknown: retry later with the same key."
    retry_after: ClassVar[int] = 10


class Stopping(Unavailable):
    """The service stops while the body is still on its way."""

    code = "stopping"
    zh = "服务正在停止，请求未收完，未作任何更改，请稍后以相同幂等键重试。"
    en = "The service is stopping before the request was all there: retry later with the same key."


class TooManyRequests(Unavailable):
    """A client is over its rate.

    Attributes:
        wait: seconds until one more request may pass.
        headers: what tells of the rate.
    """

    code = "too-many-requests"
    zh = "请求过于频繁，请在 {seconds} 秒后重试。"
    en = "Too many requests: retry after {seconds} seconds."

    def __init__(
        self, *, seconds: int = 1, headers: Mapping[str, str] | None = None, **values: Any
    ) -> None:
        self.wait = seconds
        self.headers = headers or {}
        super().__init__(seconds=seconds, **values)


class Unexpected(Unavailable):
    """A fault nobody foresaw; its traceback is in the log under the request's id."""

    code = "unexpected"
    zh = "系统发生意外错误，已记录，请稍后以相同幂等键重试；多次出现请告知管理员请求编号。"
    en = "Something unexpected happened and was logged: retry later with the same key."
