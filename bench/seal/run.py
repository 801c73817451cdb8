"""Seals a second, beside other signers in the same run; each figure with its limit.

One process for all that is ours. Every lane has its turn in every round, so that whatever disturbs
the machine disturbs all alike; figures are of the fastest round of each. What cannot run is `n/a`
with its reason. Usage: python bench/seal/run.py [--rounds 15] [--seconds 0.2] [--quick] [--json]
"""

import argparse
import hashlib
import json
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from api.bootstrap import open_node
from api.demo.orders import TRANSPORT
from api.founding import found
from bench.seal.peers import libraries, ours, pages, programs, tokens
from bench.seal.peers.lanes import Lane, UnavailableError, in_process, lane, run
from bench.seal.peers.whole import WholeIssue
from keys.algorithms import ECDSA_P256
from signing.sealing import PadesSealer
from tests.acceptance.node_process import NodeProcess
from tests.readers.drivers import openssl_reader
from tests.unit.signing import signing_pki

MESSAGE = bytes(range(200))  # as long as the signed attributes of a seal


def scratch_node(stack):
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    settings = NodeProcess(folder / "var").settings()
    node = open_node(settings.model_copy(update={"renderer_children": 0}))
    stack.callback(node.close)
    found(node)
    return node


def raw(key):
    """The operation of `cryptography` and nothing else."""
    if isinstance(key, rsa.RSAPrivateKey):
        scheme = (padding.PKCS1v15(), hashes.SHA256())
    else:
        scheme = (ec.ECDSA(hashes.SHA256()),)
    return in_process(lambda: key.sign(MESSAGE, *scheme))


def our_lanes(node, real, small):
    """What this service does itself, by the names that the limits use."""
    # With the keys themselves: what a signer asks before it signs is measured by the whole issue.
    materials = getattr(node, "materials", None)
    sealer = PadesSealer(node.authority, node.timestamps, node.clock, materials=materials)
    _, page, content = real
    content = ours.replace(content, issuer_code=ours.issuer_of(node, ECDSA_P256))
    little, short = small
    short = ours.replace(short, issuer_code=content.issuer_code)
    rsa_key = signing_pki.rsa.generate_private_key(65537, 3072)
    sealed = sealer.seal(page, content, "B-B").pdf

    def level(name, *, of=page, told=content):
        return lambda: in_process(ours.at_level(sealer, of, told, name))

    return {
        "raw": Lane("raw ECDSA P-256, cryptography", raw(ec.generate_private_key(ec.SECP256R1()))),
        "raw RSA": Lane("raw RSA-3072, cryptography", raw(rsa_key)),
        "sha256": Lane(
            f"SHA-256 of the sealed {len(sealed):,} bytes",
            in_process(lambda: hashlib.sha256(sealed).digest()),
        ),
        "B-B": lane("B-B, the demo's median certificate", level("B-B")),
        "2 kB": lane(f"B-B, a page of {len(little):,} bytes", level("B-B", of=little, told=short)),
        "B-T": lane("B-T, the same certificate", level("B-T")),
        "B-LT": lane("B-LT", level("B-LT")),
        "B-LTA": lane("B-LTA", level("B-LTA")),
        "RSA": lane(
            "B-B, RSA-3072",
            lambda: in_process(ours.at_level(sealer, page, ours.rsa_content(node, content), "B-B")),
        ),
        "outside": lane(
            "B-B, our writer for PDFs from outside",
            lambda: in_process(ours.general_writer(sealer, page, content)),
        ),
    }


def token_lanes(real, scratch, stack):
    """A key in SoftHSM2: the token alone, through the key handle, and whole seals."""
    names = {
        "raw token": "raw ECDSA P-256, SoftHSM2",
        "token": "signatures, key in SoftHSM2, verified",
        "token B-B": "B-B, key in SoftHSM2",
    }
    try:
        key = tokens.TokenKey(scratch / "token", stack)
    except UnavailableError as error:
        return {name: Lane(title, None, reason=str(error)) for name, title in names.items()}
    spend = {"raw token": key.raw, "token": key.signatures, "token B-B": key.seals(*real[1:])}
    return {name: Lane(title, spend[name]) for name, title in names.items()}


