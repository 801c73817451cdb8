"""`certlib trust`: from an authority's certificate to a list that others load, and back."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli import trust_lists
from api.clock import SystemClock, SystemEntropy
from certlib.trust import Use
from keys.authority import AuthorityOptions, DevelopmentAuthority, open_or_create
from keys.trust import LIST_NAME, MEMORY_NAME, open_trust
from tests.fakes.answers import answer
from tests.fakes.responding import World
from tests.unit.cli.conftest import Run

ISSUER, TYPE = "11445200990090139J", "11100000000013338W001"
NEIGHBOUR = ("--name", "邻市证照库", "--name-en", "Neighbours")
KEEPER = ("--operator", "揭阳市政务服务和数据管理局")


def founded(folder: Path) -> DevelopmentAuthority:
    options = AuthorityOptions("https://zz.example", owner=folder.parent.name)
    (folder.parent / "var-secrets").mkdir(parents=True)
    (folder.parent / "var-secrets" / "kek").write_text("07" * 32 + "\n")
    (folder.parent / "var-secrets").chmod(0o700)
    (folder.parent / "var-secrets" / "kek").chmod(0o600)
    folder.mkdir()
    return open_or_create(folder / "keys", bytes([7]) * 32, SystemClock(), SystemEntropy(), options)


@pytest.fixture
def own(tmp_path: Path) -> DevelopmentAuthority:
    """This node: keys alone, in `own/var`."""
    made = founded(tmp_path / "own" / "var")
    made.issue_seal(ISSUER, "揭阳市交通运输局")
    return made


@pytest.fixture
def data(own: DevelopmentAuthority, tmp_path: Path) -> tuple[str, Path]:
    del own
    return "--data-dir", tmp_path / "own" / "var"


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentAuthority:
    return founded(tmp_path_factory.mktemp("trust") / "other" / "var")


@pytest.fixture
def root(other: DevelopmentAuthority, tmp_path: Path) -> Path:
    path = tmp_path / "root.cer"
    path.write_bytes(other.trust_material().seal_anchors[0])
    return path


@pytest.fixture
def issuing(other: DevelopmentAuthority, tmp_path: Path) -> Path:
    path = tmp_path / "issuing.pem"
    (der,) = other.trust_material().issuers
    path.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def drafted(run: Run, root: Path, issuing: Path) -> Path:
    limits = ("--use", "seal", "--use", "timestamp", "--issuer", ISSUER, "--type", TYPE)
    days = ("--since", "2026-01-01", "--until", "2027-12-31")
    said = run("trust", "add", root, *NEIGHBOUR, *limits, *days, "--helper", issuing, *KEEPER)
    assert (said.code, said.err) == (0, "")
    return Path("trust-draft.json")


@pytest.fixture
def signed(run: Run, drafted: Path, data: tuple[str, Path]) -> tuple[Path, str]:
    """The list, and the fingerprint that its signer told."""
    said = run("trust", "sign", drafted, *data, "--json")
    assert said.code == 0
    return Path(said.line["file"]), said.line["signer_key_sha256"]


def test_from_a_certificate_to_a_list_that_is_believed(
    run: Run, signed: tuple[Path, str], data: tuple[str, Path], root: Path
):
    path, signer = signed
    assert run("trust", "check", path, "--signer", signer, *data).code == 0
    shown = run("trust", "show", path, "--json").line
    (entry,) = shown["authorities"]
    assert entry == {
        "name": "邻市证照库",
        "name_en": "Neighbours",
        "sha256": sha256(root.read_bytes()).hexdigest(),
        "uses": ["seal", "timestamp"],
        "issuers": [ISSUER],
        "types": [TYPE],
        "since": "2025-12-31T16:00:00Z",
        "until": "2027-12-31T16:00:00Z",
        "helpers": 1,
    }
    assert (shown["version"], shown["signer_key_sha256"]) == (1, signer)


def test_what_people_see(run: Run, signed: tuple[Path, str], data: tuple[str, Path]):
    path, signer = signed
    chinese = run("trust", "show", path, "--lang", "zh").out
    assert "邻市证照库" in chinese
    assert "签章" in chinese
    assert "2026-01-01 00:00" in chinese
    english = run("trust", "show", path, "--lang", "en").out
    assert "Neighbours" in english
    assert signer in english
    assert "可采用" in run("trust", "check", path, "--signer", signer, *data, "--lang", "zh").out


def test_the_version_counts_on(
    run: Run, drafted: Path, data: tuple[str, Path], signed: tuple[Path, str]
):
    again = run("trust", "sign", drafted, *data, "--days", 10, "--json").line
    assert again["version"] == 2
    assert run("trust", "sign", drafted, *data, "--number", 7, "--json").line["version"] == 7
    said = run("trust", "sign", drafted, *data, "--number", 7, "--lang", "en")
    assert (said.code, "higher number" in said.err) == (3, True)
    told = run("trust", "sign", drafted, *data, "--lang", "zh")
    assert signed[1] in told.out
    assert "版本 8" in told.out
    assert trust_lists.read_file(signed[0]).signed.digest in told.out


def test_a_signer_whom_nobody_named(
    run: Run, signed: tuple[Path, str], data: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
):
    path, signer = signed
    said = run("trust", "check", path, *data, "--lang", "en")
    assert said.code == 2
    assert signer in said.out
    assert run("trust", "check", path, *data, "--json").line["good"] is None
    monkeypatch.setenv("CERTLIB_TRUST_SIGNER", signer.upper())
    assert run("trust", "check", path, *data, "--json").line["good"] is True
    other = run("trust", "check", path, "--signer", "0" * 64, *data, "--json")
    assert (other.code, other.line["reason"]) == (1, "signer")
    wrong = run("trust", "check", path, "--signer", "zz", *data)
    assert (wrong.code, "--signer" in wrong.err) == (3, True)


def test_a_changed_list_is_refused_in_a_sentence(
    run: Run, signed: tuple[Path, str], data: tuple[str, Path]
):
    path, signer = signed
    members = json.loads(path.read_text())
    members["payload"] = members["payload"][:-4] + "AAAA"
    path.write_text(json.dumps(members))
    said = run("trust", "check", path, "--signer", signer, *data, "--lang", "zh")
    assert said.code == 1
    assert said.err.startswith("信任清单未被接受：")
    assert len(said.err.splitlines()) == 1
    assert run("trust", "show", path).code == 2


def test_a_list_older_than_the_one_in_force_is_refused(
    run: Run,
    signed: tuple[Path, str],
    drafted: Path,
    data: tuple[str, Path],
    own: DevelopmentAuthority,
):
    from keys.trust_store import ListOfOthers, ListOptions, TrustStore

    path, signer = signed
    newer = Path("newer.json")
    run("trust", "sign", drafted, "--out", newer, "--number", 5, *data)
    options = ListOptions(newer, frozenset({signer}))
    assert TrustStore(own, ListOfOthers(data[1] / "trust", options)).trust_list().version == 5
    said = run("trust", "check", path, "--signer", signer, *data, "--json")
    assert (said.code, said.line["reason"]) == (1, "rollback")
    assert run("trust", "check", newer, "--signer", signer, *data).code == 0


def test_a_stale_list_is_good_and_its_age_is_told(
    run: Run, signed: tuple[Path, str], data: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
):
    late = datetime.now(UTC) + timedelta(days=400)
    monkeypatch.setattr(trust_lists, "now", lambda: late)
    said = run("trust", "check", signed[0], "--signer", signed[1], *data, "--lang", "en", "--json")
    assert (said.code, said.line["stale"]) == (0, True)
    assert "was due on" in said.err


def test_an_authority_may_have_several_entries(run: Run, drafted: Path, root: Path):
    more = ("--use", "seal", "--since", "2028-01-01T00:00:00Z")
    said = run("trust", "add", root, *NEIGHBOUR, *more, "--json")
    assert said.line["entries"] == 2
    again = run("trust", "add", root, *NEIGHBOUR, *more, "--lang", "en")
    assert (again.code, "very entry already" in again.err) == (3, True)
    opened = trust_lists.read_draft(drafted)
    assert opened is not None
    assert len(opened.authorities) == 2
    assert opened.anchors(Use.SEAL) == (root.read_bytes(),)


def test_an_authority_is_ended_or_taken_out(run: Run, drafted: Path, root: Path):
    name = sha256(root.read_bytes()).hexdigest()
    ended = ("trust", "end", name[:12], "--draft", drafted)
    assert run(*ended, "--until", "2026-06-30", "--json").code == 0
    until = run("trust", "show", drafted, "--json").line["authorities"][0]["until"]
    assert until == "2026-06-30T16:00:00Z"
    run(*ended, "--until", "2026-09-30")  # never longer than it was
    assert run("trust", "show", drafted, "--json").line["authorities"][0]["until"] == until
    for wrong in (
        ("trust", "end", "0" * 64, "--remove"),
        ("trust", "end", name[:4], "--remove"),
        ended,
        (*ended, "--remove", "--until", "2026-01-01"),
    ):
        assert run(*wrong).code == 3
    assert "草稿" in run(*ended, "--remove", "--lang", "zh").out
    assert run("trust", "show", drafted, "--json").line["authorities"] == []


def test_ending_before_the_beginning_leaves_nothing(run: Run, drafted: Path, root: Path):
    name = sha256(root.read_bytes()).hexdigest()
    assert run("trust", "end", name, "--until", "2020-01-01", "--json").line["entries"] == 0


def test_a_draft_may_begin_with_a_list(run: Run, signed: tuple[Path, str], drafted: Path):
    path, _ = signed
    name = json.loads(run("trust", "show", path, "--json").out)["authorities"][0]["sha256"]
    said = run("trust", "end", name, "--remove", "--from", path)
    assert (said.code, "already" in said.err or "已有" in said.err) == (3, True)
    drafted.unlink()
    assert run("trust", "end", name, "--remove", "--from", path).code == 0
    assert run("trust", "show", drafted, "--json").line["version"] == 2
    said = run("trust", "end", name, "--remove", "--draft", path)
    assert (said.code, "--from" in said.err) == (3, True)


def test_what_a_draft_refuses(
    run: Run, root: Path, issuing: Path, own: DevelopmentAuthority, tmp_path: Path
):
    seal = tmp_path / "seal.cer"
    seal.write_bytes(own.seal_key(ISSUER).chain[0])
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(b"rubbish")
    two = tmp_path / "two.pem"
    two.write_bytes(issuing.read_bytes() * 2)
    seals = ("--use", "seal")
    for arguments, named in (
        ((root, *NEIGHBOUR, *seals), "--operator"),
        ((root, *seals, *KEEPER), "/authorities/0/name"),
        ((root, *NEIGHBOUR, *KEEPER), "/authorities/0/uses"),
        ((root, *NEIGHBOUR, *seals, *KEEPER, "--issuer", "x"), "/authorities/0/issuers"),
        ((root, *NEIGHBOUR, *seals, *KEEPER, "--type", "x"), "/authorities/0/types"),
        ((root, *NEIGHBOUR, *seals, *KEEPER, "--until", "2020-01-01"), "/authorities/0/until"),
        ((root, *NEIGHBOUR, *seals, *KEEPER, "--since", "1.1.2026"), "no day like"),
        ((root, *NEIGHBOUR, *seals, *KEEPER, "--since", "2026-01-01T00:00:00"), "no day like"),
        ((seal, *NEIGHBOUR, *seals, *KEEPER), "not an authority"),
        ((rubbish, *NEIGHBOUR, *seals, *KEEPER), "PEM or DER"),
        ((two, *NEIGHBOUR, *seals, *KEEPER), "PEM or DER"),
        ((root, *NEIGHBOUR, *seals, *KEEPER, "--helper", seal), "not issued by"),
        ((*NEIGHBOUR, *seals, *KEEPER), "--own"),
        ((root, "--own", *KEEPER), "--own"),
    ):
        said = run("trust", "add", *arguments, "--lang", "en")
        assert (said.code, named in said.err) == (3, True), (arguments, said.err)
        assert not Path("trust-draft.json").exists()


def test_an_authority_and_the_one_above_it_are_not_both_listed(run: Run, root: Path, issuing: Path):
    """A path could end at either, with other limits at each."""
    given = (*NEIGHBOUR, "--use", "seal", *KEEPER)
    assert run("trust", "add", root, *given).code == 0
    said = run("trust", "add", issuing, *given, "--lang", "en")
    assert (said.code, "--helper" in said.err) == (3, True)


def test_a_code_with_an_odd_check_digit_is_entered_and_told(run: Run, root: Path):
    odd = ISSUER[:-1] + "K"
    more = ("--issuer", odd, "--type", "11100000000013338X001")
    said = run("trust", "add", root, *NEIGHBOUR, "--use", "seal", *more, *KEEPER, "--lang", "en")
    assert said.code == 0
    assert odd in said.err
    assert "13338X001" in said.err


def test_a_file_that_is_no_draft(run: Run, data: tuple[str, Path]):
    Path("trust-draft.json").write_text("{}")
    for call in (
        ("sign", "trust-draft.json", *data),
        ("add", "--own", *data),
        ("end", "0" * 64, "--remove"),
    ):
        assert run("trust", *call).code == 3


def test_the_own_authority_goes_out_with_its_departments(
    run: Run, own: DevelopmentAuthority, data: tuple[str, Path], tmp_path: Path
):
    assert run("trust", "add", "--own", *KEEPER, *data).code == 0
    signer = run("trust", "sign", "trust-draft.json", *data, "--json").line["signer_key_sha256"]
    said = run("trust", "export", tmp_path / "out", "--list", LIST_NAME, *data, "--lang", "en")
    assert (said.code, signer in said.out) == (0, True)
    listed, material = open_trust(tmp_path / "out", frozenset({signer}))
    assert listed.authorities[0].issuers == {ISSUER}
    assert set(material.crls) == set(own.trust_material().crls)
    assert material.issuers == own.trust_material().issuers
    assert run("trust", "check", tmp_path / "out", "--signer", signer, *data).code == 0
    assert (tmp_path / "out" / MEMORY_NAME).exists()
    narrow = ("--type", TYPE, "--use", "seal", "--until", "2030-01-01", "--name", "本市")
    said = run("trust", "add", "--own", *narrow, *data, "--json")
    assert said.line["entries"] == 2


def test_a_list_of_a_key_that_was_followed_goes_out_as_our_own(
    run: Run,
    own: DevelopmentAuthority,
    data: tuple[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    assert run("trust", "add", "--own", *KEEPER, *data).code == 0
    assert run("trust", "sign", "trust-draft.json", *data).code == 0
    with monkeypatch.context() as late:
        for module in ("keys.mint", "keys.own_keys"):
            late.setattr(f"{module}.runs_out", lambda _certificate, _now: True)
        assert own.keep_own_keys()
    assert own.trust_key().name == "trust-2"
    said = run("trust", "export", tmp_path / "out", "--list", LIST_NAME, *data)
    assert said.code == 0


def test_a_node_without_seals_has_nothing_to_hand_out(run: Run, tmp_path: Path):
    founded(tmp_path / "bare" / "var")
    said = run("trust", "add", "--own", *KEEPER, "--data-dir", tmp_path / "bare" / "var")
    assert said.code == 3
    assert run("trust", "show", "--data-dir", tmp_path / "nothing").code == 3


def test_an_export_takes_the_revocation_lists_of_others_along(
    run: Run,
    signed: tuple[Path, str],
    data: tuple[str, Path],
    other: DevelopmentAuthority,
    own: DevelopmentAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    crls = data[1] / "trust" / "crls"
    crls.mkdir(parents=True)
    (crls / "root.crl").write_bytes(other.trust_material().crls[0])
    ocsps, world = data[1] / "trust" / "ocsps", World()
    ocsps.mkdir()
    told = answer(world.seal, world.issuing)
    (ocsps / "a.ocsp").write_bytes(told)
    assert run("trust", "export", tmp_path / "out", *data).code == 3  # no list is named
    monkeypatch.setenv("CERTLIB_TRUST_LIST", str(signed[0].resolve()))
    monkeypatch.setenv("CERTLIB_TRUST_SIGNER", signed[1])
    said = run("trust", "export", tmp_path / "out", *data, "--json")
    assert said.line["crls"] == 3
    material = open_trust(tmp_path / "out", frozenset({signed[1]}))[1]
    assert set(material.crls) == {*own.trust_material().crls, other.trust_material().crls[0]}
    assert material.ocsps == (told,)


def test_a_list_of_strangers_is_not_exported(
    run: Run, drafted: Path, data: tuple[str, Path], tmp_path: Path
):
    founded(tmp_path / "they" / "var")
    run("trust", "sign", drafted, "--data-dir", tmp_path / "they" / "var")
    said = run("trust", "export", tmp_path / "out", "--list", LIST_NAME, *data)
    assert said.code == 2
    assert not (tmp_path / "out").exists()


def test_what_a_node_believes(
    run: Run, signed: tuple[Path, str], data: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
):
    alone = run("trust", "show", *data, "--json").line
    assert (alone["version"], len(alone["authorities"]), alone["signer"]) == (0, 1, None)
    monkeypatch.setenv("CERTLIB_TRUST_LIST", str(signed[0].resolve()))
    monkeypatch.setenv("CERTLIB_TRUST_SIGNER", signed[1])
    both = run("trust", "show", *data, "--json").line
    assert (both["version"], len(both["authorities"])) == (1, 2)
    assert not (data[1] / "trust").exists()  # showing remembers nothing
    monkeypatch.setenv("CERTLIB_TRUST_SIGNER", "0" * 64)
    said = run("trust", "show", *data, "--lang", "en")
    assert (said.code, "not in force" in said.err) == (0, True)


def test_verify_names_the_signer_of_a_folder(run: Run, signed: tuple[Path, str], tmp_path: Path):
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / LIST_NAME).write_bytes(signed[0].read_bytes())
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(b"%PDF-1.7\nno pdf")
    there = ("verify", pdf, "--trust", folder, "--data-dir", tmp_path / "nowhere", "--json")
    assert run(*there).code == 2
    assert run(*there, "--trust-signer", "0" * 64).code == 2
    assert run(*there, "--trust-signer", "x").code == 3
    assert run(*there, "--trust-signer", signed[1]).line["verdict"] == "invalid"


def test_keys_list_names_the_key_of_lists(
    run: Run, signed: tuple[Path, str], data: tuple[str, Path]
):
    del signed
    assert "trust lists" in run("keys", "list", *data, "--lang", "en").out
    assert "信任清单签名" in run("keys", "list", *data, "--lang", "zh").out
