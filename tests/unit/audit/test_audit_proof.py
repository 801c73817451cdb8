"""An exported history proves itself: to this program, to openssl, to twenty lines of Python."""

import json
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from api.audit import CannotAudit, Trust, merkle
from api.audit.canonical import canonical
from api.audit.export import Exported, Period, export
from api.audit.proof import Proof, own_trust, prove, prove_inclusion
from certlib import merkle as sealers
from tests.unit.audit.audit_store import Store
from tests.unit.audit.planting import self_signed

NOW = datetime(2026, 12, 1, tzinfo=UTC)
NAMES = ("header.json", "signature.der", "timestamp.tst", "records.jsonl")


@pytest.fixture(scope="module")
def exported(audited_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    store = Store(audited_template, {})
    made = export(store.options.database, store.options.trust, folder / "history", Period(), NOW)
    assert (made.first, made.unsealed) == (1, 2)
    assert made.last >= 2
    return folder / "history"


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(exported, tmp_path / "history"))


@pytest.fixture
def root(audited_template: Path) -> Trust:
    """As published elsewhere."""
    return Store(audited_template, {}).options.trust


def codes(proof: Proof) -> set[str]:
    return {one.code for one in proof.faults}


def test_an_export_proves_itself_without_the_database(folder: Path, root: Trust):
    proof = prove(folder, root)
    assert proof.holds, proof.faults
    assert proof.whole
    assert proof.records > 20
    assert (proof.first, proof.unsealed) == (1, 2)
    assert prove(folder, own_trust(folder)).as_json() == proof.as_json()
    assert json.loads((folder / "manifest.json").read_text())["made_at"] == "2026-12-01T00:00:00Z"


def test_nothing_of_a_holder_is_in_it(folder: Path, store: Store):
    """Names, codes and numbers on the face of every certificate in the database."""
    secrets = set(store.holder_texts())
    assert len(secrets) > 15
    files = [path for path in folder.rglob("*") if path.is_file()]
    text = "".join(path.read_text("utf-8", "replace") for path in files)
    assert [secret for secret in secrets if secret in text] == []


# --- without this program -----------------------------------------------------------------------


def test_openssl_checks_a_batch_as_the_readme_says(folder: Path):
    commands = re.findall(r"```sh\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    done = _shell(commands[0], folder)
    assert done.returncode == 0, done.stderr
    assert "history.pem: OK" in done.stdout
    assert "Verified OK" in done.stdout
    assert "Verification: OK" in done.stdout + done.stderr
    (folder / "batches" / "000001" / "header.json").write_text("{}")
    assert _shell(commands[0], folder).returncode != 0


def _shell(commands: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    command = ["bash", "-euo", "pipefail", "-c", commands]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", [None, "header.json", "signature.der", "records.jsonl"])
def test_the_readmes_own_program_finds_what_was_changed(folder: Path, name: str | None):
    (program,) = re.findall(
        r"```python\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL
    )
    if name is not None:
        _flip(folder / "batches" / "000001" / name)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=folder, capture_output=True, check=False
    )
    assert (done.stdout == b"ok\n") == (name is None)


# --- what was spoiled ---------------------------------------------------------------------------


def _flip(path: Path, place: int = -3) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("header.json", {"header"}),
        ("signature.der", {"batch-signature", "batch-timestamp", "batch-link"}),
        ("timestamp.tst", {"batch-timestamp"}),
        ("records.jsonl", {"changed", "batch-root"}),
    ],
)
def test_one_changed_octet_is_found(folder: Path, root: Trust, name: str, expected: set[str]):
    _flip(folder / "batches" / "000001" / name)
    assert codes(prove(folder, root)) == expected


def a_line_taken_away(folder: Path) -> None:
    path = folder / "batches" / "000002" / "records.jsonl"
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:2], *lines[3:]]))


def a_line_written_anew(folder: Path) -> None:
    path = folder / "batches" / "000002" / "records.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[2] = canonical(json.loads(lines[2]) | {"actor": "nobody"})
    path.write_bytes(b"\n".join(lines))


def two_lines_exchanged(folder: Path) -> None:
    path = folder / "batches" / "000002" / "records.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[2], lines[3] = lines[3], lines[2]
    path.write_bytes(b"\n".join(lines))


