"""The reading child's own program: frames in, frames out, nothing else.

Started by `signing.evidence.child` in a fresh interpreter with nothing but two pipes: no keys, no
settings, no environment. It ends when its input ends, so it never outlives its parent.
"""

import gc
import json
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from certlib.evidence import ChangeFacts, ChangeGrade, FileFacts
from certlib.ports import TrustMaterial
from signing.evidence import rendering, sandbox, wire
from signing.evidence.bounds import MOST_ANSWER, check_facts
from signing.evidence.chain import TrustSet, chain_facts
from signing.evidence.reader import MOST_BYTES, unhashed_facts

__all__ = ["WorkerOptions", "main", "serve"]

_LARGE = 1 << 20
_COLLECT_EVERY = 64
"""Files after which the collector looks, behind an answer, never before one."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Limits of one child.

    Attributes:
        memory: bytes beyond what the loaded program takes.
        processor_seconds: processor time for one file.
        most: the largest file read, in bytes.
    """

    memory: int
    processor_seconds: int
    most: int = MOST_BYTES


def main(arguments: Sequence[str]) -> int:
    """Entry point; `arguments[0]` is JSON of `WorkerOptions`."""
    options = WorkerOptions(**json.loads(arguments[0]))
    source, sink = _pipes()
    _warm()
    # What the start has built stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    measures = sandbox.enter(options.memory)
    sink.write(wire.frame(wire.READY, json.dumps(measures).encode()))
    sink.flush()
    try:
        return serve(source, sink, options)
    except MemoryError:
        return wire.OUT_OF_MEMORY


def serve(source: BinaryIO, sink: BinaryIO, options: WorkerOptions) -> int:
    """Answers questions until the input ends."""
    trust = TrustMaterial()
    files = 0
    while True:
        encoded = source.read(wire.HEAD)
        if len(encoded) < wire.HEAD:
            return 0
        kind, length = wire.head(encoded)
        body = source.read(length)
        sandbox.limit_processor_time(options.processor_seconds)
        if kind == wire.TRUST:
            trust = wire.trust_from_bytes(body)
            _get_to_know(trust)
            continue
        answer = _answer(body[wire.NONCE :], trust, options.most)
        sink.write(wire.frame(wire.ANSWER, body[: wire.NONCE] + answer))
        sink.flush()
        files += 1
        large = len(body) > _LARGE
        del body
        if large or files % _COLLECT_EVERY == 0:
            gc.collect()


def _answer(body: bytes, trust: TrustMaterial, most: int) -> bytes:
    """What is said of a file; facts beyond all bounds are the file's own fault.

    The digest is left to whoever asks: he would not believe ours.
    """
    facts = unhashed_facts(body, trust, most)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        check_facts(facts, "replace")
        encoded = wire.answer_to_bytes(wire.Answer(facts, memory))
        if len(encoded) <= MOST_ANSWER:
            return encoded
    except ValueError:
        pass
    unread = FileFacts(
        sha256="",
        size=len(body),
        readable=False,
        fault="malformed",
        fault_detail="bounds",
        changes=ChangeFacts(ChangeGrade.UNEXPLAINED),
    )
    return wire.answer_to_bytes(wire.Answer(unread, memory))


def _get_to_know(trust: TrustMaterial) -> None:
    """Reads authorities and revocation lists once, so that no file's time goes by on it."""
    for anchors in (trust.seal_anchors, trust.timestamp_anchors):
        known = TrustSet(anchors, trust.crls, trust.issuers, trust.ocsps)
        for der in (*anchors, *trust.issuers):
            chain_facts(der, (), known)


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output, moved away: a stray print must not look like an answer."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


def _warm() -> None:
    """Imports what is imported lazily, while files can still be opened freely."""
    rendering.warm()
    unhashed_facts(b"%PDF-1.7\n%%EOF\n", TrustMaterial())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
