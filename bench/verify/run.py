"""How long a verdict takes, beside pyHanko, pdfsig, PDFBox and MuPDF in the same run.

A real certificate of a scratch node is verified as a known file, and sealed once more as a file of
ours that is not on record; a stranger's file is sealed under another authority. Two children
against one, and a child's memory after many files. Usage: python bench/verify/run.py
[--rounds 100] [--files 10000] [--json]
"""

import argparse
import gc
import json
import os
import tempfile
import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

from asn1crypto import cms, tsp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper

from api.bootstrap import open_node
from api.demo.lives import Term
from api.demo.load import MANY
from api.demo.orders import ISSUERS, order
from api.founding import found, type_files
from bench.verify.peers import readers
from certlib.errors import CertlibError
from certlib.ports import PageOrder
from certlib.usecases.caller import SCOPES, Caller
from certlib.usecases.order import IssueRequest
from certlib.usecases.verify import Question
from certlib.verification import FOREIGN, OWN, Facts, judge
from signing.evidence.child import ChildEvidenceReader, ChildOptions
from signing.sealing import PadesSealer
from tests.acceptance.node_process import NodeProcess
from tests.unit.signing import signing_pki

AT = signing_pki.NOW + timedelta(hours=1)
LIMITS = {
    "known": 1.0,
    "unknown": 8.0,
    "times_pyhanko": 4.0,
    "foreign_times_pyhanko": 1.0,
    "two_children": 1.8,
    "memory": 256 * 1024 * 1024,
}


def scratch_node(stack):
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    settings = NodeProcess(folder / "var").settings()
    node = open_node(settings.model_copy(update={"renderer_children": 0, "reader_children": 2}))
    stack.callback(node.close)
    found(node)
    return node


def issued(node):
    """A real certificate of the demo's most frequent type: its record, its file."""
    version = next(item for item, _ in type_files() if item.type_code in MANY)
    term = Term(
        date(2026, 6, 1),
        date(2026, 6, 1),
        None if version.term_years is None else date(2030, 5, 31),
    )
    caller = Caller("bench", ISSUERS[version.type_code], frozenset(SCOPES), person="bench-officer")
    (outcome,) = node.issue.issue(caller, [IssueRequest(order(version, 1, term), "bench-verify-1")])
    if isinstance(outcome, CertlibError):
        raise outcome
    certificate = node.read.certificate(caller, outcome.identifier)
    _, pdf = node.read.file(caller, outcome.identifier)
    return version, certificate, pdf


def sealed_again(node, version, content):
    """The same page under another seal: ours, good, and not on record."""
    page = PageOrder(
        content, version, node.settings.url + "/v/" + content.identifier, content.canonical()
    )
    sealer = PadesSealer(node.authority, node.timestamps, node.clock)
    return sealer.seal(node.renderer.render(page), content).pdf


def verdicts(node, version, certificate, pdf, options):
    """The known file; ours and pyHanko on an unknown one; that file; times pyHanko."""
    again = sealed_again(node, version, certificate.content)
    policy = replace(OWN, trust=node.trust.trust_list())

    def alone():
        return judge(Facts(file=node.reader.read(again), authorised=True), policy, node.clock.now())

    known, answer = readers.timed(lambda: node.verify.by_file(pdf, Question()), options.rounds)
    first = readers.Timing(f"known file, {len(pdf):,} bytes", known, answer.report.code)
    unknown, answer = readers.timed(lambda: node.verify.by_file(again, Question()), options.rounds)
    seal = next(item for item in answer.report.findings if item.check == "seal")
    said = f"{answer.report.code}, seal {seal.outcome}, with the record"
    ours = readers.Timing("certlib, policy own, warm child", unknown, said)
    (spent, judged), theirs = readers.in_turns(
        options.rounds, alone, readers.pyhanko(again, node.trust.material())
    )
    print(
        "the file alone, as the peers do, without the record: "
        f"{readers.settled(spent):.2f} ms ({judged.code})"
    )
    rows = [ours, readers.told_of_pyhanko(*theirs)]
    return first, rows, again, readers.settled(theirs[0]) / readers.settled(spent)


def child_throughput(trust, pdf, children, seconds):
    """Files a second through so many warm children, a thread for each."""
    options = ChildOptions(children=children, files=1_000_000, resident=1 << 40)
    with closing(ChildEvidenceReader(lambda: trust, options)) as reader:
        counts = [0] * children
        begin = threading.Barrier(children + 1)

        def work(place):
            for _ in range(5):
                reader.read(pdf)
            begin.wait()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                reader.read(pdf)
                counts[place] += 1

        threads = [threading.Thread(target=work, args=(place,)) for place in range(children)]
        for thread in threads:
            thread.start()
        begin.wait()
        for thread in threads:
            thread.join()
        return sum(counts) / seconds


def child_memory(trust, files, count):
    """Resident memory of one child after `count` files, and the most it needed; bytes."""
    options = ChildOptions(children=1, files=count * 2, resident=1 << 40)
    with closing(ChildEvidenceReader(lambda: trust, options)) as reader:
        before = set(offspring())
        for number in range(count):
            reader.read(files[number % len(files)])
        told = [status_of(child) for child in set(offspring()) - before]
    return max(item["VmRSS"] for item in told), max(item["VmHWM"] for item in told)