def a_line_not_in_canonical_form(folder: Path) -> None:
    """The same record, one space more."""
    path = folder / "batches" / "000002" / "records.jsonl"
    path.write_bytes(path.read_bytes().replace(b'":', b'": ', 1))


def all_lines_taken_away(folder: Path) -> None:
    (folder / "batches" / "000002" / "records.jsonl").write_bytes(b"")


def a_batch_taken_away(folder: Path) -> None:
    shutil.rmtree(folder / "batches" / "000002")


def a_batch_too_many(folder: Path) -> None:
    shutil.copytree(folder / "batches" / "000001", folder / "batches" / "000099")


def a_file_taken_away(folder: Path) -> None:
    (folder / "batches" / "000001" / "timestamp.tst").unlink()


def the_certificate_taken_away(folder: Path) -> None:
    for path in (folder / "certificates").glob("history-*"):
        path.unlink()


def a_tail_that_does_not_follow(folder: Path) -> None:
    path = folder / "tail" / "records.jsonl"
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[1:]))


def no_tail_at_all(folder: Path) -> None:
    shutil.rmtree(folder / "tail")


def a_manifest_of_a_billion_batches(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"last_batch": 10**12}))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (a_line_taken_away, {"gap", "batch-records"}),
        (a_line_written_anew, {"link", "batch-root"}),
        (two_lines_exchanged, {"gap", "batch-root"}),
        (a_line_not_in_canonical_form, {"changed", "batch-root"}),
        (all_lines_taken_away, {"batch-records", "gap"}),
        (a_batch_taken_away, {"missing", "gap", "batch-gap"}),
        (a_batch_too_many, {"missing"}),
        (a_file_taken_away, {"missing", "batch-gap"}),
        (
            the_certificate_taken_away,
            {"batch-certificate", "batch-signature"},
        ),
        (a_tail_that_does_not_follow, {"gap"}),
        (no_tail_at_all, {"missing"}),
        (a_manifest_of_a_billion_batches, {"missing"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_was_spoiled_is_named(
    folder: Path, root: Trust, spoil: Callable[[Path], None], expected: set[str]
):
    spoil(folder)
    assert codes(prove(folder, root)) == expected


def test_another_root_believes_nothing(folder: Path):
    stranger = x509.load_der_x509_certificate(self_signed(ec.generate_private_key(ec.SECP256R1())))
    assert codes(prove(folder, Trust((stranger,)))) == {"batch-untrusted", "batch-timestamp"}


def test_a_folder_that_is_no_export_is_none(tmp_path: Path, root: Trust):
    for content in (None, "[]", "{}", '{"format": 2, "first_batch": 1, "last_batch": 1, "to": ""}'):
        if content is not None:
            (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(CannotAudit):
            prove(tmp_path, root)
    with pytest.raises(CannotAudit):
        own_trust(tmp_path)


# --- one record ---------------------------------------------------------------------------------


def test_the_records_of_one_certificate_are_found_with_their_proofs(
    folder: Path, root: Trust, store: Store, tmp_path: Path
):
    proof = prove(folder, root, store.names["revoked"])
    assert [one.record["act"] for one in proof.found] == ["reserve", "issue", "revoke", "verify"]
    for one in proof.found:
        path = tmp_path / "proof.json"
        path.write_text(json.dumps(one.as_json()))
        alone = prove_inclusion(path, root)
        assert alone.holds
        assert alone.found[0].record == one.record


def test_a_record_that_no_seal_covers_says_so(folder: Path, root: Trust, store: Store):
    proof = prove(folder, root, store.names["burned"])
    assert proof.found[-1].summary()["batch"] is None
    assert proof.found[-1].as_json() == {}
    sequence = proof.found[-1].record["sequence"]
    assert prove(folder, root, str(sequence)).found[0].record["act"] == "burn"


def _spoilt(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    other = b64encode(b"other").decode()
    return {
        "record": {**said, "record": {**said["record"], "actor": "nobody"}},
        "index": {**said, "index": said["index"] + 1},
        "size": {**said, "size": said["size"] + 1},
        "path": {**said, "path": [*said["path"][:-1], "00" * 32]},
        "header": {**said, "header": {**said["header"], "root": "0" * 64}},
        "batch": {**said, "batch": 77},
        "signature": {**said, "signature": other},
        "certificate": {**said, "certificate": other},
        "timestamp": {**said, "timestamp": other},
    }


@pytest.mark.parametrize(
    "member", list(_spoilt({"record": {}, "path": [], "header": {}, "index": 0, "size": 0}))
)
def test_a_proof_of_something_else_does_not_hold(
    folder: Path, root: Trust, store: Store, tmp_path: Path, member: str
):
    said = prove(folder, root, store.names["revoked"]).found[0].as_json()
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(_spoilt(said)[member]))
    proof = prove_inclusion(path, root)
    assert not proof.holds
    assert proof.found == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"record": 1, "header": {}}'])
def test_what_is_no_proof_is_none(tmp_path: Path, root: Trust, content: str):
    path = tmp_path / "proof.json"
    path.write_text(content)
    with pytest.raises(CannotAudit):
        prove_inclusion(path, root)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40), st.data())
