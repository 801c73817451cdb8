"""What revocation lists say, rule by rule (RFC 5280, 5 and 6.3.3)."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from signing_lists import (
    DAY,
    HERE,
    INDIRECT,
    ISSUER,
    OTHER,
    OTHERS,
    PLAIN,
    REASONS,
    ROOT,
    ROOT_SAYS,
    SOME,
    THERE,
    UNKNOWN,
    by_other,
    certificate,
    crl,
    delta,
    entry,
    points,
    scope,
    signer,
    told,
    usage,
)
from signing_pki import NOW, Authority

from signing.cms import tlv
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.der import span_at, spans
from signing.evidence.revocation import revocation_facts
from signing.evidence.revocation_lists import read_list


def test_list_that_does_not_name_it():
    found = told(PLAIN, crl(entry(8)))
    assert (found.revoked_at, found.reason, found.complete) == (None, "", True)
    assert (found.this_update, found.next_update) == (NOW, NOW + 30 * DAY)


def test_list_that_names_it():
    found = told(PLAIN, crl(entry(7, at=NOW - DAY)))
    assert (found.revoked_at, found.reason) == (NOW - DAY, "keyCompromise")


def test_of_several_lists_the_newest_speaks():
    released = crl(at=NOW, number=2)
    held = crl(entry(7, REASONS.certificate_hold), at=NOW - DAY)
    for order in ((released, held), (held, released)):
        assert told(PLAIN, *order).revoked_at is None


def test_anchor_is_not_asked_about():
    lists = (crl(), ROOT_SAYS)
    found = revocation_facts((PLAIN, ISSUER.der, ROOT.der), lists)
    assert [item is None for item in found] == [False, False, True]


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(crl(key=OTHER.key), id="signed by another key"),
        pytest.param(crl(by=OTHER), id="of another name"),
        pytest.param(crl(extensions=[UNKNOWN]), id="critical extension"),
        pytest.param(crl(entry(8, unknown=True)), id="critical extension of any entry"),
        pytest.param(crl(entry(8, issuer=OTHER)), id="not indirect, with another's entries"),
        pytest.param(crl(extensions=[x509.DeltaCRLIndicator(1)]), id="delta alone"),
        pytest.param(crl()[:-1], id="truncated"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_list_that_answers_nothing(made):
    assert told(PLAIN, made) is None
    assert told(PLAIN, made, crl()) is not None


def test_algorithm_outside_is_the_one_that_was_signed():
    whole = crl()
    signed, algorithm, signature = (
        whole[begin:end] for begin, _, end in spans(whole, span_at(whole))
    )
    assert told(PLAIN, tlv(0x30, signed, algorithm, signature)) is not None
    other = algorithm.replace(bytes.fromhex("040302"), bytes.fromhex("040303"))  # SHA-384
    assert other != algorithm
    assert read_list(tlv(0x30, signed, other, signature)) is None


def test_bytes_of_a_truth_in_a_serial_number_are_no_extension():
    assert told(PLAIN, crl(entry(0x0101FF), entry(0x060101FF))) is not None
    assert told(PLAIN, crl(entry(7, issuer=ISSUER), extensions=[scope(indirect_crl=True)]))


def test_issuer_that_may_not_sign_lists():
    """keyUsage without cRLSign (RFC 5280, 4.2.1.3); without keyUsage it may."""
    for usages, speaks in (((usage(crl_sign=False),), False), ((), True)):
        key = ec.generate_private_key(ec.SECP256R1())
        authority = certificate(*usages, issuer=ROOT, name=ISSUER.x509_name, key=key)
        path = (PLAIN, authority, ROOT.der)
        assert (revocation_facts(path, (crl(key=key),))[0] is not None) is speaks


@pytest.mark.parametrize(
    ("kind", "of_leaf", "of_authority"),
    [
        ("only_contains_user_certs", True, False),
        ("only_contains_ca_certs", False, True),
        ("only_contains_attribute_certs", False, False),
    ],
)
def test_list_of_one_kind(kind, of_leaf, of_authority):
    authority = certificate(x509.BasicConstraints(ca=True, path_length=None))
    made = crl(extensions=[scope(**{kind: True})])
    assert (told(PLAIN, made) is not None) is of_leaf
    assert (told(authority, made) is not None) is of_authority


def test_reasons_of_several_lists_together():
    """The answer is as old as the oldest of them, and ends with the first that ends."""
    first = crl(extensions=[scope(only_some_reasons=SOME)], at=NOW - DAY, days=5)
    second = crl(extensions=[scope(only_some_reasons=OTHERS)])
    assert told(PLAIN, first) is None
    found = told(PLAIN, first, second)
    assert (found.this_update, found.next_update) == (NOW - DAY, NOW + 4 * DAY)
    assert found.complete


def test_revoked_for_some_reason_says_nothing_of_others():
    found = told(PLAIN, crl(entry(), extensions=[scope(only_some_reasons=SOME)]))
    assert (found.revoked_at, found.complete) == (NOW, False)


def test_first_revocation_counts():
    early, late = NOW - 3 * DAY, NOW - DAY
    some = crl(entry(at=late), extensions=[scope(only_some_reasons=SOME)])
    others = crl(entry(at=early), extensions=[scope(only_some_reasons=OTHERS)])
    assert told(PLAIN, some, others).revoked_at == early


def test_reasons_of_the_point():
    target = certificate(points(full_name=HERE, reasons=SOME))
    here = crl(extensions=[scope(full_name=HERE)])
    assert told(target, here) is None
    rest = crl(extensions=[scope(only_some_reasons=OTHERS)])
    assert told(target, here, rest).complete
    some = crl(extensions=[scope(full_name=HERE, only_some_reasons=SOME)])
    assert told(target, some, rest).complete
    assert told(certificate(points(full_name=HERE, reasons=OTHERS)), some) is None


def test_reasons_of_list_and_point_together_are_those_of_both():
    target = certificate(points(full_name=HERE, reasons=SOME))
    one = frozenset({REASONS.key_compromise})
    most = crl(extensions=[scope(full_name=HERE, only_some_reasons=OTHERS | one)])
    rest = crl(extensions=[scope(only_some_reasons=SOME - one)])
    assert told(target, most, rest) is None


def relative(text):
    return x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def longer(authority, text):
    return [x509.DirectoryName(x509.Name([*authority.x509_name.rdns, relative(text)]))]


@pytest.mark.parametrize(
    ("point", "list_scope", "covered"),
    [
        ({"full_name": HERE}, {"full_name": HERE}, True),
        ({"full_name": HERE}, {"full_name": [*THERE, *HERE]}, True),
        ({"full_name": HERE}, {"full_name": THERE}, False),
        ({"full_name": HERE}, {"only_contains_user_certs": True}, True),
        ({"relative_name": relative("一")}, {"relative_name": relative("一")}, True),
        ({"relative_name": relative("一")}, {"relative_name": relative("二")}, False),
        ({"relative_name": relative("一 a")}, {"full_name": longer(ISSUER, "一  A")}, True),
        ({"full_name": longer(ISSUER, "一")}, {"relative_name": relative("一")}, True),
        (None, {"full_name": HERE}, False),
        (None, {"full_name": [x509.DirectoryName(ISSUER.x509_name)]}, True),
    ],
)
def test_names_of_points(point, list_scope, covered):
    target = certificate(*([] if point is None else [points(**point)]))
    found = told(target, crl(extensions=[scope(**list_scope)]))
    assert (found is not None) is covered


def test_other_name_of_the_issuer_is_its_point():
    target = certificate(x509.IssuerAlternativeName(HERE))
    assert told(target, crl(extensions=[scope(full_name=HERE)])) is not None
    assert told(target, crl(extensions=[scope(full_name=THERE)])) is None


def test_list_of_another_authority():
    assert by_other().revoked_at is None
    assert by_other(extensions=()) is None, "it has to say that it is indirect"
    assert by_other(extensions=[scope(only_contains_user_certs=True)]) is None
    assert by_other(extensions=[scope(indirect_crl=True, full_name=HERE)]) is None
    own = scope(indirect_crl=True, full_name=[x509.DirectoryName(OTHER.x509_name)])
    assert by_other(extensions=[own]) is not None
    assert told(PLAIN, crl(by=OTHER, extensions=[INDIRECT]), authorities=(OTHER.der,)) is None


def test_short_name_of_a_point_begins_with_who_signs_there():
    target = certificate(points(relative_name=relative("一"), issuer=OTHER))
    for text, covered in (("一", True), ("二", False)):
        made = crl(by=OTHER, extensions=[scope(indirect_crl=True, relative_name=relative(text))])
        found = told(target, made, ROOT_SAYS, authorities=(OTHER.der,))
        assert (found is not None) is covered


def test_entries_of_an_indirect_list_have_their_issuers():
    """certificateIssuer holds until the next one; before the first, the list's own issuer."""
    own = crl(entry(7), entry(9, issuer=ROOT), entry(8), extensions=[INDIRECT])
    assert told(PLAIN, own).revoked_at == NOW
    assert told(certificate(serial=8), own).revoked_at is None
    assert by_other(entry(7)).revoked_at is None
    assert by_other(entry(7, issuer=ISSUER)).revoked_at == NOW
    assert by_other(entry(8, issuer=ISSUER), entry(7)).revoked_at == NOW
    assert by_other(entry(8, issuer=ISSUER), entry(9, issuer=ROOT), entry(7)).revoked_at is None
    assert by_other(entry(9, issuer=ROOT), entry(7, issuer=ISSUER)).revoked_at == NOW


