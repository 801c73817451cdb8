"""Snapshots as files: whole, signed by whom the list believes, and found in by halving."""

import json
import os
from base64 import b64encode
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certlib.canonical import canonical_bytes
from certlib.errors import SigningUnavailable, Unsupported
from certlib.snapshot import SnapshotHeader, SnapshotRow
from certlib.snapshot_errors import SnapshotRefused
from certlib.states import View
from certlib.trust import TrustList
from keys import algorithms, files
from keys.profiles import SNAPSHOT_PURPOSE
from keys.snapshot_memory import MEMORY_NAME, newer_seen
from keys.snapshots import open_snapshot, write
from tests.unit.keys.keys_world import PLANNING, START, SetClock, found
from tests.unit.keys.trust_world import decoded, encoded, of_version_9, signer

ISSUER = PLANNING[0]


def _of_rsa() -> str:
    """A certificate for snapshots over a key of another kind."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    purposes = x509.ExtendedKeyUsage([x509.ObjectIdentifier(SNAPSHOT_PURPOSE)])
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 5, datetime(2024, 1, 1), datetime(2034, 1, 1)
        )
        .add_extension(purposes, critical=True)
        .sign(key, hashes.SHA256())
    )
    return b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


OF_RSA = _of_rsa()
TYPE = "11100000000019713D008"


def identifier(number: int) -> str:
    from certlib.ids import parse

    plain = f"1.2.156.3005.2.{TYPE}.{ISSUER}.4452002026A{number:07d}.001"
    for check in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        if not parse(f"{plain}.{check}").problems:
            return f"{plain}.{check}"
    raise AssertionError(plain)


def row(number: int, **changes) -> SnapshotRow:
    plain = SnapshotRow(
        identifier=identifier(number),
        view=View.VALID,
        verdict="valid",
        code="valid",
        valid_from=date(2026, 1, 1),
        valid_to=None,
        restricted=False,
        paper="none",
        renewal_pending=False,
        files=(f"{number:064x}",),
    )
    return replace(plain, **changes)


class World:
    def __init__(self, folder):
        self.clock = SetClock(START.replace(microsecond=0))
        self.authority = found(folder / "keys", self.clock)
        self.authority.issue_seal(*PLANNING)
        self.path = folder / "snapshot"

    def header(self, **changes):
        now = self.clock.now()
        plain = SnapshotHeader("445200", now, now + timedelta(days=1), 0, frozenset({ISSUER}))
        return replace(plain, **changes)

    def write(self, rows=(), key=None, **changes):
        return write(self.path, self.header(**changes), rows, key or self.authority.snapshot_key())

    def open(self, entry=None, material=None):
        entries = (self.authority.trusted(),) if entry is None else entry
        listed = TrustList(1, START, None, "city", entries)
        return open_snapshot(
            self.path, listed, material or self.authority.trust_material(), self.clock.now()
        )

    def reason(self, **arguments):
        with pytest.raises(SnapshotRefused) as caught:
            self.open(**arguments)
        assert caught.value.zh_text
        return caught.value.values["reason"]

    def change(self, change):
        first, _, rest = self.path.read_bytes().partition(b"\n")
        self.path.write_bytes(change(first, rest))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 500])
def test_every_row_is_found_and_no_other(world, count):
    """However many there are; what is not there is told apart from what is not ours."""
    rows = [row(2 * number) for number in range(1, count + 1)]
    assert world.write(iter(rows)).count == count
    opened = world.open()
    assert (opened.header.count, opened.header.node) == (count, "445200")
    for item in rows:
        assert opened.seen(item.identifier).row == item
    for number in range(1, 2 * count + 2, 2):
        assert opened.seen(identifier(number)).row is None
    opened.close()


def test_lines_of_any_length_are_found(world):
    """A sentence may be long."""
    from certlib.verdicts import Sentence

    words = Sentence("长" * 5000, "", "", "")
    rows = [row(n, sentence=words if n % 3 == 0 else None) for n in range(1, 100)]
    world.write(rows)
    opened = world.open()
    assert all(opened.seen(item.identifier).row == item for item in rows)
    opened.close()


def test_others_certificates_are_not_its_affair(world):
    """Neither of a department that it does not name, nor of one that the list does not allow."""
    world.write([row(1)], issuers=frozenset({"11445200990090016H"}))
    opened = world.open()
    assert opened.seen(identifier(1)) is None
    assert opened.seen("nonsense") is None
    opened.close()
    world.write([row(1)])
    limited = replace(world.authority.trusted(), issuers=frozenset({"11445200990090016H"}))
    opened = world.open(entry=(limited,))
    assert opened.seen(identifier(1)) is None
    opened.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda first, rest: first + b"\n" + rest.replace(b'"VALID"', b'"OTHER"', 1), "content"),
        (lambda first, rest: first + b"\n" + rest[:-1], "truncated"),
        (lambda first, rest: first + b"\n" + rest + b"[]\n", "truncated"),
        (lambda first, rest: first + b"\n", "truncated"),
        (lambda first, rest: first, "malformed"),
        (lambda first, rest: b"", "malformed"),
        (lambda first, rest: b"{}\n" + rest, "malformed"),
        (lambda first, rest: b"[]\n" + rest, "malformed"),
        (
            lambda first, rest: first.replace(b'"signature":"', b'"signature":"AA') + b"\n",
            "signature",
        ),
        (
            lambda first, rest: first.replace(b'"signature":"', b'"signature":"!') + b"\n",
            "malformed",
        ),
    ],
    ids=["row", "cut", "longer", "bare", "one-line", "empty", "object", "list", "sig", "base64"],
)
def test_what_was_changed_is_refused(world, change, reason):
    """One sentence says what is wrong."""
    world.write([row(1), row(2)])
    world.change(change)
    assert world.reason() == reason


def resigned(world, first, *, payload=None, header=None, key=None):
    """The first line again, signed by `key` over another payload or header."""
    plain = json.loads(first)
    key = key or world.authority.snapshot_key()
    said = json.loads(decoded(plain["payload"]))
    head = json.loads(decoded(plain["protected"]))
    text = encoded(canonical_bytes((payload or dict)(said)))
    protected = encoded(canonical_bytes((header or dict)(head)))
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(key.sign(f"{protected}.{text}".encode()))
    raw = encoded(r.to_bytes(32) + s.to_bytes(32))
    return canonical_bytes({"payload": text, "protected": protected, "signature": raw})


@pytest.mark.parametrize(
    ("what", "change", "reason"),
    [
        ("payload", lambda said: said | {"count": 3}, "content"),
        ("payload", lambda said: said | {"format": 2}, "malformed"),
        ("payload", lambda said: said | {"more": 1}, "malformed"),
        ("payload", lambda said: said | {"as_of": "yesterday"}, "malformed"),
        ("payload", lambda said: said | {"issuers": 3}, "malformed"),
        ("payload", lambda said: said | {"as_of": "2027-01-01T00:00:00Z"}, "future"),
        ("header", lambda head: head | {"alg": "none"}, "malformed"),
        ("header", lambda head: head | {"crit": []}, "malformed"),
        ("header", lambda head: head | {"typ": "JWT"}, "malformed"),
        ("header", lambda head: head | {"x5c": []}, "malformed"),
        ("header", lambda head: head | {"x5c": [3]}, "malformed"),
        ("header", lambda head: head | {"x5c": {"0": head["x5c"][0]}}, "malformed"),
        ("header", lambda head: head | {"x5c": head["x5c"][0]}, "malformed"),
        ("header", lambda head: head | {"x5c": [head["x5c"][0] + "\n"]}, "certificate"),
        ("header", lambda head: head | {"x5c": [OF_RSA]}, "signature"),
        ("header", lambda head: head | {"x5c": ["AAAA"]}, "certificate"),
        ("header", lambda head: head | {"x5c": [of_version_9(head["x5c"][0])]}, "certificate"),
    ],
    ids=[
        "count",
        "format",
        "more",
        "time",
        "issuers",
        "future",
        "none",
        "crit",
        "typ",
        "nobody",
        "number",
        "object",
        "text",
        "line",
        "rsa",
        "odd",
        "version-9",
    ],
)
def test_what_the_right_key_never_signs_is_refused_too(world, what, change, reason):
    """The form is looked at whoever signed."""
    world.write([row(1), row(2)])
    world.change(lambda first, rest: resigned(world, first, **{what: change}) + b"\n" + rest)
    assert world.reason() == reason


@pytest.mark.parametrize("zeros", ["", "0000"])
def test_a_signature_has_its_one_length(world, zeros):
    """Zeros before s say the same number: the same snapshot in other octets is none."""
    world.write([row(1)])
    first = json.loads(world.path.read_bytes().partition(b"\n")[0])
    raw = decoded(first["signature"])
    other = encoded(raw[:32] + bytes.fromhex(zeros) + raw[32:])
    plain = canonical_bytes(first | {"signature": other})
    world.change(lambda _, rest: plain + b"\n" + rest)
    if zeros:
        assert world.reason() == "signature"
    else:
        world.open().close()


def test_it_is_written_whole_before_it_takes_its_place_and_anybody_may_read_it(world, monkeypatch):
    kept, real = [], os.fsync

    def noting(handle):
        if (
            Path(f"/proc/self/fd/{handle}").readlink().name.startswith(".snapshot.")
        ):  # keys are written, too
            kept.append(os.fstat(handle).st_size)
        real(handle)

    monkeypatch.setattr(os, "fsync", noting)
    before = os.umask(0o077)
    try:
        world.write([row(1), row(2)])
    finally:
        os.umask(before)
    found = world.path.stat()
    assert (kept, found.st_mode & 0o777) == ([found.st_size], 0o644)


def test_a_pipe_is_no_snapshot(world):
    """Whoever opened it would wait for who writes into it."""
    os.mkfifo(world.path)
    assert world.reason() == "malformed"


def test_no_other_key_of_the_library_signs_snapshots(world):
    """Neither a seal's, nor that of receipts or of trust lists."""
    for key in (
        world.authority.seal_key(ISSUER),
        world.authority.report_key(),
        world.authority.trust_key(),
    ):
        world.write([row(1)], key=key)
        assert world.reason() == "certificate"


