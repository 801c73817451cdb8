"""What a person and a machine see of the health of seals."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any, Final

from api.cli.screen import Screen
from certlib.preservation import Reason, is_below
from certlib.registry import StockGroup
from certlib.usecases.seal_health import SealHealth

_REASONS: Final[Mapping[Reason | None, tuple[str, str]]] = {
    Reason.SIGNER: ("签章证书到期", "the seal's certificate ends"),
    Reason.TIMESTAMP: ("时间戳证书到期", "the timestamp's certificate ends"),
    Reason.ARCHIVE: ("存档时间戳证书到期", "the archive timestamp's certificate ends"),
    Reason.ALGORITHM: ("密码算法到期", "an algorithm ends"),
    None: ("尚未检查", "not looked at yet"),
}


def as_json(health: SealHealth) -> Iterator[dict[str, Any]]:
    """A line for each group, and one for all of it."""
    for item in health.groups:
        yield {
            "type_code": item.type_code,
            "level": item.level,
            "target_level": item.target_level,
            "reason": item.reason,
            "year": item.year or None,
            "files": item.files,
            "ended": item.ended,
            "due": item.due,
            "first_end": None if item.first_end is None else item.first_end.isoformat(),
        }
    yield {
        "at": health.at.isoformat(),
        "files": health.files,
        "ended": health.ended,
        "due": health.due,
        "below": health.below,
        "not_looked_at": health.unseen,
        "green": health.green,
    }


def show(screen: Screen, health: SealHealth, names: Mapping[str, str]) -> None:
    """The timetable: years with their reasons, then types (`names` has them by code); the sum."""
    if health.groups:
        _years(screen, health)
        _types(screen, health, names)
    when = health.at.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")
    screen.say(
        f"截至 {when}：文件 {health.files} 份；"
        f"已不能独立核验 {health.ended}，应养护 {health.due}，"
        f"低于目标级别 {health.below}，尚未检查 {health.unseen}。",
        f"At {when}: {health.files} files; {health.ended} can no longer be judged by themselves, "
        f"{health.due} are due, {health.below} are below their target level, {health.unseen} "
        "nobody has looked at.",
    )
    if health.green:
        screen.say("全部健康。", "All is well.", "bold green")
    else:
        screen.say(
            "服务运行时会自动养护；长时间不减少时，请看 docs/operations.md 的“签章养护”。",
            "The running service cares for them; where they do not become fewer, see “Care of "
            "seals” in docs/operations.md.",
            "bold yellow",
        )


def _years(screen: Screen, health: SealHealth) -> None:
    found: dict[tuple[int, Reason | None], list[StockGroup]] = defaultdict(list)
    for item in health.groups:
        found[item.year, item.reason].append(item)
    rows = [
        (
            str(year or "—"),
            screen.pick(*_REASONS[reason]),
            str(sum(item.files for item in items)),
            _first(items),
        )
        for (year, reason), items in sorted(
            found.items(), key=lambda pair: (pair[0][0], pair[0][1] or "")
        )
    ]
    columns = [
        ("年份", "Year"),
        ("届时因何不能独立核验", "Why no longer judged by itself"),
        ("文件", "Files"),
        ("最早", "First"),
    ]
    screen.table(columns, rows)


def _types(screen: Screen, health: SealHealth, names: Mapping[str, str]) -> None:
    found: dict[tuple[str, str, str], list[StockGroup]] = defaultdict(list)
    for item in health.groups:
        found[item.type_code, item.level, item.target_level].append(item)
    rows = [
        (
            names.get(code, code),
            f"{level} → {target}" if is_below(level, target) else level,
            str(sum(item.files for item in items)),
            str(sum(item.ended for item in items)),
            str(sum(item.due - item.ended for item in items if item.reason is not None)),
            _first(items),
        )
        for (code, level, target), items in found.items()
    ]
    columns = [
        ("证照类型", "Type"),
        ("级别", "Level"),
        ("文件", "Files"),
        ("已失效", "Ended"),
        ("应养护", "Due"),
        ("最早到期", "First end"),
    ]
    screen.table(columns, rows)


def _first(items: list[StockGroup]) -> str:
    ends = [item.first_end for item in items if item.first_end is not None]
    return min(ends).strftime("%Y-%m-%d") if ends else "—"