def test_entries_of_somebody_without_a_directory_name_are_of_nobody():
    names = x509.CertificateIssuer(HERE)
    strange = x509.RevokedCertificateBuilder(7, NOW).add_extension(names, critical=True).build()
    assert by_other(strange).revoked_at is None


def test_delta_speaks_after_its_list():
    found = told(PLAIN, crl(), delta(entry(at=NOW)))
    assert found.revoked_at == NOW
    fresh = told(PLAIN, crl(), delta())
    assert (fresh.revoked_at, fresh.this_update) == (None, NOW + DAY)
    assert fresh.next_update == NOW + 30 * DAY, "together they know more than either"
    held = crl(entry(reason=REASONS.certificate_hold))
    assert told(PLAIN, held, delta()).revoked_at == NOW
    assert told(PLAIN, held, delta(entry(reason=REASONS.remove_from_crl))).revoked_at is None


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(delta(entry(), base=2), id="builds on a later list"),
        pytest.param(delta(entry(), number=1), id="is no later than the list"),
        pytest.param(delta(entry(), key=OTHER.key), id="another key"),
        pytest.param(delta(entry(), by=OTHER), id="another issuer"),
        pytest.param(
            delta(entry(), extensions=[scope(only_contains_user_certs=True)]), id="another scope"
        ),
        pytest.param(
            delta(entry(), extensions=[x509.AuthorityKeyIdentifier(b"x", None, None)]),
            id="another key identifier",
        ),
    ],
)
def test_delta_of_something_else(made):
    assert told(PLAIN, crl(), made).revoked_at is None


