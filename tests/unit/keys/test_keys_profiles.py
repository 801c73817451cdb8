"""X.509 profiles, judged by pkilint and openssl as they are installed."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from keys_world import PLANNING, RSA, START, TRANSPORT, found, openssl, pem

from keys import algorithms, profiles

SEALS = {
    "p256": f"seal-{TRANSPORT[0]}-001-p256",
    "rsa": f"seal-{PLANNING[0]}-001-rsa3072",
}
MEMBERS = ("root", "issuing", "timestamp", "history", *SEALS.values())


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Files as they are served, a revoked seal on the list."""
    folder = tmp_path_factory.mktemp("published")
    authority = found(folder / "keys")
    authority.issue_seal(*TRANSPORT)
    authority.issue_seal(*PLANNING, RSA)
    authority.issue_seal(TRANSPORT[0], "揭阳市交通局")
    authority.revoke_seal(authority.seal_key(TRANSPORT[0]).name, "superseded")
    for name, der in {**authority.public_certificates(), **authority.crls()}.items():
        (folder / name).write_bytes(der)
    return folder


def findings(command, *arguments) -> str:
    """What pkilint finds of severity WARNING, ERROR or FATAL."""
    program = Path(sys.executable).parent / command
    done = subprocess.run(
        [program, "lint", "-s", "WARNING", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    assert done.returncode == 0 or done.stdout.strip()
    return done.stdout.strip()


@pytest.mark.parametrize("name", MEMBERS)
def test_pkilint_finds_nothing_in_an_x509_certificate(published, name):
    assert findings("lint_pkix_cert", published / f"{name}.cer") == ""


@pytest.mark.parametrize("name", ["root", "issuing"])
def test_pkilint_finds_nothing_in_a_crl(published, name):
    assert findings("lint_crl", "-t", "CRL", "-p", "PKIX", published / f"{name}.crl") == ""


@pytest.mark.parametrize(
    ("issuer", "subject"),
    [
        ("root", "issuing"),
        ("root", "timestamp"),
        ("root", "history"),
        ("issuing", SEALS["p256"]),
        ("issuing", SEALS["rsa"]),
    ],
)
def test_pkilint_finds_nothing_in_a_pair_of_the_chain(published, issuer, subject):
    files = (published / f"{issuer}.cer", published / f"{subject}.cer")
    assert findings("lint_pkix_signer_signee_cert_chain", *files) == ""


def test_pkilint_does_find_what_is_wrong(published, tmp_path):
    """The other way round, so that silence above means something."""
    files = (published / f"{SEALS['p256']}.cer", published / "issuing.cer")
    assert "ERROR" in findings("lint_pkix_signer_signee_cert_chain", *files)
    key = algorithms.generate(algorithms.ECDSA_P256)
    name = profiles.authority_name("揭阳市", "信任根")
    bad = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, START, START + timedelta(1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "bad.cer").write_bytes(bad.public_bytes(Encoding.DER))
    assert "ERROR" in findings("lint_pkix_cert", tmp_path / "bad.cer")


@pytest.fixture(scope="module")
def bundles(published, tmp_path_factory):
    """Root, issuing authority and CRLs as PEM for openssl."""
    folder = tmp_path_factory.mktemp("bundles")
    for name in ("root", "issuing"):
        (folder / f"{name}.pem").write_bytes(pem((published / f"{name}.cer").read_bytes()))
    crls = (
        x509.load_der_x509_crl((published / f"{name}.crl").read_bytes()).public_bytes(Encoding.PEM)
        for name in ("root", "issuing")
    )
    (folder / "crls.pem").write_bytes(b"".join(crls))
    return folder


def verify(published, bundles, name, *options):
    leaf = bundles / f"{name}.pem"
    leaf.write_bytes(pem((published / f"{name}.cer").read_bytes()))
    checks = ("-x509_strict", "-policy_check", "-crl_check_all", "-CRLfile", bundles / "crls.pem")
    anchors = ("-CAfile", bundles / "root.pem", "-untrusted", bundles / "issuing.pem")
    at = ("-attime", int(START.timestamp()))
    return openssl("verify", *checks, *anchors, *at, *options, leaf)


@pytest.mark.parametrize("name", SEALS.values())
def test_openssl_builds_the_chain_of_a_seal_and_finds_it_unrevoked(published, bundles, name):
    assert "OK" in verify(published, bundles, name, "-policy", profiles.SEAL_POLICY)


def test_openssl_accepts_the_timestamp_authority_for_timestamps_only(published, bundles):
    assert "OK" in verify(published, bundles, "timestamp", "-purpose", "timestampsign")
    with pytest.raises(AssertionError, match=r"unsuitable|unsupported certificate purpose"):
        verify(published, bundles, SEALS["p256"], "-purpose", "timestampsign")


def test_openssl_builds_the_chain_of_the_history_and_takes_it_for_nothing_else(published, bundles):
    assert "OK" in verify(published, bundles, "history", "-policy", profiles.HISTORY_POLICY)
    for purpose in ("timestampsign", "smimesign", "sslclient"):
        with pytest.raises(AssertionError, match=r"unsuitable|unsupported certificate purpose"):
            verify(published, bundles, "history", "-purpose", purpose)


def test_openssl_refuses_the_revoked_seal(published, bundles):
    with pytest.raises(AssertionError, match="certificate revoked"):
        verify(published, bundles, f"seal-{TRANSPORT[0]}-002-p256")


def load(published, name):
    return x509.load_der_x509_certificate((published / f"{name}.cer").read_bytes())


def extension(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind)


@pytest.mark.parametrize("name", SEALS.values())
def test_a_seal_is_for_signing_documents_only(published, name):
    """RFC 9336 document signing; digitalSignature and nonRepudiation, critical; no authority."""
    seal = load(published, name)
    usage = extension(seal, x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    purpose = extension(seal, x509.ExtendedKeyUsage).value
    assert [oid.dotted_string for oid in purpose] == ["1.3.6.1.5.5.7.3.36"]
    with pytest.raises(x509.ExtensionNotFound):
        extension(seal, x509.BasicConstraints)


def test_a_seal_carries_the_department_and_its_credit_code(published):
    subject = load(published, SEALS["p256"]).subject
    assert [(attribute.oid.dotted_string, attribute.value) for attribute in subject] == [
        ("2.5.4.6", "CN"),
        ("2.5.4.10", "揭阳市交通运输局"),
        ("2.5.4.97", "NTRCN-11445200990090139J"),
        ("2.5.4.3", "揭阳市交通运输局电子印章（演示）"),
    ]


def test_the_timestamp_authority_is_for_timestamps_only(published):
    purpose = extension(load(published, "timestamp"), x509.ExtendedKeyUsage)
    assert purpose.critical
    assert list(purpose.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def test_the_key_of_the_history_is_for_the_history_only(published):
    purpose = extension(load(published, "history"), x509.ExtendedKeyUsage)
    assert purpose.critical
    assert [oid.dotted_string for oid in purpose.value] == [profiles.HISTORY_PURPOSE]


@pytest.mark.parametrize(("name", "length"), [("root", 1), ("issuing", 0)])
def test_authorities_issue_no_deeper_than_needed(published, name, length):
    constraints = extension(load(published, name), x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.ca
    assert constraints.value.path_length == length


@pytest.mark.parametrize(
    ("name", "years"),
    [("root", 20), ("issuing", 15), ("timestamp", 11), ("history", 10), (SEALS["p256"], 5)],
)
def test_each_lives_as_long_as_it_should(published, name, years):
    certificate = load(published, name)
    span = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert span == timedelta(days=365 * years)
    assert certificate.not_valid_before_utc == START - timedelta(hours=1)
