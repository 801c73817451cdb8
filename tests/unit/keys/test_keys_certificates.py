"""What a stranger wrote is read or refused with one error, whatever is wrong in it."""

from base64 import b64decode, b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certlib.errors import Corrupt
from keys.certificates import certificate_from, crl_from, extensions_of
from keys.trust import load_trust, save_trust
from keys.trust_crls import CrlFolder
from keys.trust_payload import authority_problem
from tests.unit.keys.keys_world import SetClock, found
from tests.unit.keys.trust_world import certificate, of_version_9


@pytest.fixture(scope="module")
def der():
    return certificate(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    return found(tmp_path_factory.mktemp("keys"), SetClock()).trust_material()


def crl_of_version_9(der):
    """A revocation list whose version does not exist."""
    changed = bytearray(der)
    changed[changed.index(b"\x02\x01\x01\x30") + 2] = 9
    return bytes(changed)


def test_a_version_that_does_not_exist_is_no_value(der, material):
    """For both kinds `cryptography` has an error that is no `ValueError`."""
    with pytest.raises(x509.InvalidVersion):
        x509.load_der_x509_certificate(b64decode(of_version_9(b64encode(der))))
    with pytest.raises(ValueError, match="certificate"):
        certificate_from(b64decode(of_version_9(b64encode(der))))
    with pytest.raises(ValueError, match="crl"):
        crl_from(crl_of_version_9(material.crls[0]))
    assert authority_problem(b64decode(of_version_9(b64encode(der)))) == "malformed"


class Strange:
    """Extensions that stand twice, or name somebody in a way that nobody knows."""

    def __init__(self, error):
        self._error = error

    @property
    def extensions(self):
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        x509.DuplicateExtension("twice", x509.ExtensionOID.KEY_USAGE),
        x509.UnsupportedGeneralNameType("x400"),
        TypeError("bits"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_extensions_that_cannot_be_read_are_no_value(error):
    """Each of the errors that `cryptography` has for them."""
    with pytest.raises(ValueError, match="extensions"):
        extensions_of(Strange(error))


def test_what_is_good_is_read(der, material):
    """In either form."""
    assert certificate_from(der).public_bytes(Encoding.DER) == der
    assert extensions_of(certificate_from(der)) is not None
    loaded = crl_from(material.crls[0])
    assert crl_from(loaded.public_bytes(Encoding.PEM)) == loaded


def test_a_folder_with_such_things_is_corrupt(der, material, tmp_path):
    """And says so; nothing of it is believed."""
    save_trust(tmp_path, material)
    pem = b64encode(crl_of_version_9(material.crls[0]))
    block = b"-----BEGIN X509 CRL-----\n" + pem + b"\n-----END X509 CRL-----\n"
    bundle = tmp_path / "trust.pem"
    bundle.write_bytes(bundle.read_bytes() + block)
    with pytest.raises(Corrupt):
        load_trust(tmp_path)
    (tmp_path / "odd.crl").write_bytes(crl_of_version_9(material.crls[0]))
    assert CrlFolder(tmp_path).load().bad == ("odd.crl",)
