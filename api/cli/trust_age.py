"""That a newer trust list is due: told once, beside the answers that rest on the old one."""

from threading import Lock

from api.cli.screen import Screen
from certlib.calendar import CHINA
from certlib.verification import Report

__all__ = ["TrustAge"]


class TrustAge:
    """Tells it once, whichever thread has the first answer."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._lock = Lock()
        self._told = False

    def tell(self, report: Report) -> None:
        """A warning where the list that was judged by is past its promised successor."""
        found = report.policy.trust
        if found is None or found.next_update is None or not found.stale(report.as_of):
            return
        with self._lock:
            told, self._told = self._told, True
        if told:
            return
        due = f"{found.next_update.astimezone(CHINA):%Y-%m-%d %H:%M}"
        self._screen.error(
            f"信任清单（版本 {found.version}）已过应更新时间（{due}），请向发布单位索取新的清单。",
            f"A newer trust list than version {found.version} was due on {due}: ask its operator.",
        )
