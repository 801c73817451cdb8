"""INV-10: the whole matrix of departments and acts, before and after functions pass on."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.certificate import Decision
from certlib.delivery import Channel
from certlib.departments import DatedName, Department, Holding, Succession, SuccessionKind
from certlib.errors import (
    CertificateNotFound,
    CertlibError,
    IssuerNotAuthorised,
    OutsideDepartment,
)
from certlib.issuing_errors import DraftNotFound
from certlib.mandates import Capacity, IssueListEntry
from certlib.party_errors import DepartmentEnded
from certlib.registry import SearchQuery
from certlib.registry.issuing import DraftQuery
from certlib.restrictions import Restriction, RestrictionKind
from certlib.sources import Source
from certlib.states import Action
from certlib.usecases.amend import Amendment, Handover
from certlib.usecases.caller import SCOPES, Caller
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.drafts import DraftAct
from certlib.usecases.manage_departments import SuccessionRequest
from certlib.usecases.order import Ending
from certlib.usecases.revise import RevisionRequest
from certlib.usecases.standing import issuer_now
from certlib.usecases.verify import Question
from certlib.verification import Claim
from tests.unit.usecases.house import CALLER, FOUR_EYES, ISSUER, NOW, OTHER, TYPE, request

SUCCESSOR = OTHER
UNIT = "114451009999990234"
STRANGER = "11445200999999015E"
FROM = date(2026, 11, 22)
BODIES = {"issuer": ISSUER, "successor": SUCCESSOR, "unit": UNIT, "stranger": STRANGER}
ACTS = (
    "read", "file", "history", "versions", "sheets", "search",
    "deliver", "apply", "revoke", "restrict",
    "renew", "revise", "issue", "draft", "make",
)  # fmt: skip


@pytest.fixture
def city(house):
    """A certificate that the entrusted unit made for the issuer."""
    with house.registry.begin() as uow:
        for code, name in ((UNIT, "揭阳市运输服务中心"), (STRANGER, "揭阳市林业局")):
            uow.add_department(Department(code, name, name, "445200", "prefecture"))
        uow.put_issue_entry(
            IssueListEntry(
                TYPE,
                UNIT,
                date(2020, 1, 1),
                basis="委托书",
                capacity=Capacity.ENTRUSTED,
                principal_code=ISSUER,
            )
        )
        uow.commit()
    return house


def caller(code):
    return Caller(f"client-{code}", code, frozenset(SCOPES), person="officer")


def succeed(house, kind=SuccessionKind.MERGED, types=(), since=FROM):
    source = Source("机构改革方案", "揭府〔2026〕9号", NOW, "operator")
    with house.registry.begin() as uow:
        uow.add_succession(
            Succession("e" * 32, kind, ISSUER, SUCCESSOR, since, source, frozenset(types))
        )
        uow.put_issue_entry(IssueListEntry(TYPE, SUCCESSOR, date(2020, 1, 1), basis="三定方案"))
        uow.commit()


def made(house):
    draft = request("draft", issuer_code=ISSUER, number="D-1")
    house.make.make(caller(UNIT), draft)
    return house.issue.issue_one(caller(UNIT), request(issuer_code=ISSUER)).identifier


HANDOVER = Handover(FROM, Channel.COUNTER)
SEIZED = Restriction(RestrictionKind.SEIZED, "揭阳市中级人民法院", "（2026）粤52执1号", FROM)


def amendment(identifier, body):
    return Amendment(identifier, f"a-{body}")


def made_draft(house):
    """A draft of the unit, from before anything passed on: drafts pass on too."""
    with house.registry.read() as session:
        return session.drafts(DraftQuery((Holding(ISSUER),)))[0].identifier


def outcome(house, identifier, body, act):
    """Empty where the act succeeds, otherwise the name of the refusal."""
    who = caller(BODIES[body])
    name = {"unit": ISSUER}.get(body, who.department_code)
    try:
        match act:
            case "read":
                house.read.certificate(who, identifier)
            case "file":
                house.read.file(who, identifier)
            case "history":
                house.read.history(who, identifier)
            case "versions":
                house.read.versions(who, identifier)
            case "sheets":
                house.paper.sheets(who, identifier)
            case "deliver":
                house.amend.deliver(who, amendment(identifier, body), HANDOVER)
            case "apply":
                house.amend.apply_for_renewal(who, amendment(identifier, body), FROM, "办件1")
            case "restrict":
                house.amend.restrict(who, amendment(identifier, body), SEIZED)
            case "revise":
                said = RevisionRequest(
                    identifier, "change", f"v-{body}", {"number": "N-v"}, Ending(), {}
                )
                house.revise.revise(who, said)
            case "draft":
                house.drafts.draft(who, made_draft(house))
            case "make":
                order = request(f"m-{body}", issuer_code=name, number=f"M-{body}")
                house.make.make(who, order)
            case "search":
                return "" if house.read.search(who, SearchQuery()).certificates else "nothing"
            case "revoke":
                decision = Decision(
                    Action.REVOKE, "penalty", FROM, "道路运输条例", "揭交罚〔2026〕1号", "市局"
                )
                house.change.change(who, ChangeRequest(identifier, decision, f"k-{body}"))
            case "renew":
                order = request(f"r-{body}", issuer_code=name, supersedes=identifier)
                house.issue.issue_one(who, order)
            case _:
                order = request(f"i-{body}", issuer_code=name, number=f"N-{body}")
                house.issue.issue_one(who, order)
    except CertlibError as error:
        return type(error).__name__
    return ""


NOT_FOUND, OUTSIDE = CertificateNotFound.__name__, OutsideDepartment.__name__
ENDED, UNLISTED = DepartmentEnded.__name__, IssuerNotAuthorised.__name__
EVERYTHING = dict.fromkeys(ACTS, "")
UNSEEN = dict.fromkeys(("read", "file", "history", "versions", "sheets"), NOT_FOUND)
NOTHING = UNSEEN | {"search": "nothing", "revise": NOT_FOUND, "draft": DraftNotFound.__name__}
NOTHING |= dict.fromkeys(("deliver", "apply", "revoke", "restrict"), OUTSIDE)
NOBODY = NOTHING | dict.fromkeys(("renew", "issue", "make"), UNLISTED)
GONE = NOTHING | dict.fromkeys(("renew", "issue", "make"), ENDED)
BEFORE = {
    "issuer": EVERYTHING,
    "successor": NOBODY,
    "unit": EVERYTHING | dict.fromkeys(("revoke", "restrict"), OUTSIDE),
    "stranger": NOBODY,
}
AFTER = {
    "issuer": GONE,
    "successor": EVERYTHING,
    # The entrustment was the predecessor's: it ends with it.
    "unit": GONE,
    "stranger": NOBODY,
}
CASES = [
    (when, body, act, expected)
    for when, table in (("before", BEFORE), ("after", AFTER))
    for body, row in table.items()
    for act, expected in row.items()
]


@pytest.mark.parametrize(("when", "body", "act", "expected"), CASES)
def test_the_matrix(city, when, body, act, expected):
    identifier = made(city)
    if when == "after":
        succeed(city)
    assert outcome(city, identifier, body, act) == expected


def test_the_matrix_leaves_no_act_out():
    assert len(CASES) == 2 * len(BODIES) * len(ACTS)


def test_what_is_taken_over_goes_on_in_a_lineage_of_the_successors_own(city):
    identifier = made(city)
    before = city.certificate(identifier)
    succeed(city)
    renewed = city.issue.issue_one(
        caller(SUCCESSOR), request("r", issuer_code=SUCCESSOR, supersedes=identifier)
    )
    old, new = city.certificate(identifier), city.certificate(renewed.identifier)
    assert (old.state.value, old.superseded_by) == ("SUPERSEDED", renewed.identifier)
    assert old.content == before.content
    assert old.files == before.files
    assert (new.content.issuer_code, new.content.issuer_name) == (SUCCESSOR, "揭阳市发展改革局")
    assert renewed.identifier.split(".")[-2:-1] == ["001"]
    assert new.content.number == old.content.number


def test_a_predecessor_is_told_who_succeeded_it(city):
    succeed(city)
    with pytest.raises(DepartmentEnded) as caught:
        city.issue.issue_one(CALLER, request())
    assert caught.value.values == {
        "name": "揭阳市交通运输局",
        "day": "2026-11-22",
        "successor": f"揭阳市发展改革局（{SUCCESSOR}）",
    }


def test_functions_pass_on_type_by_type(city):
    city.issue.issue_one(CALLER, request("other", type_code=FOUR_EYES, approved_by=("chief",)))
    identifier = made(city)
    succeed(city, SuccessionKind.MOVED, {TYPE})
    types = {
        body: {
            item.content.type_code
            for item in city.read.search(caller(code), SearchQuery()).certificates
        }
        for body, code in BODIES.items()
    }
    assert types == {"issuer": {FOUR_EYES}, "successor": {TYPE}, "unit": set(), "stranger": set()}
    assert outcome(city, identifier, "issuer", "issue") == ENDED
    again = request("more", type_code=FOUR_EYES, number="N9", approved_by=("chief",))
    assert city.issue.issue_one(CALLER, again).issuer_code == ISSUER


def test_responsibility_passes_on_the_day_not_before(city):
    identifier = made(city)
    succeed(city, since=date(2026, 11, 23))
    assert outcome(city, identifier, "issuer", "read") == ""
    assert outcome(city, identifier, "successor", "read") == NOT_FOUND
    city.clock.pass_time(hours=24)
    assert outcome(city, identifier, "issuer", "read") == NOT_FOUND
    assert outcome(city, identifier, "successor", "read") == ""


def test_a_department_without_successor_issues_to_its_last_day(city):
    with city.registry.begin() as uow:
        body = uow.department(ISSUER)
        uow.change_department(replace(body, effective_to=date(2026, 11, 22)), 1)
        uow.commit()
    identifier = city.issue.issue_one(CALLER, request()).identifier
    city.clock.pass_time(hours=24)
    with pytest.raises(DepartmentEnded) as caught:
        city.issue.issue_one(CALLER, request("k2", number="N2"))
    assert (caught.value.values["day"], caught.value.values["successor"]) == ("2026-11-23", "—")
    assert city.read.certificate(CALLER, identifier).identifier == identifier


def test_the_feed_follows_responsibility_and_the_operator_sees_all(city):
    identifier = made(city)
    department = frozenset(SCOPES) - {"library:operate"}

    def followed():
        return {
            body: [
                line.identifier
                for line in city.follow.page(
                    replace(caller(code), scopes=department), 0, 10
                ).changes
            ]
            for body, code in BODIES.items()
        }

    nothing = {body: [] for body in BODIES}
    assert followed() == nothing | {"issuer": [identifier]}
    succeed(city)
    assert followed() == nothing | {"successor": [identifier]}
    assert city.follow.page(caller(STRANGER), 0, 10).changes


def remarks(house, identifier, **question):
    report = house.verify.by_identifier(identifier, Question(**question)).report
    found = [item for item in report.findings if item.code == "issuer-changed"]
    return report.code, [item.zh for item in found]


def named(name, since=FROM, **changes):
    source = replace(Source("更名批复", "揭府〔2026〕10号", NOW, "operator"), **changes)
    return DatedName(name[-2:].encode().hex(), ISSUER, name, name, since, source)


def test_the_verdict_remarks_that_the_issuer_was_merged(city):
    identifier = made(city)
    assert remarks(city, identifier) == ("valid", [])
    succeed(city)
    said = ["发证机关自2026-11-22起已并入揭阳市发展改革局，原证照和印章继续有效。"]
    assert remarks(city, identifier) == ("valid", said)
    claims = (Claim("issuer_code", SUCCESSOR), Claim("issuer_name", "揭阳市发展改革局"))
    assert remarks(city, identifier, claims=claims) == ("valid", said)


def test_the_verdict_remarks_that_the_issuer_was_renamed(city):
    identifier = made(city)
    with city.registry.begin() as uow:
        uow.add_department_name(named("揭阳市交通局"))
        uow.add_department_name(named("揭阳市明日局", date(2026, 11, 23)))
        uow.commit()
    said = ["发证机关自2026-11-22起已更名为揭阳市交通局，原证照和印章继续有效。"]
    assert remarks(city, identifier) == ("valid", said)
    again = city.issue.issue_one(CALLER, request("k2", number="N2")).identifier
    assert city.certificate(again).content.issuer_name == "揭阳市交通局"
    assert remarks(city, again) == ("valid", [])


def test_a_name_that_was_corrected_in_the_register_is_no_renaming(city):
    identifier = made(city)
    with city.registry.begin() as uow:
        uow.put_department(replace(uow.department(ISSUER), name="揭阳市交通运输管理局"))
        uow.commit()
    assert remarks(city, identifier) == ("valid", [])


def test_a_successor_that_left_the_register_is_named_by_its_code(city):
    identifier = made(city)
    succeed(city)
    content = city.certificate(identifier).content

    class Forgetful:
        def __init__(self, session):
            self.successions = session.successions

        def department(self, _code):
            return None

    with city.registry.read() as session:
        assert issuer_now(Forgetful(session), content, FROM).name == SUCCESSOR


def test_a_successor_corrects_what_was_issued_before_its_time(city):
    """From the very day of that issue, by the authority that came with the functions."""
    identifier = made(city)
    source = ("机构改革方案", "揭府〔2026〕9号")
    merger = SuccessionRequest(ISSUER, SuccessionKind.MERGED, SUCCESSOR, FROM, *source, "s")
    city.departments.succeed(CALLER, merger)
    said = RevisionRequest(identifier, "correction", "c", {"fields": {"KZ_CLS": 3}}, Ending(), {})
    corrected = city.revise.revise(caller(SUCCESSOR), said).identifier
    content = city.certificate(corrected).content
    assert (content.issuer_code, content.issue_date) == (SUCCESSOR, date(2026, 11, 20))
    _, pdf = city.read.file(caller(SUCCESSOR), corrected)
    assert city.verify.by_file(pdf, Question()).report.code == "valid"
    fresh = request("f", issuer_code=SUCCESSOR, number="N-f")
    with pytest.raises(IssuerNotAuthorised):  # what is new begins with the functions
        city.issue.issue_one(caller(SUCCESSOR), fresh)


def test_drafts_pass_on_and_are_not_sealed_with_the_seal_of_a_body_that_has_ended(city):
    made(city)
    draft = made_draft(city)
    succeed(city)
    assert city.drafts.draft(caller(SUCCESSOR), draft).draft.identifier == draft
    with pytest.raises(DepartmentEnded):
        city.seal.seal(caller(SUCCESSOR), DraftAct(draft, "seal"))
