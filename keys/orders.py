"""What an authority is told: how it is set up, and which seals to issue."""

import re
from dataclasses import dataclass
from typing import Final

from certlib.errors import MalformedCode, Unsupported
from keys import algorithms

__all__ = ["AuthorityOptions", "SealOrder"]

_ADDRESS: Final = re.compile(
    r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
)
_CREDIT_CODE: Final = re.compile(r"[0-9A-Z]{18}")
_ALGORITHMS: Final = frozenset({algorithms.ECDSA_P256, algorithms.RSA_3072})
_NAME_LIMIT: Final = 64  # RFC 5280 appendix A.1: ub-organization-name
_OWNER_LIMIT: Final = _NAME_LIMIT - len("（演示）")
_MOST_DAYS: Final = 20 * 365


@dataclass(frozen=True, slots=True)
class AuthorityOptions:
    """Settings of the development authority.

    Attributes:
        public_url: where `/pki/root.cer`, `/pki/root.crl` and the others are published; it
            stands in every X.509 certificate issued from now on.
        owner: whose authority it is, in the names of its certificates.
        seal_days: validity of a seal certificate.
        crl_days: validity of a CRL; a new one is made when half of it has passed.
        lead_days: so long before the end of a seal the next one is made.
        hardware_seals: keys of new seals are made in the token.
    """

    public_url: str
    owner: str = "电子证照库"
    seal_days: int = 5 * 365
    crl_days: int = 30
    lead_days: int = 100
    hardware_seals: bool = False

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.public_url):
            raise Unsupported(what="public address: http or https, host, no query, ASCII expected")
        if not self.owner.strip() or not self.owner.isprintable():
            raise Unsupported(what="name of the authority: empty or not printable")
        if len(self.owner) > _OWNER_LIMIT:
            raise Unsupported(what=f"name of the authority: more than {_OWNER_LIMIT} characters")
        for days in (self.seal_days, self.crl_days, self.lead_days):
            if not 1 <= days <= _MOST_DAYS:
                raise Unsupported(what="validity outside one day to twenty years")


@dataclass(frozen=True, slots=True)
class SealOrder:
    """What to issue: the department's credit code and name, and the key's algorithm.

    Attributes:
        hardware: the key is made in the token.
    """

    issuer_code: str
    department: str
    algorithm: str = algorithms.ECDSA_P256
    hardware: bool = False

    def __post_init__(self) -> None:
        if not _CREDIT_CODE.fullmatch(self.issuer_code):
            raise MalformedCode(what="统一社会信用代码")
        if not self.department.strip() or not self.department.isprintable():
            raise Unsupported(what="department name: empty or not printable")
        if len(self.department) > _NAME_LIMIT:
            raise Unsupported(what=f"department name of more than {_NAME_LIMIT} characters")
        if self.algorithm not in _ALGORITHMS:
            raise Unsupported(what=f"signature algorithm {self.algorithm}")
