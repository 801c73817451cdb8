"""Trust lists on this machine: read, signed, checked and handed out; beside a server that runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from api.cli.configuration import reading_settings
from api.cli.failures import UsageProblem
from api.cli.local import own_authority
from api.clock import SystemClock
from api.settings import Settings
from certlib.trust import TrustList
from certlib.trust_errors import TrustListRefused, refused
from keys import files, trust_list, trust_payload
from keys.authority import DevelopmentAuthority
from keys.trust import CRL_FOLDER, LIST_NAME, MEMORY_NAME, OCSP_FOLDER
from keys.trust_crls import ANSWERS, CrlFolder
from keys.trust_list import SignedList
from keys.trust_memory import Memory
from keys.trust_store import ListOfOthers, ListOptions, TrustStanding, TrustStore

__all__ = [
    "LIST_NAME",
    "Opened",
    "check",
    "export",
    "force",
    "read_draft",
    "read_file",
    "sign",
    "write_draft",
]

_PUBLIC: Final = 0o644
_NODE_MEMORY: Final = "seen.json"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file holds; `signed` is None for a draft."""

    found: TrustList
    signed: SignedList | None = None


def read_file(path: Path) -> Opened:
    """A signed list, whoever has signed it, or a draft.

    Raises:
        TrustListRefused: it is neither.
        UsageProblem: it cannot be read.
    """
    content = _content(path)
    members = trust_payload.strict_object(content[: trust_list.LIMIT + 1])
    if "payload" in members:
        signed = trust_list.read(content)
        return Opened(signed.found, signed)
    return Opened(trust_payload.list_from_draft(content))


def read_draft(path: Path) -> TrustList | None:
    """A draft, or None where there is no file yet.

    Raises:
        UsageProblem: it is none, is signed already, or cannot be read.
    """
    if not path.exists():
        return None
    try:
        opened = read_file(path)
    except TrustListRefused as error:
        raise UsageProblem(error.zh_text, error.en_text) from error
    if opened.signed is not None:
        raise UsageProblem(
            f"{path.name} 是已签名的清单；请用 --from 以它为基础另建草稿。",
            f"{path.name} is signed already: begin a draft from it with --from.",
        )
    return opened.found


def write_draft(path: Path, found: TrustList) -> None:
    """Replaces the draft in one step.

    Raises:
        Invalid: what no list may say, every problem at once.
        UsageProblem: a certificate that is no authority's.
        SigningUnavailable: the folder cannot be written.
    """
    found.check()
    try:
        trust_payload.check_list(found)
    except TrustListRefused as error:
        raise UsageProblem(error.zh_text, error.en_text) from error
    files.replace(path, trust_payload.draft_bytes(found), mode=_PUBLIC)


def sign(data_dir: Path, found: TrustList, out: Path) -> SignedList:
    """Signs with the key of this node's lists, and replaces `out` in one step.

    Raises:
        UsageProblem: there are no keys.
        TrustListRefused: a list that no reader would believe.
        KeyUnusable, SigningUnavailable: the key cannot be used, or the folder not be written.
    """
    content = trust_list.write(found, own_authority(data_dir).trust_key())
    files.replace(out, content, mode=_PUBLIC)
    return trust_list.read(content)


def check(path: Path, signers: frozenset[str], data_dir: Path) -> SignedList:
    """What this node, or whoever loads the folder, would believe; nothing is remembered.

    Without `signers` only the signature is looked at.

    Raises:
        TrustListRefused: why it would not be believed.
        UsageProblem: it cannot be read.
    """
    place = path / LIST_NAME if path.is_dir() else path
    content = _content(place)
    if not signers:
        return trust_list.read(content)
    signed = trust_list.believed(content, signers)
    seen = path / MEMORY_NAME if path.is_dir() else data_dir / "trust" / _NODE_MEMORY
    Memory(seen).check(signed)
    return signed


def force(data_dir: Path) -> tuple[TrustList, TrustStanding]:
    """What is believed in `data_dir` now, and how it is with the list of others.

    Raises:
        UsageProblem: there are no keys, or a setting is wrong.
    """
    settings = reading_settings(data_dir)
    store = _store(settings, own_authority(data_dir))
    return store.trust_list(), store.standing()


def export(data_dir: Path, folder: Path, listed: Path | None) -> tuple[SignedList, int]:
    """List, and what is said of revocation, in a folder as `certlib verify --trust` wants it.

    Returns:
        The list, and the number of revocation lists beside it.

    Raises:
        UsageProblem: there is no list, or nobody is named who may have signed it.
        TrustListRefused: it would not be believed here.
        SigningUnavailable: the folder cannot be written.
    """
    settings, authority = reading_settings(data_dir), own_authority(data_dir)
    place = listed or settings.trust_list
    if place is None:
        raise UsageProblem(
            "没有可导出的清单，请用 --list 指定，或设置 CERTLIB_TRUST_LIST。",
            "There is no list to export: name one with --list, or set CERTLIB_TRUST_LIST.",
        )
    content, signers = _content(place), settings.trust_signers
    signed = trust_list.read(content)
    if signed.signer.certificate not in set(_own_signers(authority)):
        signed = trust_list.believed(content, signers)
    found = dict(_revocation(authority, settings.data_dir / "trust" / CRL_FOLDER))
    answers = CrlFolder(settings.data_dir / "trust" / OCSP_FOLDER, ANSWERS).load().lists
    told = {f"other-{number:03d}.ocsp": der for number, der in enumerate(answers)}
    for name, held in ((CRL_FOLDER, found), (OCSP_FOLDER, told)):
        files.make_folder(folder / name)
        for made in (folder, folder / name):
            made.chmod(0o755)
        for file, der in held.items():
            files.replace(folder / name / file, der, mode=_PUBLIC)
    files.replace(folder / LIST_NAME, content, mode=_PUBLIC)
    return signed, len(found)


def _own_signers(authority: DevelopmentAuthority) -> Iterator[bytes]:
    """Certificates of the key for lists, and of those that it has followed."""
    for name, der in authority.public_certificates().items():
        if name.removesuffix(".cer").partition("-")[0] == "trust":
            yield der


def _revocation(authority: DevelopmentAuthority, folder: Path) -> Iterator[tuple[str, bytes]]:
    """The own lists of the day, and those of others that lie here."""
    for name, der in authority.complete_crls().items():
        yield f"own-{name}", der
    for number, der in enumerate(CrlFolder(folder).load().lists):
        yield f"other-{number:03d}.crl", der


def _store(settings: Settings, authority: DevelopmentAuthority) -> TrustStore:
    options = ListOptions.of(settings.trust_list, settings.trust_signers)
    return TrustStore(authority, ListOfOthers(settings.data_dir / "trust", options, keeps=False))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(trust_list.LIMIT + 1)
    except OSError as error:
        raise UsageProblem(
            f"无法读取 {path.name}（{error.strerror}）。",
            f"{path.name} cannot be read ({error.strerror}).",
        ) from error
    if len(content) > trust_list.LIMIT:
        raise refused("too-large", limit=trust_list.LIMIT)
    return content


def now() -> datetime:
    """This machine's clock, to the second: a list knows no parts of one."""
    return SystemClock().now().replace(microsecond=0)