def test_lists_may_have_a_key_of_their_own():
    der, key = signer()
    made = crl(entry(), key=key)
    assert told(PLAIN, made, ROOT_SAYS, authorities=(der,)).revoked_at == NOW
    assert told(PLAIN, made, ROOT_SAYS) is None, "nobody knows that key"


def test_own_key_for_lists_is_asked_about_itself():
    der, key = signer()
    made = crl(key=key)
    assert told(PLAIN, made, authorities=(der,)) is None
    assert told(PLAIN, made, crl(entry(70), by=ROOT), authorities=(der,)) is None
    old = told(PLAIN, made, crl(by=ROOT, at=NOW - DAY, days=3), authorities=(der,))
    assert (old.this_update, old.next_update) == (NOW - DAY, NOW + 2 * DAY)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"crl_sign": False}, id="may not sign lists"),
        pytest.param({"days": (-365, -1)}, id="had expired when it signed"),
        pytest.param({"days": (1, 365)}, id="was not yet valid when it signed"),
        pytest.param({"issuer": Authority("外人")}, id="of another anchor"),
        pytest.param({"name": OTHER.x509_name}, id="of another name"),
    ],
)
def test_own_key_for_lists_that_is_not_believed(how):
    der, key = signer(**how)
    assert told(PLAIN, crl(key=key), ROOT_SAYS, authorities=(der,)) is None


def test_own_key_for_lists_has_a_path_that_holds():
    """Certified by somebody who is no authority: anybody with a seal could do that."""
    for ca in (False, True):
        below = Authority("某印章")
        constraints = x509.BasicConstraints(ca=ca, path_length=None)
        somebody = certificate(constraints, issuer=ROOT, name=below.x509_name, key=below.key)
        der, key = signer(issuer=below)
        lists = (crl(key=key), ROOT_SAYS, crl(by=below))
        assert (told(PLAIN, *lists, authorities=(der, somebody)) is not None) is ca


