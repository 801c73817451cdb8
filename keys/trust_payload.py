"""The trust list as JSON, in one form: what is signed is canonical, a draft is laid out for people.

    {"format": 1, "version": 3, "issued_at": "2026-11-22T08:00:00Z", "next_update": null,
     "operator": "…", "authorities": [{"name": "…", "name_en": "…", "certificate": "…",
     "uses": ["seal"], "issuers": [], "types": [], "since": "…", "until": null, "helpers": []}]}

X.509 certificates are DER in base64; instants are UTC to the second. Every member is there, and
no other: a limit that a reader does not know must not be passed over.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NoReturn, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from certlib.canonical import canonical_bytes
from certlib.errors import Invalid, Unsupported
from certlib.trust import TrustedAuthority, TrustList, Use
from certlib.trust_errors import refused
from keys.certificates import certificate_from, extensions_of

__all__ = [
    "authority_problem",
    "check_list",
    "draft_bytes",
    "list_from_draft",
    "list_from_payload",
    "payload_bytes",
    "strict_object",
]

_FORMAT: Final = 1
_MEMBERS: Final = frozenset(
    {"format", "version", "issued_at", "next_update", "operator", "authorities"}
)
_ENTRY: Final = frozenset(
    {
        "name",
        "name_en",
        "certificate",
        "uses",
        "issuers",
        "types",
        "since",
        "until",
        "helpers",
    }
)
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_MOST_HELPERS: Final = 6
_Kind = TypeVar("_Kind")
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


def payload_bytes(found: TrustList) -> bytes:
    """The canonical bytes of a list (RFC 8785): the same list, the same bytes.

    Raises:
        TrustListRefused: a text that no JSON can hold.
    """
    try:
        return canonical_bytes(_plain(found))
    except Unsupported as error:
        raise refused("malformed", detail=error.values["what"]) from error


def draft_bytes(found: TrustList) -> bytes:
    """The same, laid out for people who read and edit it; nobody has signed it."""
    return json.dumps(_plain(found), ensure_ascii=False, indent=2).encode("utf-8") + b"\n"


def list_from_payload(payload: bytes) -> TrustList:
    """The inverse of `payload_bytes`; every other way to write the same list is refused.

    Raises:
        TrustListRefused: another format, another form, or a list that `check_list` refuses.
    """
    found = list_from_draft(payload)
    if payload_bytes(found) != payload:
        raise refused("canonical")
    return found


def list_from_draft(text: bytes) -> TrustList:
    """What a draft says, however it is laid out.

    Raises:
        TrustListRefused: another format, or a list that `check_list` refuses.
    """
    plain = strict_object(text)
    if plain.get("format") != _FORMAT or isinstance(plain["format"], bool):
        raise refused("format", format=str(plain.get("format"))[:20])
    try:
        found = _list(plain)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise refused("malformed", detail=_detail(error)) from error
    check_list(found)
    return found


def check_list(found: TrustList) -> None:
    """Whether such a list may be signed and believed.

    Raises:
        TrustListRefused: something that no list may say, or a certificate that is no authority's.
    """
    try:
        found.check()
    except Invalid as error:
        raise refused("content", error.problems) from error
    for entry in found.authorities:
        if len(entry.helpers) > _MOST_HELPERS:
            raise refused("malformed", detail=f"more than {_MOST_HELPERS} helpers")
        for der in (entry.certificate, *entry.helpers):
            problem = authority_problem(der)
            if problem:
                raise refused("anchor", name=entry.name, detail=problem)


def authority_problem(der: bytes) -> str:
    """Why an X.509 certificate is no well-formed authority's (RFC 5280), or "".

    Strength of keys and algorithms is for the crypto policy to judge, at each seal.
    """
    try:
        found = certificate_from(der)
        if found.version is not x509.Version.v3:
            return "not version 3"
        if found.not_valid_before_utc >= found.not_valid_after_utc:
            return "it was never valid"
        return _not_an_authority(extensions_of(found))
    except (ValueError, UnsupportedAlgorithm):
        return "malformed"


def _not_an_authority(extensions: x509.Extensions) -> str:
    constraints = _extension(extensions, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return "not an authority"
    usage = _extension(extensions, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return "it may not sign certificates"
    return ""


def _extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def strict_object(text: bytes) -> dict[str, Any]:
    """A JSON object as RFC 8259 and RFC 7493 have it: UTF-8, no name twice, no fractions.

    Raises:
        TrustListRefused: anything else.
    """
    try:
        found = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_never,
            parse_constant=_never,
        )
    except (ValueError, RecursionError) as error:
        raise refused("malformed", detail=_detail(error)) from error
    if not isinstance(found, dict):
        raise refused("malformed", detail="not an object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _never(text: str) -> NoReturn:
    raise ValueError(f"number {text[:20]}")


def _detail(error: Exception) -> str:
    return "not JSON" if isinstance(error, json.JSONDecodeError | UnicodeError) else str(error)[:80]


def _plain(found: TrustList) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "version": found.version,
        "issued_at": _text(found.issued_at),
        "next_update": None if found.next_update is None else _text(found.next_update),
        "operator": found.operator,
        "authorities": [_plain_entry(entry) for entry in found.authorities],
    }


def _plain_entry(entry: TrustedAuthority) -> dict[str, Any]:
    return {
        "name": entry.name,
        "name_en": entry.name_en,
        "certificate": b64encode(entry.certificate).decode(),
        "uses": sorted(entry.uses),
        "issuers": sorted(entry.issuers),
        "types": sorted(entry.types),
        "since": _text(entry.since),
        "until": None if entry.until is None else _text(entry.until),
        "helpers": [b64encode(der).decode() for der in entry.helpers],
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _list(plain: Mapping[str, Any]) -> TrustList:
    _named(plain, _MEMBERS)
    if type(plain["version"]) is not int:
        raise TypeError("version: not an integer")
    return TrustList(
        version=plain["version"],
        issued_at=_moment(plain["issued_at"]),
        next_update=_optional(plain["next_update"], _moment),
        operator=_string(plain["operator"]),
        authorities=tuple(_authority(entry) for entry in _array(plain["authorities"])),
    )


def _authority(plain: Any) -> TrustedAuthority:  # noqa: ANN401 - any JSON value
    if not isinstance(plain, dict):
        raise TypeError("authorities: not an object")
    _named(plain, _ENTRY)
    return TrustedAuthority(
        name=_string(plain["name"]),
        name_en=_string(plain["name_en"]),
        certificate=_der(plain["certificate"]),
        uses=frozenset(Use(_string(use)) for use in _array(plain["uses"])),
        issuers=frozenset(_strings(plain["issuers"])),
        types=frozenset(_strings(plain["types"])),
        since=_moment(plain["since"]),
        until=_optional(plain["until"], _moment),
        helpers=tuple(_der(item) for item in _array(plain["helpers"])),
    )


def _named(plain: Mapping[str, Any], members: frozenset[str]) -> None:
    missing, unknown = sorted(members - plain.keys()), sorted(plain.keys() - members)
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    if unknown:
        raise ValueError(f"unknown member {unknown[0][:30]}")


def _optional(value: object, read: Callable[[object], _Kind]) -> _Kind | None:
    return None if value is None else read(value)


def _moment(value: object) -> datetime:
    text = _string(value)
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text[:30]}: an instant looks like 2026-11-22T08:00:00Z")
    return datetime.fromisoformat(text)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    value.encode("utf-8")  # no lone surrogates
    return value


def _array(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list is expected")
    return value


def _strings(value: object) -> Iterable[str]:
    return [_string(item) for item in _array(value)]


def _der(value: object) -> bytes:
    return b64decode(_string(value), validate=True)
