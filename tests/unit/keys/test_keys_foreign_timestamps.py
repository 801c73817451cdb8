"""The client against an authority that is not ours: `openssl ts -reply` signs."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from keys_world import CountedEntropy, SetClock, found, openssl, serving

from api.egress.addresses import networks
from api.egress.exchange import Exchange
from certlib.errors import SigningUnavailable
from keys import token_check
from keys.timestamp_client import HttpTimestampOptions, HttpTimestampSource

pytestmark = pytest.mark.enable_socket

IMPRINT = hashlib.sha256(b"data").digest()
NOW = datetime.now(UTC).replace(microsecond=0)  # openssl stamps with the machine's clock
CONFIGURATION = """
[tsa]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
certs = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = {signer_digest}
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
"""


def self_signed(key, **names):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Foreign authority")])
    return (
        x509.CertificateBuilder(
            name, name, key.public_key(), 5, NOW - timedelta(1), NOW + timedelta(1)
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, names.get("digest", hashes.SHA256()))
    )


@pytest.fixture(scope="module")
def signers(tmp_path_factory):
    """A key and an X.509 certificate of each kind."""
    ours = found(tmp_path_factory.mktemp("ours") / "keys", SetClock(NOW))
    own = load_der_private_key(ours._ring.vault.get("timestamp"), None)
    other = rsa.generate_private_key(65537, 2048)
    return {
        "ecdsa": (own, x509.load_der_x509_certificate(ours.timestamp_key().chain[0])),
        "rsa": (other, self_signed(other)),
    }


@pytest.fixture
def authority(tmp_path, signers):
    """Starts openssl with a signer; gives a token as the client took it."""

    def stamp(kind, ess="sha256", signer_digest="sha256", imprint=IMPRINT, algorithm="sha256"):
        key, certificate = signers[kind]
        pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "signer.key").write_bytes(pkcs8)
        (tmp_path / "signer.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (tmp_path / "serial").write_text("01")
        text = CONFIGURATION.format(folder=tmp_path, ess=ess, signer_digest=signer_digest)
        (tmp_path / "ts.conf").write_text(text)

        def answer(body):
            (tmp_path / "q.tsq").write_bytes(body)
            config = ("-config", tmp_path / "ts.conf", "-section", "tsa")
            files = ("-queryfile", tmp_path / "q.tsq", "-out", tmp_path / "r.tsr")
            openssl("ts", "-reply", *config, *files)
            return 200, "application/timestamp-reply", (tmp_path / "r.tsr").read_bytes()

        with serving(answer) as url:
            options = HttpTimestampOptions((certificate.public_bytes(Encoding.DER),))
            # Not NOW: that was when the tests were collected, perhaps minutes ago.
            moment = datetime.now(UTC).replace(microsecond=0)
            post = Exchange(url, networks(("127.0.0.0/8",)))
            source = HttpTimestampSource(options, post, SetClock(moment), CountedEntropy())
            return source.token(imprint, algorithm)

    return stamp


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
@pytest.mark.parametrize("ess", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("signer_digest", ["sha256", "sha512"])
def test_tokens_of_openssl_are_taken(authority, kind, ess, signer_digest):
    """Old authorities name themselves by SHA-1 (ESSCertID), newer ones by SHA-2 (ESSCertIDv2)."""
    assert authority(kind, ess, signer_digest)


def test_long_digests_are_stamped_too(authority):
    assert authority("rsa", imprint=hashlib.sha512(b"data").digest(), algorithm="sha512")


def test_a_token_signed_over_sha1_is_refused(authority):
    with pytest.raises(SigningUnavailable, match="unknown digest"):
        authority("ecdsa", signer_digest="sha1")


def test_a_key_of_an_unknown_kind_is_refused(signers):
    certificate = self_signed(ed25519.Ed25519PrivateKey.generate(), digest=None)
    signer = token_check.cms.SignerInfo(
        {
            "signed_attrs": [],
            "signature": b"x",
            "signature_algorithm": {"algorithm": "ed25519"},
        }
    )
    with pytest.raises(token_check.TokenRefusedError, match="kind of key"):
        token_check._check_signature(signer, "sha256", certificate)


def test_a_signer_named_by_key_identifier_is_refused(signers):
    _, certificate = signers["ecdsa"]
    identifier = token_check.cms.SignerIdentifier({"subject_key_identifier": b"x" * 20})
    assert not token_check._names(identifier, certificate)
