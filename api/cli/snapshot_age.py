"""How old a snapshot is that answers instead of the record: told before anything else."""

from typing import TYPE_CHECKING

from api.cli.screen import Screen
from certlib.calendar import CHINA

if TYPE_CHECKING:
    from api.cli.local import Desk

__all__ = ["tell_age"]


def tell_age(screen: Screen, desk: "Desk") -> None:
    """A warning, beside the answers, where a newer snapshot is due or was here before."""
    if desk.snapshot is None:
        return
    if desk.newer_seen is not None:
        seen = f"{desk.newer_seen.astimezone(CHINA):%Y-%m-%d %H:%M}"
        screen.error(
            f"此前在这里用过更新的快照（截至 {seen}），这一份较旧。",
            f"A newer snapshot was used here before, as of {seen}: this one is older.",
        )
    elif desk.clock.now() > desk.snapshot.next_update:
        due = f"{desk.snapshot.next_update.astimezone(CHINA):%Y-%m-%d %H:%M}"
        screen.error(
            f"快照已过应更新时间（{due}），请向节点索取新的快照。",
            f"A newer snapshot was due on {due}: ask the node for it.",
        )
