"""`certlib signer`: a process with keys and no HTTP, asked over a local socket by nodes without."""

import grp
import logging
import os
import pwd
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Final

from api import logs
from api.clock import SystemClock, SystemEntropy
from api.custody import own_authority, signing_service
from api.node_secrets import node_secrets, shared_secret
from api.settings import Settings
from api.stamping import stamp_clock
from certlib.errors import CertlibError, Unsupported
from certlib.ports import Clock, Entropy
from certlib.registry import Registry
from keys.signer.server import DoorOptions, SignerDoor
from keys.signer.service import SigningService
from keys.timestamps import TimestampAuthority
from storage.encryption import Cipher
from storage.engines import EngineOptions
from storage.registry import SqlRegistry

__all__ = ["serve_signer", "signers_record"]

_log = logs.logger("signer")
_ROUND_SECONDS: Final = 30.0


def serve_signer(settings: Settings) -> None:
    """Signs until SIGTERM or SIGINT; prints nothing but log lines, on standard error.

    Raises:
        KeyUnusable: no key-encryption key, or the wrong one.
        Unsupported: this node asks signers itself, or a user or group is unknown.
        SigningUnavailable: the socket cannot be bound, another signer listens there, or it broke.
        StoreUnavailable: the record does not answer.
    """
    logs.configure(settings.log_level)
    if settings.signers:
        raise Unsupported(what="CERTLIB_SIGNERS")
    clock, entropy = SystemClock(), SystemEntropy()
    secrets = node_secrets(settings, entropy)
    with ExitStack() as stack:
        registry = stack.enter_context(signers_record(settings, clock, entropy))
        authority = own_authority(settings, secrets, clock, entropy)
        stamps = stamp_clock(settings, clock)
        tokens = TimestampAuthority(authority.timestamp_key, stamps, entropy)
        service = signing_service(settings, authority, registry, tokens, clock, stack)
        authority.check_keys()
        service.check()  # a record that does not answer is told now, in one sentence
        door = SignerDoor(
            service, _door(settings, shared_secret(settings, entropy)), entropy, _told
        )
        logs.event(_log, logging.INFO, "signing", socket=str(settings.own_socket))
        _sign(door, service)


@contextmanager
def signers_record(settings: Settings, clock: Clock, entropy: Entropy) -> Iterator[Registry]:
    """The record with the rights of a signer, who reads some of it and writes nothing.

    Raises:
        KeyUnusable: no key-encryption key.
        StoreUnavailable: it does not answer.
    """
    options = EngineOptions(settings.database, pool_size=2)
    cipher = Cipher(node_secrets(settings, entropy).data, entropy)
    with closing(SqlRegistry(options, cipher, clock)) as registry:
        yield registry


def _sign(door: SignerDoor, service: SigningService) -> None:
    """Until somebody stops it; raises what ended serving otherwise."""
    stopping, ended = threading.Event(), list[Exception]()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    upkeep = threading.Thread(target=_keep_up, args=(service, stopping), daemon=True)
    serving = threading.Thread(target=_serve, args=(door, stopping, ended), daemon=True)
    upkeep.start()
    serving.start()
    stopping.wait()
    door.close()
    serving.join()
    upkeep.join()
    if ended:
        raise ended[0]


def _serve(door: SignerDoor, stopping: threading.Event, ended: list[Exception]) -> None:
    """Lets nodes in; where that ends by itself the process does: it would only look alive."""
    try:
        door.serve()
    except Exception as error:  # noqa: BLE001 - told by the thread that can end the process
        ended.append(error)
    finally:
        stopping.set()


def _door(settings: Settings, secret: bytes) -> DoorOptions:
    users = {os.getuid(), *map(_user, _named(settings.signer_users))}
    group = next(map(_group, _named(settings.signer_group)), None)
    return DoorOptions(
        settings.own_socket, secret, frozenset(users), group, guests=settings.signer_waiting
    )


def _named(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _user(name: str) -> int:
    try:
        return int(name) if name.isdecimal() else pwd.getpwnam(name).pw_uid
    except KeyError as error:
        raise Unsupported(what="CERTLIB_SIGNER_USERS") from error


def _group(name: str) -> int:
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise Unsupported(what="CERTLIB_SIGNER_GROUP") from error


def _keep_up(service: SigningService, stopping: threading.Event) -> None:
    """Revocation lists and seals that are due; nodes ask for them too when they need them."""
    while not stopping.is_set():
        for error in service.keep_up():
            logs.event(_log, logging.WARNING, "round failed", code=error.code)
        stopping.wait(_ROUND_SECONDS)


def _told(asked: str, error: CertlibError | None) -> None:
    """What is refused is told line by line; what is signed stands in the ledger."""
    if error is not None:
        what = str(error.values.get("what", ""))
        logs.event(_log, logging.WARNING, "refused", asked=asked, code=error.code, what=what)
