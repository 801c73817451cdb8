"""Another city's real seal under a real trust list: good for what the list says, and for no more."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
import signing_pki
from signing_pki import ISSUER_CODE, NOW, make_content, make_page

from certlib.ids import build
from certlib.trust import Use
from certlib.verification import FOREIGN, Check, Facts, Verdict, judge
from keys.timestamps import TimestampAuthority
from keys.trust_list import write
from keys.trust_store import ListOfOthers, ListOptions, TrustStore
from signing.evidence.reader import InProcessEvidenceReader
from signing.sealing import PadesSealer
from tests.unit.keys.keys_world import CountedEntropy, SetClock, found
from tests.unit.keys.trust_world import entry, listing

LONG_AGO = NOW - timedelta(days=30)
PLAIN = make_content()
IDENTIFIER = build(PLAIN.type_code, PLAIN.issuer_code, "0123456789ABCDEFGHIJ", 1)
CONTENT = replace(PLAIN, identifier=str(IDENTIFIER))
ELSEWHERE = "11445200990090016H"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Another city's authority, with a seal for the department of the page."""
    made = found(tmp_path_factory.mktemp("city") / "keys", SetClock(LONG_AGO), seed="city")
    made.issue_seal(ISSUER_CODE, "测试市交通运输局")
    made._clock.at = NOW
    made.refresh_crls()
    return made


@pytest.fixture(scope="module")
def sealed(city):
    stamps = TimestampAuthority(city.timestamp_key(), signing_pki.FixedClock(), CountedEntropy())
    sealer = PadesSealer(city, stamps, signing_pki.FixedClock())
    return sealer.seal(make_page(CONTENT.canonical()), CONTENT, "B-T").pdf


@pytest.fixture
def report(tmp_path, city, sealed):
    """What this node says of that file, with a list of such entries."""
    own = found(tmp_path / "keys", SetClock(NOW), seed="own")
    crls = tmp_path / "trust" / "crls"
    crls.mkdir(parents=True)
    for name, der in city.crls().items():
        (crls / name).write_bytes(der)
    options = ListOptions(
        tmp_path / "list", frozenset({sha256(city.trust_key().chain[0]).hexdigest()})
    )
    times = {"issued_at": NOW, "next_update": NOW + timedelta(days=90)}

    def said(*changes):
        plain = entry(
            city.trust_material(),
            issuers=frozenset(),
            types=frozenset(),
            since=LONG_AGO - timedelta(days=1),
        )
        entries = [replace(plain, **change) for change in changes]
        options.path.write_bytes(write(listing(*entries, **times), city.trust_key()))
        store = TrustStore(own, ListOfOthers(tmp_path / "trust", options, keeps=False))
        facts = InProcessEvidenceReader(store.material).read(sealed)
        policy = replace(FOREIGN, trust=store.trust_list())
        return judge(Facts(file=facts, our_node=False), policy, NOW)

    return said


def seal_finding(found_):
    return next(item for item in found_.findings if item.check is Check.SEAL)


def test_a_listed_city_is_believed(report):
    assert report({}).verdict is Verdict.VALID
    limits = {"issuers": frozenset({ISSUER_CODE}), "types": frozenset({CONTENT.type_code})}
    assert report(limits).verdict is Verdict.VALID


def test_a_city_that_nobody_lists_is_not(report):
    assert report().verdict is not Verdict.VALID


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"issuers": frozenset({ELSEWHERE})}, "not trusted for this department"),
        ({"types": frozenset({"11100000000013338W001"})}, "not trusted for this type"),
        ({"until": NOW - timedelta(days=1)}, "no longer trusted then"),
        ({"since": NOW + timedelta(days=1)}, "not yet trusted then"),
        ({"uses": frozenset({Use.TIMESTAMP})}, "no trusted authority"),
    ],
    ids=["issuer", "type", "ended", "not-yet", "use"],
)
def test_a_listed_city_is_believed_for_nothing_else(report, change, word):
    answer = report(change)
    assert answer.verdict is not Verdict.VALID
    finding = seal_finding(answer)
    assert finding.code == "seal-untrusted"
    assert word in finding.en


def test_two_entries_do_not_lend_each_other_their_limits(report):
    other_type = frozenset({"11100000000013338W001"})
    first = {"issuers": frozenset({ISSUER_CODE}), "types": other_type}
    second = {"issuers": frozenset({ELSEWHERE}), "types": frozenset({CONTENT.type_code})}
    assert report(first, second).verdict is not Verdict.VALID
    fits = {"issuers": frozenset({ISSUER_CODE}), "types": frozenset({CONTENT.type_code})}
    assert report(first, second, fits).verdict is Verdict.VALID


def test_a_city_ended_after_the_seal_stays_good_for_it(report):
    assert report({"until": NOW + timedelta(seconds=1)}).verdict is Verdict.VALID
