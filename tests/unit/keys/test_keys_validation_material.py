"""What a long-term seal carries along: enough for others to judge it, and from here alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from keys_world import PLANNING, RSA, TRANSPORT, SetClock, found, openssl, pem
from test_keys_revocation_lists import follow

from certlib.errors import SigningUnavailable
from certlib.ports import TrustMaterial
from keys.validation_material import StoredMaterial

CODE = TRANSPORT[0]


class World:
    def __init__(self, folder, clock, seed="keys"):
        self.folder, self.clock = folder, clock
        self.authority = found(folder / "keys", clock, seed=seed)
        self.authority.issue_seal(*TRANSPORT)
        self.authority.issue_seal(*PLANNING, RSA)
        self.believed = self.authority.trust_material
        self.source = StoredMaterial(self.belief, self.authority.crls, clock)

    def belief(self):
        return self.believed()

    def named(self, *names):
        crls = self.authority.crls()
        return tuple(crls[name] for name in names)


@pytest.fixture
def world(tmp_path, clock):
    return World(tmp_path, clock)


def test_a_seal_takes_the_list_of_its_authority_and_the_list_of_the_root_along(world):
    chain = world.authority.seal_key(CODE).chain
    material = world.source.material([chain])
    root = world.authority.public_certificates()["root.cer"]
    assert material.certificates == (*chain, root)
    assert material.crls == world.named("issuing.crl", "root.crl")
    assert material.ocsps == ()


def test_the_timestamp_authority_needs_the_list_of_the_root_alone(world):
    stamp = world.authority.timestamp_key().chain
    material = world.source.material([stamp])
    assert material.crls == world.named("root.crl")
    both = world.source.material([world.authority.seal_key(CODE).chain, stamp])
    assert both.crls == world.named("issuing.crl", "root.crl")
    assert len(both.certificates) == 4


def test_openssl_needs_nothing_else(world):
    """Root given, everything else out of the material, all of it checked."""
    (world.folder / "root.pem").write_bytes(pem(world.authority.public_certificates()["root.cer"]))
    chains = [world.authority.seal_key(CODE).chain, world.authority.timestamp_key().chain]
    for name, chain in zip(("seal", "stamp"), chains, strict=True):
        material = world.source.material([chain])
        lists = (x509.load_der_x509_crl(der).public_bytes(Encoding.PEM) for der in material.crls)
        (world.folder / "crls.pem").write_bytes(b"".join(lists))
        (world.folder / "others.pem").write_bytes(b"".join(map(pem, material.certificates[1:])))
        (world.folder / f"{name}.pem").write_bytes(pem(chain[0]))
        said = openssl(
            *("verify", "-x509_strict", "-crl_check_all", "-CAfile", world.folder / "root.pem"),
            *("-CRLfile", world.folder / "crls.pem", "-untrusted", world.folder / "others.pem"),
            *("-attime", int(world.clock.now().timestamp()), world.folder / f"{name}.pem"),
        )
        assert "OK" in said


def test_equal_material_is_one_object_until_a_list_changes(world):
    chains = [world.authority.seal_key(CODE).chain]
    first = world.source.material(chains)
    world.clock.forward(days=10)
    assert world.source.material(chains) is first
    world.authority.revoke_seal(world.authority.seal_key(PLANNING[0]).name)
    world.clock.forward(seconds=1)
    second = world.source.material(chains)
    assert second.crls == world.named("issuing.crl", "root.crl") != first.crls
    world.clock.forward(days=20)
    assert world.source.material(chains).crls == world.named("issuing.crl", "root.crl")


def test_a_revoked_seal_takes_the_list_along_that_names_it(world):
    """A timestamp may prove that it was used before: that is for a reader to judge."""
    key = world.authority.seal_key(CODE)
    world.authority.revoke_seal(key.name)
    (listed, _) = world.source.material([key.chain]).crls
    assert len(x509.load_der_x509_crl(listed)) == 1


def test_of_two_lists_that_will_do_the_smaller_is_taken(world, monkeypatch):
    """The complete list grows with whatever is revoked, a shard does not."""
    monkeypatch.setattr("keys.revocation_lists.SHARD_SIZE", 2)
    for generation in range(3):
        world.authority.issue_seal(CODE, f"第{generation}局")
    old = [seal.key for seal in world.authority._current().register.seals[:4]]
    for name in old:
        world.authority.revoke_seal(name)
    chain = world.authority.seal_key(CODE).chain
    assert world.source.material([chain]).crls == world.named("issuing.0003.crl", "root.crl")
    sealed = world.authority._current().handles[old[0]]
    assert world.source.material([sealed.chain]).crls == world.named("issuing.0001.crl", "root.crl")


def test_seals_of_a_former_authority_have_all_that_they_need(world):
    chain = world.authority.seal_key(CODE).chain
    follow(world.authority)
    material = world.source.material([chain])
    assert material.certificates[1] == world.authority.public_certificates()["issuing.cer"]
    assert material.crls == world.named("issuing.crl", "root.crl")
    alone = world.source.material([chain[:1]])  # whoever knows no more than the certificate
    assert alone.crls == material.crls


def test_an_old_certificate_goes_by_the_complete_list(world, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr("keys.revocation_lists.open_shard", lambda _register: "issuing.crl")
        world.authority.issue_seal(CODE, "旧局")
    material = world.source.material([world.authority.seal_key(CODE).chain])
    assert material.crls == world.named("issuing.crl", "root.crl")


# --- others ---------------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path, clock):
    return World(tmp_path / "other", clock, seed="other")


def joined(world, other, **changes):
    mine, theirs = world.authority.trust_material(), other.authority.trust_material()
    theirs = replace(theirs, **changes)
    fields = ("seal_anchors", "timestamp_anchors", "crls", "issuers")
    both = {name: getattr(mine, name) + getattr(theirs, name) for name in fields}
    return lambda: TrustMaterial(**both)


def test_lists_of_others_come_from_the_store(world, other):
    """A seal under another authority: complete lists, since shards are not what was fetched."""
    world.believed = joined(world, other)
    chain = other.authority.seal_key(CODE).chain
    material = world.source.material([chain])
    assert material.crls == other.named("issuing.crl", "root.crl")


def test_what_is_not_here_is_no_material(world, other):
    """Half a store would not be B-LT."""
    chain = other.authority.seal_key(CODE).chain
    for lacking in (
        {"crls": ()},
        {"crls": other.named("root.crl")},
        {"seal_anchors": (), "timestamp_anchors": ()},
    ):
        world.believed = joined(world, other, **lacking)
        world.clock.forward(seconds=1)
        with pytest.raises(SigningUnavailable):
            world.source.material([chain])


def test_a_list_that_has_ended_or_is_of_another_key_is_none(world, other, tmp_path):
    chain = other.authority.seal_key(CODE).chain
    world.believed = joined(world, other)
    world.source.material([chain])
    ended = world.clock.now() + timedelta(days=30)
    world.clock.at = ended
    with pytest.raises(SigningUnavailable, match="revocation list"):
        world.source.material([chain])
    same_names = found(tmp_path / "forged", SetClock(ended), seed="forged")
    forged = tuple(same_names.complete_crls().values())
    world.believed = joined(world, other, crls=forged)
    world.clock.forward(seconds=1)
    with pytest.raises(SigningUnavailable, match="revocation list"):
        world.source.material([chain])


@pytest.mark.parametrize("chain", [(), (b"no certificate",)])
def test_what_is_no_chain_is_refused(world, chain):
    with pytest.raises(SigningUnavailable):
        world.source.material([chain])


def _scoped(world, other, **scope):
    """The other's complete list as one that says what it speaks of."""
    listed = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    } | scope
    mint, register = other.authority._mint, other.authority._current().register
    issuer = mint._issuer(register.issuing)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(world.clock.now())
        .next_update(world.clock.now() + timedelta(days=1))
        .add_extension(x509.IssuingDistributionPoint(**listed), critical=True)
    )
    from cryptography.hazmat.primitives import hashes

    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("scope", "good"),
    [
        ({"only_contains_user_certs": True}, True),
        (
            {
                "full_name": [
                    x509.UniformResourceIdentifier("https://zz.example/pki/issuing.0001.crl")
                ]
            },
            True,
        ),
        (
            {
                "full_name": [
                    x509.UniformResourceIdentifier("https://zz.example/pki/issuing.0002.crl")
                ]
            },
            False,
        ),
        ({"only_contains_ca_certs": True}, False),
        ({"only_contains_attribute_certs": True}, False),
        ({"indirect_crl": True}, False),
        ({"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})}, False),
    ],
)
def test_a_list_that_speaks_of_others_is_none(world, other, scope, good):
    crl = _scoped(world, other, **scope)
    world.believed = joined(world, other, crls=(crl, *other.named("root.crl")))
    chain = other.authority.seal_key(CODE).chain
    if good:
        assert crl in world.source.material([chain]).crls
    else:
        with pytest.raises(SigningUnavailable, match="revocation list"):
            world.source.material([chain])