def test_both_trees_agree_and_every_leaf_has_its_path(lines: list[bytes], data: st.DataObject):
    """The sealer's tree and the auditor's; a path leads to the root from its own place alone."""
    leaves = [merkle.leaf(line) for line in lines]
    root = merkle.root(leaves)
    assert root == sealers.root([sealers.leaf_hash(line) for line in lines])
    index = data.draw(st.integers(0, len(lines) - 1))
    path = merkle.path(leaves, index)
    assert merkle.root_by(leaves[index], index, len(lines), path) == root
    assert merkle.root_by(leaves[index], index, len(lines), [*path, bytes(32)]) != root
    assert merkle.root_by(leaves[index], len(lines), len(lines), path) is None
    if path:
        assert merkle.root_by(leaves[index], index, len(lines), path[:-1]) != root


# --- parts --------------------------------------------------------------------------------------


def _export(store: Store, folder: Path, *days: date | None) -> Exported:
    return export(store.options.database, store.options.trust, folder, Period(*days), NOW)


def test_a_part_begins_and_ends_with_whole_batches(store: Store, tmp_path: Path):
    """Before its first batch nothing is claimed."""
    today = (
        datetime.fromisoformat(store.value("SELECT at FROM audit_history WHERE sequence = 30"))
        .astimezone(UTC)
        .date()
    )
    later = today + timedelta(days=2)
    assert _export(store, tmp_path / "all", today - timedelta(days=2), later).first == 1
    assert prove(tmp_path / "all", store.options.trust).holds
    none = _export(store, tmp_path / "none", later, None)
    assert (none.first, none.last, none.records, none.unsealed) == (0, 0, 0, 2)
    earlier = _export(store, tmp_path / "earlier", None, today - timedelta(days=2))
    assert (earlier.first, earlier.records, earlier.unsealed) == (0, 0, 0)
    assert prove(tmp_path / "earlier", store.options.trust).holds


def test_an_export_that_begins_in_the_middle_proves_what_it_has(folder: Path, root: Trust):
    shutil.rmtree(folder / "batches" / "000001")
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"first_batch": 2}))
    proof = prove(folder, root)
    assert proof.holds
    assert not proof.whole


def test_an_export_never_writes_over_anything(store: Store, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotAudit):
        _export(store, tmp_path)
    with pytest.raises(CannotAudit):
        _export(store, tmp_path / "file")


def test_a_spoilt_database_exports_what_there_is(store: Store, tmp_path: Path):
    """Evidence of the fault, not a refusal."""
    store.run("UPDATE audit_history SET details = '{' WHERE sequence = 7")
    store.run("UPDATE history_batches SET token = x'00' WHERE number = 1")
    _export(store, tmp_path / "history")
    found = codes(prove(tmp_path / "history", store.options.trust))
    assert found == {"changed", "batch-root", "batch-timestamp"}


def test_a_history_without_any_batch_is_a_tail(store: Store, tmp_path: Path):
    store.run("DELETE FROM history_batches")
    made = _export(store, tmp_path / "history")
    assert (made.first, made.last, made.records) == (0, 0, 0)
    proof = prove(tmp_path / "history", store.options.trust)
    assert proof.holds
    assert proof.unsealed == made.unsealed > 20