def test_a_signature_of_another_key_is_refused(world):
    """The certificate is public: whoever carries it along has not its key."""
    world.write([row(1)])
    forger = signer("Forger")
    world.change(lambda first, rest: resigned(world, first, key=forger) + b"\n" + rest)
    assert world.reason() == "signature"


def test_another_nodes_snapshot_is_refused(world, tmp_path):
    """Its root is not on the list; nor is ours, where the list does not name it for seals."""
    other = found(tmp_path / "other", world.clock, seed="other")
    world.write([row(1)], key=other.snapshot_key())
    assert world.reason() == "signer"
    world.write([row(1)])
    ended = replace(world.authority.trusted(), until=world.clock.now())
    assert world.reason(entry=(ended,)) == "signer"


def test_the_signer_was_valid_when_it_was_made(world):
    """A snapshot of before or after its certificate is nobody's."""
    key = world.authority.snapshot_key()
    world.clock.forward(days=6 * 365)
    world.write([row(1)], key=key)
    assert world.reason() == "signer-ended"


def test_who_finds_an_expired_key_cannot_date_back_with_it(world):
    """A snapshot has no timestamp: nothing proves that it is of before its key's end."""
    key, made = world.authority.snapshot_key(), world.clock.now()
    world.write([row(1)], key=key)
    world.open().close()
    world.clock.forward(days=5 * 365 + 1)
    assert world.reason() == "signer-ended"
    world.write([row(1)], key=key, as_of=made)
    assert world.reason() == "signer-ended"


