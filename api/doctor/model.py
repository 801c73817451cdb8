"""What a check says, and what it may ask."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from api.settings import Settings
from certlib.ports import Clock, Entropy


class State(StrEnum):
    """How it is with one thing, best first."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of a check: what is, and, where it is not as it should be, what to do."""

    state: State
    zh: str
    en: str
    check: str = ""

    def as_json(self) -> dict[str, str]:
        """A row of the answer."""
        return {"check": self.check, "state": self.state.value, "zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class Subject:
    """The node that is looked at.

    Attributes:
        running: the service should be running: what it ought to have done by now is a failure.
        url: where it answers; "" asks nobody.
        strangers: variables `CERTLIB_…` that are no settings.
    """

    settings: Settings
    clock: Clock
    entropy: Entropy
    running: bool = False
    url: str = ""
    strangers: tuple[str, ...] = ()

    def late(self, zh: str, en: str) -> Finding:
        """What a running service would have done: a failure if it runs, else a hint."""
        return failed(zh, en) if self.running else warning(zh, en)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        name: stable word, the `check` of its findings.
        title: Chinese and English.
        look: gives findings; whatever it raises becomes one.
        needs: checks without which this one cannot tell anything.
        advice: what to do when what is looked at does not answer at all.
    """

    name: str
    title: tuple[str, str]
    look: Callable[[Subject], Iterable[Finding]]
    needs: tuple[str, ...] = ()
    advice: tuple[str, str] = (
        "请查看该部件、网络和服务日志，处理后再运行一次",
        "look at it, the network and the service's log, then run this again",
    )


def ok(zh: str, en: str) -> Finding:
    """All is as it should be."""
    return Finding(State.OK, zh, en)


def warning(zh: str, en: str) -> Finding:
    """It works, and will not for ever."""
    return Finding(State.WARNING, zh, en)


def failed(zh: str, en: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(State.FAILED, zh, en)
