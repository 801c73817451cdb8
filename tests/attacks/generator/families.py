"""Every family of attacks."""

from tests.attacks.generator import (
    bombs,
    certified,
    counts,
    cycles,
    dss,
    forgery,
    gap,
    genuine,
    polyglots,
    saving,
    shadow,
    signers,
    wrapping,
)
from tests.attacks.generator.case import Case

FAMILIES = (
    genuine,
    signers,
    certified,
    shadow,
    dss,
    forgery,
    saving,
    wrapping,
    gap,
    polyglots,
    cycles,
    bombs,
    counts,
)

CASES: tuple[Case, ...] = tuple(case for family in FAMILIES for case in family.cases())
