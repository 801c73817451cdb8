"""Issues a few certificates and kills itself at the N-th durable boundary.

Usage: crash_driver.py DATA_DIR [N]. Boundaries are counted in the order in which they happen:
before and after each write, fsync, link and rename of the operating system that our code calls,
each request to an S3 store and each commit of the database. Without N nothing is killed; the number of
boundaries and the identifiers are printed as JSON.
"""

import json
import os
import signal
import sys
from datetime import date
from pathlib import Path

from api.bootstrap import open_node
from api.demo.lives import Term
from api.demo.orders import ISSUERS, TRANSPORT, order
from api.founding import type_files
from api.settings import Settings
from certlib.errors import CertlibError
from certlib.usecases.caller import SCOPES, Caller
from certlib.usecases.order import IssueRequest
from storage.s3_client import BucketClient
from storage.unit_of_work import SqlUnitOfWork

ROWS = 4
GROUP = 2


class Boundaries:
    """Counts boundaries, and is the kill -9 at one of them."""

    def __init__(self, fatal):
        self.fatal = fatal
        self.count = 0

    def cross(self):
        self.count += 1
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call):
        def watched(*args, **kwargs):
            self.cross()
            result = call(*args, **kwargs)
            self.cross()
            return result

        return watched


def watch(boundaries):
    for name in ("write", "fsync", "link", "rename", "replace"):
        setattr(os, name, boundaries.around(getattr(os, name)))
    SqlUnitOfWork.commit = boundaries.around(SqlUnitOfWork.commit)
    BucketClient._execute = boundaries.around(BucketClient._execute)


def main():
    fatal = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    node = open_node(Settings(data_dir=Path(sys.argv[1]), demo=True))
    boundaries = Boundaries(fatal)
    watch(boundaries)
    node.reconcile.run(take_over=True)
    version = next(item for item, _ in type_files() if item.type_code == TRANSPORT)
    term = Term(date(2026, 10, 1), date(2026, 10, 1), date(2029, 9, 30))
    caller = Caller("crash", ISSUERS[TRANSPORT], frozenset(SCOPES))
    identifiers = []
    for start in range(0, ROWS, GROUP):
        requests = [
            IssueRequest(order(version, number, term), f"crash-{number}")
            for number in range(start, start + GROUP)
        ]
        for outcome in node.issue.issue(caller, requests):
            if isinstance(outcome, CertlibError):
                raise outcome
            identifiers.append(outcome.identifier)
    print(json.dumps({"boundaries": boundaries.count, "identifiers": identifiers}))
    node.close()


if __name__ == "__main__":
    main()
