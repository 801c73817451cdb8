"""Receipts of verifications: what holds, what is refused, and what they never say."""

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from certlib.canonical import canonical_bytes
from certlib.receipts import TYPE, told_by
from certlib.usecases.report import Origin, receipt_of
from certlib.usecases.verify import Answer, Question
from certlib.verification import OWN, Facts, Verdict, judge
from keys.profiles import REPORT_PURPOSE
from signing.jws import encoded, signed_json
from tests.fakes import evidence
from tests.unit.keys.keys_world import PLANNING, found
from tests.unit.keys.trust_world import of_version_9
from tests.unit.receipts.conftest import IDENTIFIER, library

OURS = "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A"
VALID, INVALID, UNSURE = Verdict.VALID, Verdict.INVALID, Verdict.INDETERMINATE


@pytest.fixture(params=["pdf", "json"])
def form(request):
    return request.param


def made(city, form, **changes):
    return getattr(city.press, form)(city.receipt(**changes))


def test_a_receipt_holds_and_says_what_was_answered(city, form):
    """Whole, by the library's own key: its sentence names then, and never today."""
    report = city.judged(made(city, form))
    assert (report.verdict, report.code) == (VALID, "receipt-holds")
    assert "2026年03月02日" in report.sentence.zh
    assert "当时结论为“无效”：查无记录" in report.sentence.zh
    assert "核验回执签章" in report.sentence.zh
    assert "请重新核验证照现状" in report.sentence.next_zh
    assert {item.check.value for item in report.findings} == {"integrity", "changes", "seal"}


def test_an_asked_day_changes_nothing(city, form):
    """A receipt speaks of its own time, whatever day a clerk is asked about."""
    assert city.judged(made(city, form), on=date(2020, 1, 1)).code == "receipt-holds"


def test_it_still_holds_when_its_key_has_expired(city, form):
    """Years later its timestamp says that it was made in time."""
    file = made(city, form)
    old = city.authority.report_key()
    city.clock.forward(days=6 * 365)
    assert city.authority.report_key().chain != old.chain
    assert city.judged(file).code == "receipt-holds"
    assert city.judged(made(city, form)).code == "receipt-holds"


def test_a_department_seals_no_receipt(city, form):
    """The city's own seal of a department is for certificates: here it is refused."""
    seal = city.pressing(lambda: city.authority.seal_key(PLANNING[0]))
    report = city.judged(getattr(seal, form)(city.receipt()))
    assert (report.verdict, report.code) == (INVALID, "receipt-untrusted")
    assert report.signatures[0].problem == "key-purpose"


@pytest.mark.parametrize("name", ["history_key", "trust_key", "snapshot_key", "timestamp_key"])
def test_no_other_key_of_the_library_seals_receipts(city, form, name):
    """Each key has its one purpose."""
    press = city.pressing(getattr(city.authority, name))
    assert city.judged(getattr(press, form)(city.receipt())).code == "receipt-untrusted"


def test_another_library_is_not_believed(city, form, tmp_path):
    """Its receipts are as good as ours, under a root that nobody here trusts."""
    stranger = library(tmp_path / "stranger", "stranger")
    report = city.judged(made(stranger, form))
    assert (report.verdict, report.code) == (INVALID, "receipt-untrusted")


def test_the_key_of_reports_seals_no_certificate(city):
    """A judge of certificates sees a purpose that is none of a seal."""
    key = city.authority.report_key()
    city.press.pdf(city.receipt())
    signer = evidence.certificate(purposes=(REPORT_PURPOSE,), purposes_critical=True)
    sealed = evidence.signature(
        message=evidence.message(
            chain=evidence.chain(signer, evidence.authority(), evidence.anchor())
        )
    )
    report = judge(
        Facts(file=evidence.file(sealed, identifier=IDENTIFIER), registry_asked=False),
        OWN,
        city.clock.now(),
    )
    assert (report.verdict, report.code) == (INVALID, "seal-untrusted")
    assert key.chain[0] == city.authority.public_certificates()["report.cer"]


def test_every_changed_octet_of_a_json_receipt_is_noticed(city):
    """Wherever it stands: nothing but what was made passes."""
    file = made(city, "json")
    for place in range(0, len(file), 97):
        changed = file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :]
        assert city.judged(changed).code != "receipt-holds"


def test_a_changed_pdf_receipt_is_altered(city):
    """One octet of its data."""
    file = made(city, "pdf")
    place = file.index(b"endstream") - 20
    changed = file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :]
    report = city.judged(changed)
    assert report.verdict is INVALID
    assert report.code in {"receipt-altered", "altered"}


