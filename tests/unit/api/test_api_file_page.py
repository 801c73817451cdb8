"""A file on the page: known by its digest without sending it, or sent and examined as by anybody."""

import hashlib
import json
import logging
import re
from datetime import date

import pytest

from api.problem_catalogue import kinds
from api.public_files import lines, status
from api.web.file_texts import FILE_WORDS, REFUSALS
from certlib.errors import StoreUnavailable
from certlib.evidence import FileFacts
from certlib.verification import OWN, Check, judge
from tests.fakes import evidence
from tests.unit.api.api_world import DECISION
from tests.unit.api.test_api_pages import _outline
from tests.unit.api.test_api_public import PERSON, PERSONS, put_persons
from tests.unit.life.builders import NOW
from tests.unit.verdicts.test_verdict_codes import of_known

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "zh-CN"}
NAME = "林晓岚-445221198501010019.pdf"


@pytest.fixture
def free(world):
    """Without the rate of strangers' files, which has tests of its own."""
    return world.again(rate_upload=0.0)


def _file(world, identifier):
    return world.browser.get(f"/v1/certificates/{identifier}/file", headers=world.bearer()).content


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def _known(world, content):
    return world.browser.get(f"/v/{_digest(content)}", headers=BROWSER)


def _send(world, content, name="a.pdf", query="?lang=zh", headers=BROWSER):
    form = {"file": (name, content, "application/pdf")}
    return world.browser.post(f"/v{query}", files=form, headers=headers)


def _heading(answer):
    return re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL)[1]


def _result(answer):
    return re.search(r'class="card verdict (\w+)" data-result="([\w-]+)"', answer.text).groups()


def _told(answer):
    """The findings as (outcome, sentence)."""
    found = re.findall(r'<li class="(\w+)">.*?<p>(.*?)<span', answer.text, re.DOTALL)
    return {said: outcome for outcome, said in found}


def _forged(content, **changes):
    return json.dumps({**json.loads(content), **changes}).encode()


# --- by digest: the file stays where it is -------------------------------------------------------


def test_a_file_on_record_is_known_without_being_sent(free):
    pdf = _file(free, free.issued())
    read = free.house.reader.reads
    answer = _known(free, pdf)
    assert (answer.status_code, _result(answer)) == (200, ("ok", "valid"))
    assert _heading(answer) == "有效：截至2026年11月22日 10:00登记有效，文件与签发时一致。"
    assert _told(answer) == {
        "与签发登记中的文件逐字节一致。": "pass",
        "签章之后没有任何改动。": "pass",
        "签章单位与签发登记一致。": "pass",
        "签章单位在签发之日有权签发此类证照。": "pass",
        "这是电子证照原件。": "pass",
        "截至2026年11月22日 10:00登记有效。": "pass",
    }
    assert free.house.reader.reads == read, "nothing was parsed"
    assert answer.headers["cache-control"] == "no-store"
    assert _digest(pdf) in answer.text
    assert "http://localhost:8000/v" in answer.text, "the print says where it was checked"
    assert f'href="/v/{_digest(pdf)}?lang=en"' in answer.text


@pytest.mark.parametrize(
    ("action", "code", "said"),
    [
        ("revoke", "revoked", "已吊销：因行政处罚失效。"),
        ("annul", "annulled", "已撤销：原许可决定被依法撤销，自2026-11-22起失效。"),
        ("suspend", "suspended", "暂扣中，目前不得使用。"),
    ],
)
def test_byte_for_byte_and_no_longer_in_force(free, action, code, said):
    identifier = free.issued()
    pdf = _file(free, identifier)
    reason = {"revoke": "penalty", "annul": "fraud", "suspend": "withheld"}[action]
    assert free.act(identifier, action, reason_code=reason).status_code == 200
    answer = _known(free, pdf)
    assert (answer.status_code, _result(answer)) == (200, ("bad", code))
    assert _heading(answer) == said
    assert _told(answer)["与签发登记中的文件逐字节一致。"] == "pass"
    assert _told(answer)[said] == "fail"
    assert DECISION["document_number"] not in answer.text


def test_a_superseded_file_leads_to_the_current_version(free):
    old = free.issued()
    pdf = _file(free, old)
    new = free.issued("k-2", number="n-2", supersedes=old, supersede_reason="change")
    answer = _known(free, pdf)
    assert _result(answer) == ("bad", "superseded")
    assert f'href="/v/{new}?lang=zh"' in answer.text


