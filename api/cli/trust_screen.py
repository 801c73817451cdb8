"""A trust list as people and machines see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from api.cli.screen import Screen
from certlib.calendar import CHINA
from certlib.trust import TrustedAuthority, TrustList, Use

if TYPE_CHECKING:
    from keys.trust_list import SignedList

__all__ = ["as_json", "show_list", "signer_json"]

_USES: Final[Mapping[Use, tuple[str, str]]] = {
    Use.SEAL: ("签章", "seals"),
    Use.REPORT: ("核验回执", "reports"),
    Use.TIMESTAMP: ("时间戳", "timestamps"),
}
_SHORT: Final = 16


def show_list(
    screen: Screen, found: TrustList, signed: "SignedList | None", *, machine: bool
) -> None:
    """Whose list it is, and one line for each entry."""
    if machine:
        signer = {"signer": None} if signed is None else signer_json(signed)
        screen.json({**as_json(found), **signer})
        return
    if found.version:
        due = _day(screen, found.next_update)
        screen.say(
            f"{found.operator}　版本 {found.version}，发布于 {_day(screen, found.issued_at)}，"
            f"应更新于 {due}",
            f"{found.operator}, version {found.version}, issued {_day(screen, found.issued_at)}, "
            f"next due {due}",
        )
    if signed is not None:
        screen.say(
            f"签名者 {signed.signer.subject}，指纹 {signed.signer.key_sha256}",
            f"Signed by {signed.signer.subject}, {signed.signer.key_sha256}",
        )
    columns = [
        ("机构", "Authority"),
        ("指纹", "SHA-256"),
        ("用途", "For"),
        ("单位", "Issuers"),
        ("证照类型", "Types"),
        ("自", "Since"),
        ("至（不含）", "Until"),
    ]
    screen.table(columns, [_row(screen, entry) for entry in found.authorities])


def as_json(found: TrustList) -> dict[str, Any]:
    """Everything but the certificates themselves."""
    return {
        "version": found.version,
        "operator": found.operator,
        "issued_at": _instant(found.issued_at),
        "next_update": _instant(found.next_update),
        "authorities": [
            {
                "name": entry.name,
                "name_en": entry.name_en,
                "sha256": entry.sha256,
                "uses": sorted(entry.uses),
                "issuers": sorted(entry.issuers),
                "types": sorted(entry.types),
                "since": _instant(entry.since),
                "until": _instant(entry.until),
                "helpers": len(entry.helpers),
            }
            for entry in found.authorities
        ],
    }


def signer_json(signed: "SignedList") -> dict[str, str]:
    """How others name who signed, and the digest of what was signed."""
    return {
        "signer": signed.signer.subject,
        "signer_key_sha256": signed.signer.key_sha256,
        "signer_certificate_sha256": signed.signer.sha256,
        "payload_sha256": signed.digest,
    }


def _row(screen: Screen, entry: TrustedAuthority) -> list[str]:
    everyone = screen.pick("全部", "all")
    return [
        screen.pick(entry.name, entry.name_en),
        entry.sha256[:_SHORT],
        ", ".join(screen.pick(*_USES[use]) for use in sorted(entry.uses)),
        "\n".join(sorted(entry.issuers)) or everyone,
        "\n".join(sorted(entry.types)) or everyone,
        _day(screen, entry.since),
        _day(screen, entry.until),
    ]


def _day(screen: Screen, moment: datetime | None) -> str:
    """To the minute, in the time of the place."""
    if moment is None:
        return screen.pick("无", "never")
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
