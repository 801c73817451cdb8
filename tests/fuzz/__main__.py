"""One target under atheris: `make fuzz T=syntax SECONDS=60`, or every target after another.

What breaks a promise is left in `mutants/fuzz/T/` (`crash-…`, or `slow-unit-…` beyond three
seconds), and comes into `tests/fuzz/found/T/` with its mending. What was learnt of the code stays
in `mutants/fuzz/T/corpus/`, and the next run goes on from there.
"""

import argparse
import hashlib
import subprocess
import sys
import warnings
from pathlib import Path

_FOLDER = Path("mutants") / "fuzz"
_MOST_OCTETS = {"crossref": 4096, "recovery": 4096, "document": 60_000, "reader": 60_000}
_NAMES = (
    *("syntax", "crossref", "filters", "recovery", "document", "reader"),
    *("message", "certificate", "revocation", "answer", "metadata"),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("target", nargs="?", default="", choices=("", *_NAMES))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        _fuzz(asked.target, asked.seconds)
        return 0
    failed = []
    for name in [asked.target] if asked.target else _NAMES:
        print(f"--- {name}", flush=True)
        # libFuzzer ends its process; each target gets one of its own.
        own = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(asked.seconds)]
        if subprocess.run([*own, "--inside"], check=False).returncode:
            failed.append(name)
    print(f"found something: {', '.join(failed) or 'none'}")
    return int(bool(failed))


def _fuzz(name: str, seconds: int) -> None:
    import atheris

    # Only what is imported in here is led by coverage.
    with atheris.instrument_imports(include=["signing.evidence"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.corpus import CORPORA

    warnings.simplefilter("ignore")
    folder = _FOLDER / name
    learnt = folder / "corpus"
    learnt.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(CORPORA[name]()):
        (learnt / f"seed-{number}").write_bytes(data)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_MOST_OCTETS.get(name, 8192)}",
        f"-artifact_prefix={folder}/",
        "-timeout=10",
        "-report_slow_units=3",
        "-rss_limit_mb=1500",
        "-print_final_stats=1",
    ]

    def kept(data: bytes) -> None:
        try:
            TARGETS[name](data)
        except BaseException:
            # libFuzzer does not always come to it.
            (folder / f"crash-{hashlib.sha1(data).hexdigest()}").write_bytes(data)
            raise

    atheris.Setup([name, *options, str(learnt)], kept)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
