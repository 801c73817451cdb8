"""What a holder's change must say before it is put on record: every problem at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from certlib import characters, holders
from certlib.divisions import DivisionTable
from certlib.document import Holder
from certlib.errors import Problem, UnknownCodeType
from certlib.holder_changes import ChangeKind, HolderChange, key_of

RECODE_REASONS: Mapping[str, tuple[str, str]] = {
    "document-renewed": ("证件换发（护照、通行证等）", "the document was renewed"),
    "identity-number-given": (
        "临时代码转公民身份号码（新生儿落户等）",
        "an identity number replaced a temporary code",
    ),
    "identity-number-corrected": ("公民身份号码更正", "the identity number was corrected"),
    "enterprise-from-individual": ("个体工商户转企业", "a sole trader became an enterprise"),
    "credit-code-given": ("换发统一社会信用代码", "a unified credit code replaced an older one"),
    "other": ("其他", "other"),
}
"""Why a holder has a new code: (Chinese, English)."""

_NAME_LENGTH = 512
_COUNTS: Mapping[ChangeKind, tuple[tuple[int, int], tuple[int, int]]] = {
    ChangeKind.RENAMED: ((1, 1), (1, 1)),
    ChangeKind.RECODED: ((1, 1), (1, 1)),
    ChangeKind.MERGED: ((1, 20), (1, 1)),
    ChangeKind.DIVIDED: ((1, 1), (1, 20)),
    ChangeKind.DIED: ((1, 1), (0, 0)),
    ChangeKind.DISSOLVED: ((1, 1), (0, 0)),
}
"""How many holders may stand before and after, at least and at most."""
_PERSONS = frozenset({ChangeKind.DIED})
_ORGANISATIONS = frozenset({ChangeKind.MERGED, ChangeKind.DIVIDED, ChangeKind.DISSOLVED})


@dataclass(frozen=True, slots=True)
class Checked:
    """A change with its codes in normal form; errors forbid it, warnings do not."""

    change: HolderChange
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def checked(change: HolderChange, divisions: DivisionTable, today: date) -> Checked:
    """The change in normal form, with everything that is wrong or odd about it."""
    errors: list[Problem] = []
    warnings: list[Problem] = []

    def normal(holder: Holder, path: str) -> Holder:
        wrong, odd = _code_problems(holder, path, divisions, today)
        errors.extend((*wrong, *_name_problems(holder, path)))
        warnings.extend(odd)
        return holder if wrong else _normal(holder)

    before = tuple(normal(item, f"/before/{n}") for n, item in enumerate(change.before))
    after = tuple(normal(item, f"/after/{n}") for n, item in enumerate(change.after))
    settled = replace(change, before=before, after=after)
    errors += _count_problems(settled)
    if not errors:
        errors += _kind_problems(settled)
    errors += _source_problems(settled, today)
    return Checked(settled, tuple(errors), tuple(warnings))


def _normal(holder: Holder) -> Holder:
    code_type = holders.normalise_code_type(holder.code_type)
    code = holders.normalise(code_type, holder.code)
    return Holder(characters.nfc(holder.name.strip()), code_type, code)


def _code_problems(
    holder: Holder, path: str, divisions: DivisionTable, today: date
) -> tuple[Sequence[Problem], Sequence[Problem]]:
    try:
        code_type = holders.normalise_code_type(holder.code_type)
    except UnknownCodeType as error:
        problem = error.as_problem()
        return [Problem(path + "/code_type", problem.code, problem.zh, problem.en)], ()
    return holders.check(code_type, holder.code, divisions, today=today, field=path + "/code")


def _name_problems(holder: Holder, path: str) -> Iterator[Problem]:
    if not holder.name.strip() or len(holder.name) > _NAME_LENGTH:
        yield Problem(
            path + "/name",
            "holder-name",
            "持证主体名称为空或超过512字，请核对。",
            "The holder's name is empty or over 512 characters: check it.",
        )
    yield from characters.problems_in(holder.name, path + "/name")


def _count_problems(change: HolderChange) -> Iterator[Problem]:
    sides = (("/before", change.before), ("/after", change.after))
    for (path, given), (least, most) in zip(sides, _COUNTS[change.kind], strict=True):
        if not least <= len(given) <= most:
            yield Problem(
                path,
                "holder-count",
                f"“{change.kind.zh}”在此应填{least}至{most}个主体。",
                f"A change {change.kind} has {least} to {most} holders here.",
            )


def _kind_problems(change: HolderChange) -> Iterator[Problem]:
    """What the kind demands of holders that are sound one by one."""
    fits = _category(change.kind)
    wrong = [path for path, item in _placed(change) if not fits(holders.is_person(item.code_type))]
    for path in wrong:
        yield Problem(
            path + "/code_type",
            "holder-category",
            f"“{change.kind.zh}”不适用于此类主体，请核对代码类型。",
            f"A change {change.kind} is not for this kind of holder: check the code type.",
        )
    keys = [key_of(holder) for _, holder in _placed(change)]
    if change.kind is ChangeKind.RENAMED:
        yield from _renaming_problems(change)
    elif len(set(keys)) < len(keys):
        yield Problem(
            "/after",
            "holder-repeated",
            "同一主体重复出现：变更前后代码应各不相同。",
            "A holder stands twice: codes before and after must all differ.",
        )
    if change.kind is ChangeKind.RECODED:
        yield from _recoding_problems(change)


def _renaming_problems(change: HolderChange) -> Iterator[Problem]:
    before, after = change.before[0], change.after[0]
    if key_of(before) != key_of(after):
        yield Problem(
            "/after/0/code",
            "holder-code-differs",
            "更名前后代码应一致；代码也变更的请登记“代码变更”。",
            "A renaming leaves the code as it is: for a new code record `recoded`.",
        )
    elif before.name == after.name:
        yield Problem(
            "/after/0/name",
            "holder-name-same",
            "更名前后名称相同，请核对。",
            "The names before and after are the same: check them.",
        )


def _recoding_problems(change: HolderChange) -> Iterator[Problem]:
    persons = {holders.is_person(holder.code_type) for _, holder in _placed(change)}
    if len(persons) > 1:
        yield Problem(
            "/after/0/code_type",
            "holder-category",
            "自然人代码不能变更为组织代码（反之亦然），请核对。",
            "A person's code does not become an organisation's, nor the other way round.",
        )
    if change.reason_code not in RECODE_REASONS:
        allowed = ", ".join(RECODE_REASONS)
        yield Problem(
            "/reason_code",
            "reason-unknown",
            f"代码变更的原因代码应为：{allowed}。",
            f"The reason code of a new code must be one of: {allowed}.",
        )


def _source_problems(change: HolderChange, today: date) -> Iterator[Problem]:
    if change.effective_from > today:
        yield Problem(
            "/effective_from",
            "effective-in-future",
            "生效日期不能晚于今天，请在生效当日登记。",
            "The effective day cannot lie in the future: record it on that day.",
        )
    if not change.source.basis.strip():
        yield Problem(
            "/basis",
            "basis-missing",
            "请填写依据：登记机关的变更登记、证明或文件。",
            "Give the basis: the registration, certificate or document behind the change.",
        )


def _placed(change: HolderChange) -> list[tuple[str, Holder]]:
    return [
        *((f"/before/{n}", holder) for n, holder in enumerate(change.before)),
        *((f"/after/{n}", holder) for n, holder in enumerate(change.after)),
    ]


def _category(kind: ChangeKind) -> Callable[[bool], bool]:
    if kind in _PERSONS:
        return lambda person: person
    if kind in _ORGANISATIONS:
        return lambda person: not person
    return lambda _person: True
