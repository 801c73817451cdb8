"""Why no time is told: the machine's clock cannot be believed."""

from certlib.errors import SigningUnavailable


class ClockNotTrusted(SigningUnavailable):
    """The machine's clock went back, jumped, or is not kept by anybody: nothing is stamped.

    Values: `reason` (`set-back`, `jumped`, `unsynchronised` or `record-damaged`), and it in words.
    """

    code = "clock-not-trusted"
    zh = "服务器时钟不可信（{what}），已停止加盖时间戳，请管理员校准时钟（certlib timestamps）。"
    en = (
        "The machine's clock cannot be believed ({what_en}), so nothing is stamped: the operator "
        "sets it right (certlib timestamps)."
    )


def set_back(seconds: float) -> ClockNotTrusted:
    """The clock stands before the last token on record, by so many seconds."""
    return ClockNotTrusted(
        reason="set-back",
        what=f"比最近一枚时间戳早 {seconds:.1f} 秒",
        what_en=f"{seconds:.1f} s before the last token on record",
    )


def jumped(seconds: float) -> ClockNotTrusted:
    """The clock was set, by so many seconds, while the machine ran."""
    return ClockNotTrusted(
        reason="jumped",
        what=f"运行中被拨动 {seconds:+.1f} 秒",
        what_en=f"set by {seconds:+.1f} s while the machine ran",
    )


def unsynchronised() -> ClockNotTrusted:
    """The kernel says that nobody keeps the clock right."""
    return ClockNotTrusted(
        reason="unsynchronised",
        what="内核报告未与时间源同步",
        what_en="the kernel says that no time source keeps it",
    )


def record_damaged() -> ClockNotTrusted:
    """What was kept of the last token cannot be read, so nothing stands against a wrong clock."""
    return ClockNotTrusted(
        reason="record-damaged",
        what="最近一枚时间戳的记录已损坏",
        what_en="the record of the last token is damaged",
    )
