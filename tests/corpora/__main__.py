"""`make corpora`: the tables of agreement and differences; status 1 on one that is not explained."""

import sys
from itertools import chain

from tests.corpora import files, pkits
from tests.corpora.folder import ABSENT


def main() -> int:
    rows, cases = files.rows(), pkits.cases()
    if not rows or not cases:
        print(ABSENT, file=sys.stderr)
        return 2
    tables = [files.table(rows), pkits.table(cases)]
    print("\n".join(chain.from_iterable([*lines, ""] for lines, _ in tables)))
    return 0 if all(explained for _, explained in tables) else 1


if __name__ == "__main__":
    sys.exit(main())