def offspring():
    """Process numbers of all descendants of this process."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                )
    found, waiting = [], [os.getpid()]
    while waiting:
        below = [child for child, parent in parents.items() if parent == waiting[-1]]
        waiting.pop()
        found += below
        waiting += below
    return found


def status_of(process):
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return {
        line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith("Vm")
    }


def foreign_files():
    """A stranger's files under an authority of their own: whole, and with a timestamp added."""
    pki = signing_pki.make_pki("外市")
    content = signing_pki.make_content()
    sealed = pki.sealer().seal(signing_pki.make_page(content.canonical(), 400), content).pdf
    trust = replace(pki.trust, issuers=(pki.issuing.der,))
    return trust, {
        "foreign, one seal": sealed,
        "foreign, timestamp added": stamped(sealed, pki),
    }


def stamped(pdf, pki):
    """One later revision with a document timestamp, as PAdES B-LTA has it."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer._update_meta = lambda: None  # noqa: SLF001 - it would write a new date, which P=1 forbids
    stamper = PdfTimeStamper(PkiStamps(pki.timestamps), field_name="Archive")
    return stamper.timestamp_pdf(writer, "sha256").getvalue()


class PkiStamps(TimeStamper):
    """The test authority behind pyHanko's interface."""

    def __init__(self, source):
        super().__init__(include_nonce=False)
        self.source = source

    async def async_request_tsa_response(self, req):
        imprint = req["message_imprint"]["hashed_message"].native
        token = cms.ContentInfo.load(self.source.token(imprint))
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})


def on_foreign(trust, pdf, rounds):
    """Rows of ours and of pyHanko on a stranger's file; times pyHanko."""
    with closing(ChildEvidenceReader(lambda: trust, ChildOptions(children=1))) as reader:

        def work():
            return judge(Facts(file=reader.read(pdf), our_node=False), FOREIGN, AT)

        (spent, report), theirs = readers.in_turns(rounds, work, readers.pyhanko(pdf, trust, AT))
    ours = readers.Timing(
        "certlib, policy foreign, warm child", readers.settled(spent), report.code
    )
    return [ours, readers.told_of_pyhanko(*theirs)], readers.settled(theirs[0]) / readers.settled(
        spent
    )


def compare(title, pdf, rows, place):
    """Ours, pyHanko and the peers on one file; `place` is a folder and the options."""
    scratch, options = place
    path = scratch / "file.pdf"
    path.write_bytes(pdf)
    peers = [
        readers.pdfsig(str(path), max(10, options.rounds // 5)),
        readers.pdfbox(str(path), options.rounds, scratch),
        readers.mupdf(str(path), max(10, options.rounds // 5)),
    ]
    print(f"\n{title}, {len(pdf):,} bytes")
    for timing in (*rows, *peers):
        print("  ", timing)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        node = scratch_node(stack)
        version, certificate, pdf = issued(node)
        gc.collect()
        gc.freeze()
        known, rows, again, times = verdicts(node, version, certificate, pdf, options)
        print("known:", known)
        compare("unknown but ours", again, rows, (scratch, options))
        material = node.trust.material()
        trust, foreign = foreign_files()
        ratios = []
        for title, content in foreign.items():
            strange, ratio = on_foreign(trust, content, options.rounds)
            ratios.append(ratio)
            compare(title, content, strange, (scratch, options))
        one, two = children(material, again)
        print(f"\nchildren: one {one:.0f}/s, two {two:.0f}/s = {two / one:.2f} times")
        resident, peak = child_memory(material, [again, *foreign.values()], options.files)
        sizes = f"{resident / 2**20:.0f} MiB, at most {peak / 2**20:.0f} MiB"
        print(f"child after {options.files:,} files: {sizes}")
    figures = {
        "known": known.milliseconds,
        "unknown": rows[0].milliseconds,
        "times_pyhanko": times,
        "foreign_times_pyhanko": min(ratios),
        "two_children": two / one,
        "memory": resident,
    }
    tell(figures, as_json=options.json)


def children(trust, pdf):
    """Files a second of one child and of two, the best of five spells in turns."""
    spells = [
        [child_throughput(trust, pdf, count, seconds=1.0) for count in (1, 2)] for _ in range(5)
    ]
    return [max(told) for told in zip(*spells, strict=True)]


def tell(figures, *, as_json):
    held = {
        name: figures[name] <= limit
        if name in ("known", "unknown", "memory")
        else figures[name] >= limit
        for name, limit in LIMITS.items()
    }
    if as_json:
        print(json.dumps({"figures": figures, "limits": LIMITS, "held": held}, indent=1))
    for name, holds in held.items():
        word = "holds" if holds else "DOES NOT HOLD"
        print(f"{word:<14} {name}: {figures[name]:.2f} against {LIMITS[name]:.2f}")


if __name__ == "__main__":
    main()
