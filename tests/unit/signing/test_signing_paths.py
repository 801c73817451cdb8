"""Ways to an anchor, and what is wrong with them at any time (RFC 5280, 6.1): NIST PKITS in small."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from signing_pki import NOW, Authority, _builder, _name, _usage

from signing.evidence import paths
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.paths import Authorities, InitialPolicies, found_paths, path_problem

ONE, TWO = (x509.ObjectIdentifier(f"1.3.6.1.4.1.32473.{last}") for last in (1, 2))
ROOT = Authority("路径根")


class Node:
    """A certificate of any shape with its key."""

    def __init__(
        self, name, above, *extensions, ca=True, path_length=None, usage=True, days=(-30, 30)
    ):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.x509_name = _name(name) if isinstance(name, str) else name
        builder = _builder(self.x509_name, self.key, above.x509_name, above.key, 5, days)
        if ca is not None:
            limits = x509.BasicConstraints(ca=ca, path_length=path_length)
            builder = builder.add_extension(limits, critical=True)
        if usage:
            builder = builder.add_extension(_usage(authority=usage == "sign"), critical=True)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        self.der = builder.sign(above.key, hashes.SHA256()).public_bytes(Encoding.DER)


def authority(name, above=ROOT, *extensions, **how):
    return Node(name, above, *extensions, **{"usage": "sign", **how})


def leaf(above, *extensions, name="某局", **how):
    return Node(name, above, *extensions, **{"ca": False, **how})


def problem(*nodes, policies=None):
    return path_problem((*(node.der for node in nodes), ROOT.der), policies)


def found(signer, *others, anchors=(ROOT.der,)):
    return found_paths(signer.der, Authorities.of(anchors, tuple(node.der for node in others)))


def test_way_goes_from_the_signer_to_the_anchor():
    above = authority("机构")
    signer = leaf(above)
    assert found(signer, above) == ((signer.der, above.der, ROOT.der),)
    assert found(signer) == ()
    assert problem(signer, above) == ""


def test_anchor_may_have_signed_itself():
    assert found(ROOT) == ((ROOT.der,),)
    assert path_problem((ROOT.der,)) == ""


def test_way_ends_at_the_first_anchor():
    above = authority("机构")
    signer = leaf(above)
    ways = found(signer, anchors=(above.der, ROOT.der))
    assert ways == ((signer.der, above.der),)


def test_name_alone_is_no_issuer():
    above, namesake = authority("机构"), authority("机构")
    signer = leaf(above)
    assert found(signer, namesake) == ()
    assert found(signer, namesake, above) == ((signer.der, above.der, ROOT.der),)


def test_names_are_compared_as_people_read_them():
    above = authority("Some Office")
    signer = leaf(above)
    spelt = x509.Name(
        [
            x509.NameAttribute(item.oid, item.value.upper().replace(" ", "  "))
            for item in above.x509_name
        ]
    )
    twin = Node(spelt, ROOT, usage="sign")
    twin_of_key = _with_key(spelt, above.key)
    assert found(signer, twin) == ()
    assert [
        way[1] for way in found_paths(signer.der, Authorities.of((ROOT.der,), (twin_of_key,)))
    ] == [twin_of_key]


def _with_key(name, key):
    builder = _builder(name, key, ROOT.x509_name, ROOT.key, 6, (-30, 30))
    return builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_same_certificate_stands_once_in_a_way():
    """Two authorities that certify each other: no way goes round."""
    one = authority("甲")
    two = authority("乙", one)
    back = _back(one, two)
    ways = found_paths(leaf(two).der, Authorities.of((ROOT.der,), (one.der, two.der, back)))
    assert all(len(way) == len(set(way)) for way in ways)
    assert any(len(way) == 4 for way in ways)


def _back(one, two):
    builder = _builder(one.x509_name, one.key, two.x509_name, two.key, 9, (-30, 30))
    return builder.sign(two.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_search_has_a_budget():
    """Rivals of one name that have all signed each other: factorial, unless somebody counts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "同名")])
    rivals = []
    for serial in range(20):
        builder = _builder(name, key, name, key, serial + 1, (-30, 30))
        rivals.append(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    with pytest.raises(paths.SearchExhaustedError):
        found_paths(rivals[0], Authorities.of((ROOT.der,), tuple(rivals)))
    facts = chain_facts(rivals[0], tuple(rivals), TrustSet((ROOT.der,)))
    assert (facts.paths, facts.problem) == ((), "too-many-paths")


def test_few_ways_are_enough():
    """Six equal authorities: four ways are weighed, the others would say the same."""
    key = ec.generate_private_key(ec.SECP256R1())
    above = authority("机构")
    above.key = key
    equal = []
    for serial in range(6):
        builder = _builder(above.x509_name, key, ROOT.x509_name, ROOT.key, serial + 50, (-30, 30))
        equal.append(builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER))
    signer = leaf(above)
    assert len(found_paths(signer.der, Authorities.of((ROOT.der,), tuple(equal)))) == 4


