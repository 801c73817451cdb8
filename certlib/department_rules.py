"""What departments, their names and successions must say before they are kept: all at once."""

from collections.abc import Iterator, Mapping
from datetime import date

from certlib.characters import problems_in
from certlib.creditcode import credit_problem
from certlib.departments import DatedName, Department, Jurisdiction, Succession, SuccessionKind
from certlib.divisions import DivisionTable
from certlib.errors import DateOrder, Problem, UnknownDivision
from certlib.sources import Source

LEVELS: Mapping[str, str] = {
    "state": "国家级",
    "province": "省级",
    "prefecture": "地市级",
    "county": "区县级",
    "township": "乡镇级",
    "other": "其他",
}
"""Levels of bodies (GB/T 36902, 证照颁发机构级别)."""

_NAME_LENGTH = 64
"""What the X.509 certificate of a seal can carry (RFC 5280, ub-organization-name)."""
_EVERY_TYPE = ""


def department_problems(department: Department, divisions: DivisionTable) -> Iterator[Problem]:
    """What is wrong with a body's data."""
    wrong = credit_problem(department.credit_code, "path:credit_code")
    if wrong is not None:
        yield wrong
    yield from _name_problems(department.name, "/name")
    yield from _name_problems(department.short_name, "/short_name")
    if not divisions.in_use(department.division_code):
        yield UnknownDivision(
            field_path="/division_code", value=department.division_code
        ).as_problem()
    if department.level not in LEVELS:
        allowed = ", ".join(LEVELS)
        yield Problem(
            "/level", "level-unknown", f"级别应为：{allowed}。", f"The level is one of: {allowed}."
        )
    first, last = department.effective_from, department.effective_to
    if first is not None and last is not None and last < first:
        yield DateOrder(
            field_path="/effective_to",
            later="截止日期",
            earlier="起始日期",
            later_en="the last day",
            earlier_en="the first",
        ).as_problem()


def dated_name_problems(name: DatedName) -> Iterator[Problem]:
    """What is wrong with a new name."""
    yield from _name_problems(name.name, "/name")
    yield from _name_problems(name.short_name, "/short_name")
    yield from _basis_problems(name.source)


def succession_problems(succession: Succession) -> Iterator[Problem]:
    """What is wrong with a succession by itself."""
    if succession.successor_code == succession.predecessor_code:
        yield Problem(
            "/successor_code",
            "successor-same",
            "承接单位不能是原单位本身，请核对。",
            "The successor cannot be the predecessor itself: check the code.",
        )
    moved = succession.kind is SuccessionKind.MOVED
    if moved is not bool(succession.type_codes):
        yield Problem(
            "/type_codes",
            "succession-types",
            "职能划转须列出所涉证照类型；合并、更名涉及全部类型，不列。",
            "List the types where functions move, and none for a merger or renaming.",
        )
    yield from _basis_problems(succession.source)


def contradicting(plan: Jurisdiction, succession: Succession) -> Succession | None:
    """The standing succession that leaves no room for this one, or None.

    On its day the predecessor must be responsible, and pass nothing of it on later by another
    act; but single functions may move before the rest is merged. The successor must not have
    passed the same types on, but may get them back.
    """
    day, ends = succession.effective_from, {succession.predecessor_code, succession.successor_code}
    for kind in sorted(succession.type_codes) or [_EVERY_TYPE]:
        before = plan.path(succession.predecessor_code, kind, day)
        if before and before[-1].successor_code != succession.predecessor_code:
            return before[-1]
        later = _later(plan, succession, kind)
        if later is not None:
            return later
        ahead = plan.path(succession.successor_code, kind, day)
        if ahead and ahead[-1].successor_code not in ends:
            return ahead[-1]
    return None


def _later(plan: Jurisdiction, succession: Succession, kind: str) -> Succession | None:
    single = succession.kind is SuccessionKind.MOVED
    for step in plan.path(succession.predecessor_code, kind, date.max):
        late = step.effective_from > succession.effective_from
        same = step.predecessor_code == succession.predecessor_code
        if late and same and (step.kind is SuccessionKind.MOVED or not single):
            return step
    return None


def _name_problems(name: str, path: str) -> Iterator[Problem]:
    if not name.strip() or len(name) > _NAME_LENGTH:
        yield Problem(
            path,
            "department-name",
            "单位名称为空或超过64字（印章证书的限制），请核对。",
            "The body's name is empty or over 64 characters, more than a seal can carry: check it.",
        )
    yield from problems_in(name, path)


def _basis_problems(source: Source) -> Iterator[Problem]:
    if not source.basis.strip():
        yield Problem(
            "/basis",
            "basis-missing",
            "请填写依据：机构编制批复或文件。",
            "Give the basis: the decision or document behind it.",
        )
