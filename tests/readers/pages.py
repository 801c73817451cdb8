"""Pages as this service renders them, sealed with keys of two algorithms, at every level."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api.shipped import type_files
from certlib.document import Content
from certlib.ports import PageOrder
from signing import sealing
from signing.pages.renderer import TypstRenderer
from signing.pages.sample import sample_order
from tests.unit.signing import signing_pki

KEYS = ("ecdsa-p256-sha256", "rsa-3072-sha256")
LEVELS = ("B-B", "B-T")
LONG_TERM = ("B-LT", "B-LTA")
WRITERS = ("own", "pyhanko")
AT = signing_pki.NOW + timedelta(hours=1)


@cache
def authority(algorithm: str) -> signing_pki.Pki:
    """A root, an authority, a seal of that algorithm and a timestamp authority of their own."""
    if algorithm == "rsa-3072-sha256":
        key = rsa.generate_private_key(65537, 3072)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    return signing_pki.make_pki(f"读者{algorithm}", key=key)


@cache
def versions() -> tuple:
    """Every type that is shipped."""
    return tuple(version for version, _ in type_files())


@cache
def _renderer() -> TypstRenderer:
    return TypstRenderer()


@dataclass(frozen=True)
class Sealed:
    """A sealed file and where its gap lies: `pdf[start]` is `<`, `pdf[end - 1]` is `>`."""

    pdf: bytes
    start: int
    end: int
    message: int  # octets of the CMS, without its padding

    def changed(self, position: int, mask: int) -> bytes:
        """The file with one byte changed."""
        changed = bytearray(self.pdf)
        changed[position] ^= mask
        return bytes(changed)

    @property
    def outside(self) -> int:
        """How many bytes are signed."""
        return len(self.pdf) - (self.end - self.start)

    def signed_place(self, number: int) -> int:
        """Where the `number`th signed byte stands."""
        return number if number < self.start else number + self.end - self.start


def sample(version, **changes) -> PageOrder:
    """An order for the page of a type, with the moment of sealing."""
    return sample_order(version, **{"sealed_at": signing_pki.NOW, "sealed_by": "张三"} | changes)


def page_of(order: PageOrder) -> bytes:
    """The page, unsealed."""
    return _renderer().render(order)


def sealed(page: bytes, content: Content, algorithm: str, level: str, writer: str) -> Sealed:
    """The page, sealed; `writer` is one of `WRITERS`."""
    assert writer in WRITERS
    with pytest.MonkeyPatch.context() as patch:
        if writer == "pyhanko":
            patch.setattr(sealing, "recognised", lambda pdf: None)
        else:  # a page of ours that went the other way would prove nothing
            patch.delattr(sealing.outside, "sealed")
        pki = authority(algorithm)
        done = pki.sealer(materials=pki.materials).seal(page, content, level)
    assert done.level == level
    return located(done.pdf)


def located(pdf: bytes) -> Sealed:
    """The last signature of a file: it signs all that is outside its own gap."""
    start = pdf.rindex(b"/Contents <3") + len(b"/Contents ")
    end = pdf.index(b">", start) + 1
    message = bytes.fromhex(pdf[start + 1 : end - 1].decode())
    return Sealed(pdf, start, end, 4 + int.from_bytes(message[2:4], "big"))