def test_renewed_authority_is_found_beside_the_one_that_we_keep():
    """Ours has run out, the file brings the next one of the same name and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    old, new = (_renewed("机构", key, serial, days) for serial, days in _TERMS)
    above = authority("机构")
    above.key = key
    signer = leaf(above, days=(-60, 30))
    facts = chain_facts(signer.der, (new,), TrustSet((ROOT.der,), (), (old,)))
    assert [_lasting(path) for path in facts.paths] == [-10, 30], "the known one stays first"
    kept = chain_facts(signer.der, (new,), TrustSet((ROOT.der,), (), (old, new)))
    assert sorted(map(_lasting, kept.paths)) == [-10, 30]


def test_what_is_brought_beside_a_known_way_holds_or_is_not_told():
    key = ec.generate_private_key(ec.SECP256R1())
    (old, new), broken = (
        (_renewed("机构", key, serial, days) for serial, days in _TERMS),
        _with_key(_name("机构"), key),
    )
    above = authority("机构")
    above.key = key
    signer = leaf(above, days=(-60, 30))
    facts = chain_facts(signer.der, (broken, new), TrustSet((ROOT.der,), (), (old,)))
    assert [path.problem for path in facts.paths] == ["", ""]


def test_rivals_that_the_file_brings_hide_no_known_way():
    key = ec.generate_private_key(ec.SECP256R1())
    above = authority("机构")
    above.key = key
    known = _renewed("机构", key, 700, (-30, 30))
    rivals = tuple(Node("机构", Holding(above.x509_name, key), usage="sign").der for _ in range(80))
    facts = chain_facts(leaf(above).der, rivals, TrustSet((ROOT.der,), (), (known,)))
    assert ([path.problem for path in facts.paths], facts.problem) == ([""], "")


class Holding:
    """A name with its key."""

    def __init__(self, name, key):
        self.x509_name, self.key = name, key


_TERMS = ((701, (-90, -10)), (702, (-20, 90)))


def _renewed(name, key, serial, days):
    builder = _builder(_name(name), key, ROOT.x509_name, ROOT.key, serial, days)
    limits = x509.BasicConstraints(ca=True, path_length=None)
    builder = builder.add_extension(limits, critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    return builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _lasting(path):
    return round((min(item.not_after for item in path.certificates) - NOW) / timedelta(days=1))


@pytest.mark.parametrize("turned", [False, True])
def test_of_many_ways_those_are_kept_that_last_longest(turned):
    """Four anchors of one name and key that have run out, and the one in force."""
    key = ec.generate_private_key(ec.SECP256R1())
    terms = [(-3650, -5 - at) for at in range(4)] + [(-3650, 3650)]
    anchors = [_renewed("久根", key, 800 + at, days) for at, days in enumerate(terms)]
    signer = leaf(Holding(_name("久根"), key), days=(-300, 300))
    trusted = tuple(anchors[::-1] if turned else anchors)
    ways = found_paths(signer.der, Authorities.of(trusted))
    assert (len(ways), ways[0][-1]) == (4, anchors[-1])


def test_way_of_another_time_is_kept_beside_five_of_one():
    """The seal may be older than the anchor that was renewed since."""
    key = ec.generate_private_key(ec.SECP256R1())
    terms = [(-5, 3650)] * 5 + [(-3650, -1)]
    anchors = [_renewed("久根", key, 900 + at, days) for at, days in enumerate(terms)]
    signer = leaf(Holding(_name("久根"), key), days=(-300, 300))
    ways = found_paths(signer.der, Authorities.of(tuple(anchors)))
    assert anchors[-1] in {way[-1] for way in ways}


def test_way_has_an_end():
    """Eight certificates at most; what is longer is no path."""
    tower = [authority("层0")]
    for floor in range(1, 8):
        tower.append(authority(f"层{floor}", tower[-1]))
    assert len(found(tower[6], *tower)[0]) == 8
    assert found(tower[7], *tower) == ()


def test_authority_that_cannot_be_read_is_left_out():
    above = authority("机构")
    signer = leaf(above)
    known = Authorities.of((ROOT.der,), (b"junk", above.der[:-1], above.der))
    assert len(found_paths(signer.der, known)) == 1


def test_known_authorities_come_before_what_the_file_brings():
    above = authority("机构")
    broken = _with_key(above.x509_name, above.key)  # no basicConstraints: it is no authority
    signer = leaf(above)
    facts = chain_facts(signer.der, (broken,), TrustSet((ROOT.der,), (), (above.der,)))
    assert [path.problem for path in facts.paths] == [""]
    alone = chain_facts(signer.der, (broken,), TrustSet((ROOT.der,)))
    assert [path.problem for path in alone.paths] == ["path-invalid"]
    brought = chain_facts(signer.der, (above.der,), TrustSet((ROOT.der,)))
    assert [path.problem for path in brought.paths] == [""]


def test_signer_of_lists_may_be_brought_along():
    """The list is ours; whose key it has is in a certificate that anybody may bring."""
    above = authority("机构")
    signer = leaf(above)
    usage = x509.KeyUsage(**{**dict.fromkeys(_USAGES, False), "crl_sign": True})
    lists = Node(above.x509_name, ROOT, usage, ca=False, usage=False)
    made = _list(above.x509_name, lists.key)
    trust = TrustSet((ROOT.der,), (made, _list(ROOT.x509_name, ROOT.key)), (above.der,))
    told = [
        chain_facts(signer.der, others, trust).paths[0].certificates[0].revocation
        for others in ((), (lists.der,))
    ]
    assert [item is None for item in told] == [True, False]


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _list(name, key):
    class Signer:
        x509_name = name

    Signer.key = key
    return Authority.crl(Signer)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param({"ca": False}, id="says it is none"),
        pytest.param({"ca": None}, id="says nothing"),
        pytest.param({"usage": True}, id="may not sign certificates"),
    ],
)
def test_what_is_no_authority(shape):
    above = authority("机构", **shape)
    assert problem(leaf(above), above) == "path-invalid"


def test_length_of_a_path():
    top = authority("上级", path_length=0)
    below = authority("下级", top)
    assert problem(leaf(top), top) == ""
    assert problem(leaf(below), below, top) == "path-invalid"
    itself = Node(top.x509_name, top, usage="sign")  # a new key of the same authority
    assert problem(leaf(itself), itself, top) == "", "self-issued ones do not count"


def constraints(permitted=None, excluded=None):
    wrapped = [
        None if name is None else [x509.DirectoryName(name)] for name in (permitted, excluded)
    ]
    return x509.NameConstraints(*wrapped)


def test_names_that_an_authority_may_certify():
    inside = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "揭阳市")])
    office = x509.Name(
        [
            *inside.rdns,
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "某局")]),
        ]
    )
    only = authority("机构", ROOT, constraints(permitted=inside))
    assert problem(leaf(only, name=office), only) == ""
    assert problem(leaf(only), only) == "name-constraints"
    never = authority("机构", ROOT, constraints(excluded=inside))
    assert problem(leaf(never, name=office), never) == "name-constraints"
    assert problem(leaf(never), never) == ""


def policy(*numbers):
    return x509.CertificatePolicies([x509.PolicyInformation(item, None) for item in numbers])


def test_policies_that_a_path_begins_with():
    above = authority("机构", ROOT, policy(ONE))
    signer = leaf(above, policy(ONE))
    other = leaf(above, policy(TWO))
    mapping = (
        x509.PolicyMappings([x509.PolicyMapping(ONE, TWO)])
        if hasattr(x509, "PolicyMappings")
        else None
    )
    assert mapping is None or mapping
    required = InitialPolicies(frozenset({ONE.dotted_string}), explicit=True)
    assert problem(signer, above) == ""
    assert problem(other, above) == ""
    assert problem(signer, above, policies=required) == ""
    assert problem(other, above, policies=required) == "path-invalid"
    assert problem(signer, above, policies=InitialPolicies(explicit=True)) == ""
    assert problem(other, above, policies=InitialPolicies(explicit=True)) == "path-invalid"


def test_any_policy_may_be_barred():
    anything = x509.ObjectIdentifier("2.5.29.32.0")
    above = authority("机构", ROOT, policy(anything))
    signer = leaf(above, policy(ONE))
    assert problem(signer, above, policies=InitialPolicies(explicit=True)) == ""
    barred = InitialPolicies(explicit=True, any_inhibited=True)
    assert problem(signer, above, policies=barred) == "path-invalid"


def test_path_whose_certificates_were_never_valid_together_is_for_the_judge():
    above = authority("机构", days=(-30, -20))
    assert problem(leaf(above, days=(-10, 10)), above) == ""


def test_certificate_that_is_not_well_formed():
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.32"), b"\x30\x01")
    above = authority("机构")
    assert problem(leaf(above, broken), above) == "certificate-malformed"