def test_what_is_added_to_a_pdf_receipt_is_noticed(city):
    """Certified without changes."""
    assert city.judged(made(city, "pdf") + b"% more\n").code == "receipt-altered"


def members(file):
    return json.loads(file)


def written(plain):
    return canonical_bytes(plain) + b"\n"


def payload(file):
    text = members(file)["payload"]
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain | {"more": "1"},
        lambda plain: {name: value for name, value in plain.items() if name != "header"},
        lambda plain: plain | {"header": {"etsiU": []}},
        lambda plain: plain | {"header": {"etsiU": [{"sigTst": {"tstTokens": [{"val": "MAA="}]}}]}},
        lambda plain: plain | {"signature": "AAAA"},
        lambda plain: plain | {"signature": "é"},
        lambda plain: plain | {"payload": plain["payload"] + "A"},
        lambda plain: {name: value for name, value in plain.items() if name != "payload"},
        lambda plain: plain | {"payload": 1},
        lambda plain: plain | {"payload": "\ud800"},
        lambda plain: plain | {"signature": "\ud800"},
        lambda plain: plain | {"signature": {}},
        lambda plain: {name: value for name, value in plain.items() if name != "signature"},
    ],
    ids=[
        "more",
        "no-header",
        "no-stamp",
        "odd-stamp",
        "short",
        "not-ascii",
        "longer",
        "no-payload",
        "number-for-payload",
        "half-a-character-for-payload",
        "half-a-character-for-signature",
        "object-for-signature",
        "no-signature",
    ],
)
def test_json_receipts_have_one_form(city, change):
    """Beside what is signed and stamped nothing may stand in the file, and none stops a reader."""
    plain = change(members(made(city, "json")))
    # As canonical as it can be with half a character in it.
    text = json.dumps(plain, sort_keys=True, separators=(",", ":")) + "\n"
    report = city.judged(text.encode())
    assert (report.verdict, report.code) == (INVALID, "receipt-altered")


@pytest.mark.parametrize(
    "header",
    [
        lambda plain: plain | {"alg": "none"},
        lambda plain: plain | {"alg": "RS256"},
        lambda plain: plain | {"crit": ["b64"]},
        lambda plain: plain | {"x5c": []},
        lambda plain: plain | {"x5c": ["%"]},
        lambda plain: plain | {"x5c": [3]},
        lambda plain: plain | {"x5c": ["AAAA"]},
        lambda plain: plain | {"alg": []},
        lambda plain: plain | {"alg": {}},
        lambda plain: plain | {"alg": ["ES256"]},
        lambda plain: plain | {"x5c": [of_version_9(plain["x5c"][0]), *plain["x5c"][1:]]},
    ],
    ids=[
        "none",
        "other",
        "crit",
        "nobody",
        "no-base64",
        "no-text",
        "no-certificate",
        "list-for-alg",
        "object-for-alg",
        "one-in-a-list",
        "version-9",
    ],
)
def test_no_other_header_is_followed(city, header):
    """Algorithms and keys are ours to choose, never the file's."""
    plain = members(made(city, "json"))
    text = plain["protected"]
    said = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    plain["protected"] = encoded(canonical_bytes(header(said)))
    report = city.judged(written(plain))
    assert report.verdict is INVALID
    assert report.code in {"receipt-altered", "receipt-untrusted"}, "its reader was stopped"


def test_a_timestamp_of_another_receipt_proves_nothing(city):
    """The imprint is that of this very signature."""
    first, second = members(made(city, "json")), members(made(city, "json", asked_by="other"))
    assert city.judged(written(first | {"header": second["header"]})).code == "receipt-altered"


def test_a_report_without_a_seal_says_so(city):
    """What a machine without keys has written proves nothing, and is no forgery."""
    plain = city.receipt(node="", signed=False).as_json()
    report = city.judged(json.dumps(plain).encode())
    assert (report.verdict, report.code) == (UNSURE, "receipt-unsigned")


def test_a_receipt_whose_signature_was_taken_off_is_altered(city):
    """It says itself that it was sealed."""
    assert city.judged(json.dumps(payload(made(city, "json"))).encode()).code == "receipt-altered"


@pytest.mark.parametrize(
    "text",
    ["{}", "{", "[1]", '{"a":1,"a":2}', "{" * 100_000],
    ids=["empty", "open", "list", "twice", "deep"],
)
def test_other_json_is_no_receipt(city, text):
    """It is what it was before: no file that can be read here."""
    assert city.judged(text.encode()).code == "unreadable"


