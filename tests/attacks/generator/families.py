"""Every family of attacks."""

from tests.attacks.generator import (
    attributes,
    bombs,
    certified,
    counts,
    cycles,
    disguise,
    dss,
    forgery,
    gap,
    genuine,
    linearised,
    messages,
    polyglots,
    saving,
    shadow,
    signers,
    timestamps,
    wrapping,
)
from tests.attacks.generator.case import Case

FAMILIES = (
    genuine,
    signers,
    messages,
    attributes,
    timestamps,
    certified,
    shadow,
    disguise,
    linearised,
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
