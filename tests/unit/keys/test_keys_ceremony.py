"""The ceremony: what the file says is founded, never over keys, and the log can be made again."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from ceremony_world import FILE
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from keys_world import KEK, TRANSPORT, CountedEntropy, SetClock, found, openssl, pem

from certlib.errors import SigningUnavailable
from certlib.key_errors import CeremonyRefused, FoundedAlready
from keys.ceremony import LOG_NAME, BroughtEntropy, Source, hold, rehearse, same
from keys.ceremony_file import LIMIT, declaration_from
from keys.vault import Vault

HELD = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
BROUGHT = bytes(range(64))


def _source(content=BROUGHT):
    return Source(BroughtEntropy(content), "00" * 32)


def _held(folder, text=FILE, source=None):
    content = text.encode()
    folder.mkdir(parents=True, exist_ok=True)
    vault = Vault(folder / "private", KEK, CountedEntropy())
    return hold(folder, vault, declaration_from(content), content, source or _source())


def _steps(log, step):
    return [line for line in map(json.loads, log) if line["step"] == step]


def test_the_authority_that_was_declared_is_the_one_that_opens(tmp_path):
    """And it goes on as any other: it gives seals, whose path openssl follows to the root."""
    log = _held(tmp_path / "keys")
    authority = found(tmp_path / "keys", SetClock(HELD))
    info = authority.issue_seal(*TRANSPORT)
    assert info.issuer_code == TRANSPORT[0]
    listed = {key.purpose: key for key in authority.list_keys()}
    for purpose, days in (
        ("root", 7300),
        ("issuing", 5475),
        ("timestamp", 3650),
        ("history", 1825),
    ):
        key = listed[purpose]
        assert key.not_before == HELD - timedelta(hours=1)
        assert key.not_after - key.not_before == timedelta(days=days)
        (said,) = [item for item in _steps(log, "certificate") if item["name"] == purpose]
        assert said["signed"]["sha256"] == key.fingerprint
    certificates = authority.public_certificates()
    for name in ("root", "issuing"):
        (tmp_path / f"{name}.pem").write_bytes(pem(certificates[f"{name}.cer"]))
    (tmp_path / "seal.pem").write_bytes(pem(authority.seal_key(TRANSPORT[0]).chain[0]))
    trusted = ("-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "issuing.pem")
    moment = str(int(HELD.timestamp()))
    assert "OK" in openssl("verify", "-attime", moment, *trusted, tmp_path / "seal.pem")


def test_the_log_lies_with_the_keys_and_has_a_digest_of_everything(tmp_path):
    log = _held(tmp_path / "keys")
    assert (tmp_path / "keys" / LOG_NAME).read_text("utf-8").splitlines() == list(log)
    assert [json.loads(line)["step"] for line in log] == [
        "declaration",
        "entropy",
        *("key", "certificate") * 4,
        "crl",
        "crl",
        "end",
    ]
    (said,) = _steps(log, "declaration")
    assert said["persons"] == ["zhang", "李四", "wang"]
    authority = found(tmp_path / "keys", SetClock(HELD))
    lists = {item["name"]: item for item in _steps(log, "crl")}
    for name in ("root.crl", "issuing.crl"):
        crl = x509.load_der_x509_crl(authority.crls()[name])
        assert lists[name]["signed"]["sha256"] == crl.fingerprint(_sha256()).hex()


def _sha256():
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()


def test_the_same_file_and_entropy_make_the_same_log_but_for_signatures(tmp_path):
    """On another machine, in memory, on another day: keys, serials, lives, everything signed."""
    first, second = _held(tmp_path / "a"), _held(tmp_path / "b")
    assert first != second  # ECDSA draws a number for each signature
    assert same(first, second)
    content = FILE.encode()
    assert same(first, rehearse(declaration_from(content), content, _source()))
    keys = [found(tmp_path / name, SetClock(HELD)).timestamp_key() for name in "ab"]
    public = [x509.load_der_x509_certificate(key.chain[0]).public_key() for key in keys]
    assert public[0] == public[1]


@pytest.mark.parametrize(
    "change",
    [
        {"source": _source(BROUGHT + b"!")},
        {"text": FILE.replace("wang", "wu")},
        {"text": FILE.replace("days = 1825", "days = 1826")},
        {"text": FILE + "# a remark\n"},
    ],
)
def test_another_file_or_entropy_makes_another_log(tmp_path, change):
    assert not same(_held(tmp_path / "a"), _held(tmp_path / "b", **change))


@pytest.mark.parametrize("place", range(13))
def test_a_changed_line_is_noticed(tmp_path, place):
    log = list(_held(tmp_path / "keys"))
    content = FILE.encode()
    again = rehearse(declaration_from(content), content, _source())
    changed = [*log]
    changed[place] = changed[place].replace(":", ": ", 1) + "x"
    assert same(log, again)
    assert not same(changed, again)
    assert not same(log[:place] + log[place + 1 :], again)


def test_the_machines_own_entropy_makes_other_keys_each_time(tmp_path):
    class Machine:
        def octets(self, count):
            import os

            return os.urandom(count)

    logs = [_held(tmp_path / name, source=Source(Machine())) for name in "ab"]
    assert _steps(logs[0], "entropy")[0]["source"] == "machine"
    keys = [_steps(log, "key")[0]["public_sha256"] for log in logs]
    assert keys[0] != keys[1]


def test_keys_that_are_there_are_never_overwritten(tmp_path):
    """Whether a ceremony made them, `init` did, or something broke off half-way."""
    log = _held(tmp_path / "keys")
    register = (tmp_path / "keys" / "register").read_bytes()
    with pytest.raises(FoundedAlready):
        _held(tmp_path / "keys", source=_source(b"other" * 20))
    assert (tmp_path / "keys" / "register").read_bytes() == register
    assert (tmp_path / "keys" / LOG_NAME).read_text("utf-8").splitlines() == list(log)
    (tmp_path / "keys" / "register").unlink()
    with pytest.raises(FoundedAlready):
        _held(tmp_path / "keys")
    found(tmp_path / "init")
    with pytest.raises(FoundedAlready):
        _held(tmp_path / "init")


def test_a_broken_ceremony_founds_nothing(tmp_path, monkeypatch):
    from keys.register import RegisterFile

    def full(*_):
        raise SigningUnavailable(what="full")

    monkeypatch.setattr(RegisterFile, "write", full)
    with pytest.raises(SigningUnavailable):
        _held(tmp_path / "keys")
    assert not (tmp_path / "keys" / "register").exists()


WRONG = {
    "TOML": "no toml at all [",
    "format": FILE.replace("format = 1", "format = 2"),
    "owner": FILE.replace('owner = "揭阳市电子证照库"', "owner = 7"),
    "owner, public_url": FILE.replace("https://zz.example", "ftp://zz.example"),
    "held_at": FILE.replace("+08:00", ""),
    "place": FILE.replace("市民服务中心302室", "x" * 65),
    "persons": FILE.replace('"zhang", "李四", "wang"', '"zhang", " ZHANG"'),
    "crl_days": FILE.replace("crl_days = 30", "crl_days = true"),
    "keys.root.days": FILE.replace("days = 7300", "days = 7301"),
    "keys.issuing.days": FILE.replace("days = 7300", "days = 5000"),
    "keys.root.algorithm": FILE.replace("ecdsa-p256-sha256", "rsa-1024", 1),
    "keys.root.role": FILE.replace('role = "信任根"', 'role = ""'),
    "keys.root.colour": FILE.replace('role = "信任根"', 'role = "信任根"\ncolour = "red"'),
    "keys.history": FILE[: FILE.index("[keys.history]")],
    "keys.trust": FILE + '[keys.trust]\nalgorithm = "x"\n',
    "colour": 'colour = "red"\n' + FILE,
    "keys": FILE[: FILE.index("[keys.root]")] + "keys = 3\n",
    "keys.root": FILE.replace("[keys.root]", "[keys]\nroot = 1\n[keys.root2]"),
}


@pytest.mark.parametrize("place", WRONG)
def test_what_cannot_be_held_is_refused_by_its_place(place):
    with pytest.raises(CeremonyRefused) as refused:
        declaration_from(WRONG[place].encode())
    named = refused.value.values["place"]
    assert named == place or (place == "keys.root" and named.startswith("keys."))
    assert named in refused.value.zh_text


def test_other_things_that_are_no_declaration():
    with pytest.raises(CeremonyRefused):
        declaration_from(b"#" * (LIMIT + 1))
    with pytest.raises(CeremonyRefused):
        declaration_from(b"\xff")
    with pytest.raises(CeremonyRefused):
        declaration_from(FILE.replace('["zhang", "李四", "wang"]', "3").encode())


def test_too_little_entropy_is_refused():
    with pytest.raises(CeremonyRefused):
        BroughtEntropy(bytes(31))


@given(st.binary(min_size=32, max_size=200), st.lists(st.integers(1, 64), max_size=5))
def test_brought_entropy_is_a_function_of_what_was_brought(content, counts):
    one, other = BroughtEntropy(content), BroughtEntropy(content)
    drawn = [one.octets(count) for count in counts]
    assert drawn == [other.octets(count) for count in counts]
    assert [len(item) for item in drawn] == counts
    more = BroughtEntropy(content + b"\0")
    assert more.octets(32) != BroughtEntropy(content).octets(32)


def test_a_key_is_in_the_range_of_the_curve(monkeypatch):
    """FIPS 186-5, A.2.1: never zero, never the order, whatever the octets are."""
    from keys.ceremony import _key

    class Fixed:
        def __init__(self, content):
            self.content = content

        def octets(self, count):
            return self.content * count

    for content in (b"\0", b"\xff"):
        key = _key(Fixed(content))
        assert isinstance(key.curve, ec.SECP256R1)
        assert key.private_numbers().private_value > 0
