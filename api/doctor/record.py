"""What waits in the record: work that a running service does within seconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from api.doctor import instruments
from api.doctor.model import Check, Finding, Subject, ok, warning
from certlib.registry import Queue

_MINUTES: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Work:
    """One kind of work that should not wait for long.

    Attributes:
        minutes: how long is still in order.
        advice: where to look, Chinese and English.
    """

    what: tuple[str, str]
    minutes: float
    advice: tuple[str, str]


_INTENTS: Final = _Work(
    ("未完成的签发", "orders not finished"),
    10,
    (
        "启动后自动补完；若服务在运行，请查日志中的 reconciled 和签章、存储是否可用",
        "a start finishes them; if the service runs, see “reconciled” in its log, seals and stores",
    ),
)
_EVENTS: Final = _Work(
    ("未分发的事件", "events not handed on"),
    10,
    ("若服务在运行，请查日志中的 notices", "if the service runs, look for “notices” in its log"),
)
_DELIVERIES: Final = _Work(
    ("未送达的推送", "webhook deliveries"),
    60,
    (
        "接收方未应答：请看 GET /v1/webhooks/{id}/deliveries 并联系该单位",
        "a receiver does not answer: see GET /v1/webhooks/{id}/deliveries, call that department",
    ),
)
_LOCKS: Final = _Work(
    ("未锁定的文件", "files not locked"),
    60,
    (
        "对象存储可能拒绝锁定：请核对登录的权限（docs/operations.md）",
        "the store may refuse locks: check the rights of its login (docs/operations.md)",
    ),
)
_HISTORY: Final = _Work(
    ("未封签的历史记录", "records of the history not sealed"),
    15,
    (
        "若服务在运行，请查日志中的 seal-history、历史密钥和时间戳机构",
        "if the service runs, see “seal-history” in its log, the history's key and timestamps",
    ),
)


def _waiting(subject: Subject, queue: Queue, work: _Work) -> Finding:
    minutes = queue.seconds(subject.clock.now()) / _MINUTES
    zh, en = work.what
    if minutes > work.minutes:
        return subject.late(
            f"{zh} {queue.number} 件，最早的已等待 {minutes:.0f} 分钟：{work.advice[0]}。",
            f"{queue.number} {en}, the oldest for {minutes:.0f} minutes: {work.advice[1]}.",
        )
    return ok(f"{zh} {queue.number} 件，均未超时。", f"{queue.number} {en}, none for too long.")


def _intents(subject: Subject) -> Iterator[Finding]:
    yield _waiting(subject, instruments.record(subject).backlog.intents, _INTENTS)


def _events(subject: Subject) -> Iterator[Finding]:
    yield _waiting(subject, instruments.record(subject).backlog.events, _EVENTS)


def _deliveries(subject: Subject) -> Iterator[Finding]:
    backlog = instruments.record(subject).backlog
    if backlog.deliveries.seconds(subject.clock.now()) > _DELIVERIES.minutes * _MINUTES:
        # The fault is a receiver's, whether the service runs or not.
        found = _waiting(subject, backlog.deliveries, _DELIVERIES)
        yield warning(found.zh, found.en)
    if backlog.dead:
        yield warning(
            f"放弃的推送 {backlog.dead} 件：接收方恢复后请以 POST …/replay 重发。",
            f"{backlog.dead} deliveries were given up: replay them (POST …/replay) when their "
            "receiver answers again.",
        )
    if not backlog.dead and not backlog.deliveries.number:
        yield ok("推送无积压。", "No webhook delivery waits.")


def _locks(subject: Subject) -> Iterator[Finding]:
    if subject.settings.objects == "s3":
        yield _waiting(subject, instruments.record(subject).backlog.locks, _LOCKS)


def _history(subject: Subject) -> Iterator[Finding]:
    tail = instruments.record(subject).tail
    yield _waiting(subject, Queue(tail.records, tail.since), _HISTORY)


CHECKS: Final = (
    Check("history", ("历史封签", "Seal of the history"), _history, ("key",)),
    Check("intents", ("未完成的签发", "Orders under way"), _intents, ("key",)),
    Check("outbox", ("事件分发", "Outbox"), _events, ("key",)),
    Check("webhooks", ("推送", "Webhooks"), _deliveries, ("key",)),
    Check("locks", ("文件锁定", "File locks"), _locks, ("key",)),
)
