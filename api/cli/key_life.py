"""The life of keys on this machine, beside a server that runs: asked for, imported, given up."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.bootstrap import Desk, open_desk
from api.cli.configuration import reading_settings
from api.cli.failures import UsageProblem
from api.cli.local import need_keys_here, own_authority
from api.clock import SystemClock
from api.egress.addresses import plain_addresses
from certlib.ports import Clock
from certlib.registry import AuditRecord, Registry
from keys import algorithms
from keys.authority import DevelopmentAuthority, SealOrder
from keys.custody import SealInfo
from keys.requests import LIMIT, Trusted

__all__ = ["ALGORITHMS", "House", "Requested", "house", "import_answer", "request_seal"]

ALGORITHMS = (algorithms.ECDSA_P256, algorithms.RSA_3072)
_ACTOR = "operator"


@dataclass(frozen=True, slots=True)
class House:
    """Keys and record of a data folder."""

    authority: DevelopmentAuthority
    desk: Desk
    clock: Clock

    @property
    def registry(self) -> Registry:
        """The record."""
        return self.desk.registry


@dataclass(frozen=True, slots=True)
class Requested:
    """A request for a seal: the key's name, and PKCS#10 in PEM."""

    key: str
    pem: bytes


@contextmanager
def house(data_dir: Path) -> Iterator[House]:
    """Opens both; none is made.

    Raises:
        UsageProblem: there is none, the keys lie with signers, or a setting is wrong.
        KeyUnusable: no key-encryption key, or the wrong one.
        StoreUnavailable: the database cannot be reached.
    """
    need_keys_here(data_dir)
    authority = own_authority(data_dir)
    with closing(open_desk(reading_settings(data_dir))) as desk:
        yield House(authority, desk, SystemClock())


def request_seal(data_dir: Path, code: str, algorithm: str) -> Requested:
    """A key for the department's next seal, and the request for its certificate; again the same.

    Raises:
        UsageProblem: no such department.
        CertlibError: as `house`, and where the key cannot be stored.
    """
    with house(data_dir) as found:
        with found.registry.read() as session:
            department = session.department(code)
        if department is None:
            raise UsageProblem(
                f"没有登记信用代码为“{code}”的单位，请核对。",
                f"No department has the code {code}: check it.",
            )
        known = {item.key for item in found.authority.outside.open_requests()}
        order = SealOrder(code, department.name, algorithm)
        request = found.authority.outside.request(order)
        if request.key not in known:
            _note(found, "request-seal", request.key, {"issuer_code": code})
        csr = x509.load_der_x509_csr(request.request)
        return Requested(request.key, csr.public_bytes(Encoding.PEM))


def import_answer(data_dir: Path, path: Path) -> SealInfo:
    """Takes an outside authority's answer; the department's next seal.

    Raises:
        UsageProblem: the file cannot be read.
        SealAnswerRefused: why it is not taken.
        CertlibError: as `house`.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LIMIT + 1)
    except OSError as error:
        raise UsageProblem(
            f"无法读取文件 {path}（{error.strerror}）。", f"Cannot read {path} ({error.strerror})."
        ) from None
    with house(data_dir) as found:
        trust, responders = (
            found.desk.trust,
            plain_addresses(reading_settings(data_dir).ocsp_sources),
        )
        trusted = Trusted(trust.trust_list(), trust.material().crls, frozenset(responders))
        before = {item.name for item in found.authority.list_keys() if item.state != "requested"}
        info = found.authority.outside.take(content, trusted)
        for item in found.authority.list_keys():
            if item.fingerprint == info.fingerprint and item.name not in before:
                details = {"issuer_code": info.issuer_code, "sha256": info.fingerprint}
                _note(found, "import-seal", item.name, details)
        return info


def _note(found: House, act: str, key: str, details: Mapping[str, Any]) -> None:
    with found.registry.begin() as uow:
        uow.append_audit([AuditRecord(found.clock.now(), _ACTOR, act, key, dict(details))])
        uow.commit()
