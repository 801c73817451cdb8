"""`certlib keys request`, `import`, `compromise` and `ceremony` at the command line."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.bootstrap import open_node
from api.founding import found
from api.settings import Settings
from certlib.usecases.compromise import HandleCompromise
from tests.unit.cli.conftest import Run
from tests.unit.keys.ceremony_world import FILE

CODE = "11445200990090139J"
TWO = ("--operator", "甲", "--second", "乙")
ENGLISH = ("--lang", "en")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """An open node: the commands work beside it."""
    made = tmp_path_factory.mktemp("life") / "var"
    with closing(open_node(Settings(data_dir=made, demo=True))) as opened:
        found(opened)
        yield opened


@pytest.fixture
def at(node):
    return "--data-dir", str(node.settings.data_dir), *ENGLISH


def _acts(node, target):
    with node.registry.read() as session:
        return [record.act for record in session.history_of(target)]


def test_a_request_is_printed_written_and_listed_and_asked_for_once(run: Run, node, at, tmp_path):
    first = run("keys", "request", CODE, "--json", *at).line
    csr = x509.load_pem_x509_csr(first["request"].encode())
    assert csr.is_signature_valid
    assert run("keys", "request", CODE, *at).out.encode() == csr.public_bytes(Encoding.PEM)
    out = tmp_path / "seal.csr"
    assert first["key"] in run("keys", "request", CODE, "--out", str(out), *at).out
    assert out.read_bytes() == csr.public_bytes(Encoding.PEM)
    assert _acts(node, first["key"]) == ["request-seal"]
    states = {item["name"]: item["state"] for item in run("keys", "list", "--json", *at).lines}
    assert states[first["key"]] == "requested"
    assert "requested" in run("keys", "list", *at).out
    away = run("keys", "request", CODE, "--out", str(tmp_path / "no" / "x"), *at)
    assert (away.code, "Cannot write" in away.err) == (3, True)
    assert "No department" in run("keys", "request", "11445200990090000X", *at).err


def test_an_answer_that_is_none_is_refused_with_a_sentence(run: Run, at, tmp_path):
    path = tmp_path / "answer.pem"
    path.write_bytes(b"nothing")
    refused = run("keys", "import", str(path), *at)
    assert (refused.code, "Not imported" in refused.err) == (3, True)
    assert "Cannot read" in run("keys", "import", str(tmp_path / "absent"), *at).err


def test_where_the_keys_lie_with_signers_nothing_is_begun(
    run: Run, node, at, monkeypatch, tmp_path
):
    """Nobody has to answer: a halt without the rest of the drill would be for ever."""
    name = next(item.name for item in node.authority.list_keys() if item.issuer_code == CODE)
    answer = tmp_path / "answer.pem"
    answer.write_bytes(b"anything")
    before = node.authority.list_keys(), _acts(node, name), _acts(node, "sealing")
    monkeypatch.setenv("CERTLIB_SIGNERS", str(tmp_path / "none.sock"))
    begun = run("keys", "compromise", name, "--since", "2026-01-01T00:00:00Z", *TWO, *at)
    assert begun.code == 2  # whether they answer is asked first
    for arguments in (
        ("give-up", name, "--since", "2026-01-01T00:00:00Z"),
        ("request", CODE),
        ("import", str(answer)),
        ("replace", CODE),
    ):
        refused = run("keys", *arguments, *at)
        assert (refused.code, "run this where certlib signer runs" in refused.err) == (3, True)
    assert (node.authority.list_keys(), _acts(node, name), _acts(node, "sealing")) == before


def test_what_no_drill_begins_with(run: Run, node, at):
    """Nothing is halted by a command that was wrong."""
    name = next(item.name for item in node.authority.list_keys() if item.issuer_code == CODE)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for arguments, sentence in (
        (("nobody", "--since", "2026-01-01"), "No seal has a key"),
        ((name, "--since", later), "future"),
        ((name, "--since", "yesterday"), "is no time"),
        ((name, "--since", "2026-01-01", "--revoke", "--reissue"), "Choose one"),
        ((name, "--since", "2026-01-01", "--dry-run", "--list", "/nowhere/x.csv"), "Cannot write"),
    ):
        said = run("keys", "compromise", *arguments, *TWO, *at)
        assert (said.code, sentence in said.err) == (3, True), said.err
    alone = run("keys", "compromise", name, "--since", "2026-01-01", "--operator", "甲", *at)
    assert alone.code == 3
    with node.registry.read() as session:
        assert name not in {stop.scope for stop in session.sealing_stops()}


def test_a_drill_without_certificates(run: Run, node, at, monkeypatch):
    """The key is given up, its certificate revoked, the next seal made, all of it once."""
    monkeypatch.setattr("api.cli.compromise._EVERYWHERE_SECONDS", 0)
    other = "11445200990090016H"
    key = next(item for item in node.authority.list_keys() if item.issuer_code == other)
    told = ("keys", "compromise", key.name, "--since", "2026-01-02", *TWO, *at)
    dry = run(*told, "--dry-run", "--json")
    assert dry.line == {"key": key.name, "counts": {}, "under_way": 0, "open": 0}
    assert node.authority.seal_info(other).fingerprint == key.fingerprint
    assert "none" in run(*told, "--reason", "演练").out
    assert run(*told, "--revoke").code == 0
    states = {item.name: item.state for item in node.authority.list_keys()}
    assert states[key.name] == "revoked"
    assert node.authority.seal_info(other).fingerprint != key.fingerprint
    with node.registry.read() as session:
        (stop,) = session.sealing_stops()
    assert (stop.scope, stop.final, stop.reason) == (key.name, True, "演练")
    acts = _acts(node, key.name)
    assert acts == ["compromise-key", "compromise-key"]  # listed first, then voided
    crl = x509.load_der_x509_crl(node.authority.crls()["issuing.crl"])
    (entry,) = list(crl)
    since = entry.extensions.get_extension_for_class(x509.InvalidityDate).value
    assert since.invalidity_date_utc == datetime(2026, 1, 1, 16, tzinfo=UTC)


def test_a_drill_waits_for_what_is_under_way_and_tells_what_is_left(
    run: Run, node, at, monkeypatch
):
    """What the key sealed before the halt may become public after it: then it is listed, too."""
    monkeypatch.setattr("api.cli.compromise._give_up", lambda *_: None)
    monkeypatch.setattr("api.cli.compromise._ROUND_SECONDS", 0)
    keys = [item for item in node.authority.list_keys() if item.purpose == "seal"]
    key = next(item for item in keys if item.issuer_code not in (CODE, "11445200990090016H"))
    told = ("keys", "compromise", key.name, "--since", "2026-01-02", *TWO, *at)
    steps = []
    monkeypatch.setattr(HandleCompromise, "affected", lambda *_: steps.append("list") or [])

    def under_way(_, lost, until):
        assert lost.issuer_code == key.issuer_code
        steps.append("ask")
        return max(0, 3 - len(steps))

    monkeypatch.setattr(HandleCompromise, "under_way", under_way)
    assert run(*told).code == 0
    assert steps == ["ask", "ask", "ask", "list"]
    monkeypatch.setattr(HandleCompromise, "under_way", lambda *_: 2)
    said = run(*told)
    assert (said.code, "still under way, not in the list: 2" in said.out) == (1, True)
    assert run(*told, "--json").line == {"key": key.name, "counts": {}, "under_way": 2, "open": 2}
    assert run(*told, "--dry-run").code == 0


@pytest.fixture
def declared(tmp_path):
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    path = tmp_path / "ceremony.toml"
    path.write_text(FILE.replace("2026-03-02T09:00:00+08:00", now), "utf-8")
    return path


def test_a_ceremony_is_checked_held_compared_and_never_repeated(run: Run, declared, tmp_path):
    entropy, folder = tmp_path / "dice", tmp_path / "var"
    entropy.write_bytes(bytes(range(50)))
    brought = ("--entropy", str(entropy))
    at = ("--data-dir", str(folder), *ENGLISH)
    checked = run("keys", "ceremony", str(declared), "--check", *at)
    assert (checked.code, "nothing was stored" in checked.out) == (0, True)
    assert not folder.exists()
    held = run("keys", "ceremony", str(declared), *brought, "--json", *at)
    assert held.code == 0, held.err
    log = folder / "keys" / "ceremony.jsonl"
    assert [json.loads(line) for line in log.read_text("utf-8").splitlines()] == held.lines
    compare = ("keys", "ceremony", str(declared), "--check", "--log", str(log), *at)
    assert "signatures apart" in run(*compare, *brought).out
    entropy.write_bytes(bytes(range(51)))
    assert run(*compare, *brought).code == 1
    assert "--entropy" in run(*compare).err
    again = run("keys", "ceremony", str(declared), *at)
    assert (again.code, "overwrites none" in again.err) == (1, True)
    with closing(open_node(Settings(data_dir=folder, demo=True))) as node:
        found(node)
        root = next(item for item in node.authority.list_keys() if item.purpose == "root")
    assert "揭阳市电子证照库" in root.subject


def test_a_ceremony_that_is_not_today_or_elsewhere_is_not_held(
    run: Run, declared, tmp_path, monkeypatch
):
    at = ("--data-dir", str(tmp_path / "var"), *ENGLISH)
    old = tmp_path / "old.toml"
    old.write_text(FILE, "utf-8")
    said = run("keys", "ceremony", str(old), *at)
    assert (said.code, "clock" in said.err) == (3, True)
    monkeypatch.setenv("CERTLIB_PUBLIC_URL", "https://other.example")
    said = run("keys", "ceremony", str(declared), *at)
    assert (said.code, "CERTLIB_PUBLIC_URL" in said.err) == (3, True)
    assert "Cannot read" in run("keys", "ceremony", str(tmp_path / "none"), *at).err
    assert not (tmp_path / "var").exists()
