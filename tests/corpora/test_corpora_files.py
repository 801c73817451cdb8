"""Public files with expected verdicts, through our reader; each difference is listed with its reason."""

import pytest

from tests.corpora.files import DIFFERENCES, read, rows, unexplained
from tests.corpora.folder import ABSENT

ROWS = rows()
pytestmark = pytest.mark.skipif(not ROWS, reason=ABSENT)


def test_the_corpus_is_all_there():
    assert len(ROWS) == 59
    assert set(DIFFERENCES) <= {row["file"] for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
@pytest.mark.timeout(3)
def test_corpus_file(row):
    facts = read(row)
    assert unexplained(row, facts) == ""
    assert facts.fault not in ("crashed", "memory"), facts.fault_detail
