"""A status snapshot as a file: one signed line, then a row a line, sorted by identifier.

The first line is a JWS (RFC 7515, flattened, ES256) over a header with the digest of all the rest,
by the node's key for snapshots. Nothing is believed before all of it was read once; after that a
row is found by halving, so neither writing nor asking holds more than a few lines in memory.
"""

import hashlib
import os
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from certlib.canonical import canonical_bytes
from certlib.errors import Unsupported
from certlib.ports import KeyHandle, TrustMaterial
from certlib.snapshot import Seen, SnapshotHeader, SnapshotRow, covered, line_of, row_from
from certlib.snapshot_errors import refused
from certlib.trust import TrustList, Use
from keys import algorithms
from keys.snapshot_head import HALF, TYPE, Body, encoded, payload_of, read_head

__all__ = ["FileSnapshot", "open_snapshot", "write"]

_FIRST_LINE: Final = 1_000_000
_LINE: Final = 65_536
_PIECE: Final = 65_536
_BLOCK: Final = 1_048_576
_MODE: Final = 0o644


def write(
    path: Path, header: SnapshotHeader, rows: Iterable[SnapshotRow], key: KeyHandle
) -> SnapshotHeader:
    """Writes the file in one step; `rows` come sorted by identifier, and are counted here.

    Raises:
        Unsupported: a key of another algorithm.
        SigningUnavailable: the key does not answer.
        OSError: the file cannot be written.
    """
    if key.algorithm != algorithms.ECDSA_P256:
        raise Unsupported(what=f"signature algorithm {key.algorithm}")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with TemporaryFile(dir=path.parent) as spool, temporary.open("wb") as out:
            count, body = _spooled(spool, rows)
            made = replace(header, count=count)
            out.write(_signed(payload_of(made, body), key) + b"\n")
            spool.seek(0)
            while block := spool.read(_BLOCK):
                out.write(block)
            out.flush()
            os.fchmod(out.fileno(), _MODE)
            os.fsync(out.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return made


def _spooled(spool: IO[bytes], rows: Iterable[SnapshotRow]) -> tuple[int, Body]:
    count, octets, digest = 0, 0, hashlib.sha256()
    for row in rows:
        line = line_of(row)
        spool.write(line)
        digest.update(line)
        count, octets = count + 1, octets + len(line)
    return count, Body(octets, digest.hexdigest())


def _signed(payload: bytes, key: KeyHandle) -> bytes:
    chain = [b64encode(der).decode() for der in key.chain]
    head = canonical_bytes({"alg": "ES256", "typ": TYPE, "x5c": chain})
    protected, text = encoded(head), encoded(payload)
    r, s = decode_dss_signature(key.sign(f"{protected}.{text}".encode()))
    signature = encoded(r.to_bytes(HALF) + s.to_bytes(HALF))
    return canonical_bytes({"payload": text, "protected": protected, "signature": signature})


@dataclass(frozen=True, slots=True)
class _Rows:
    """The lines of an open file, of which each piece has to be what it was when all was read.

    Times of a file tell nothing: whoever writes over it may set them back.
    """

    file: IO[bytes]
    start: int
    end: int
    pieces: tuple[bytes, ...]

    def find(self, identifier: str) -> bytes | None:
        """Found by halving: lines are sorted, and each begins with its identifier.

        Raises:
            SnapshotRefused: it was changed since it was opened.
        """
        wanted = f'["{identifier}",'.encode()
        low, high = self.start, self.end
        known: dict[int, bytes] = {}
        while low < high:
            begin, line = self._at((low + high) // 2, low, known)
            if line.startswith(wanted):
                return line
            if line < wanted:
                low = begin + len(line)
            else:
                high = begin
        return None

    def _at(self, middle: int, low: int, known: dict[int, bytes]) -> tuple[int, bytes]:
        """The line that holds the octet at `middle`; none begins before `low`."""
        begin = max(low, middle - _LINE)
        begin += self._octets(begin, middle, known).rfind(b"\n") + 1
        line, _, _ = self._octets(begin, begin + _LINE, known).partition(b"\n")
        return begin, line + b"\n"

    def _octets(self, begin: int, end: int, known: dict[int, bytes]) -> bytes:
        end = min(end, self.end)
        first, last = ((place - self.start) // _PIECE for place in (begin, end - 1))
        for index in range(first, last + 1):
            if index not in known:
                known[index] = self._piece(index)
        skipped = begin - self.start - first * _PIECE
        whole = b"".join(known[index] for index in range(first, last + 1))
        return whole[skipped : skipped + end - begin]

    def _piece(self, index: int) -> bytes:
        found = os.pread(self.file.fileno(), _PIECE, self.start + index * _PIECE)
        if hashlib.sha256(found).digest() != self.pieces[index]:
            raise refused("changed")
        return found


@dataclass(frozen=True, slots=True)
class FileSnapshot:
    """A snapshot that was read once from end to end, and is believed (`StatusSnapshot`).

    Use `open_snapshot`. Threads may share one.
    """

    header: SnapshotHeader
    rows: _Rows
    believed: TrustList

    def close(self) -> None:
        """Closes the file."""
        self.rows.file.close()

    def seen(self, identifier: str) -> Seen | None:
        """What it says; None where it is not its signer's to speak of that certificate.

        Raises:
            SnapshotRefused: it was changed since it was opened.
        """
        if not covered(self.header, identifier):
            return None
        root, parts = self.header.anchor, identifier.split(".")
        type_code, issuer = parts[-5], parts[-4]
        if self.believed.refusal(root, Use.SEAL, self.header.as_of, issuer, type_code):
            return None
        line = self.rows.find(identifier)
        try:
            return Seen(self.header, None if line is None else row_from(line))
        except ValueError as error:
            raise refused("malformed", detail="row") from error


def open_snapshot(
    path: Path, believed: TrustList, material: TrustMaterial, now: datetime
) -> FileSnapshot:
    """Reads all of a file; what comes back is whole, and signed by whom the list believes.

    Args:
        path: the file.
        believed: whose root stands behind the signer; its limits hold for what rows are told.
        material: revocation lists.
        now: by this machine's clock.

    Raises:
        SnapshotRefused: `values["reason"]` says why.
    """
    if path.exists() and not path.is_file():
        raise refused("malformed", detail="not a file")  # a pipe would be waited for
    try:
        file = path.open("rb")
    except OSError as error:
        raise refused("missing") from error
    try:
        return _read(file, believed, material, now)
    except BaseException:
        file.close()
        raise


def _read(
    file: IO[bytes], believed: TrustList, material: TrustMaterial, now: datetime
) -> FileSnapshot:
    first = file.readline(_FIRST_LINE)
    header, body = read_head(first, believed, material, now)
    if header.as_of > now:
        raise refused("future")
    pieces = _checked(file, header, body)
    rows = _Rows(file, len(first), len(first) + body.octets, pieces)
    return FileSnapshot(header, rows, believed)


def _checked(file: IO[bytes], header: SnapshotHeader, body: Body) -> tuple[bytes, ...]:
    """SHA-256 of each piece of a body that is whole."""
    digest, octets, lines = hashlib.sha256(), 0, 0
    pieces = []
    while piece := file.read(_PIECE):
        digest.update(piece)
        pieces.append(hashlib.sha256(piece).digest())
        octets, lines = octets + len(piece), lines + piece.count(b"\n")
    if octets != body.octets:
        raise refused("truncated", wanted=body.octets, found=octets)
    if digest.hexdigest() != body.sha256 or lines != header.count:
        raise refused("content")
    return tuple(pieces)
