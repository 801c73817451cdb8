"""NIST PKITS through our wrapper: what is asked, what is expected, and where we differ and why."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from certlib.crypto_policy import CRYPTO_2026
from certlib.evidence import ChainFacts
from certlib.trust import Use
from certlib.verification import FOREIGN
from certlib.verification.chain_checks import Moment, Scope, Weighed, weighed
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.message import SignedMessage
from signing.evidence.paths import InitialPolicies
from tests.corpora.folder import FOLDER

_PKITS = FOLDER / "pkits"
AT = datetime(2026, 1, 1, tzinfo=UTC)
"""PKITS certificates and lists are valid from 2010 to 2030."""

CLAUSES = {
    "401": "4.1 signature verification",
    "402": "4.2 validity periods",
    "403": "4.3 name chaining",
    "404": "4.4 basic revocation",
    "405": "4.5 self-issued certificates",
    "406": "4.6 basic constraints",
    "407": "4.7 key usage",
    "408": "4.8 certificate policies",
    "409": "4.9 require explicit policy",
    "410": "4.10 policy mappings",
    "411": "4.11 inhibit policy mapping",
    "412": "4.12 inhibit any-policy",
    "413": "4.13 name constraints",
    "414": "4.14 distribution points",
    "415": "4.15 delta lists",
    "416": "4.16 private extensions",
}

_ONLY_SIGNERS = "our signer profile: an authority's certificate seals nothing (RFC 5280, 4.2.1.9)"
AUTHORITY = ("signer-is-authority", _ONLY_SIGNERS)
_NO_DSA = "crypto policy: no DSA (FIPS 186-5, 4), no SHA-1 (SP 800-131A Rev. 2)"
DSA = ("weak-algorithm", _NO_DSA)
DIFFERENCES = {
    "valid_dsa_signatures_test4": DSA,
    "valid_dsa_parameter_inheritance_test5": (
        "certificate-malformed",
        "DSA with inherited parameters (RFC 3279, 2.3.2) is not read at all; see DSA above",
    ),
    "valid_pathlenconstraint_test8": AUTHORITY,
    "valid_pathlenconstraint_test14": AUTHORITY,
    "overlapping_policies_test6": AUTHORITY,
    "overlapping_policies_test6_with_testpol1": AUTHORITY,
    "valid_onlycontainscacerts_crl_test13": AUTHORITY,
}
"""Valid in PKITS, refused here: by which rule of ours, and why it stands."""

OTHER_REASONS = {
    "invalid_negative_serial_number_test15": (
        "serial-number",
        "refused for the number itself (RFC 5280, 4.1.2.2), before any list is asked",
    ),
}
"""Invalid in PKITS and here, for a reason that comes earlier."""

_REASONS = (
    (r"expired \d", {"expired"}),
    (r"is not valid until", {"not-yet-valid"}),
    (r"signature of .* could not be verified|issuer name could not be matched", {"no-path"}),
    (r"CRL issuer was revoked", {"revocation-unknown"}),
    (r"^CRL indicates", {"revoked"}),
    (r"CRL is not recent enough", {"revocation-stale"}),
    (r"no revocation information|revocation checks failed", {"revocation-unknown"}),
    (r"namespace", {"name-constraints"}),
    (r"unsupported critical extension", {"critical-extension"}),
    (r"not a CA|path length|sign certificates|policies for|policy mapping", {"path-invalid"}),
)
"""What PKITS's tester expects to be told, and what we tell then."""


@dataclass(frozen=True)
class Case:
    """One of `cases.json`."""

    plain: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.plain["name"]

    @property
    def clause(self) -> str:
        return CLAUSES[self.plain["id"][:3]]

    @property
    def valid(self) -> bool:
        return "error" not in self.plain

    @property
    def reasons(self) -> set[str]:
        """Slugs that an invalid path may be refused with."""
        if self.name in OTHER_REASONS:
            return {OTHER_REASONS[self.name][0]}
        told = self.plain["error"]["msg_regex"]
        return next(slugs for pattern, slugs in _REASONS if re.search(pattern, told))

    @cached_property
    def signer(self) -> bytes:
        return _certificate(self.plain["cert"])

    @cached_property
    def others(self) -> tuple[bytes, ...]:
        return tuple(_certificate(name) for name in self.plain.get("other_certs", ()))

    @property
    def policies(self) -> InitialPolicies | None:
        said = self.plain.get("params")
        if said is None:
            return None
        acceptable = said.get("user_initial_policy_set")
        return InitialPolicies(
            acceptable=None if acceptable is None else frozenset(acceptable),
            explicit=said.get("initial_explicit_policy", False),
            mapping_inhibited=said.get("initial_policy_mapping_inhibit", False),
            any_inhibited=said.get("initial_any_policy_inhibit", False),
        )

    @cached_property
    def stored(self) -> ChainFacts:
        """With the authorities from our store."""
        return chain_facts(self.signer, (), self._trust(self.others), self.policies)

    @cached_property
    def brought(self) -> ChainFacts:
        """With the authorities brought along by the file, within its limits."""
        if self.limit:
            signer = chain_facts(self.signer, (), TrustSet(())).signer
            return ChainFacts(signer, problem=self.limit)
        return chain_facts(self.signer, self.others, self._trust(()), self.policies)

    def _trust(self, issuers: tuple[bytes, ...]) -> TrustSet:
        names = ("TrustAnchorRootCRL.crl", *self.plain.get("crls", ()))
        crls = tuple((_PKITS / "crls" / name).read_bytes() for name in names)
        return TrustSet((_certificate("TrustAnchorRootCertificate.crt"),), crls, issuers)

    @cached_property
    def limit(self) -> str:
        """What a CMS with exactly these certificates is refused for, before any path."""
        return SignedMessage(
            signer_der=self.signer,
            others=self.others,
            content_type="data",
            encapsulated=None,
            digest_algorithm="",
            mechanism="",
            signature=b"",
            verify=lambda _: (False, False),
        ).certificate_problem


