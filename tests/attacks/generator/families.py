"""Every family of attacks."""

from tests.attacks.generator import forgery, gap, genuine, saving, wrapping
from tests.attacks.generator.case import Case

FAMILIES = (genuine, forgery, saving, wrapping, gap)

CASES: tuple[Case, ...] = tuple(case for family in FAMILIES for case in family.cases())
