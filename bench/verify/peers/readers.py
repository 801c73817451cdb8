"""pyHanko, pdfsig, PDFBox and MuPDF: milliseconds for one file, or why there are none."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from statistics import quantiles

from asn1crypto import crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

JARS = (
    "pdfbox2.jar",
    "fontbox2.jar",
    "commons-logging.jar",
    "bcprov.jar",
    "bcpkix.jar",
    "bcutil.jar",
)
_SPELL = 20
HERE = Path(__file__).parent
JAVA = Path("/usr/share/java")


@dataclass(frozen=True)
class Timing:
    """Milliseconds for one file, or the reason why the peer has none; `said` is its answer."""

    name: str
    milliseconds: float | None
    said: str = ""

    def __str__(self):
        shown = "n/a" if self.milliseconds is None else f"{self.milliseconds:.2f} ms"
        return f"{self.name:<34} {shown:>10}  {self.said}"


def settled(spent):
    """The fastest tenth: what the machine does while nobody else has its cores."""
    return quantiles(spent, n=10)[0]


def in_turns(rounds, *works, warm=3):
    """Milliseconds of each round of each work, and its last answer: `_SPELL` rounds each, in turns.

    A host that is slow for a second is slow for all of them, and each is warm while it is measured.
    """
    answers = [None for _ in works]
    spent = [[] for _ in works]
    while len(spent[-1]) < rounds:
        for at, work in enumerate(works):
            for _ in range(warm):
                work()
            for _ in range(_SPELL):
                started = time.perf_counter()
                answers[at] = work()
                spent[at].append((time.perf_counter() - started) * 1000)
    return list(zip(spent, answers, strict=True))


def timed(work, rounds):
    """Milliseconds of `work`, and its last answer."""
    ((spent, answer),) = in_turns(rounds, work)
    return settled(spent), answer


def pyhanko(pdf, material, at=None):
    """Its validation with trust, revocation lists and the difference analysis, warm, in process.

    The validation context is made once: that is how a service would use it. Nothing is fetched.
    """
    contexts = [
        ValidationContext(
            trust_roots=[x509.Certificate.load(der) for der in anchors],
            other_certs=[x509.Certificate.load(der) for der in material.issuers],
            crls=[crl.CertificateList.load(der) for der in material.crls],
            allow_fetching=False,
            revocation_mode="soft-fail",
            moment=at or datetime.now(UTC),
        )
        for anchors in (material.seal_anchors, material.timestamp_anchors)
    ]

    def work():
        reader = PdfFileReader(BytesIO(pdf))
        statuses = [
            validate_pdf_signature(found, contexts[0], contexts[1])
            for found in reader.embedded_regular_signatures
        ]
        stamps = [
            validate_pdf_timestamp(found, contexts[1])
            for found in reader.embedded_timestamp_signatures
        ]
        held = [item.bottom_line for item in statuses]
        held += [item.intact and item.valid and item.trusted for item in stamps]
        return bool(held) and all(held)

    return work


def told_of_pyhanko(spent, answer):
    """The row of it."""
    return Timing("pyHanko, its own validation", settled(spent), f"bottom_line {answer}")


def pdfsig(path, rounds):
    """One process a file: it has no other mode. Without a certificate store, so without a chain."""
    if shutil.which("pdfsig") is None:
        return Timing("pdfsig (Poppler)", None, "not installed")

    def work():
        return subprocess.run(
            ["pdfsig", "-nocert", path], capture_output=True, text=True, check=False
        ).stdout

    spent, said = timed(work, rounds)
    lines = [line.strip("- ") for line in said.splitlines() if "Signature Validation" in line]
    return Timing("pdfsig -nocert (a process each)", spent, "; ".join(lines))


def pdfbox(path, rounds, scratch):
    """PDFBox with Bouncy Castle in one warm process: digests and signatures, no chain, no diff."""
    jars = [str(jar) for name in JARS if (jar := JAVA / name).exists()]
    if shutil.which("javac") is None or len(jars) != len(JARS):
        return Timing("PDFBox", None, "libpdfbox2-java or javac is not installed")
    place = ":".join((*jars, str(scratch)))
    source = str(HERE / "PdfBoxVerify.java")
    subprocess.run(
        ["javac", "-nowarn", "-Xlint:none", "-cp", place, "-d", str(scratch), source],
        check=True,
        capture_output=True,
    )
    told = subprocess.run(
        ["java", "-cp", place, "PdfBoxVerify", path, str(rounds * 5)],
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        return Timing("PDFBox", None, told.stderr.strip().splitlines()[0][:100])
    spent, good = told.stdout.split()
    return Timing(
        "PDFBox + Bouncy Castle, warm", float(spent), f"signature {good}; no chain, no changes"
    )


def mupdf(path, rounds):
    """`mutool sign -v`, where the build has it."""
    if shutil.which("mutool") is None:
        return Timing("MuPDF", None, "mutool is not installed")

    def work():
        return subprocess.run(
            ["mutool", "sign", "-v", path], capture_output=True, text=True, check=False
        )

    first = work()
    said = (first.stdout + first.stderr).strip().splitlines()
    told = " / ".join(line.strip() for line in said)[:90]
    if first.returncode or "no signature" in told.lower() or "unsupported" in told.lower():
        return Timing("MuPDF", None, told or f"exit {first.returncode}")
    return Timing("mutool sign -v (a process each)", timed(work, rounds)[0], told)
