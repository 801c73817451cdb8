"""Certificate types (GB/T 36902) and their versions: what may be issued, with which fields.

A type version is immutable data: a JSON Schema 2020-12 object for the extended metadata (KZ_*)
with these keywords of our own beside the standard ones:

    title          Chinese title          x-title-en   English title
    x-order        order on the face      x-face       printed on the face (default true)
    x-sensitive    masked by default      x-sample     a sample value
    x-mask         how it is masked (`certlib.masking.MASKS`)
    x-holder       what of the first holder it repeats: name, code, birth, sex

What a definition must keep to, before it becomes a version, is in `certlib.definitions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from certlib.errors import Invalid

_LICENCE, _PROOF = "证照执照", "证明文件"


class HolderCategory(StrEnum):
    """持证主体类别."""

    PERSON = "person"
    ORGANISATION = "organisation"
    MIXED = "mixed"
    OTHER = "other"


class TypeStatus(StrEnum):
    """State of a type version in the catalogue."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """One field of the dictionary, as the face and forms need it.

    Attributes:
        mask: masking rule of a sensitive field (`certlib.masking.MASKS`).
        repeats: what of the first holder it says again: `name`, `code`, `birth` or `sex`.
    """

    key: str
    title: str
    title_en: str
    order: int
    on_face: bool
    sensitive: bool
    required: bool
    sample: Any = None
    mask: str = "hidden"
    repeats: str = ""


class NumberSource(StrEnum):
    """Who gives the number on the face (ZZBH)."""

    CALLER = "caller"
    LIBRARY = "library"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Numbering:
    """How face numbers come about; the department's own system is the rule.

    Attributes:
        pattern: where the library numbers: text with `{year}`, `{division}` and one
            `{serial:0N}`, e.g. `JY{division}{year}{serial:06}`; the serial starts at 1 for each
            issuer and each text around it.
    """

    source: NumberSource = NumberSource.CALLER
    pattern: str = ""


class DutyEffect(StrEnum):
    """What a missed or failed duty does to the verdict."""

    NONE = "none"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Duty:
    """A periodic duty (年审, 定期检验, 年度考核, 年报公示) of every certificate of a type.

    Attributes:
        code: stable slug, unique in the type, e.g. `annual-inspection`.
        months: length of one period; the first one begins on the day of issue, or goes on from
            the version before (`certlib.inheritance`).
        grace_days: days after the deadline during which nothing is overdue.
        overdue, failed: effect on the verdict. A business licence has 年报 with `none`.
    """

    code: str
    name: str
    name_en: str
    months: int
    grace_days: int = 0
    overdue: DutyEffect = DutyEffect.NONE
    failed: DutyEffect = DutyEffect.NONE


@dataclass(frozen=True, slots=True)
class TypeVersion:
    """One immutable version of a certificate type.

    Attributes:
        type_code: 21 characters: credit code of the defining body + 3 digits.
        version: as the catalogue names it, e.g. `2026.1`.
        design: name of the page design in `signing/pages/designs`.
        category: 证照大类 (证照执照, 证明文件, 批文批复, 鉴定报告, 办事结果).
        term_years: longest validity in years, and then every order names its end; None where a
            certificate may be without end (长期).
        max_holders: how many holders one certificate may have.
        approvals: how many persons beside the requester must approve (four eyes: 1).
        seal_level: target PAdES level, `B-B`, `B-T`, `B-LT` or `B-LTA`.
        schema: JSON Schema of the KZ_ fields.
        face: wording of the face that is not a field (subtitle, notes), by name.
        separate_sealer: who seals (签发人) is neither the maker nor an approver.
        forms: which files one certificate may have: 正本, 副本, 附页, 附图.
        consent: with several holders, `any` or `all` of them permit a use.
        renewal_notice_days: an application for renewal is due so many days before expiry
            (Licensing Law art. 50: 30, unless a law says otherwise).
        sample_number: a number as it stands on the face, for previews and demonstration; may
            hold the places of a `Numbering.pattern`.
    """

    type_code: str
    version: str
    name: str
    name_en: str
    short_name: str
    status: TypeStatus
    defining_body: str
    defining_body_code: str
    holder_category: HolderCategory
    category: str
    design: str
    schema: Mapping[str, Any]
    term_years: int | None = None
    max_holders: int = 1
    approvals: int = 0
    seal_level: str = "B-T"
    paper: bool = True
    published_from: date | None = None
    usable_until: date | None = None
    issuing_levels: tuple[str, ...] = ()
    face: Mapping[str, str] | None = None
    separate_sealer: bool = False
    forms: tuple[str, ...] = ("original",)
    numbering: Numbering = Numbering()
    duties: tuple[Duty, ...] = ()
    consent: str = "any"
    renewal_notice_days: int = 30
    sample_number: str = ""

    @property
    def fields(self) -> tuple[FieldDefinition, ...]:
        """The dictionary in face order."""
        required = set(self.schema.get("required", ()))
        found = (
            FieldDefinition(
                key=key,
                title=spec.get("title", key),
                title_en=spec.get("x-title-en", key),
                order=spec.get("x-order", 999),
                on_face=spec.get("x-face", True),
                sensitive=spec.get("x-sensitive", False),
                required=key in required,
                sample=spec.get("x-sample"),
                mask=spec.get("x-mask", "hidden"),
                repeats=spec.get("x-holder", ""),
            )
            for key, spec in self.schema.get("properties", {}).items()
        )
        return tuple(sorted(found, key=lambda item: (item.order, item.key)))

    @property
    def ends_with_holder(self) -> bool:
        """Whether it is a right of the holder's own, to be deregistered when the holder is no more.

        So are licences, and proofs for a term, of persons or of organisations alone (Licensing Law
        art. 70). What both may hold speaks of a thing (不动产权证, 道路运输证), which outlives its
        holder. So do approvals of a project, reports, and proofs of a fact.
        """
        personal = self.holder_category in {HolderCategory.PERSON, HolderCategory.ORGANISATION}
        proof_for_a_term = self.category == _PROOF and self.term_years is not None
        return personal and (self.category == _LICENCE or proof_for_a_term)

    @property
    def sensitive_keys(self) -> frozenset[str]:
        """Keys of the fields that are masked by default."""
        return frozenset(item.key for item in self.fields if item.sensitive)

    @property
    def masks(self) -> Mapping[str, str]:
        """Masking rule of each sensitive field (`certlib.masking.MASKS`)."""
        return {item.key: item.mask for item in self.fields if item.sensitive}

    def open_on(self, day: date) -> bool:
        """Whether new certificates of this version may be issued on `day`."""
        if self.status is TypeStatus.WITHDRAWN:
            # Abolished from a day on: certificates of earlier days were rightly issued.
            return self.usable_until is not None and self._within(day)
        return self.status is TypeStatus.PUBLISHED and self._within(day)

    def _within(self, day: date) -> bool:
        if self.published_from is not None and day < self.published_from:
            return False
        return self.usable_until is None or day <= self.usable_until


_REQUIRED = ("type_code", "version", "name", "name_en", "design", "category", "schema")


def type_version_from(data: Mapping[str, Any]) -> TypeVersion:
    """A type version from a definition that was accepted before.

    Tolerant, so that no stricter rule ever makes a version unreadable under which certificates were
    issued; a new definition goes through `certlib.definitions.new_type_version`.

    Raises:
        Invalid: a required key is absent, a value is outside its list, or a field key lacks `KZ_`.
    """
    missing = [key for key in _REQUIRED if key not in data]
    if missing:
        raise Invalid(field_path="/" + missing[0])
    try:
        return _version(data)
    except (KeyError, ValueError) as error:  # a word, day or key that does not exist
        raise Invalid from error


def _version(data: Mapping[str, Any]) -> TypeVersion:
    schema = dict(data["schema"])
    stray = [key for key in schema.get("properties", {}) if not key.startswith("KZ_")]
    if stray:
        raise Invalid(field_path=f"/schema/properties/{stray[0]}")
    return TypeVersion(
        type_code=data["type_code"],
        version=data["version"],
        name=data["name"],
        name_en=data["name_en"],
        short_name=data.get("short_name", data["name"]),
        status=TypeStatus(data.get("status", "published")),
        defining_body=data.get("defining_body", ""),
        defining_body_code=data["type_code"][:18],
        holder_category=HolderCategory(data.get("holder_category", "mixed")),
        category=data["category"],
        design=data["design"],
        schema=schema,
        term_years=data.get("term_years"),
        max_holders=data.get("max_holders", 1),
        approvals=data.get("approvals", 0),
        seal_level=data.get("seal_level", "B-T"),
        paper=data.get("paper", True),
        published_from=_day(data.get("published_from")),
        usable_until=_day(data.get("usable_until")),
        issuing_levels=tuple(data.get("issuing_levels", ())),
        face=dict(data.get("face", {})),
        separate_sealer=data.get("separate_sealer", False),
        forms=tuple(data.get("forms", ("original",))),
        numbering=_numbering(data.get("numbering", {})),
        duties=tuple(_duty(item) for item in data.get("duties", ())),
        consent=data.get("consent", "any"),
        renewal_notice_days=data.get("renewal_notice_days", 30),
        sample_number=data.get("sample_number", ""),
    )


def _numbering(data: str | Mapping[str, Any]) -> Numbering:
    if isinstance(data, str):
        return Numbering(NumberSource(data))
    source = NumberSource(data.get("source", NumberSource.CALLER))
    return Numbering(source, data.get("pattern", ""))


def _duty(data: Mapping[str, Any]) -> Duty:
    return Duty(
        code=data["code"],
        name=data["name"],
        name_en=data["name_en"],
        months=data["months"],
        grace_days=data.get("grace_days", 0),
        overdue=DutyEffect(data.get("overdue", DutyEffect.NONE)),
        failed=DutyEffect(data.get("failed", DutyEffect.NONE)),
    )


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
