"""Our own sealing, with the keys of a scratch node; what has not been built yet is `n/a`."""

import multiprocessing
import time
from dataclasses import replace

from api.demo.orders import ISSUERS
from bench.seal.peers.lanes import UnavailableError
from certlib.errors import CertlibError
from keys.algorithms import RSA_3072
from signing import sealing
from signing.sealing import PadesSealer


def issuer_of(node, algorithm: str) -> str:
    """A department of the demo whose seal is of that algorithm."""
    for code in sorted(set(ISSUERS.values())):
        if node.authority.seal_key(code).algorithm == algorithm:
            return code
    raise UnavailableError(f"no seal of the demo is {algorithm}")


def at_level(sealer, page: bytes, content, level: str):
    """Seals one page again and again, if the level is reached."""

    def work() -> bytes:
        return sealer.seal(page, content, level).pdf

    try:
        reached = sealer.seal(page, content, level).level
    except CertlibError as error:
        raise UnavailableError(error.code) from error
    if reached != level:
        raise UnavailableError(f"reaches {reached}")
    return work


def general_writer(sealer, page: bytes, content):
    """The same through the writer for PDFs from outside: to whom no page is one of ours."""
    if not hasattr(sealing, "recognised"):
        raise UnavailableError("there is one writer only")

    def work() -> bytes:
        known, sealing.recognised = sealing.recognised, lambda _: None
        try:
            return sealer.seal(page, content, "B-B").pdf
        finally:
            sealing.recognised = known

    work()
    return work


def rsa_content(node, content):
    return replace(content, issuer_code=issuer_of(node, RSA_3072))


class ManyProcesses:
    """Files a second of so many processes at once, each with a key and a sealer of its own."""

    def __init__(self, page: bytes, content, seconds: float) -> None:
        self._work = (page, content, seconds)

    def rate(self, processes: int) -> float:
        context = multiprocessing.get_context("spawn")
        begin, counts = context.Barrier(processes), context.Queue()
        running = [
            context.Process(target=_seal_for, args=(*self._work, begin, counts))
            for _ in range(processes)
        ]
        for process in running:
            process.start()
        found = sum(counts.get() for _ in running)
        for process in running:
            process.join()
        return found


def _seal_for(page, content, seconds, begin, counts):
    from tests.unit.signing import signing_pki

    pki = signing_pki.make_pki()
    sealer = PadesSealer(pki.seal, None, signing_pki.FixedClock())
    for _ in range(20):
        sealer.seal(page, content, "B-B")
    begin.wait()
    done, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        sealer.seal(page, content, "B-B")
        done += 1
    counts.put(done / seconds)