def test_a_digest_that_is_not_on_record_is_no_finding_against_the_file(free):
    answer = _known(free, b"%PDF-1.7 another")
    assert (answer.status_code, _result(answer)) == (404, ("wait", "file-unknown"))
    assert _heading(answer) == "登记中没有这个文件指纹。"
    assert 'action="/v?lang=zh" method="post"' in answer.text, "a way on without script"
    _outline(answer.text)


def test_a_digest_is_understood_as_people_copy_it(free):
    digest = _digest(_file(free, free.issued()))
    assert free.browser.get(f"/v/{digest.upper()}").status_code == 200
    typed = free.browser.ask("GET", "/v", params={"identifier": f" {digest.upper()} "})
    assert typed.headers["location"] == f"/v/{digest}"


@pytest.mark.parametrize("digest", ["a" * 63, "a" * 65, "g" * 64, "a" * 32, "０" * 64])
def test_what_is_no_digest_is_taken_for_a_mistyped_identifier(free, digest):
    answer = free.browser.get(f"/v/{digest}", headers=BROWSER)
    assert (answer.status_code, _result(answer)) == (404, ("wait", "identifier-malformed"))


def test_a_registry_that_is_down_says_nothing_about_the_file(free, monkeypatch):
    def down():
        raise StoreUnavailable(what="x")

    pdf = _file(free, free.issued())
    monkeypatch.setattr(free.house.registry, "read", down)
    for answer in (_known(free, pdf), _send(free, pdf), _known(free, b"unknown")):
        assert (answer.status_code, _result(answer)) == (503, ("wait", "cannot-tell"))
        assert answer.headers["retry-after"] == "5"


# --- sent and examined ---------------------------------------------------------------------------


def test_a_known_file_that_was_sent_gets_the_same_page(free):
    pdf = _file(free, free.issued())
    read = free.house.reader.reads
    sent, known = _send(free, pdf, NAME), _known(free, pdf)
    assert sent.status_code == 200
    assert _told(sent) == _told(known)
    assert NAME in sent.text, "the print names the file, where its name came along"
    assert free.house.reader.reads == read


def test_a_changed_file_is_told_what_speaks_against_it_and_no_comfort(free):
    pdf = _forged(_file(free, free.issued()), broken=True)
    answer = _send(free, pdf)
    assert (answer.status_code, _result(answer)) == (200, ("bad", "altered"))
    assert _told(answer) == {
        "签章所保护的内容对不上：文件已不是签章时的样子。": "fail",
        "不是登记在册的原件文件。": "fail",
    }
    assert "文件所称的证照" in answer.text


def test_a_good_seal_that_is_not_on_record(free):
    answer = _send(free, _forged(_file(free, free.issued()), seal=99))
    assert _result(answer) == ("bad", "seal-not-on-record")
    assert _told(answer) == {"不是登记在册的原件文件。": "fail"}


def test_a_forgery_learns_no_more_of_somebody_than_the_identifier_tells(free):
    put_persons(free.house.registry)
    identifier = free.issued(type_code=PERSONS, holders=PERSON)
    pdf = _file(free, identifier)
    assert free.act(identifier, "suspend", reason_code="withheld").status_code == 200
    by_name = free.browser.get(f"/v/{identifier}?lang=zh", headers=BROWSER)
    for forged in (_forged(pdf, broken=True), _forged(pdf, seal=99), pdf):
        answer = _send(free, forged)
        for secret in (
            PERSON[0]["name"],
            PERSON[0]["code"],
            DECISION["document_number"],
            DECISION["authority"] + DECISION["document_number"],
            "暂扣中",
            "2026-11-22，",
        ):
            assert secret not in answer.text
        assert "暂扣或暂停中，目前不得使用。" in answer.text
        record = re.search(r'<section class="record".*?</section>', answer.text, re.DOTALL)[0]
        shown = re.findall(r"<div><dt>.*?</dd></div>", record)
        assert shown == re.findall(r"<div><dt>.*?</dd></div>", by_name.text)


def test_a_file_that_names_what_is_not_on_record_is_not_quoted(free):
    page = json.dumps({"ZZBS": "445221198501010019"})
    forged = json.dumps({"page": page, "signer": "x", "seal": 1}).encode()
    answer = _send(free, forged)
    assert answer.status_code == 200
    assert "445221198501010019" not in answer.text
    assert '<section class="record" aria-labelledby="record">' not in answer.text


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 a photograph", b"<html></html>"])
def test_what_cannot_be_read_is_no_accusation(free, content):
    answer = _send(free, content, NAME)
    assert (answer.status_code, _result(answer)) == (422, ("wait", "unreadable"))
    assert "林晓岚" not in answer.text, "refusals repeat nothing"
    assert '<p class="word">无法核验</p>' in answer.text
    assert "不予采用" not in answer.text
    _outline(answer.text)


