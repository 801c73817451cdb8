"""The development authority: founded at first start, then custody of every department's seal.

Its seals print 演示 · 不具法律效力; a state seal system takes its place behind the same ports.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography import x509

from certlib.errors import SigningUnavailable, Unsupported
from certlib.ports import Clock, Entropy, TrustMaterial
from certlib.trust import TrustedAuthority
from keys import algorithms, files, responder
from keys.counters import Counters
from keys.custody import KeySummary, SealInfo, Snapshot, TimestampKey
from keys.hardware_sessions import HardwareToken
from keys.keyring import Key, Keyring
from keys.mint import AuthorityOptions, Mint, SealOrder
from keys.outside import OutsideSeals
from keys.own_keys import OwnKeys
from keys.profiles import Revoked
from keys.register import Mark, Register, RegisterFile
from keys.revocation_lists import authorities, lists_of
from keys.revoked import check_reason, with_entry
from keys.rotation import Rotation
from keys.timestamp_period import AHEAD
from keys.vault import Vault

__all__ = ["AuthorityOptions", "DevelopmentAuthority", "SealOrder", "open_or_create"]


def open_or_create(
    folder: Path,
    kek: bytes,
    clock: Clock,
    entropy: Entropy,
    options: AuthorityOptions,
    token: HardwareToken | None = None,
) -> "DevelopmentAuthority":
    """Opens the authority in `folder`; founds it there, or finishes founding it, when needed.

    Any number of processes may call this at once: one founds, the others find it founded. Seals
    in a token sign where `token` is that token, which is asked when it is first needed.

    Raises:
        KeyUnusable: wrong key-encryption key, damaged files, or a register that is lost.
        SigningUnavailable: the folder cannot be read or written.
    """
    files.private_folder(folder)
    vault = Vault(folder / "private", kek, entropy)
    shelf = RegisterFile(folder / "register", vault)
    mint = Mint(vault, clock, entropy, options, token)
    with files.exclusive(folder):
        files.sweep(folder)
        vault.sweep()
        if shelf.mark() is None:
            shelf.write(mint.found())  # commit point: from here the authority exists
        found = shelf.read()
        if found is not None and (whole := mint.completed(found)) is not found:
            shelf.write(whole)  # founded by an earlier release
    ring = Keyring(vault, token, Counters(folder / "signatures", vault.counter_key, clock))
    return DevelopmentAuthority(folder, ring, mint, shelf, clock)


class DevelopmentAuthority(OwnKeys):
    """`certlib.ports.SealCustody`, and what operators and publishers ask of an authority.

    Reads follow changes that other processes make; writes hold the folder's lock.

    Attributes:
        outside: seals that other authorities certify.
    """

    def __init__(
        self, folder: Path, ring: Keyring, mint: Mint, shelf: RegisterFile, clock: Clock
    ) -> None:
        """Use `open_or_create`."""
        self._folder = folder
        self._ring = ring
        self._mint = mint
        self._shelf = shelf
        self._clock = clock
        self._reading = threading.Lock()
        self._seen = self._load({})
        self._rotation = Rotation(mint.lead)
        self.outside = OutsideSeals(mint, clock, self._change, self._current)

    # --- custody ----------------------------------------------------------------------------

    def seal_key(self, issuer_code: str, name: str = "") -> Key:
        """The department's current seal key, or its usable one of that `name`; the same object.

        Raises:
            SigningUnavailable: the department has no usable seal key, or none of that name.
        """
        return self._current().current_seal(issuer_code, self._clock.now(), name).key

    def seal_info(self, issuer_code: str) -> SealInfo:
        """Name, fingerprint and validity of the department's current seal.

        Raises:
            SigningUnavailable: the department has no usable seal key.
        """
        return self._current().current_seal(issuer_code, self._clock.now()).info

    def timestamp_key(self) -> Key:
        """The timestamp key whose time to sign it is; its chain is its own certificate alone.

        Raises:
            KeyUnusable, SigningUnavailable: none is in its time, and no other can be made.
        """
        current, now = self._current(), self._clock.now()
        if now > current.timestamps_end:
            self.keep_timestamp_key()
            current = self._current()
        return current.timestamp_key(now)

    def keep_timestamp_key(self) -> bool:
        """Makes the next timestamp key when the time of the last is near its end; says whether.

        Raises:
            KeyUnusable, SigningUnavailable: no key for it, root ending, folder not to be written.
        """
        if self._clock.now() < self._current().timestamps_end - AHEAD:
            return False
        return self._change(lambda now: self._mint.with_timestamp(now.register))

    def timestamp_keys(self) -> tuple[TimestampKey, ...]:
        """Every timestamp key with its times, oldest first."""
        return tuple(self._current().timestamp_keys(self._clock.now()))

    def timestamps_end(self) -> datetime:
        """Until when there is a timestamp key that may sign."""
        return self._current().timestamps_end

    # --- issuing ----------------------------------------------------------------------------

    def issue_seal(
        self, credit_code: str, name: str, algorithm: str = algorithms.ECDSA_P256
    ) -> SealInfo:
        """Issues a department's seal; see `issue_seals`."""
        return self.issue_seals([SealOrder(credit_code, name, algorithm)])[0]

    def issue_seals(self, orders: Iterable[SealOrder]) -> tuple[SealInfo, ...]:
        """Issues seals, all in one commit, and answers with each department's current seal.

        A department whose current seal has that name and algorithm keeps it; otherwise the new
        seal supersedes the old one, which stays valid for what it has signed.

        Raises:
            KeyUnusable: the issuing authority's key cannot be used.
            SigningUnavailable: the folder cannot be written; no seal was issued.
        """
        wanted = tuple(orders)
        self._change(lambda snapshot: self._with_seals(snapshot, wanted))
        return tuple(self.seal_info(order.issuer_code) for order in wanted)

    def keep_seals(self, names: Mapping[str, str]) -> int:
        """Gives a seal to departments without one, renamed ones, and where one ends soon.

        Args:
            names: credit code → name that the department bears today.

        Returns:
            How many seals were issued; the old ones stay valid for what they have signed.

        Raises:
            KeyUnusable, SigningUnavailable: as `issue_seals`.
        """
        orders = tuple(self._rotation.orders(self._current(), names, self._clock.now()))
        if orders:
            self.issue_seals(orders)
        return len(orders)

    def ask_seals(self, names: Mapping[str, str]) -> int:
        """Requests for seals that outside authorities certify, where one ends soon; how many.

        Raises:
            KeyUnusable, SigningUnavailable: as `issue_seals`.
        """
        return self.outside.ask(self._rotation, names)

    def replace_seal(self, issuer_code: str, *, hardware: bool = False) -> SealInfo:
        """A new key and certificate for a department, as its present seal has them.

        Args:
            issuer_code: the department's credit code.
            hardware: makes the key in the token; one whose seal is there stays there.

        Raises:
            KeyUnusable: the issuing authority's key cannot be used.
            SigningUnavailable: it has no usable seal, or token or folder do not answer; the
                present seal stands.
            Unsupported: an outside authority certifies its seals.
        """

        def step(snapshot: Snapshot) -> Register:
            if snapshot.outside(issuer_code):
                raise Unsupported(what=f"{issuer_code}: its seals come from outside")
            present = snapshot.current_seal(issuer_code, self._clock.now()).entry
            order = SealOrder(issuer_code, present.department, present.algorithm, hardware)
            entry = self._mint.seal(snapshot.register, snapshot.in_place(order))
            seals = (*snapshot.register.seals, entry)
            return self._mint.with_crls(replace(snapshot.register, seals=seals))

        self._change(step)
        return self.seal_info(issuer_code)

    def revoke_seal(
        self, key_name: str, reason: str = "unspecified", invalid_since: datetime | None = None
    ) -> None:
        """Revokes a seal's X.509 certificate, on the CRL from the same commit on. Twice is once.

        Args:
            key_name: as `list_keys` gives it.
            reason: a name of RFC 5280 section 5.3.1.
            invalid_since: since when the key may have been in other hands, aware UTC: the
                invalidityDate (5.3.2). What is known later may move it back, never forward.

        Raises:
            Unsupported: no such seal, or a reason that is not for seals.
            SigningUnavailable: the folder cannot be written; nothing was revoked.
        """
        check_reason(reason)
        self._change(lambda now: self._with_revoked(now.register, key_name, reason, invalid_since))

    # --- publishing -------------------------------------------------------------------------

    def list_keys(self) -> tuple[KeySummary, ...]:
        """Every key with algorithm, fingerprint, expiry and state."""
        return tuple(self._current().summaries(self._clock.now()))

    def public_certificates(self) -> Mapping[str, bytes]:
        """File name → DER of each X.509 certificate, to be served under `/pki/`."""
        return self._current().certificates

    def crls(self) -> Mapping[str, bytes]:
        """File name → DER of each CRL, to be served under `/pki/`; never overdue."""
        self.refresh_crls()
        return dict(lists_of(self._current().register))

    def complete_crls(self) -> Mapping[str, bytes]:
        """The complete list of each authority, without the shards: as `crls`."""
        crls, register = self.crls(), self._current().register
        return {f"{item.key}.crl": crls[f"{item.key}.crl"] for item in authorities(register)}

    def refresh_crls(self) -> bool:
        """Makes new CRLs when half of their life has passed, or a wrong clock made them; whether.

        Raises:
            KeyUnusable, SigningUnavailable: a key cannot be used, the folder not be written.
        """
        if not self._current().crls_due(self._clock.now()):
            return False
        return self._change(self._with_fresh_crls)

    def keep_responders(self) -> bool:
        """Appoints OCSP responders where half of their life has passed; raises as `crls`."""
        register, now = self._current().register, self._clock.now()
        if not any(responder.due(register, now)):
            return False
        return self._change(lambda snapshot: self._mint.with_responders(snapshot.register))

    def answering(self) -> Snapshot:
        """The register with OCSP responders, appointed here only where no worker was."""
        if responder.ended(self._current().register, self._clock.now()):
            self.keep_responders()
        return self._current()

    def crls_end(self) -> datetime:
        """Until when all CRLs of the register hold; none is made."""
        return self._current().crls_end

    def trust_material(self) -> TrustMaterial:
        """The root, for seals and for timestamps, with the CRLs of the day and who issues seals.

        Of the CRLs the complete ones: shards say nothing that does not stand in them.
        """
        crls = self.complete_crls()
        root, *others = (item.certificate for item in authorities(self._current().register))
        return TrustMaterial((root,), (root,), tuple(crls.values()), tuple(others))

    def check_keys(self) -> None:
        """Signs with the key that is always there; raises `KeyUnusable`, `SigningUnavailable`."""
        self.timestamp_key().sign(b"certlib health check")

    def published(self) -> bytes:
        """All that the register says, for nodes that have no keys; nothing of it is secret."""
        return self._current().published

    def trusted(self) -> TrustedAuthority:
        """This authority as an entry of a trust list; the same object until something changes."""
        return self._current().trusted

    # --- inside -----------------------------------------------------------------------------

    def _with_seals(self, snapshot: Snapshot, orders: Iterable[SealOrder]) -> Register:
        register = snapshot.register
        for order in dict.fromkeys(orders):
            if not self._rotation.holds(snapshot, order, self._clock.now()):
                entry = self._mint.seal(register, snapshot.in_place(order))
                register = replace(register, seals=(*register.seals, entry))
        return self._mint.with_crls(register)  # whoever reads a certificate finds its list

    def _with_revoked(
        self, register: Register, key_name: str, reason: str, since: datetime | None
    ) -> Register:
        entry = next((seal for seal in register.seals if seal.key == key_name), None)
        if entry is None:
            raise Unsupported(what=f"no seal key {key_name}")
        serial = x509.load_der_x509_certificate(entry.certificate).serial_number
        revoked = with_entry(register.revoked, Revoked(serial, self._clock.now(), reason, since))
        if revoked == register.revoked:
            return register
        return self._mint.with_crls(replace(register, revoked=revoked))

    def _with_fresh_crls(self, snapshot: Snapshot) -> Register:
        if not snapshot.crls_due(self._clock.now()):  # another process was faster
            return snapshot.register
        return self._mint.with_crls(snapshot.register)

    def _change(self, step: Callable[[Snapshot], Register]) -> bool:
        """Commits what `step` makes of the newest snapshot; says whether anything changed."""
        with files.exclusive(self._folder):
            snapshot = self._current()
            register = step(snapshot)
            if register is not snapshot.register:
                self._shelf.write(register)  # commit point
        return register is not snapshot.register

    def _current(self) -> Snapshot:
        """The newest snapshot: one `stat` when no process has changed the register."""
        mark, snapshot = self._seen
        if self._shelf.mark() == mark:
            return snapshot
        with self._reading:
            if self._shelf.mark() != self._seen[0]:
                self._seen = self._load(snapshot.handles)
            return self._seen[1]

    def _load(self, held: Mapping[str, Key]) -> tuple[Mark, Snapshot]:
        mark = self._shelf.mark()  # before reading: a change in between is seen next time
        register = self._shelf.read()
        if register is None:
            raise SigningUnavailable(what="register: missing")
        return mark, Snapshot(register, self._ring, held)
