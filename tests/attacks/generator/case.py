"""A case: how a file is forged, and what the verdict on it must be under both policies."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from certlib.verification import Check, Verdict

if TYPE_CHECKING:
    from tests.attacks.generator.ground import Ground

Builder = Callable[["Ground", Random], bytes]


@dataclass(frozen=True)
class Expected:
    """What a policy must answer.

    Attributes:
        verdicts: one, but for files of which all that matters is that they are borne (`BORNE`).
        codes: the code of the verdict is one of them; more than one only where two rules see the
            same thing and either may come first; none where any will do.
        failing: checks of which each has a finding that did not pass; of a file that cannot be
            read nothing but that is found.
    """

    verdicts: frozenset[Verdict]
    codes: frozenset[str]
    failing: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Case:
    """One forgery, or one honest file as a control.

    Attributes:
        build: the same bytes for the same ground and chance.
        why: what the forger is after; for a file that is accepted: why it may be.
    """

    name: str
    build: Builder
    own: Expected
    foreign: Expected
    why: str = ""

    def expected(self, policy: str) -> Expected:
        return self.own if policy == "own" else self.foreign


def refused(code: str | tuple[str, ...], *failing: Check) -> Expected:
    return Expected(frozenset({Verdict.INVALID}), _codes(code), failing)


def undecided(code: str | tuple[str, ...], *failing: Check) -> Expected:
    return Expected(frozenset({Verdict.INDETERMINATE}), _codes(code), failing)


def accepted(code: str) -> Expected:
    return Expected(frozenset({Verdict.VALID}), _codes(code))


def _codes(code: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset((code,) if isinstance(code, str) else code)


INTEGRITY, CHANGES, SEAL = Check.INTEGRITY, Check.CHANGES, Check.SEAL
AUTHORITY, ORIGINAL = Check.ISSUER_AUTHORITY, Check.ORIGINAL

BROKEN = refused("altered", INTEGRITY)
"""The signature itself, its range or its gap does not hold."""

APPENDED = refused("altered", INTEGRITY, CHANGES)
"""Policy `own`: no signature covers the whole file, and the addition is no permitted one."""

CHANGED = refused("altered", CHANGES)
"""The signed part is whole; what was added to it is not permitted."""

SPOILT = refused(("altered", "unreadable"), CHANGES)
"""The same on a stranger's paper, where the addition may leave no file that can be read."""

NOT_ON_RECORD = refused("seal-not-on-record", ORIGINAL)
"""All that can be checked in the file is good, and yet nobody issued it."""

NOT_OURS = refused(
    ("altered", "not-a-certificate", "seal-not-on-record", "seal-untrusted", "unreadable")
)
"""Policy `own` on a stranger's paper: never valid, whatever the first reason."""

UNREADABLE = refused("unreadable")
UNSIGNED = refused("not-a-certificate", INTEGRITY)

BORNE = Expected(frozenset(Verdict), frozenset())
"""Policy `foreign` on a heavy file in which nothing was forged: any answer, but one in time."""

WEIGHED = Expected(frozenset({Verdict.INVALID, Verdict.INDETERMINATE}), frozenset())
"""The same file under policy `own`, or one that nobody can read to its end: never valid."""