@pytest.mark.parametrize("fault", ["busy", "timeout", "memory", "crashed"])
def test_a_reader_that_fails_is_our_fault_and_counted(free, monkeypatch, fault):
    def read(pdf):
        return FileFacts(sha256=_digest(pdf), size=len(pdf), readable=False, fault=fault)

    monkeypatch.setattr(free.house.reader, "read", read)
    answer = _send(free, b"%PDF-1.7")
    assert (answer.status_code, _result(answer)) == (503, ("wait", "cannot-tell"))
    assert answer.headers["retry-after"] == "5"
    text = free.browser.get("/metrics").text
    assert f'certlib_reader_incidents_total{{fault="{fault}"}} 1.0' in text


def test_what_others_signed_is_not_called_altered_for_not_being_made_as_ours_is(free, monkeypatch):
    """Same facts, the policy of others' files; whatever bears a mark of ours is held to ours."""
    unknown = evidence.message(chain=evidence.unchained())
    cases = {
        (False, "gap-digits", None): ("wait", "foreign-valid", "不是本库证照"),
        (False, "gap-digits", unknown): ("wait", "seal-untrusted", "需进一步核实"),
        (False, "", evidence.message(digest_ok=False)): ("bad", "altered", "不予采用"),
        (True, "gap-digits", None): ("bad", "altered", "不予采用"),
        (True, "gap-digits", unknown): ("bad", "altered", "不予采用"),
    }
    for (ours, odd, message), (tone, code, word) in cases.items():
        changes = {"form_problem": odd} | ({} if message is None else {"message": message})
        facts = evidence.file(evidence.signature(**changes), looks_ours=ours)
        monkeypatch.setattr(free.house.reader, "read", lambda _pdf, facts=facts: facts)
        answer = _send(free, b"%PDF-1.7")
        assert (answer.status_code, _result(answer)) == (200, (tone, code))
        assert f'<p class="word">{word}</p>' in answer.text


def test_a_name_cannot_become_markup_and_is_not_logged(free, caplog):
    caplog.set_level(logging.DEBUG)
    pdf = _file(free, free.issued())
    caplog.clear()
    answer = _send(free, pdf, '<img src=x onerror="alert(1)">' + NAME)
    assert "<img" not in answer.text
    assert "&lt;" in answer.text or "%22" in answer.text
    _known(free, b"y")
    ours = [str(vars(item)) for item in caplog.records if item.name.startswith("certlib")]
    assert len(ours) == 2
    for secret in ("445221198501010019", _digest(pdf), _digest(b"y")):
        assert secret not in "".join(ours)


def test_verdicts_are_counted_and_nothing_else_is_kept(free):
    pdf = _file(free, free.issued())
    trail = len(free.house.trail())
    _known(free, pdf)
    _send(free, pdf)
    _send(free, _forged(pdf, broken=True))
    text = free.browser.get("/metrics").text
    assert 'certlib_verdicts_total{code="valid",verdict="valid"} 2.0' in text
    assert 'certlib_verdicts_total{code="altered",verdict="invalid"} 1.0' in text
    assert len(free.house.trail()) == trail


# --- refusals: a sentence and a way on -----------------------------------------------------------


def _bodies():
    part = '--b\r\nContent-Disposition: form-data; name="{}"; filename="{}"\r\n\r\nx\r\n'
    form = "multipart/form-data; boundary=b"
    two = (
        part.format("file", "1")
        + "--b\r\n"
        + 'Content-Disposition: form-data; name="file"\r\n\r\nx\r\n'
    )
    return {
        "nothing chosen": (
            form,
            part.format("file", "").replace("x\r\n", "\r\n") + "--b--\r\n",
            422,
        ),
        "no such field": (form, part.format("other", "1") + "--b--\r\n", 422),
        "text, no file": (
            form,
            '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n',
            422,
        ),
        "file twice": (form, two + "--b--\r\n", 400),
        "torn": (form, "no parts", 400),
        "no boundary": ("multipart/form-data", "x", 400),
        "json": ("application/json", "{}", 415),
        "pdf": ("application/pdf", "%PDF-", 415),
        "nothing": ("", "", 415),
    }