def test_an_authority_that_has_ended_vouches_for_no_day_before(world):
    """Seals of its have timestamps; a snapshot has its own word alone."""
    world.write([row(1)])
    world.clock.forward(days=2)
    ended = replace(world.authority.trusted(), until=world.clock.now() - timedelta(days=1))
    assert world.reason(entry=(ended,)) == "signer"
    world.open(entry=(replace(ended, until=world.clock.now() + timedelta(days=1)),)).close()


def test_a_revoked_signer_vouches_for_no_day(world, monkeypatch):
    """Whoever lost the key may have backdated what it signs."""
    from cryptography import x509

    from keys.profiles import Revoked

    world.write([row(1)])
    material = world.authority.trust_material()
    serial = x509.load_der_x509_certificate(world.authority.snapshot_key().chain[0]).serial_number
    entry = Revoked(serial, world.clock.now(), "keyCompromise")
    mint, register = world.authority._mint, world.authority._current().register
    crl = mint.with_crls(replace(register, revoked=(entry,))).root_crl
    assert world.reason(material=replace(material, crls=(crl, *material.crls))) == "signer-ended"


def revocation_list(issuer, key, serial):
    """Anybody can write one: under whose name is nobody's but the key's affair."""
    entry = x509.RevokedCertificateBuilder(serial, datetime(2025, 1, 1)).build()
    builder = x509.CertificateRevocationListBuilder(
        issuer, datetime(2025, 1, 1), datetime(2034, 1, 1), revoked_certificates=[entry]
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_a_list_that_its_issuer_has_not_signed_revokes_nobody(world):
    """In the name of the root by another key, or by whomever in another name."""
    world.write([row(1)])
    material = world.authority.trust_material()
    signed = x509.load_der_x509_certificate(world.authority.snapshot_key().chain[0])
    stranger = ec.generate_private_key(ec.SECP256R1())
    other = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    lists = tuple(
        revocation_list(issuer, stranger, signed.serial_number) for issuer in (signed.issuer, other)
    )
    world.open(material=replace(material, crls=(*lists, *material.crls))).close()


def test_a_signature_is_written_in_one_way(world):
    """Its last letter has four bits to spare: what says the same in other letters is refused."""
    world.write([row(1)])
    first = json.loads(world.path.read_bytes().partition(b"\n")[0])
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters.index(first["signature"][-1])
    odd = first["signature"][:-1] + letters[last + 1]
    assert decoded(odd) == decoded(first["signature"])
    plain = canonical_bytes(first | {"signature": odd})
    world.change(lambda _, rest: plain + b"\n" + rest)
    assert world.reason() == "malformed"


def test_a_file_that_changes_while_it_is_asked_is_noticed(world):
    """What was read once is what is asked, or nothing is."""
    world.write([row(1)])
    opened = world.open()
    with world.path.open("ab") as out:
        out.write(b"x")
    with pytest.raises(SnapshotRefused) as caught:
        opened.seen(identifier(1))
    assert caught.value.values["reason"] == "changed"
    opened.close()


def test_a_file_written_over_in_place_is_noticed(world):
    """Same size, and its times set back: what was read once is what is asked."""
    world.write([row(1)])
    opened = world.open()
    assert opened.seen(identifier(1)).row == row(1)
    before = world.path.stat()
    content = world.path.read_bytes()
    with world.path.open("r+b") as out:
        out.write(content.replace(b'"valid"', b'"other"'))
    os.utime(world.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = world.path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    with pytest.raises(SnapshotRefused) as caught:
        opened.seen(identifier(1))
    assert caught.value.values["reason"] == "changed"
    opened.close()


def test_every_piece_of_a_large_file_is_compared_when_it_is_asked(world):
    """Rows lie across pieces of the file; one that nobody asks about does no harm."""
    rows = [row(number) for number in range(1, 1501)]
    world.write(rows)
    assert world.path.stat().st_size > 4 * 65_536
    opened = world.open()
    for number in (1, 2, 200, 399, 400, 401, 750, 1499, 1500):
        assert opened.seen(identifier(number)).row == row(number)
    assert opened.seen(identifier(1501)).row is None
    content = world.path.read_bytes()
    with world.path.open("r+b") as out:
        out.seek(len(content) - 5)
        out.write(b"x")
    assert opened.seen(identifier(1)).row == row(1)
    with pytest.raises(SnapshotRefused) as caught:
        opened.seen(identifier(1500))
    assert caught.value.values["reason"] == "changed"
    opened.close()


def test_a_file_that_is_cut_while_it_is_asked_is_noticed(world):
    world.write([row(1)])
    opened = world.open()
    os.truncate(world.path, world.path.stat().st_size - 3)
    with pytest.raises(SnapshotRefused) as caught:
        opened.seen(identifier(1))
    assert caught.value.values["reason"] == "changed"
    opened.close()


def test_another_file_in_its_place_is_not_asked(world):
    """Whoever writes a new one replaces it in one step; the one that was read stays open."""
    world.write([row(1)])
    opened = world.open()
    world.write([row(2)])
    assert opened.seen(identifier(1)).row == row(1)
    assert opened.seen(identifier(2)).row is None
    opened.close()


def test_a_row_of_a_later_release_is_refused(world, monkeypatch):
    """Under the right signature: a code that nobody here has a sentence for."""
    world.write([row(1, code="splendid")])
    opened = world.open()
    with pytest.raises(SnapshotRefused) as caught:
        opened.seen(identifier(1))
    assert caught.value.values["reason"] == "malformed"
    opened.close()


def test_nothing_half_written_is_left(world):
    """Neither where rows fail half-way, nor where the folder is gone."""

    def failing():
        yield row(1)
        raise RuntimeError

    world.write([row(1)])
    before = world.path.read_bytes()
    with pytest.raises(RuntimeError):
        world.write(failing())
    assert world.path.read_bytes() == before
    assert {item.name for item in world.path.parent.iterdir()} == {"keys", "snapshot"}
    world.path = world.path.parent / "gone" / "snapshot"
    with pytest.raises(FileNotFoundError):
        world.write([row(1)])
    assert world.reason() == "missing"


def test_the_newest_snapshot_is_remembered_and_an_older_one_told(world):
    """By the root; an older one is of use for its day, so it is not refused."""
    path = world.path.parent / MEMORY_NAME
    first, other = world.header(anchor="a"), world.header(anchor="b")
    later = replace(first, as_of=first.as_of + timedelta(days=1))
    assert newer_seen(path, first) is None
    assert newer_seen(path, later) is None
    stored = path.read_bytes()
    assert newer_seen(path, first) == later.as_of
    assert newer_seen(path, later) is None
    assert path.read_bytes() == stored
    assert newer_seen(path, other) is None
    assert newer_seen(path, first) == later.as_of


def test_an_older_snapshot_is_told_each_time_and_nothing_is_written_for_it(world):
    path = world.path.parent / MEMORY_NAME
    first = world.header(anchor="a")
    later = replace(first, as_of=first.as_of + timedelta(days=1))
    newer_seen(path, later)
    stored = path.stat()
    for header, newer in ((first, later.as_of), (first, later.as_of), (later, None)):
        assert newer_seen(path, header) == newer
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (stored.st_ino, stored.st_mtime_ns)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"seen":3}', b'{"seen":{"a":"x"}}'])
def test_a_damaged_memory_remembers_nothing(world, content):
    """It is no reason to refuse a good snapshot."""
    path = world.path.parent / MEMORY_NAME
    path.write_bytes(content)
    assert newer_seen(path, world.header(anchor="a")) is None
    assert newer_seen(path, world.header(anchor="a")) is None
    assert b'"a"' in path.read_bytes()


def test_a_folder_that_cannot_be_written_is_read_all_the_same(world, monkeypatch):
    """A disk without room, or somebody else's folder."""
    path = world.path.parent / MEMORY_NAME
    header = world.header(anchor="a")
    newer_seen(path, header)

    def full(*_, **__):
        raise SigningUnavailable(what="full")

    monkeypatch.setattr(files, "replace", full)
    monkeypatch.setattr(files, "exclusive", full)
    old = replace(header, as_of=header.as_of - timedelta(days=1))
    assert newer_seen(path, old) == header.as_of


def test_one_algorithm(world):
    """RSA is for seals."""
    with pytest.raises(Unsupported):
        world.write([], key=signer("RSA", algorithms.RSA_3072))
