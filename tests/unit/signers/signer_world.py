"""A signer in this process: real keys, a record that a test writes, a ledger in a scratch folder."""

import threading
import time
from contextlib import contextmanager
from pathlib import Path

import keys_world

from certlib.document import ORIGINAL
from certlib.registry.signing import AwaitedSeal
from certlib.sealing_errors import SealingHalted
from keys.ocsp import OcspResponder
from keys.signer.client import SignerOptions, Signers, Watched
from keys.signer.ledger import Ledger
from keys.signer.server import DoorOptions, SignerDoor
from keys.signer.service import SigningOptions, SigningService
from keys.signer.wire import Ask, Request
from keys.timestamps import TimestampAuthority
from signing.cms import SealTemplate

NODE = "445200"
IDENTIFIER = "1.2.156.3005.2.test"
SECRET = bytes(range(100, 132))
DIGEST = bytes(range(32))
OTHER = bytes(range(32, 64))


ASKING = []
"""Everybody who asks in a test: closed at its end."""


class Pending:
    """What is on record as about to be sealed: (identifier, form) → awaited seal."""

    def __init__(self):
        self.files = {}

    def put(self, issuer, identifier=IDENTIFIER, form=ORIGINAL, attempt="0/"):
        self.files[identifier, form] = AwaitedSeal(issuer, f"{identifier}/{form.kind}", attempt)

    def awaited(self, identifier, form):
        return self.files.get((identifier, form))


class Heard:
    """Everything that a watch or a door tells."""

    def __init__(self):
        self.all = []

    def told(self, asked, outcome):
        self.all.append((asked, outcome))

    def __call__(self, asked, error):
        self.all.append((asked, "ok" if error is None else error.code))

    def until(self, told):
        """What was told, as soon as `told` is among it; a door tells in a thread of its own."""
        for _ in range(1000):
            if told in self.all:
                break
            time.sleep(0.01)
        return list(self.all)


class World:
    def __init__(self, folder: Path, **options):
        self.clock = keys_world.SetClock()
        self.entropy = keys_world.CountedEntropy("signers")
        self.authority = keys_world.found(folder / "keys", self.clock)
        self.authority.issue_seals(
            [keys_world_order(keys_world.TRANSPORT), keys_world_order(keys_world.PLANNING)]
        )
        self.record, self.folder = Pending(), folder
        self.record.put(keys_world.TRANSPORT[0])
        self.ledgers = []
        self.ledger = self._ledger()
        self.names, self.halted = {}, set()
        self.service = self.another(**options)

    def another(self, **options):
        """A service over the same keys, record and ledger file: as another process would be."""
        stamps = TimestampAuthority(self.authority.timestamp_key, self.clock, self.entropy)
        return SigningService(
            self.authority,
            stamps,
            self.record,
            self._ledger(),
            attributes=lambda key, digest: SealTemplate(key.chain, key.algorithm).attributes(
                digest
            ),
            names=lambda: self.names,
            gate=self.gate,
            clock=self.clock,
            options=SigningOptions(node=NODE, **options),
            ocsp=OcspResponder(self.authority, self.clock).respond,
        )

    def _ledger(self):
        self.ledgers.append(Ledger(self.folder / "keys"))
        return self.ledgers[-1]

    def gate(self, key_name):
        if key_name in self.halted:
            raise SealingHalted(scope=key_name, since="2026-03-02T00:00:00Z")

    @property
    def key(self):
        return self.authority.seal_key(keys_world.TRANSPORT[0])

    def seal(self, digest=DIGEST, key=None, identifier=IDENTIFIER, form=ORIGINAL, service=None):
        name = (key or self.key).name
        fields = (name.encode(), identifier.encode(), form.kind.encode())
        number = str(form.copy_number).encode()
        return (service or self.service).ask(Request(Ask.SEAL, (*fields, number, digest)))

    def close(self):
        for ledger in self.ledgers:
            ledger.close()
        while ASKING:
            ASKING.pop().close()


def keys_world_order(department):
    from keys.mint import SealOrder

    return SealOrder(*department)


def another_busy(world):
    """A service without room for a single question."""
    busy = world.another(waiting=1)
    busy._room.acquire()
    return busy


class Working:
    """A service at which questions stay under way for as long as a test wants."""

    def __init__(self, world):
        self.service, self.go = world.service, threading.Event()
        self.begun = threading.Semaphore(0)

    def ask(self, request):
        self.begun.release()
        assert self.go.wait(timeout=20)
        return self.service.ask(request)

    @contextmanager
    def on(self, asking, questions=1):
        """So many questions of one process are under way inside; answered after it."""
        self.go.clear()
        threads = [
            threading.Thread(target=asking.ask, args=(Request(Ask.CHECK),))
            for _ in range(questions)
        ]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert self.begun.acquire(timeout=20)
        try:
            yield
        finally:
            self.go.set()
            for thread in threads:
                thread.join(timeout=20)


class Door:
    """A signer's door with its thread."""

    def __init__(self, world, path, *, secret=SECRET, users=None, service=None, **options):
        import os

        self.heard = Heard()
        self.path = path
        users = frozenset({os.getuid()} if users is None else users)
        self.door = SignerDoor(
            service or world.service,
            DoorOptions(path, secret, users, **options),
            keys_world.CountedEntropy(str(path)),
            self.heard,
        )
        self.thread = threading.Thread(target=self.door.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.door.close()
        self.thread.join(timeout=10)
        assert not self.thread.is_alive()


def asking(*paths, secret=SECRET, heard=None, seconds=5.0):
    made = Signers(SignerOptions(paths, secret, seconds), keys_world.CountedEntropy("asker"))
    ASKING.append(made)
    return made if heard is None else Watched(made, heard)
