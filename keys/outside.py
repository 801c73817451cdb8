"""Seals under outside authorities: asked for, imported, given up."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from cryptography.hazmat.primitives.serialization import Encoding

from certlib.errors import Unsupported
from certlib.ports import Clock
from keys.custody import SealInfo, Snapshot
from keys.mint import Mint, SealOrder
from keys.register import OutsideSeal, Register, SealRequest
from keys.requests import Trusted, accepted, certificates_in
from keys.rotation import Rotation

__all__ = ["OutsideSeals"]

_Step = Callable[[Snapshot], Register]


class OutsideSeals:
    """The part of the register that speaks of others' certificates."""

    def __init__(
        self,
        mint: Mint,
        clock: Clock,
        change: Callable[[_Step], bool],
        current: Callable[[], Snapshot],
    ) -> None:
        """Changes the register with `change`, and reads it with `current`."""
        self._mint = mint
        self._clock = clock
        self._change = change
        self._current = current

    def request(self, order: SealOrder) -> SealRequest:
        """A key and its PKCS#10; the same again while it is not answered.

        Raises:
            KeyUnusable: a stored key cannot be used.
            SigningUnavailable: the folder cannot be written; nothing was asked for.
        """
        self._change(lambda now: self._with_request(now.register, order))
        return next(item for item in self._current().register.requests if _asks(item, order))

    def ask(self, rotation: Rotation, names: Mapping[str, str]) -> int:
        """Makes requests where seals from outside end soon, or their department is renamed.

        Args:
            rotation: when seals are followed by others.
            names: credit code → name that the department bears today.

        Returns:
            How many requests were made; somebody has to carry them to the authority.

        Raises:
            KeyUnusable, SigningUnavailable: as `request`.
        """
        orders = tuple(rotation.requests(self._current(), names, self._clock.now()))
        for order in orders:
            self.request(order)
        return len(orders)

    def seals(self) -> tuple[OutsideSeal, ...]:
        """All that were ever imported, oldest first."""
        return self._current().register.outside

    def open_requests(self) -> tuple[SealRequest, ...]:
        """Those without an answer, oldest first."""
        return self._current().register.requests

    def take(self, content: bytes, trusted: Trusted) -> SealInfo:
        """Registers the answer as the department's next seal; the same file again changes nothing.

        Args:
            content: PEM, DER or PKCS#7 with the certificate and those above it.
            trusted: what it is held against.

        Raises:
            SealAnswerRefused: why it is not taken; nothing was changed.
            SigningUnavailable: the folder cannot be written.
        """
        certificates = certificates_in(content)
        known = {item.certificate: item for item in self._current().register.outside}
        for certificate in certificates:
            found = known.get(certificate.public_bytes(Encoding.DER))
            if found is not None:
                return self._current().info_of(found.key)
        taken: list[OutsideSeal] = []

        def step(now: Snapshot) -> Register:
            register = now.register
            request, seal = accepted(register.requests, certificates, trusted, self._clock.now())
            taken.append(seal)
            left = tuple(item for item in register.requests if item is not request)
            return replace(register, requests=left, outside=(*register.outside, seal))

        self._change(step)
        return self._current().info_of(taken[0].key)

    def give_up(self, key_name: str) -> None:
        """Never seals with this key again; its authority has to be told by people. Twice is once.

        Raises:
            Unsupported: no such seal.
            SigningUnavailable: the folder cannot be written; nothing was changed.
        """

        def step(now: Snapshot) -> Register:
            register = now.register
            if all(item.key != key_name for item in register.outside):
                raise Unsupported(what=f"no seal key {key_name}")
            ended = tuple(
                replace(item, ended_at=self._clock.now())
                if item.key == key_name and item.ended_at is None
                else item
                for item in register.outside
            )
            return register if ended == register.outside else replace(register, outside=ended)

        self._change(step)

    def _with_request(self, register: Register, order: SealOrder) -> Register:
        if any(_asks(item, order) for item in register.requests):
            return register
        made = self._mint.request(register, order)
        return replace(register, requests=(*register.requests, made))


def _asks(request: SealRequest, order: SealOrder) -> bool:
    asked = request.issuer_code, request.department, request.algorithm
    return asked == (order.issuer_code, order.department, order.algorithm)
