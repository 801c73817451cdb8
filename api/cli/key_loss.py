"""What a lost key needs where the keys lie: its certificate revoked, the next seal made."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from api.cli.configuration import reading_settings
from api.cli.failures import CommandFailure, UsageProblem
from api.cli.instants import instant
from api.cli.local import need_keys_here, own_authority
from api.clock import SystemClock, SystemEntropy
from api.signer_process import signers_record
from certlib.usecases.once import instant_text
from keys.authority import DevelopmentAuthority
from keys.custody import KeySummary
from keys.signer.remote import RemoteAuthority

__all__ = ["end_key", "give_up", "lost_key", "past"]


def past(text: str, now: datetime) -> datetime:
    """`--since` as an instant.

    Raises:
        UsageProblem: it is none, or lies in the future.
    """
    since = instant(text)
    if since > now:
        raise UsageProblem("--since 不能晚于现在。", "--since cannot lie in the future.")
    return since


def lost_key(authority: DevelopmentAuthority, name: str) -> KeySummary:
    """The seal's key of that name, whatever its state.

    Raises:
        UsageProblem: there is none.
    """
    for item in authority.list_keys():
        if item.name == name and item.purpose == "seal" and item.state != "requested":
            return item
    raise UsageProblem(
        f"没有名为“{name}”的印章密钥，用 certlib keys list 查看。",
        f"No seal has a key {name}: certlib keys list has the names.",
    )


def end_key(
    authority: DevelopmentAuthority, key: str, since: datetime, names: Mapping[str, str]
) -> None:
    """Revokes its certificate and has the next seals of `names` made, or asked for; twice is once.

    With signers apart people do that where the keys lie: no server may end a key for ever.

    Raises:
        CommandFailure: it is for the signers to do, and has not been done.
        KeyUnusable, SigningUnavailable: a key cannot be used, or the folder not be written.
    """
    if isinstance(authority, RemoteAuthority):
        if not authority.given_up(key, since):
            raise _to_be_done_there(key, instant_text(since))
        return
    if key in {item.key for item in authority.outside.seals()}:
        authority.outside.give_up(key)
    else:
        authority.revoke_seal(key, "keyCompromise", since)
    authority.keep_seals(names)
    authority.ask_seals(names)


def give_up(data_dir: Path, key: str, since: str) -> KeySummary:
    """The signers' part of a drill that a server has begun; what is known of the key after it.

    Only what the record says two persons have halted for ever is ended: the record is read, and
    with a signer's login nothing can be written.

    Raises:
        UsageProblem: no such key, a time in the future, not halted for ever, or no keys here.
        CertlibError: record or keys do not answer; run it again.
    """
    need_keys_here(data_dir)
    authority, clock = own_authority(data_dir), SystemClock()
    moment, lost = past(since, clock.now()), lost_key(authority, key)
    settings = reading_settings(data_dir)
    with (
        signers_record(settings, clock, SystemEntropy()) as registry,
        registry.read() as session,
    ):
        stops = session.sealing_stops()
        names = {
            item.credit_code: item.name
            for item in session.departments()
            if item.credit_code == lost.issuer_code
        }
    if not any(stop.scope == key and stop.final for stop in stops):
        raise UsageProblem(
            f"密钥 {key} 尚未永久停用，未作任何更改：请先在服务器上运行 certlib keys compromise。",
            f"Key {key} is not halted for ever, nothing was changed: first run certlib keys "
            "compromise on a server.",
        )
    end_key(authority, key, moment, names)
    return lost_key(authority, key)


def _to_be_done_there(key: str, since: str) -> CommandFailure:
    return CommandFailure(
        f"密钥 {key} 已永久停用，证书尚未吊销：请在运行 certlib signer 的机器上以其用户执行 "
        f"certlib keys give-up {key} --since {since}，然后再次运行本命令（docs/signers.md）。",
        f"Key {key} is halted for ever and not yet revoked: where certlib signer runs, as its "
        f"user, run certlib keys give-up {key} --since {since}, then this command again "
        "(docs/signers.md).",
    )
