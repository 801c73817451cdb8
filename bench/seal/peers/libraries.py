"""pyHanko and endesive, in this process."""

import subprocess
import sys
from io import BytesIO
from types import ModuleType

from asn1crypto import keys as asn1_keys
from asn1crypto import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from bench.seal.peers.lanes import UnavailableError
from bench.seal.peers.pages import MOMENT

# endesive's metadata asks for any pypdf; it works with no newer one than this. Its verifier and its
# tokens, which are not asked here, want libraries that are not needed either.
ENDESIVE = ("endesive==3.0.1", "pypdf==6.4.0", "requests==2.34.2", "charset_normalizer==3.5.2")
_UNUSED = ("certvalidator", "PyKCS11", "paramiko", "lxml", "lxml.etree")


class _HeldKey(signers.Signer):
    """pyHanko's interface with the key open, where `SimpleSigner` loads it for each signature."""

    def __init__(self, key, certificate, chain):
        super().__init__(
            signing_cert=certificate, cert_registry=SimpleCertificateStore.from_certs(chain)
        )
        self._key = key

    async def async_sign_raw(self, data, digest_algorithm, dry_run=False):  # noqa: ARG002
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return bytes(72) if dry_run else self._key.sign(data, ec.ECDSA(hashes.SHA256()))
        return bytes(384) if dry_run else self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def pyhanko_default(page, pki):
    """As its guide has it: `SimpleSigner`, size of the message by a dry run."""
    key = asn1_keys.PrivateKeyInfo.load(_pkcs8(pki.seal.key))
    certificates = _certificates(pki)
    signer = signers.SimpleSigner(
        certificates[0], key, SimpleCertificateStore.from_certs(certificates[1:])
    )
    return _pyhanko(page, signer, None)


def pyhanko_tuned(page, pki):
    """The key held open, a fixed reserve."""
    certificates = _certificates(pki)
    return _pyhanko(page, _HeldKey(pki.seal.key, certificates[0], certificates[1:]), 8192)


def _pyhanko(page, signer, reserve):
    metadata = signers.PdfSignatureMetadata(
        field_name="Seal",
        subfilter=fields.SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )

    def work():
        writer = IncrementalPdfFileWriter(BytesIO(page))
        done = signers.sign_pdf(writer, metadata, signer, bytes_reserved=reserve, in_place=False)
        return done.getvalue()

    return work


def endesive(page, pki, scratch):
    """A fixed reserve; installed into `scratch` for this run alone."""
    place = scratch / "endesive"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            str(place),
            *ENDESIVE,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UnavailableError("pip could not install it (no network?)")
    sys.path.append(str(place))
    for name in _UNUSED:
        sys.modules.setdefault(name, ModuleType(name))
    try:
        from endesive.pdf import cms
    except Exception as error:
        raise UnavailableError(f"{type(error).__name__}: {error}") from error
    entries = {
        "aligned": 8192,
        "sigflags": 3,
        "sigfield": "Seal",
        "sigandcertify": True,
        "signingdate": MOMENT.strftime("D:%Y%m%d%H%M%S+00'00'"),
        "contact": "",
        "location": "",
        "reason": "",
    }
    key, own = pki.seal.key, pki.seal.certificate
    return lambda: (
        page + cms.sign(page, dict(entries), key, own, [pki.issuing.certificate], "sha256")
    )


def _pkcs8(key):
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _certificates(pki):
    return [x509.Certificate.load(der) for der in pki.seal.chain]