def _certificate(name: str) -> bytes:
    return (_PKITS / "certs" / name).read_bytes()


def cases() -> list[Case]:
    """All of them, in their order; none where the folder is absent."""
    found = _PKITS / "cases.json"
    if not found.exists():
        return []
    return [Case(plain) for plain in json.loads(Path(found).read_bytes())]


def asked(chain: ChainFacts) -> Weighed:
    """As a seal's signer today, everything on."""
    return weighed(chain, Scope(Use.SEAL), Moment(AT, AT, proven=False), FOREIGN)


def asked_without_profile(chain: ChainFacts) -> Weighed:
    """The same with two rules of ours off, which else come before what PKITS is about."""
    anything = replace(
        CRYPTO_2026,
        digests=dict.fromkeys((*CRYPTO_2026.digests, "sha1")),
        moduli={"rsa": ((0, None),), "dsa": ((0, None),)},
    )
    signer = None if chain.signer is None else replace(chain.signer, authority=False)
    return weighed(
        replace(chain, signer=signer),
        Scope(Use.SEAL),
        Moment(AT, AT, proven=False),
        replace(FOREIGN, crypto=anything),
    )


def unexplained(case: Case) -> str:
    """How our answers differ from PKITS without being listed above; "" when they do not."""
    return _unexplained_in_store(case) or _unexplained_when_brought(case)


def _unexplained_in_store(case: Case) -> str:
    ours, bare = asked(case.stored), asked_without_profile(case.stored)
    if case.name in DIFFERENCES:
        slug = DIFFERENCES[case.name][0]
        if ours.trusted is not False or ours.problem != slug:
            return f"listed as {slug}, is {ours.problem or 'valid'}"
        return "" if bare.trusted or slug == "certificate-malformed" else f"also {bare.problem}"
    if case.valid:
        return "" if ours.trusted else f"refused: {ours.problem}"
    if ours.trusted or bare.trusted:
        return "accepted"
    return "" if bare.problem in case.reasons else f"refused for {bare.problem}"


def _unexplained_when_brought(case: Case) -> str:
    """Whoever has the authorities, the answer is the same; or undecided for their names."""
    ours, stored = asked(case.brought), asked(case.stored)
    if not case.limit:
        same = (ours.trusted, ours.problem) == (stored.trusted, stored.problem)
        return "" if same else f"brought along: {ours.problem or 'valid'}"
    bare = asked_without_profile(case.brought)
    undecided = ours.trusted is not True and (bare.trusted, bare.problem) == (None, case.limit)
    return "" if undecided else f"over the limit: {ours.problem or 'valid'}"


def table(found: list[Case]) -> tuple[list[str], bool]:
    """Lines to print, and whether everything is explained."""
    wrong = {case.name: told for case in found if (told := unexplained(case))}
    rows = Counter(case.clause for case in found)
    listed = Counter(case.clause for case in found if case.name in DIFFERENCES)
    lines = [f"{'NIST PKITS':32}{'cases':>7}{'agree':>7}{'refused':>9}{'unexplained':>13}"]
    for clause, total in rows.items():
        bad = sum(case.name in wrong for case in found if case.clause == clause)
        lines.append(
            f"{clause:32}{total:>7}{total - listed[clause] - bad:>7}{listed[clause]:>9}{bad:>13}"
        )
    lines += [f"  {name}: {slug}: {why}" for name, (slug, why) in DIFFERENCES.items()]
    lines += [f"  {name}: {slug}: {why}" for name, (slug, why) in OTHER_REASONS.items()]
    limits = Counter(case.limit for case in found)
    lines.append(
        "  brought along by the file itself, as a CMS does: "
        + ", ".join(f"{count} {slug or 'within the limits'}" for slug, count in limits.items())
    )
    lines += [f"  UNEXPLAINED {name}: {told}" for name, told in wrong.items()]
    return lines, not wrong
