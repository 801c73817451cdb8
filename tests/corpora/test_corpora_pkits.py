"""Every case of NIST PKITS, with our limits and policies on."""

import pytest

from tests.corpora.folder import ABSENT
from tests.corpora.pkits import DIFFERENCES, OTHER_REASONS, cases, unexplained

CASES = cases()
pytestmark = pytest.mark.skipif(not CASES, reason=ABSENT)


def test_they_are_all_there():
    names = {case.name for case in CASES}
    assert (len(CASES), len(names)) == (246, 246)
    assert DIFFERENCES.keys() | OTHER_REASONS.keys() <= names


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case):
    """With the authorities from our store, and with those that the file brings along."""
    assert unexplained(case) == ""
