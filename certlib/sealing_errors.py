"""What stops sealing on purpose: leaves of the error tree."""

from typing import Any, ClassVar

from certlib.errors import Conflict, Refused, SigningUnavailable, Unavailable


class SealingHalted(Unavailable):
    """Two persons have stopped all sealing, or one key; nothing is sealed before two lift it."""

    code = "sealing-halted"
    zh = "签章已由管理单位暂停（{scope}，自{since}起），未作任何更改，恢复后请以相同幂等键重试。"
    en = "Sealing is halted ({scope}, since {since}), nothing was changed: retry once it resumes."
    retry_after: ClassVar[int] = 60


class TwoPersonsNeeded(Refused):
    """An act of two persons came with one, or with the same one twice."""

    code = "two-persons-needed"
    zh = "此操作须由两名不同人员办理：请分别写明经办人和复核人。"
    en = "This takes two different persons: name the one who acts and the one who confirms."


class NotHalted(Conflict):
    """There is nothing to resume."""

    code = "not-halted"
    zh = "{scope}没有被暂停，无需恢复。"
    en = "{scope} is not halted: there is nothing to resume."


class HaltIsFinal(Conflict):
    """A key given up as compromised never seals again."""

    code = "halt-final"
    zh = "密钥 {scope} 已按泄露处理，不能恢复使用，请换用新密钥。"
    en = "Key {scope} was given up as compromised: it never seals again, use its successor."


class TimestampMissing(SigningUnavailable):
    """The seal is made and its timestamp is not: the authority does not answer.

    Attributes:
        pdf: the file sealed with that same signature at B-B; whoever must not keep it drops it.
    """

    code = "timestamp-missing"
    zh = "时间戳服务暂时不可用（{what}），请稍后以相同幂等键重试。"
    en = "The timestamp authority is unavailable ({what}): retry later with the same key."

    def __init__(self, *, pdf: bytes = b"", **values: Any) -> None:
        self.pdf = pdf
        super().__init__(**values)


class TimestampOutage(Unavailable):
    """No timestamps for longer than seals may go without."""

    code = "timestamp-outage"
    zh = (
        "时间戳服务中断，低于目标级别签章的时限（{hours}小时）已过，暂停签发；"
        "请待时间戳服务恢复后以相同幂等键重试。"
    )
    en = (
        "No timestamps for longer than seals may go without ({hours} hours): sealing has stopped. "
        "Retry with the same key when the timestamp authority answers again."
    )
    retry_after: ClassVar[int] = 60