def peer_lanes(page, scratch, stack):
    """The others, on the same page: ECDSA, and RSA for whom that is all."""
    keys = {
        "ECDSA": signing_pki.make_pki("同侪"),
        "RSA": signing_pki.make_pki("同侪RSA", key=rsa.generate_private_key(65537, 3072)),
    }
    path = scratch / "page.pdf"
    path.write_bytes(page)
    p12 = {name: programs.key_file(pki, scratch / f"{name}.p12") for name, pki in keys.items()}
    reader, found = openssl_reader(scratch), []

    def add(name, make, **options):
        try:
            work = make()
            if isinstance(work, programs.Program):
                stack.callback(work.close)
                work.spend(1)
                said, spend = programs.check(reader, work.sealed()), work.spend
            else:
                said, spend = programs.check(reader, work()), in_process(work)
            found.append(Lane(name, spend, reason=said, **options))
        except UnavailableError as error:
            found.append(Lane(name, None, reason=str(error)))

    for name, pki in keys.items():
        add(f"pyHanko, default, {name}", partial(libraries.pyhanko_default, page, pki))
        add(f"pyHanko, tuned, {name}", partial(libraries.pyhanko_tuned, page, pki))
    add("endesive, ECDSA", lambda: libraries.endesive(page, keys["ECDSA"], scratch))
    for name, file in p12.items():
        add(f"PDFBox, warm, {name}", partial(programs.pdfbox, path, file, scratch), warm=300)
    alone = programs.own_key_file(keys["RSA"].seal.key, scratch / "alone.p12")
    add("@signpdf/signpdf, RSA", partial(programs.signpdf, path, alone, scratch), warm=20)
    for name, file in p12.items():
        add(f"mutool sign, a process each, {name}", partial(programs.mutool, page, file, scratch))
    for name, algorithm in (("ECDSA P-256", "ecdsap256"), ("RSA-3072", "rsa3072")):
        found.append(
            lane(f"raw {name}, openssl speed", partial(programs.openssl, algorithm), warm=1)
        )
    return found


def figures_of(lanes, processes, whole):
    """Each measure: figure, limit, whether more is better; None where there is no figure."""

    def rate(name):
        return lanes[name].rate

    def over(name, other):
        return rate(name) / rate(other) if rate(name) and rate(other) else None

    def above_floor():
        spent = [lanes[name].seconds for name in ("B-B", "sha256", "raw")]
        return None if None in spent else (spent[0] - spent[1] - spent[2]) * 1000

    inverse = over("raw", "2 kB")
    return {
        "B-B, a second": (rate("B-B"), 2500, True),
        "B-B, ms above SHA-256 and raw ECDSA": (above_floor(), 0.25, False),
        "B-B of 2 kB, a second": (rate("2 kB"), 5000, True),
        "B-B of 2 kB, times the raw operation": (inverse, 6, False),
        "B-T, a second": (rate("B-T"), 1500, True),
        "B-LT, a second": (rate("B-LT"), 1200, True),
        "B-LTA, a second": (rate("B-LTA"), 600, True),
        "RSA-3072 B-B, share of the raw rate": (over("RSA", "raw RSA"), 0.9, True),
        "SoftHSM2, share of the token's raw rate": (over("token", "raw token"), 0.5, True),
        "two processes, times one": (processes, 1.8, True),
        "whole issue, share of typst alone": (whole, 0.85, True),
    }


def tell(figures, told, *, as_json):
    held = {
        name: None if figure is None else (figure >= limit if more else figure <= limit)
        for name, (figure, limit, more) in figures.items()
    }
    if as_json:
        table = {
            name: {"figure": figure, "limit": limit, "holds": held[name]}
            for name, (figure, limit, _) in figures.items()
        }
        lanes = {item.name: {"rate": item.rate, "said": item.reason} for item in told}
        print(json.dumps({"limits": table, "lanes": lanes}, ensure_ascii=False, indent=1))
        return
    words = {True: "holds", False: "DOES NOT HOLD", None: "n/a"}
    for name, (figure, limit, more) in figures.items():
        shown = "" if figure is None else f"{figure:,.2f}"
        sign = "at least" if more else "at most"
        print(f"{words[held[name]]:<14} {name:<46} {shown:>10}  {sign} {limit:,}")


def whole_issue(node, rounds, count):
    """Certificates, and typst alone on pages of the same type, in one thread and in two."""
    whole = WholeIssue(node, TRANSPORT)
    lanes = [
        Lane("whole issue, reserve to publish, render included", whole.issue, warm=1),
        Lane("typst alone, pages of the same type", whole.render, warm=1),
        Lane("typst alone, two pages at once", whole.render_two, warm=1),
    ]
    run(lanes, rounds, count)
    return lanes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.2, help="of a lane in a round")
    parser.add_argument("--quick", action="store_true", help="three short rounds: rough figures")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 3, 0.1
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        node = scratch_node(stack)
        real = pages.median_certificate()
        ours_by_name = our_lanes(node, real, pages.small_page(real[2]))
        ours_by_name |= token_lanes(real, scratch, stack)
        others = peer_lanes(real[1], scratch, stack)
        run([*ours_by_name.values(), *others], options.rounds, options.seconds)
        whole = whole_issue(node, options.rounds, 5 * options.seconds)
        many = ours.ManyProcesses(real[1], real[2], 3 * options.seconds)
        spells = [(many.rate(1), many.rate(2)) for _ in range(max(1, options.rounds // 2))]
        one, two = map(max, zip(*spells, strict=True))
    told = [*ours_by_name.values(), *whole, *others]
    if not options.json:
        print(f"{real[0]}, {len(real[1]):,} bytes; {options.rounds} rounds")
        for item in told:
            print("  ", item)
    share = whole[0].rate / whole[1].rate
    figures = figures_of(ours_by_name, two / one, share)
    tell(figures, told, as_json=options.json)


if __name__ == "__main__":
    main()
