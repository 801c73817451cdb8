"""`certlib audit` on the command line: audit, export, proof, and their exit codes."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console

from api.cli import main
from api.cli.audit_report import Bar
from api.cli.bilingual import Language
from api.cli.screen import Screen
from tests.unit.audit.audit_store import Store

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(store: Store, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("CERTLIB_SECRETS_DIR", str(store.folder / "secrets"))
    monkeypatch.setenv("DATA_DIR", str(store.folder / "var"))
    # The store was built when the first test asked for it, on a slow machine an hour ago.
    monkeypatch.setenv("CERTLIB_HISTORY_SEAL_SECONDS", "86400")

    def called(*arguments: object, lang: str = "en") -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(["--lang", lang, "audit", *map(str, arguments)])
        said = capfd.readouterr()
        return code, said.out, said.err

    return called


@pytest.fixture
def root(store: Store, tmp_path: Path) -> Path:
    """As published elsewhere."""
    path = tmp_path / "root.pem"
    path.write_bytes(store.options.trust.roots[0].public_bytes(Encoding.PEM))
    return path


def test_an_audit_with_a_root_of_ones_own(call: Call, root: Path, store: Store):
    code, out, _ = call("--trust", root, "--json")
    assert (code, json.loads(out)["green"]) == (0, True)
    store.run("UPDATE history_batches SET token = x'' WHERE number = 1")
    code, out, _ = call("--trust", root)
    assert code == 1
    assert "batch 1" in out


def test_export_and_proof_need_no_more_than_the_folder(
    call: Call, root: Path, store: Store, tmp_path: Path
):
    folder = tmp_path / "history"
    code, out, _ = call("--export", folder)
    assert code == 0
    assert "README.md" in out
    shutil.rmtree(store.folder / "var")
    code, out, _ = call("--prove", folder)
    assert code == 0
    assert "compare it with the fingerprint" in out
    code, out, _ = call("--prove", folder, "--trust", root, lang="zh")
    assert code == 0
    assert "核验通过" in out
    code, out, _ = call("--prove", folder, "--trust", root, "--json")
    assert json.loads(out)["proved"]


def test_one_record_gets_a_proof_that_stands_alone(
    call: Call, root: Path, store: Store, tmp_path: Path
):
    folder = tmp_path / "history"
    call("--export", folder)
    code, out, _ = call("--prove", folder, "--record", store.names["revoked"])
    assert code == 0
    assert "revoke" in out
    proofs = sorted((folder / "proofs").iterdir())
    assert len(proofs) == 4
    assert call("--prove", proofs[0])[0] == 3
    code, out, _ = call("--prove", proofs[0], "--trust", root, "--json")
    assert code == 0
    assert json.loads(out)["found"][0]["target"] == store.names["revoked"]
    code, _, err = call("--prove", folder, "--record", "nobody")
    assert code == 1
    assert "no record of nobody" in err
    assert call("--prove", folder, "--record", store.names["burned"])[0] == 0


def test_an_export_that_was_spoilt_is_not_proved(call: Call, tmp_path: Path):
    folder = tmp_path / "history"
    call("--export", folder)
    shutil.rmtree(folder / "batches" / "000001")
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"first_batch": 2}))
    code, out, _ = call("--prove", folder)
    assert code == 0
    assert "begins with batch 2" in out
    (folder / "batches" / "000002" / "timestamp.tst").write_bytes(b"")
    code, out, _ = call("--prove", folder)
    assert code == 1
    assert "Not proved" in out


def test_what_cannot_be_done_is_said(call: Call, tmp_path: Path, store: Store):
    """2: it could not be told; 3: wrong usage."""
    folder = tmp_path / "history"
    assert call("--export", folder, "--from", "yesterday")[0] == 3
    assert call("--export", folder, "--from", "2020-01-01", "--to", "2020-12-31")[0] == 0
    assert call("--export", folder)[0] == 2
    assert call("--prove", tmp_path)[0] == 2
    (store.folder / "var" / "keys" / "register").write_text("")
    assert call()[0] == 2
    (tmp_path / "no.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    assert call("--trust", tmp_path / "no.pem")[0] == 2


def test_a_pinned_timestamp_authority_is_believed(
    call: Call, store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
):
    """As the setting for outside timestamps names it."""
    monkeypatch.setenv("CERTLIB_HISTORY_TSA_CERTIFICATE", str(root))
    assert call("--quick")[0] == 0


def test_a_rollback_is_found_against_an_earlier_export(call: Call, store: Store, tmp_path: Path):
    """Database, keys and all, set back to yesterday: only what lies elsewhere can tell."""
    folder = tmp_path / "history"
    call("--export", folder)
    assert call("--quick", "--against", folder)[0] == 0
    last = store.value("SELECT MAX(number) FROM history_batches")
    store.run(f"DELETE FROM history_batches WHERE number = {last}")
    assert "batch-unrecorded" in call("--quick", "--json")[1]
    (store.objects / "history" / f"{last:010d}.json").unlink()  # the store as well
    code, out, _ = call("--quick", "--against", folder, "--json")
    assert code == 1
    assert "batch-gone" in out
    assert call("--quick")[0] == 0
    (folder / "batches" / "000001" / "signature.der").write_bytes(b"another")
    assert "batch-rewritten" in call("--quick", "--against", folder, "--json")[1]
    (folder / "batches" / "000001" / "signature.der").unlink()
    assert call("--quick", "--against", folder)[0] == 2


def test_a_part_since_a_day(call: Call, store: Store):
    tomorrow = (store.built + timedelta(days=2)).date()
    store.run("UPDATE audit_history SET actor = 'nobody' WHERE sequence = 7")
    assert call("--quick", "--since", tomorrow)[0] == 0
    assert call("--quick")[0] == 1
    assert call("--since", "soon")[0] == 3


def test_logs_and_answers_are_looked_at(call: Call, store: Store, tmp_path: Path):
    log, kept = tmp_path / "log", tmp_path / "kept"
    log.write_text(max(filter(str.isalnum, store.holder_texts()), key=len), "utf-8")
    kept.write_text('{"identifier": "nobody"}')
    code, out, _ = call("--quick", "--logs", log, "--acknowledged", kept, "--json")
    assert code == 1
    assert "personal-data" in out
    assert "acknowledged-lost" in out
    assert call("--quick", "--probe", "http://[::1]:1")[0] == 2


def test_a_terminal_sees_how_far_it_is():
    """Nothing but a terminal gets the line."""
    screen = Screen(Language.EN)
    screen._consoles[True] = Console(stderr=True, force_terminal=True)
    with Bar(screen) as bar:
        bar.told("files", 1, 2)
        bar.told("rows", 1, 0)
        assert bar._status is not None
        assert bar._status.status == "rows 1"
    with Bar(Screen(Language.EN)) as bar:
        bar.told("files", 1, 2)
