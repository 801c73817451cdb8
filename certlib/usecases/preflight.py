"""Everything that can be said against an order before anything is reserved, all at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from certlib import characters, holders
from certlib.access import Access, Act
from certlib.calendar import legal_day
from certlib.catalogue import HolderCategory, TypeVersion
from certlib.certificate import Certificate
from certlib.divisions import DivisionTable
from certlib.document import Holder
from certlib.errors import (
    ApprovalMissing,
    CertificateNotFound,
    CertlibError,
    DateOrder,
    Invalid,
    IssuerNotAuthorised,
    Problem,
    TransitionForbidden,
    TypeNotPublished,
    TypeUnknown,
    UnknownDivision,
    UnprintableCharacter,
)
from certlib.ports import Clock, Renderer, SchemaValidator
from certlib.registry import Department, ReadSession
from certlib.states import TRANSITIONS, Action
from certlib.type_lifecycle import version_for
from certlib.usecases.access import access_of
from certlib.usecases.authority import Bid, mandate, need_standing
from certlib.usecases.caller import ISSUE, Caller
from certlib.usecases.order import IssueOrder

_NUMBER_LENGTH = 128
_NAME_LENGTH = 512
_FORMS = ("original", "duplicate", "annex", "drawing")


@dataclass(frozen=True, slots=True)
class Cleared:
    """An order that may be issued: holders in normal form, its type version and issuer.

    Attributes:
        acting: the entrusted unit that acts in the issuer's name; None when the issuer acts.
    """

    order: IssueOrder
    version: TypeVersion
    issuer: Department
    holders: tuple[Holder, ...]
    warnings: tuple[Problem, ...]
    superseded: Certificate | None
    acting: Department | None = None


class Preflight:
    """Checks orders against catalogue, issue list, codes, dates and fonts."""

    def __init__(
        self,
        schema: SchemaValidator,
        divisions: DivisionTable,
        renderer: Renderer,
        clock: Clock,
    ) -> None:
        self._schema = schema
        self._divisions = divisions
        self._renderer = renderer
        self._clock = clock

    def clear(self, caller: Caller, order: IssueOrder, session: ReadSession) -> Cleared:
        """The order, cleared for issue.

        Raises:
            Refused: scope, department, issue list or approvals stand against it.
            TypeUnknown, TypeNotPublished: the type cannot be issued.
            Invalid: `problems` names every field at fault.
        """
        caller.need(ISSUE)
        today = legal_day(self._clock.now())
        version = _open_version(session, order, today)
        access = access_of(session, caller, today)
        need_standing(session, access, _bid(caller, order, version))
        issuer, acting = _issuer(caller, order, version, session)
        _need_approvals(caller, order, version)
        superseded = _superseded(session, order, access)
        errors, warnings, normal = self._problems(order, version, today)
        errors += _succession_problems(order, superseded)
        if errors:
            raise Invalid(problems=tuple(errors))
        return Cleared(order, version, issuer, normal, tuple(warnings), superseded, acting)

    def _problems(
        self, order: IssueOrder, version: TypeVersion, today: date
    ) -> tuple[list[Problem], list[Problem], tuple[Holder, ...]]:
        errors = list(_number_problems(order))
        errors += self._schema_problems(order, version)
        errors += _date_problems(order, version, today)
        errors += self._division_problems(order)
        normal, holder_errors, warnings = self._holders(order, version, today)
        errors += holder_errors
        errors += self._text_problems(order)
        return errors, warnings, normal

    def _schema_problems(self, order: IssueOrder, version: TypeVersion) -> Iterator[Problem]:
        for problem in self._schema.problems(version.schema, order.fields):
            yield Problem("/fields" + problem.field, problem.code, problem.zh, problem.en)

    def _division_problems(self, order: IssueOrder) -> Iterator[Problem]:
        if not self._divisions.in_use(order.division_code):
            yield UnknownDivision(
                field_path="/division_code", value=order.division_code
            ).as_problem()

    def _holders(
        self, order: IssueOrder, version: TypeVersion, today: date
    ) -> tuple[tuple[Holder, ...], list[Problem], list[Problem]]:
        errors: list[Problem] = list(_holder_count(order, version))
        warnings: list[Problem] = []
        normal: list[Holder] = []
        for index, holder in enumerate(order.holders):
            path = f"/holders/{index}"
            try:
                code_type = holders.normalise_code_type(holder.code_type)
                code = holders.normalise(code_type, holder.code)
            except CertlibError as error:
                problem = error.as_problem()
                errors.append(Problem(path + "/code_type", problem.code, problem.zh, problem.en))
                continue
            wrong, odd = holders.check(code_type, code, self._divisions, today=today)
            errors += _under(path + "/code", wrong)
            warnings += _under(path + "/code", odd)
            errors += _category_problems(version, code_type, path)
            if not holder.name.strip() or len(holder.name) > _NAME_LENGTH:
                errors.append(
                    Problem(
                        path + "/name",
                        "holder-name",
                        "持证主体名称为空或超过512字，请核对。",
                        "The holder's name is empty or over 512 characters: check it.",
                    )
                )
            normal.append(Holder(characters.nfc(holder.name.strip()), code_type, code))
        return tuple(normal), errors, warnings

    def _text_problems(self, order: IssueOrder) -> Iterator[Problem]:
        for path, text in _texts(order):
            yield from characters.problems_in(text, path, multiline=path.startswith("/fields"))
            missing = self._renderer.unprintable(text.replace("\n", ""))
            if missing and not characters.is_forbidden(missing):
                yield UnprintableCharacter(
                    field_path=path, character=missing, codepoint=f"U+{ord(missing):04X}"
                ).as_problem()


def _open_version(session: ReadSession, order: IssueOrder, today: date) -> TypeVersion:
    """The version that was asked for, or the one that the day of acceptance or today calls for."""
    known = session.versions_of(order.type_code)
    versions = [item for item in known if order.type_version in ("", item.version)]
    if not versions:
        raise TypeUnknown(field_path="/type_code", type_code=order.type_code[:32])
    chosen = version_for(versions, today, order.accepted_on)
    if chosen is None:
        raise TypeNotPublished(field_path="/type_code", name=versions[-1].name)
    return chosen


def _issuer(
    caller: Caller, order: IssueOrder, version: TypeVersion, session: ReadSession
) -> tuple[Department, Department | None]:
    """In whose name the certificate is issued, and the entrusted unit that acts for it."""
    bid = _bid(caller, order, version)
    entry = mandate(session, bid)
    issuer, unit = session.department(bid.name_code), session.department(bid.unit_code)
    if issuer is None or unit is None:
        raise IssuerNotAuthorised(name=version.name)
    return issuer, None if entry.capacity.in_own_name else unit


def _bid(caller: Caller, order: IssueOrder, version: TypeVersion) -> Bid:
    unit_code, name_code = caller.department_code, order.issuer_code
    return Bid(order.type_code, unit_code, name_code, order.issue_date, version.name)


def _need_approvals(caller: Caller, order: IssueOrder, version: TypeVersion) -> None:
    others = {person for person in order.approved_by if person and person != caller.requester}
    if len(others) < version.approvals or caller.requester in order.approved_by:
        raise ApprovalMissing(field_path="/approved_by")


def _superseded(session: ReadSession, order: IssueOrder, access: Access) -> Certificate | None:
    """The version to replace: of this type, and in the care of the body that issues now."""
    if not order.supersedes:
        return None
    found = session.certificate(order.supersedes)
    if found is None or not _may_replace(found, order, access):
        raise CertificateNotFound(field_path="/supersedes")
    if (found.state, Action.SUPERSEDE) not in TRANSITIONS:
        raise TransitionForbidden(
            field_path="/supersedes",
            state=found.state.value,
            state_zh=found.state.zh,
            action=Action.SUPERSEDE.value,
            action_zh=Action.SUPERSEDE.zh,
        )
    return found


def _may_replace(found: Certificate, order: IssueOrder, access: Access) -> bool:
    content = found.content
    keeper = access.jurisdiction.keeper(content.issuer_code, content.type_code, access.day)
    same = content.type_code == order.type_code and keeper == order.issuer_code
    return same and access.may(Act.RENEW, content)


def _succession_problems(order: IssueOrder, superseded: Certificate | None) -> Iterator[Problem]:
    """A version cannot be replaced before it was issued: publication would refuse it too late."""
    if superseded is not None and order.issue_date < superseded.content.issue_date:
        yield DateOrder(
            field_path="/issue_date",
            later="颁发日期",
            earlier="被替代版本的颁发日期",
            later_en="the issue date",
            earlier_en="that of the version it replaces",
        ).as_problem()


def _number_problems(order: IssueOrder) -> Iterator[Problem]:
    if not order.number.strip() or len(order.number) > _NUMBER_LENGTH:
        yield Problem(
            "/number",
            "number-missing",
            "证照编号为空或超过128字，请填写发证系统的编号。",
            "The number is empty or over 128 characters: give the number of your system.",
        )
    if order.form not in _FORMS:
        yield Problem(
            "/form",
            "form-unknown",
            "形式应为 original、duplicate、annex 或 drawing。",
            "The form must be original, duplicate, annex or drawing.",
        )


def _date_problems(order: IssueOrder, version: TypeVersion, today: date) -> Iterator[Problem]:
    if order.issue_date > today:
        yield DateOrder(
            field_path="/issue_date",
            later="今天",
            earlier="颁发日期",
            later_en="today",
            earlier_en="the issue date",
        ).as_problem()
    start = order.valid_from or order.issue_date
    if order.valid_to is None:
        return
    if order.valid_to < max(start, order.issue_date):
        yield DateOrder(
            field_path="/valid_to",
            later="有效期截止日期",
            earlier="起始日期或颁发日期",
            later_en="valid_to",
            earlier_en="valid_from or the issue date",
        ).as_problem()
    years = version.term_years
    if years is not None and order.valid_to > _years_after(start, years):
        yield Problem(
            "/valid_to",
            "term-too-long",
            f"有效期不能超过{years}年，请核对截止日期。",
            f"The term cannot be longer than {years} years: check valid_to.",
        )


def _years_after(day: date, years: int) -> date:
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # from 29 February into a common year
        return day.replace(year=day.year + years, day=28)


def _holder_count(order: IssueOrder, version: TypeVersion) -> Iterator[Problem]:
    if not 1 <= len(order.holders) <= version.max_holders:
        yield Problem(
            "/holders",
            "holder-count",
            f"该类型证照的持证主体应为1至{version.max_holders}个。",
            f"This type has 1 to {version.max_holders} holders.",
        )


def _category_problems(version: TypeVersion, code_type: str, path: str) -> Iterator[Problem]:
    person = holders.is_person(code_type)
    wrong = (version.holder_category is HolderCategory.PERSON and not person) or (
        version.holder_category is HolderCategory.ORGANISATION and person
    )
    if wrong:
        yield Problem(
            path + "/code_type",
            "holder-category",
            "持证主体类别与该类型证照不符，请核对代码类型。",
            "This type of certificate is not for this kind of holder: check the code type.",
        )


def _under(path: str, problems: Sequence[Problem]) -> list[Problem]:
    return [Problem(path, item.code, item.zh, item.en) for item in problems]


def _texts(order: IssueOrder) -> Iterator[tuple[str, str]]:
    yield "/number", order.number
    yield "/matter_name", order.matter_name
    yield "/matter_code", order.matter_code
    for index, holder in enumerate(order.holders):
        yield f"/holders/{index}/name", holder.name
        yield f"/holders/{index}/code", holder.code
    yield from _strings(order.fields, "/fields")


def _strings(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield path, value
        case Mapping():
            for key, item in value.items():
                yield from _strings(item, f"{path}/{key}")
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _strings(item, f"{path}/{index}")
        case _:
            return
