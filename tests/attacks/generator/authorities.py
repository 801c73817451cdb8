"""Authorities that should not have been believed, each with what is wrong about it."""

from functools import cache
from typing import Any

from asn1crypto import core, x509

from tests.attacks.generator.minting import Minted, authority, extension

REVOKED_SERIAL = 77


@cache
def odd_authorities(root: Minted) -> dict[str, Minted]:
    """Below `root`; revocation lists of all of them are at hand, so nothing else is missing."""
    honest = authority("下级机构", root)
    found = {
        "honest": honest,
        "revoked": authority("被吊销机构", root, serial=REVOKED_SERIAL),
        "expired": authority("过期机构", root, days=(-3650, -1)),
        "not-yet-valid": authority("未来机构", root, days=(1, 3650)),
        "no-authority": authority("普通单位", root, authority=False),
        "no-certifying": authority("无权机构", root, usage=("digital_signature", "crl_sign")),
        "no-more-below": authority("末级机构", root, path_length=0),
        "critical-unknown": authority("怪异机构", root, extra=(UNKNOWN_CRITICAL,)),
        "other-names-only": authority("限名机构", root, extra=(_only("GB"),)),
        "these-names-barred": authority("禁名机构", root, extra=(_barred("CN"),)),
        "first-version": authority("旧版机构", root, version="v1"),
        "sha1": authority("弱签机构", root, digest="sha1"),
    }
    found["below-the-last"] = authority("越级机构", found["no-more-below"])
    return found


def _country(code: str):
    return x509.GeneralName("directory_name", x509.Name.build({"country_name": code}))


def _only(code: str) -> dict[str, Any]:
    value = {"permitted_subtrees": [{"base": _country(code)}]}
    return extension("name_constraints", value, critical=True)


def _barred(code: str) -> dict[str, Any]:
    value = {"excluded_subtrees": [{"base": _country(code)}]}
    return extension("name_constraints", value, critical=True)


def _unknown():
    return {
        "extn_id": "1.3.6.1.4.1.32473.9.9",
        "critical": True,
        "extn_value": core.ParsableOctetString(b"\x05\x00"),
    }


UNKNOWN_CRITICAL = _unknown()