@pytest.mark.parametrize("case", _bodies())
def test_a_form_that_is_none(free, case):
    kind, body, status = _bodies()[case]
    headers = {"Content-Type": kind} if kind else {}
    plain = free.browser.post("/v", content=body, headers=headers)
    assert plain.status_code == status
    assert plain.headers["content-type"] == "application/problem+json"
    page = free.browser.post("/v", content=body, headers=headers | BROWSER)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["x-request-id"]
    assert 'data-refusal=""' in page.text
    assert 'href="/v?lang=zh"' in page.text
    assert _heading(page) in {zh for zh, _ in REFUSALS.values()}
    _outline(page.text)


def test_a_file_needs_no_name(free):
    """The script of the page leaves it out, since it may hold somebody's."""
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = free.browser.post(
        "/v", content=f"{head}a photograph\r\n--b--\r\n", headers=BROWSER | kind
    )
    assert (answer.status_code, _result(answer)) == (422, ("wait", "unreadable"))


def test_too_large_is_said_before_and_after_counting(free):
    limit = free.parts.settings.upload_limit
    just = _send(free, b"x" * limit)
    assert just.status_code == 422
    for content in (b"x" * (limit + 1), b"x" * (limit + 70_000)):
        answer = _send(free, content)
        assert answer.status_code == 413
        assert _heading(answer) == REFUSALS["body-too-large"][0]
    english = _send(free, b"x" * (limit + 1), query="?lang=en")
    assert _heading(english) == REFUSALS["body-too-large"][1]


def test_strangers_files_have_a_rate_of_their_own(world):
    slow = world.again(rate_upload=0.25)
    first, second = _send(slow, b"x"), _send(slow, b"x")
    assert first.headers["ratelimit-policy"] == '"upload";q=1;w=4'
    assert (first.status_code, second.status_code) == (422, 429)
    wait = int(second.headers["retry-after"])
    assert 1 <= wait <= 4
    assert f'data-refusal="{wait}"' in second.text
    assert _heading(second) == REFUSALS["too-many-requests"][0]
    assert slow.browser.get("/v").status_code == 200, "look-ups go on"
    text = slow.browser.get("/metrics").text
    assert 'certlib_rate_limited_total{kind="upload"} 1.0' in text


def test_refused_pages_are_for_browsers_under_v_alone(world):
    slow = world.again(rate_public=0.25)
    slow.browser.get("/v")
    page = slow.browser.get("/v/x", headers=BROWSER)
    assert (page.status_code, page.headers["retry-after"]) == (429, "4")
    assert "<h1" in page.text
    head = slow.browser.ask("HEAD", "/v", headers=BROWSER)
    assert (head.status_code, head.text) == (429, "")
    for path in ("/problems", "/v1/status/x", "/version"):
        other = slow.browser.get(path, headers=BROWSER)
        assert other.headers["content-type"] == "application/problem+json"
    wrong = world.browser.ask("PUT", "/v", headers=BROWSER)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")


# --- words ---------------------------------------------------------------------------------------


def test_every_word_is_there_in_both_languages():
    assert FILE_WORDS["zh"].keys() == FILE_WORDS["en"].keys()
    from api.public_files import _OF_FILE

    for check in _OF_FILE:
        assert FILE_WORDS["zh"][f"check_{check.value}"]


def test_every_refusal_is_of_an_error_that_exists():
    known = {kind.code for kind in kinds()} | {"field-missing"}
    assert REFUSALS.keys() <= known
    assert not [zh for zh, _ in REFUSALS.values() if re.search("[A-Z]{4}|幂等|请求头", zh)]


def test_checks_of_the_record_stay_out_of_the_file(free):
    identifier = free.issued()
    answer = free.parts.verify.by_digest(_digest(_file(free, identifier)), _question())
    assert {line.check for line in lines(answer.report)} == {
        "integrity", "changes", "seal", "issuer_authority", "original",
    }  # fmt: skip
    assert {item.check for item in answer.report.findings} > {Check.STATUS_NOW}


def _question():
    from certlib.usecases.verify import Question

    return Question()


def test_a_purpose_copy_tells_no_purpose_and_its_end(free):
    """Whoever has a digest alone learns neither; whoever has the copy reads them on it."""
    copy = {"kind": "purpose_copy", "purpose": "公积金提取", "expires_on": date(2027, 1, 1)}
    good = judge(of_known(copy=copy), OWN, NOW)
    assert (good.code, lines(good)[-1].zh) == (
        "valid",
        "这是加注件，不是原件；用途和期限见其页面。",
    )
    assert "公积金" not in str(lines(good))
    over = judge(of_known(copy=copy | {"expires_on": date(2026, 1, 1)}), OWN, NOW)
    assert (over.code, lines(over)) == ("copy-expired", ())
    assert status(over, personal=False).outcome == "pass"