def test_own_key_for_lists_has_to_say_so():
    key = ec.generate_private_key(ec.SECP256R1())
    der = certificate(issuer=ROOT, name=ISSUER.x509_name, key=key)
    assert told(PLAIN, crl(key=key), ROOT_SAYS, authorities=(der,)) is None


def test_list_may_name_its_own_signer():
    """Its status stands in the list that it signs: as the issuer has arranged it."""
    der, key = signer(issuer=ISSUER)
    assert told(PLAIN, crl(key=key), authorities=(der,)) is not None
    assert told(PLAIN, crl(entry(70), key=key), authorities=(der,)) is None


def test_nobody_speaks_for_himself():
    der, key = signer(issuer=ISSUER)
    assert told(der, crl(key=key), authorities=(der,)) is None


@pytest.mark.parametrize(("length", "answered"), [(3, True), (4, False)])
def test_signers_of_lists_come_to_an_end(length, answered):
    """Each one's status stands in a list of the next: after a few, that is nobody's."""
    chain = [Authority(f"列表{place}", parent=ROOT) for place in range(length)]
    known = [
        certificate(
            *([points(issuer=chain[place + 1])] if place + 1 < length else []),
            usage(crl_sign=True),
            issuer=ISSUER if place + 1 < length else ROOT,
            name=item.x509_name,
            key=item.key,
        )
        for place, item in enumerate(chain)
    ]
    # The last one's stands in the root's list; nobody else's does.
    lists = [crl(by=item, extensions=[INDIRECT]) for item in chain]
    target = certificate(points(issuer=chain[0]))
    found = told(target, *lists, ROOT_SAYS, authorities=tuple(known))
    assert (found is not None) is answered


def expired_certs(moment):
    text = moment.strftime("%Y%m%d%H%M%SZ").encode()
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), tlv(0x18, text))


EXPIRED = certificate(days=(-30, -10))


def test_list_may_forget_the_expired():
    assert not told(EXPIRED, crl()).keeps_expired
    assert told(EXPIRED, crl(at=NOW - 10 * DAY)).keeps_expired
    assert told(EXPIRED, crl(extensions=[expired_certs(NOW - 10 * DAY)])).keeps_expired
    assert not told(EXPIRED, crl(extensions=[expired_certs(NOW - 9 * DAY)])).keeps_expired


def test_delta_forgets_nothing_that_its_list_holds():
    assert told(EXPIRED, crl(at=NOW - 11 * DAY), delta()).keeps_expired
    assert not told(EXPIRED, crl(), delta()).keeps_expired


def test_list_that_cannot_have_forgotten_is_preferred():
    before = crl(at=NOW - 11 * DAY)
    found = told(EXPIRED, crl(), before)
    assert (found.this_update, found.keeps_expired) == (NOW - 11 * DAY, True)
    assert told(EXPIRED, crl(entry(at=NOW - 12 * DAY)), before).revoked_at == NOW - 12 * DAY


def test_list_that_may_have_forgotten_is_the_weakest():
    some = crl(at=NOW - 11 * DAY, extensions=[scope(only_some_reasons=SOME)])
    found = told(EXPIRED, some, crl(extensions=[scope(only_some_reasons=OTHERS)]))
    assert (found.this_update, found.keeps_expired) == (NOW, False)


def test_unreadable_extensions_hide_no_path():
    """A certificate that is malformed is refused for that; asking about it breaks nothing."""
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.31"), b"\x30\x01")
    target = certificate(broken)
    assert told(target, crl()) is None
    below = Authority("坏机构")
    authority = certificate(broken, issuer=ROOT, name=below.x509_name, key=below.key)
    path = (certificate(issuer=below), authority, ROOT.der)
    assert revocation_facts(path, (crl(by=below), ROOT_SAYS)) == (None, None, None)
    facts = chain_facts(target, (), TrustSet((ROOT.der,), (crl(),), (ISSUER.der,)))
    assert facts.signer.problem == "certificate-malformed"


def test_times_are_utc():
    assert told(PLAIN, crl()).this_update.tzinfo is UTC
    assert isinstance(told(PLAIN, crl()).this_update, datetime)
