"""Certificates per second in one process, the share of each stage, typst alone beside it.

The limit that counts: everything but typst, sealing and read-back together takes at most 20 % of
the total on the embedded profile, the QR code included. The same on PostgreSQL and S3 shows what
servers cost. Usage: python bench/issue/run.py [--rows 60] [--profile embedded,servers] [--json]
"""

import argparse
import gc
import json
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from api.bootstrap import open_node
from api.demo.lives import Term
from api.demo.load import MANY
from api.demo.orders import ISSUERS, order
from api.founding import found, type_files
from certlib.errors import CertlibError
from certlib.ports import PageOrder
from certlib.registry import SearchQuery
from certlib.usecases.caller import SCOPES, Caller
from certlib.usecases.order import IssueRequest
from signing.evidence.reader import InProcessEvidenceReader
from signing.pages.typesetter import Typesetter
from signing.sealing import PadesSealer
from storage import S3ObjectStore
from storage.objects import FileObjectStore
from storage.unit_of_work import SqlUnitOfWork
from tests.acceptance.node_process import NodeProcess
from tests.fakes.profiles import Servers

GROUP = 20
LIMIT = 0.20
STAGES = {
    "typst": (Typesetter, "_compile"),
    "seal": (PadesSealer, "seal"),
    "read-back": (InProcessEvidenceReader, "read"),
    "store object": (FileObjectStore, "put_once"),
    "store in S3": (S3ObjectStore, "put_once"),
    "commit": (SqlUnitOfWork, "commit"),
}
SPENT = defaultdict(float)


def timed(owner, name, stage):
    """Replaces a method by one that adds its time to a stage."""
    original = getattr(owner, name)

    def wrapper(*args, **kwargs):
        started = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            SPENT[stage] += time.perf_counter() - started

    setattr(owner, name, wrapper)


def requests(version, first, count):
    term = Term(
        date(2026, 6, 1),
        date(2026, 6, 1),
        None if version.term_years is None else date(2030, 5, 31),
    )
    return [
        IssueRequest(order(version, number, term), f"bench-{version.type_code}-{number}")
        for number in range(first, first + count)
    ]


def issue(node, version, first, count):
    """Issues and answers with seconds."""
    code = ISSUERS[version.type_code]
    caller = Caller("bench", code, frozenset(SCOPES), person="bench-officer")
    batch = requests(version, first, count)
    started = time.perf_counter()
    for start in range(0, count, GROUP):
        for outcome in node.issue.issue(caller, batch[start : start + GROUP]):
            if isinstance(outcome, CertlibError):
                raise outcome
    return time.perf_counter() - started


def typst_alone(node, version, count):
    """Pages of the same type rendered and thrown away: what typst alone does in this process."""
    with node.registry.read() as session:
        issued = session.search(SearchQuery(type_code=version.type_code, limit=count))
    before = SPENT["typst"]
    for certificate in issued:
        # Another number each: typst remembers pages, and no two real ones are the same.
        content = replace(certificate.content, number=certificate.content.number + " 甲")
        url = node.settings.url + "/v/" + content.identifier
        node.renderer.render(PageOrder(content, version, url, content.canonical()))
    return (SPENT["typst"] - before) / len(issued)


@contextmanager
def scratch_node(profile):
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder, stores = Path(scratch), {}
        if profile == "servers":
            servers = stack.enter_context(closing_by_stop(Servers()))
            stores = servers.environment(folder / "secrets", servers.database(), servers.bucket())
        settings = NodeProcess(folder / "var", stores=stores).settings()
        node = open_node(settings.model_copy(update={"renderer_children": 0}))
        stack.callback(node.close)
        found(node)
        node.issue._side_by_side = map  # noqa: SLF001 - shares of a whole are those of one thread
        yield node


@contextmanager
def closing_by_stop(made):
    try:
        yield made
    finally:
        made.stop()


def measure(rows, profile):
    results = []
    with scratch_node(profile) as node:
        for version in (item for item, _ in type_files() if item.type_code in MANY):
            issue(node, version, 1, GROUP)
            gc.collect()
            gc.freeze()  # as the service does when it starts
            SPENT.clear()
            seconds = issue(node, version, 1000, rows)
            spent = {stage: SPENT[stage] / rows * 1000 for stage in STAGES}
            total = seconds / rows * 1000
            rest = total - spent["typst"] - spent["seal"] - spent["read-back"]
            alone = typst_alone(node, version, 20) * 1000
            results.append(
                {
                    "type": version.name,
                    "per_second": 1000 / total,
                    "milliseconds": total,
                    "stages": spent,
                    "everything_else": rest,
                    "share_else": rest / total,
                    "typst_alone": alone,
                }
            )
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--profile", default="embedded,servers")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for stage, (owner, name) in STAGES.items():
        timed(owner, name, stage)
    results = {name: measure(options.rows, name) for name in options.profile.split(",")}
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
        return
    for profile, items in results.items():
        print(f"{profile}:")
        tell(items)


def tell(results):
    for item in results:
        stages = "  ".join(f"{name} {value:.1f}" for name, value in item["stages"].items())
        verdict = "ok" if item["share_else"] <= LIMIT else "OVER THE LIMIT"
        print(f"{item['type']}: {item['per_second']:.1f}/s, {item['milliseconds']:.1f} ms each")
        print(f"  ms: {stages}")
        print(f"  typst alone in the same run: {item['typst_alone']:.1f} ms")
        print(
            f"  everything but typst, seal and read-back: {item['everything_else']:.1f} ms = "
            f"{item['share_else']:.0%} (limit {LIMIT:.0%}: {verdict})"
        )


if __name__ == "__main__":
    main()
