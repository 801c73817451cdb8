"""Five readers that know nothing of us, each asked the same: does what was sealed still hold?

An answer is about integrity only: digest and signature of everything that signs, and that the last
of it covers the whole file. Whom to believe is another question, with other tests.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    SignatureCoverageLevel,
    validate_pdf_signature,
    validate_pdf_timestamp,
)
from pyhanko_certvalidator import ValidationContext

from certlib.ports import TrustMaterial

JARS = tuple(
    Path("/usr/share/java") / name
    for name in (
        "pdfbox2.jar",
        "fontbox2.jar",
        "commons-logging.jar",
        "bcprov.jar",
        "bcpkix.jar",
        "bcutil.jar",
    )
)
PATIENCE = 60  # seconds for one file


@dataclass(frozen=True)
class Answer:
    """`holds`: there are signatures, all intact, the last over the whole file; `said`: its words."""

    holds: bool
    signatures: int
    said: str


Reader = Callable[[bytes], Answer]


def pyhanko_reader(trust: TrustMaterial, at) -> Reader:
    """pyHanko, in process; its difference analysis and its trust are no part of the answer."""
    anchors = [
        x509.Certificate.load(der) for der in {*trust.seal_anchors, *trust.timestamp_anchors}
    ]

    def read(pdf: bytes) -> Answer:
        context = ValidationContext(
            trust_roots=anchors, allow_fetching=False, revocation_mode="soft-fail", moment=at
        )
        try:
            reader = PdfFileReader(BytesIO(pdf))
            found = [_by_pyhanko(signature, context) for signature in reader.embedded_signatures]
        # Of a damaged file it raises whatever its parser came upon.
        except Exception as error:  # noqa: BLE001
            return Answer(False, 0, type(error).__name__)
        whole = bool(found) and found[-1].coverage is SignatureCoverageLevel.ENTIRE_FILE
        held = whole and all(_holds(status) for status in found)
        return Answer(held, len(found), "; ".join(status.summary() for status in found))

    return read


def _by_pyhanko(signature, context):
    if signature.sig_object["/SubFilter"] == "/ETSI.RFC3161":
        return validate_pdf_timestamp(signature, context)
    return validate_pdf_signature(signature, context, context)


def _holds(status) -> bool:
    stamp = getattr(status, "timestamp_validity", None)
    return status.intact and status.valid and (stamp is None or (stamp.intact and stamp.valid))


def pdfsig_reader(scratch: Path) -> Reader:
    """Poppler. Without a certificate store, so without a chain."""

    def read(pdf: bytes) -> Answer:
        said = _told(["pdfsig", "-nocert", _file(scratch, pdf)])
        verdicts = re.findall(r"- Signature Validation: (.*)", said)
        whole = said.count("Total document signed") >= 1
        held = bool(verdicts) and all(item == "Signature is Valid." for item in verdicts)
        return Answer(held and whole, len(verdicts), "; ".join(verdicts) or said.strip()[:200])

    return read


def mutool_reader(scratch: Path) -> Reader:
    """MuPDF. It knows nobody's root, and says so: that is no part of the answer."""

    def read(pdf: bytes) -> Answer:
        said = _told(["mutool", "sign", "-v", _file(scratch, pdf)])
        count = said.count("Verifying signature")
        good = said.count("The document is unchanged since signing.")
        lines = [line.strip() for line in said.splitlines() if not _NAMES.match(line)]
        return Answer(0 < count == good, count, "; ".join(lines)[:300])

    return read


_NAMES = re.compile(r"Verifying signature|\s*(Distinguished name|Certificate error):")


def openssl_reader(scratch: Path) -> Reader:
    """`openssl cms -verify` over what each `/ByteRange` names: no chain, purpose of the key unasked."""

    def read(pdf: bytes) -> Answer:
        found = list(_RANGE.finditer(pdf))
        said = [_by_openssl(scratch, pdf, *map(int, match.groups())) for match in found]
        whole = bool(found) and int(found[-1][2]) + int(found[-1][3]) == len(pdf)
        return Answer(whole and all(item == _GOOD for item in said), len(said), "; ".join(said))

    return read


_RANGE = re.compile(rb"/ByteRange ?\[ ?0 (\d{1,9}) (\d{1,9}) (\d{1,9}) ?\]")
_GOOD = "CMS Verification successful"


def _by_openssl(scratch: Path, pdf: bytes, before: int, after: int, rest: int) -> str:
    try:
        message = bytes.fromhex(pdf[before:after].decode().strip("<>"))
    except ValueError:
        return "no hexadecimal digits"
    (scratch / "signed.bin").write_bytes(pdf[:before] + pdf[after : after + rest])
    (scratch / "message.der").write_bytes(message)
    command = "openssl cms -verify -noverify -binary -inform DER -out /dev/null"
    names = ["-in", str(scratch / "message.der"), "-content", str(scratch / "signed.bin")]
    # It puts the reason on a line of its own, behind a thread's number that never is the same.
    lines = _told([*command.split(), *names]).strip().splitlines() or [""]
    return lines[-1].split("error:", 1)[-1]


@contextmanager
def pdfbox_reader(scratch: Path):
    """PDFBox with Bouncy Castle: the driver compiled once, one virtual machine for all files."""
    place = ":".join((*map(str, JARS), str(scratch)))
    source = Path(__file__).with_name("PdfBoxReader.java")
    subprocess.run(
        ["javac", "-nowarn", "-Xlint:none", "-cp", place, "-d", str(scratch), str(source)],
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    with (
        (scratch / "pdfbox.log").open("wb") as log,
        subprocess.Popen(
            ["java", "-Xshare:auto", "-cp", place, "PdfBoxReader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,  # a warning for each damaged file
            text=True,
        ) as machine,
    ):

        def read(pdf: bytes) -> Answer:
            machine.stdin.write(_file(scratch, pdf) + "\n")
            machine.stdin.flush()
            word, count, said = machine.stdout.readline().rstrip("\n").split("\t")
            return Answer(word == "good", int(count), said)

        yield read
        machine.stdin.close()


def missing() -> list[str]:
    """Debian packages without which not every reader can be asked (scripts/system_packages.sh)."""
    programs = {
        "pdfsig": "poppler-utils",
        "mutool": "mupdf-tools",
        "openssl": "openssl",
        "javac": "default-jdk-headless",
    }
    absent = [package for program, package in programs.items() if shutil.which(program) is None]
    if not all(jar.exists() for jar in JARS):
        absent += ["libpdfbox2-java", "libbcpkix-java"]
    return absent


@contextmanager
def all_readers(scratch: Path, trust: TrustMaterial, at):
    """The five, by name."""
    with ExitStack() as stack:
        yield {
            "pyHanko": pyhanko_reader(trust, at),
            "PDFBox": stack.enter_context(pdfbox_reader(scratch)),
            "pdfsig": pdfsig_reader(scratch),
            "MuPDF": mutool_reader(scratch),
            "OpenSSL": openssl_reader(scratch),
        }


def _file(scratch: Path, pdf: bytes) -> str:
    path = scratch / "file.pdf"
    path.write_bytes(pdf)
    return str(path)


def _told(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")
