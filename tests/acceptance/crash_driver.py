"""Issues certificates in every way and kills itself at the N-th durable boundary.

In one call, several files at once; in two steps; one more file later; a next version.

Usage: crash_driver.py DATA_DIR [N]. Boundaries are counted in the order in which they happen:
before and after each write, fsync, link and rename of the operating system that our code calls,
each request to an S3 store and each commit of the database. Without N nothing is killed; the number
of boundaries, the identifiers and how many files they have are printed as JSON.
"""

import json
import os
import signal
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from api.bootstrap import open_node
from api.cli import main as command_line
from api.demo.lives import Term
from api.demo.orders import ISSUERS, TRANSPORT, order
from api.founding import type_files
from api.settings import Settings
from certlib.document import ORIGINAL, Form
from certlib.errors import CertlibError
from certlib.usecases.add_form import FormRequest
from certlib.usecases.caller import SCOPES, Caller
from certlib.usecases.drafts import DraftAct
from certlib.usecases.order import IssueRequest
from certlib.usecases.revise import RevisionRequest
from storage.s3_client import BucketClient
from storage.unit_of_work import SqlUnitOfWork


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


def issued(node, caller):
    """Identifiers of two certificates of one group, the first of three files."""
    version = next(item for item, _ in type_files() if item.type_code == TRANSPORT)
    term = Term(date(2026, 10, 1), date(2026, 10, 1), date(2029, 9, 30))
    orders = [replace(order(version, number, term), type_version="") for number in range(4)]
    copies = (ORIGINAL, Form("duplicate"), Form("duplicate"))
    requests = [
        IssueRequest(replace(orders[0], forms=copies), "crash-0"),
        IssueRequest(orders[1], "crash-1"),
    ]
    found = []
    for outcome in node.issue.issue(caller, requests):
        if isinstance(outcome, CertlibError):
            raise outcome
        found.append(outcome.identifier)
    draft = node.make.make(caller, IssueRequest(replace(orders[2], forms=copies[:2]), "draft"))
    found.append(node.seal.seal(caller, DraftAct(draft["identifier"], "seal")).identifier)
    node.add_form.add(caller, FormRequest(found[1], Form("duplicate"), "more"))
    change = {"issue_date": date(2026, 10, 2), "fields": {"KZ_CLS": 7}}
    revision = RevisionRequest(found[0], "change", "next", change, said={"cars": 7})
    found.append(node.revise.revise(caller, revision).identifier)
    return found


def live(arguments, environment, said):
    """One run of this driver, or of the command line, in a process that was forked for it.

    Its output is left in `said`. What is imported is most of what a process of its own takes.
    """
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    if arguments[0] == "drive":
        drive(*arguments[1:])
    else:
        sys.exit(command_line(arguments))


def drive(data_dir, fatal=0):
    node = open_node(Settings(data_dir=Path(data_dir), demo=True))
    boundaries = Boundaries(fatal)
    watch(boundaries)
    node.reconcile.run(take_over=True)
    identifiers = issued(node, Caller("crash", ISSUERS[TRANSPORT], frozenset(SCOPES), "officer"))
    with node.registry.read() as session:
        files = sum(len(session.certificate(item).files) for item in identifiers)
    told = {"boundaries": boundaries.count, "identifiers": identifiers, "files": files}
    print(json.dumps(told))
    node.close()


if __name__ == "__main__":
    drive(sys.argv[1], *map(int, sys.argv[2:]))
