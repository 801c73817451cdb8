"""What an order itself says wrongly: number, files, dates, holders; pure, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from certlib import holders
from certlib.catalogue import HolderCategory, NumberSource, TypeVersion
from certlib.certificate import Certificate
from certlib.document import FORM_NAMES, ORIGINAL, Form, Holder
from certlib.errors import DateOrder, Problem
from certlib.numbers import number_key
from certlib.paper import print_problems, sheet_problems
from certlib.states import CORRECTION
from certlib.usecases.order import IssueOrder

_NUMBER_LENGTH = 128
_MOST_FILES = 20
_HIGHEST_COPY = 999


def number_problems(
    order: IssueOrder, version: TypeVersion, before: Certificate | None
) -> Iterator[Problem]:
    """What stands against the number on the face, by who gives it for this type."""
    given, kept = order.number.strip(), "" if before is None else before.content.number
    source = version.numbering.source
    if source is NumberSource.CALLER:
        if not (given or kept) or len(order.number) > _NUMBER_LENGTH:
            yield Problem(
                "/number",
                "number-missing",
                "证照编号为空或超过128字，请填写发证系统的编号。",
                "The number is empty or over 128 characters: give the number of your system.",
            )
    elif given and source is NumberSource.NONE:
        yield Problem(
            "/number",
            "number-unwanted",
            "该类型证照没有证照编号，请留空。",
            "This type has no number on its face: leave it empty.",
        )
    elif given and number_key(given) != number_key(kept):
        yield Problem(
            "/number",
            "number-by-library",
            "该类型证照由证照库编号，请留空；换发沿用原编号。",
            "The library numbers this type: leave it empty; a new version keeps its number.",
        )


def bracket_problems(order: IssueOrder) -> Iterator[Problem]:
    """Numbers in whose brackets nothing stands: 揭交许〔〕1号 lacks its year."""
    for path, number in (("/number", order.number), ("/decision_number", order.decision_number)):
        if "[]" in number_key(number):
            yield Problem(
                path,
                "number-incomplete",
                "编号中的括号是空的，如〔〕，请补全年份。",
                "The number has empty brackets: fill in the year.",
            )


def number_on_face(order: IssueOrder, version: TypeVersion, before: Certificate | None) -> str:
    """The number, kept from the version before unless a new one is given; "" if none yet."""
    if version.numbering.source is NumberSource.NONE:
        return ""
    return order.number.strip() or ("" if before is None else before.content.number)


def form_problems(order: IssueOrder, version: TypeVersion) -> Iterator[Problem]:
    """What stands against the files that are asked for."""
    asked = order.forms
    if asked and ORIGINAL not in asked:
        yield Problem(
            "/forms",
            "form-original-missing",
            "须包含正本（original）。",
            "The original must be among the forms.",
        )
    if len(asked) > _MOST_FILES:
        yield Problem(
            "/forms",
            "form-count",
            f"每份证照一次最多制作{_MOST_FILES}个文件，其余请另行增加。",
            f"At most {_MOST_FILES} files at once: add the others later.",
        )
    for index, form in enumerate(asked):
        yield from form_of_type_problems(form, version, f"/forms/{index}")
    wanted = [form for form in numbered(asked) if form != ORIGINAL]
    if len(set(wanted)) != len(wanted) or asked.count(ORIGINAL) > 1:
        yield Problem(
            "/forms",
            "form-twice",
            "同一形式和份号重复，请核对。",
            "The same form and number stands there twice: check it.",
        )


def form_of_type_problems(form: Form, version: TypeVersion, path: str) -> Iterator[Problem]:
    """Whether the type has such a file at all."""
    if form.kind not in FORM_NAMES:
        yield Problem(
            path + "/form",
            "form-unknown",
            "形式应为 original、duplicate、annex 或 drawing。",
            "The form must be original, duplicate, annex or drawing.",
        )
    elif form.kind not in {ORIGINAL.kind, *version.forms}:
        zh, en = Form(form.kind).names
        yield Problem(
            path + "/form",
            "form-not-of-type",
            f"该类型证照没有{zh}，请核对。",
            f"This type has no {en}: check the form.",
        )
    original = form.kind == ORIGINAL.kind
    if not 0 <= form.copy_number <= (0 if original else _HIGHEST_COPY):
        yield Problem(
            path + "/copy_number",
            "copy-number",
            f"份号应为1至{_HIGHEST_COPY}，正本没有份号。",
            f"Copies are numbered 1 to {_HIGHEST_COPY}; the original has no number.",
        )


def numbered(asked: Sequence[Form], taken: Sequence[Form] = ()) -> tuple[Form, ...]:
    """The original first, and a number for each other file that came without one.

    Args:
        asked: as the order has them; () is the original alone.
        taken: files that are there already, whose numbers are not given again.
    """
    used = {*taken, *(form for form in asked if form.copy_number)}
    found: list[Form] = []
    for form in asked:
        if form.kind == ORIGINAL.kind or form.copy_number:
            found.append(form)
            continue
        free = (Form(form.kind, number) for number in range(1, len(used) + 2))
        chosen = next(item for item in free if item not in used)
        used.add(chosen)
        found.append(chosen)
    return tuple(sorted(found, key=lambda form: form != ORIGINAL)) or (ORIGINAL,)


def date_problems(order: IssueOrder, version: TypeVersion, today: date) -> Iterator[Problem]:
    """Decision ≤ issue ≤ today, acceptance ≤ today; a term neither missing, short nor long."""
    if order.issue_date > today:
        yield _order_problem("/issue_date", ("今天", "颁发日期"), ("today", "the issue date"))
    if order.accepted_on is not None and order.accepted_on > today:
        yield _order_problem(
            "/accepted_on", ("今天", "受理日期"), ("today", "the day of acceptance")
        )
    if order.decision_date is not None and order.decision_date > order.issue_date:
        yield _order_problem(
            "/decision_date", ("颁发日期", "决定日期"), ("the issue date", "the day of decision")
        )
    yield from _term_problems(order, version)


def _term_problems(order: IssueOrder, version: TypeVersion) -> Iterator[Problem]:
    start, years = order.valid_from or order.issue_date, version.term_years
    if order.valid_to is None:
        # An empty cell must not make a licence for four years one for ever.
        if years is not None:
            yield Problem(
                "/valid_to",
                "valid-to-missing",
                f"该类型证照的有效期最长为{years}年，没有长期的，请填写有效期截止日期。",
                f"This type has a term of at most {years} years and none without end:"
                " fill in valid_to.",
            )
        return
    # What is corrected after its term was over has a term that is over.
    correction = bool(order.supersedes) and order.supersede_reason == CORRECTION
    if order.valid_to < (start if correction else max(start, order.issue_date)):
        yield _order_problem(
            "/valid_to",
            ("有效期截止日期", "起始日期或颁发日期"),
            ("valid_to", "valid_from or the issue date"),
        )
    if years is not None and order.valid_to > _years_after(start, years):
        yield Problem(
            "/valid_to",
            "term-too-long",
            f"有效期不能超过{years}年，请核对截止日期。",
            f"The term cannot be longer than {years} years: check valid_to.",
        )


def _order_problem(path: str, zh: tuple[str, str], en: tuple[str, str]) -> Problem:
    """`zh` and `en` name the later day, then the earlier one."""
    return DateOrder(
        field_path=path, later=zh[0], earlier=zh[1], later_en=en[0], earlier_en=en[1]
    ).as_problem()


def _years_after(day: date, years: int) -> date:
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # from 29 February into a common year
        return day.replace(year=day.year + years, day=28)


def holder_count_problems(order: IssueOrder, version: TypeVersion) -> Iterator[Problem]:
    """Whether the type admits so many holders."""
    if not 1 <= len(order.holders) <= version.max_holders:
        yield Problem(
            "/holders",
            "holder-count",
            f"该类型证照的持证主体应为1至{version.max_holders}个。",
            f"This type has 1 to {version.max_holders} holders.",
        )


def repeated_holder_problems(holders_found: Sequence[Holder]) -> Iterator[Problem]:
    """Nobody holds a certificate twice.

    Args:
        holders_found: with their codes in normal form.
    """
    seen: set[tuple[str, str]] = set()
    for index, holder in enumerate(holders_found):
        key = (holder.code_type, holder.code)
        if key in seen:
            yield Problem(
                f"/holders/{index}/code",
                "holder-twice",
                "同一持证主体重复，请核对代码或删除一项。",
                "This holder stands there twice: check the code, or leave one out.",
            )
        seen.add(key)


def category_problems(version: TypeVersion, code_type: str, path: str) -> Iterator[Problem]:
    """Whether the type is for this kind of holder."""
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


def texts(order: IssueOrder) -> Iterator[tuple[str, str]]:
    """Every text that the page or the record will carry, with its place."""
    yield "/number", order.number
    yield "/matter_name", order.matter_name
    yield "/matter_code", order.matter_code
    yield "/decision_number", order.decision_number
    for name in ("legal_basis", "document_number", "authority", "note"):
        yield f"/{name}", getattr(order.ending, name)
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


def paper_problems(
    order: IssueOrder, version: TypeVersion, forms: Sequence[Form], today: date
) -> Iterator[Problem]:
    """What stands against the sheets of the paper twin."""
    if order.paper and not version.paper:
        yield Problem(
            "/paper",
            "paper-unwanted",
            "该类型证照没有纸质件，请删除此项。",
            "This type has no paper: leave it out.",
        )
    files = {(form.kind, form.copy_number) for form in forms}
    yield from print_problems(order.paper, files, today, "/paper")
    yield from sheet_problems(order.paper, (), "/paper")
    for place, item in enumerate(order.paper):
        if item.replaces:
            yield Problem(
                f"/paper/{place}/replaces",
                "paper-new",
                "新签发的证照没有可补发的纸质件，请留空。",
                "A new certificate has no sheet to replace: leave it empty.",
            )