def test_sealed_words_that_no_receipt_has_are_no_receipt(city):
    """Even under the right key: what cannot be told is not called good."""
    stamps = city.press._timestamps
    odd = {"receipt": 1, "number": "x", "report": {}, "target": {}}
    file = signed_json(canonical_bytes(odd), TYPE, city.authority.report_key(), stamps)
    report = city.judged(file)
    assert (report.verdict, report.code) == (INVALID, "receipt-altered")


def good(**changes):
    words = {"zh": "有效。", "en": "Valid."}
    report = {"verdict": "valid", "sentence": words, "as_of": "2026-03-02T01:02:03+00:00"}
    plain = {
        "receipt": 1,
        "number": "HY20260302-5F3A9C21-D0AB12EF",
        "target": {"identifier": IDENTIFIER},
        "report": report,
        "signed": True,
    }
    return plain | changes


def test_what_a_receipt_tells():
    """The answer, its time, the certificate."""
    told = told_by(json.dumps(good()))
    assert told is not None
    assert (told.verdict, told.zh, told.identifier) == ("valid", "有效。", IDENTIFIER)
    assert told.as_of == datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"receipt": 2},
        {"number": "<b>"},
        {"signed": "yes"},
        {"report": 3},
        {"report": good()["report"] | {"verdict": "splendid"}},
        {"report": good()["report"] | {"as_of": "yesterday"}},
        {"report": good()["report"] | {"as_of": "2026-99-02T01:02:03Z"}},
    ],
    ids=["format", "number", "signed", "report", "verdict", "instant", "month"],
)
def test_what_no_receipt_says(changes):
    """Another shape is not guessed at."""
    assert told_by(json.dumps(good(**changes))) is None


def test_a_strangers_identifier_is_a_line_too():
    """Half characters and marks that turn the writing round reach nobody's screen."""
    plain = good(target={"identifier": "1.2\ud800\u202e\n" + "x" * 500})
    told = told_by(json.dumps(plain))
    assert told is not None
    assert told.identifier.startswith("1.2   x")
    assert len(told.identifier) == 128


def test_a_strangers_words_stay_on_their_line():
    """Nothing of a file reaches a terminal or a page but printable text, not without end."""
    words = {"zh": "一\n二\x1b[0m" + "长" * 900, "en": ""}
    told = told_by(json.dumps(good(report=good()["report"] | {"sentence": words})))
    assert told is not None
    assert told.zh.isprintable()
    assert len(told.zh) == 400


def test_the_keys_are_made_when_they_are_asked_for(tmp_path):
    """An authority of an earlier release has neither; it gets them once, for all processes."""
    folder = tmp_path / "keys"
    first, second = found(folder), found(folder, seed="another")
    assert "report.cer" not in first.public_certificates()
    assert first.report_key().chain == second.report_key().chain
    assert first.snapshot_key().chain == second.snapshot_key().chain
    again = found(folder, seed="later")
    assert again.report_key().chain == first.report_key().chain
    purposes = {item.purpose for item in again.list_keys()}
    assert {"report", "snapshot"} <= purposes


def test_a_key_of_reports_is_followed_by_another_in_time(city):
    """Three months before its certificate ends, once for each five years."""
    chains = [city.authority.report_key().chain]
    for _ in range(2):
        city.clock.forward(days=5 * 365 - 60)
        chains.append(city.authority.report_key().chain)
        assert city.authority.report_key().chain == chains[-1]
    assert len(set(chains)) == 3
    names = [item.name for item in city.authority.list_keys() if item.purpose == "report"]
    assert names == ["report-3"]


def test_the_address_on_a_receipt_stays_an_address_of_ours():
    """A file that is not on record may call itself anything."""
    origin = Origin("445200", "https://zz.example/")
    file = evidence.file(identifier="../../x?y#z@evil.example/\u202e")
    answer = Answer(judge(Facts(file=file), OWN, datetime(2026, 3, 2, tzinfo=UTC)), file=file)
    assert receipt_of(answer, Question(), origin, "HY-1").verify_url == ""
    named = replace(answer, file=None, identifier=OURS)
    assert (
        receipt_of(named, Question(), origin, "HY-1").verify_url == f"https://zz.example/v/{OURS}"
    )
    assert receipt_of(named, Question(), Origin(), "HY-1").verify_url == ""


def test_nothing_of_a_claim_stands_in_a_receipt(city):
    """Neither file has more than the content that was given."""
    assert re.search(rb"440524\d{12}", made(city, "json")) is None
