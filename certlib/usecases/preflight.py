"""Everything that can be said against an order before anything is reserved, all at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from certlib import characters, holders
from certlib.access import Access
from certlib.calendar import legal_day
from certlib.catalogue import NumberSource, TypeVersion
from certlib.certificate import Certificate, Decision
from certlib.divisions import DivisionTable
from certlib.document import Form, Holder
from certlib.errors import (
    CertlibError,
    Invalid,
    IssuerNotAuthorised,
    Problem,
    TypeNotPublished,
    TypeUnknown,
    UnknownDivision,
    UnprintableCharacter,
)
from certlib.numbers import NumberPattern, number_pattern
from certlib.ports import Clock, Renderer, SchemaValidator
from certlib.registry import Department, ReadSession
from certlib.states import CORRECTION
from certlib.type_lifecycle import version_for
from certlib.usecases.access import access_of
from certlib.usecases.authority import Bid, authority_days, mandate, need_standing
from certlib.usecases.caller import ISSUE, Caller
from certlib.usecases.four_eyes import need_eyes_of_order, need_maker
from certlib.usecases.gone_holders import gone_problems
from certlib.usecases.order import IssueOrder
from certlib.usecases.order_checks import (
    bracket_problems,
    category_problems,
    date_problems,
    form_problems,
    holder_count_problems,
    number_on_face,
    number_problems,
    numbered,
    paper_problems,
    repeated_holder_problems,
    texts,
)
from certlib.usecases.succession import decision_of, succession_problems, version_before

_NAME_LENGTH = 512
_Eyes = Callable[[Caller, IssueOrder, TypeVersion], None]


@dataclass(frozen=True, slots=True)
class Cleared:
    """An order that may be issued: holders in normal form, its type version and issuer.

    Attributes:
        acting: the entrusted unit that acts in the issuer's name; None when the issuer acts.
        forms: which files, each with its copy number, the original first.
        number: the number on the face; "" where there is none, or none yet.
        succession: how the version before ends.
    """

    order: IssueOrder
    version: TypeVersion
    issuer: Department
    holders: tuple[Holder, ...]
    warnings: tuple[Problem, ...]
    superseded: Certificate | None
    acting: Department | None
    forms: tuple[Form, ...]
    number: str
    succession: Decision | None

    @property
    def draws_number(self) -> bool:
        """Whether the library gives the number, at reservation."""
        return not self.number and self.version.numbering.source is NumberSource.LIBRARY

    def number_pattern(self) -> NumberPattern:
        """The pattern for the year of issue and the place."""
        order = self.order
        pattern = self.version.numbering.pattern
        return number_pattern(
            pattern, year=order.issue_date.year, division_code=order.division_code
        )


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

    def clear(
        self,
        caller: Caller,
        order: IssueOrder,
        session: ReadSession,
        access: Access | None = None,
    ) -> Cleared:
        """The order, cleared for issue in one call.

        `access` is the caller's, today, where it was read from `session` already.

        Raises:
            Refused: scope, department, issue list or approvals stand against it.
            TypeUnknown, TypeNotPublished: the type cannot be issued.
            Invalid: `problems` names every field at fault.
        """
        access = access or access_of(session, caller, legal_day(self._clock.now()))
        return self._cleared(caller, order, session, access, need_eyes_of_order)

    def clear_draft(self, caller: Caller, order: IssueOrder, session: ReadSession) -> Cleared:
        """The order, cleared to be made as a draft: approvals come later.

        Raises:
            PersonMissing: the type needs several persons, and the caller states none.
            Refused, TypeUnknown, TypeNotPublished, Invalid: as `clear`.
        """
        if order.paper:
            raise Invalid(
                problems=(
                    Problem(
                        "/paper",
                        "paper-later",
                        "待签发的证照还没有纸质件，请在签发后登记。",
                        "A draft has no paper yet: register it when it is sealed.",
                    ),
                )
            )
        access = access_of(session, caller, legal_day(self._clock.now()))
        return self._cleared(caller, order, session, access, need_maker)

    def _cleared(
        self,
        caller: Caller,
        order: IssueOrder,
        session: ReadSession,
        access: Access,
        eyes: _Eyes,
    ) -> Cleared:
        caller.need(ISSUE)
        today = access.day
        version = _open_version(session, order, today)
        bid = _bid(caller, order, version, access)
        need_standing(session, access, bid)
        issuer, acting = _issuer(bid, session)
        eyes(caller, order, version)
        before = version_before(session, order, access)
        errors, warnings, normal = self._problems(order, version, today)
        errors += number_problems(order, version, before)
        errors += bracket_problems(order)
        errors += succession_problems(order, before, today)
        if len(normal) == len(order.holders):  # each in its place
            errors += gone_problems(session, order, normal, before)
        if errors:
            raise Invalid(problems=tuple(errors))
        return Cleared(
            order=order,
            version=version,
            issuer=issuer,
            holders=normal,
            warnings=tuple(warnings),
            superseded=before,
            acting=acting,
            forms=numbered(order.forms),
            number=number_on_face(order, version, before),
            succession=decision_of(order, before, today),
        )

    def _problems(
        self, order: IssueOrder, version: TypeVersion, today: date
    ) -> tuple[list[Problem], list[Problem], tuple[Holder, ...]]:
        errors = list(form_problems(order, version))
        errors += self._field_problems(order, version)
        errors += date_problems(order, version, today)
        errors += paper_problems(order, version, numbered(order.forms), today)
        errors += self._division_problems(order)
        normal, holder_errors, warnings = self._holders(order, version, today)
        errors += holder_errors
        errors += self._text_problems(order)
        return errors, warnings, normal

    def _field_problems(self, order: IssueOrder, version: TypeVersion) -> Iterator[Problem]:
        """What the schema says of the fields; where it is content, what the page says of them."""
        problems = self._schema.problems(version.schema, order.fields)
        for problem in problems:
            yield Problem("/fields" + problem.field, problem.code, problem.zh, problem.en)
        if not problems:
            yield from self._renderer.problems(order.fields, version)

    def _division_problems(self, order: IssueOrder) -> Iterator[Problem]:
        if not self._divisions.in_use(order.division_code):
            yield UnknownDivision(
                field_path="/division_code", value=order.division_code
            ).as_problem()

    def _holders(
        self, order: IssueOrder, version: TypeVersion, today: date
    ) -> tuple[tuple[Holder, ...], list[Problem], list[Problem]]:
        errors: list[Problem] = list(holder_count_problems(order, version))
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
            errors += category_problems(version, code_type, path)
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
        if len(normal) == len(order.holders):  # each at its own place
            errors += repeated_holder_problems(normal)
        return tuple(normal), errors, warnings

    def _text_problems(self, order: IssueOrder) -> Iterator[Problem]:
        for path, text in texts(order):
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


def _issuer(bid: Bid, session: ReadSession) -> tuple[Department, Department | None]:
    """In whose name the certificate is issued, and the entrusted unit that acts for it."""
    entry = mandate(session, bid)
    issuer = session.department(bid.name_code)
    unit = issuer if bid.unit_code == bid.name_code else session.department(bid.unit_code)
    if issuer is None or unit is None:
        raise IssuerNotAuthorised(name=bid.type_name, day=bid.days[-1].isoformat())
    return issuer, None if entry.capacity.in_own_name else unit


def _bid(caller: Caller, order: IssueOrder, version: TypeVersion, access: Access) -> Bid:
    correction = order.supersede_reason == CORRECTION
    days = authority_days(
        access, order.issue_date, order.type_code, order.supersedes, correction=correction
    )
    return Bid(order.type_code, caller.department_code, order.issuer_code, days, version.name)


def _under(path: str, problems: Sequence[Problem]) -> list[Problem]:
    return [Problem(path, item.code, item.zh, item.en) for item in problems]
