"""Settings: what is missing or wrong is one sentence that names it, and no secret is printed."""

from pathlib import Path

import pytest

from api.cli.configuration import settings_for
from api.cli.failures import UsageProblem
from api.settings import Settings

URL = "postgresql://service:top-secret@db.example.cn/certlib"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("CERTLIB_"):
            monkeypatch.delenv(name)


def _set(monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"CERTLIB_{name.upper()}", str(value))


def _sentence(tmp_path: Path) -> UsageProblem:
    with pytest.raises(UsageProblem) as caught:
        settings_for(tmp_path / "var", demo=True)
    said = caught.value
    assert said.zh != said.en
    assert "top-secret" not in said.zh + said.en
    assert "\n" not in said.zh + said.en
    return said


def test_the_embedded_profile_needs_no_setting(tmp_path: Path) -> None:
    found = settings_for(tmp_path / "var", demo=True)
    assert found.embedded
    assert (found.objects, found.workers) == ("file", 1)


def test_outside_demo_mode_the_public_address_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem) as caught:
        settings_for(tmp_path / "var", demo=False)
    assert "CERTLIB_PUBLIC_URL" in caught.value.zh


def test_secrets_come_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"url": URL, "access": "login", "secret": "s3-top-secret"}.items():
        (tmp_path / name).write_text(f"{text}\n")
    _set(
        monkeypatch,
        database_url_file=tmp_path / "url",
        objects="s3",
        s3_endpoint="https://s3.example.cn",
        s3_bucket="certificates",
        s3_access_key_file=tmp_path / "access",
        s3_secret_key_file=tmp_path / "secret",
        workers=4,
    )
    found = settings_for(tmp_path / "var", demo=True)
    assert found.database == URL
    assert not found.embedded
    assert (found.s3_access_key, found.s3_secret_key) == ("login", "s3-top-secret")
    assert "top-secret" not in repr(found)


@pytest.mark.parametrize("name", ["database_url", "migration_url", "status_url", "s3_secret_key"])
def test_a_file_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for path, content in {
        "none": None,
        "empty": b" \n",
        "binary": b"\xff\xfe\x00",
        "lines": b"one\ntwo\n",
    }.items():
        if content is not None:
            (tmp_path / path).write_bytes(content)
        _set(monkeypatch, **{f"{name}_file": tmp_path / path})
        said = _sentence(tmp_path)
        assert f"CERTLIB_{name.upper()}_FILE" in said.zh
        assert str(tmp_path) not in said.en
    _set(monkeypatch, **{f"{name}_file": tmp_path})
    assert "Is a directory" in _sentence(tmp_path).en


def test_a_value_and_a_file_are_one_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text(URL)
    _set(monkeypatch, database_url=URL, database_url_file=tmp_path / "url")
    assert "not both" in _sentence(tmp_path).en


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"database_url": "mysql://root:top-secret@h/d"}, "CERTLIB_DATABASE_URL"),
        ({"migration_url": "top-secret"}, "CERTLIB_MIGRATION_URL"),
        ({"objects": "s3"}, "CERTLIB_S3_ENDPOINT, CERTLIB_S3_BUCKET, CERTLIB_S3_ACCESS_KEY"),
        ({"objects": "s3", "s3_endpoint": "https://h", "s3_bucket": "b"}, "CERTLIB_S3_SECRET_KEY"),
        ({"objects": "tape"}, "CERTLIB_OBJECTS"),
        ({"s3_lock": "none"}, "CERTLIB_S3_LOCK"),
        ({"s3_lock_days": "0"}, "CERTLIB_S3_LOCK_DAYS"),
        ({"workers": "2"}, "SQLite has one server process"),
        ({"workers": "0"}, "CERTLIB_WORKERS"),
        ({"trust_list": "trust-list.json"}, "CERTLIB_TRUST_SIGNER"),
        ({"trust_signer": "sha256"}, "CERTLIB_TRUST_SIGNER"),
        ({"trust_signer": "0" * 63}, "CERTLIB_TRUST_SIGNER"),
    ],
)
def test_what_does_not_fit_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], named: str
) -> None:
    _set(monkeypatch, **settings)
    assert named in _sentence(tmp_path).en


def test_signers_are_named_as_people_copy_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With colons and capitals as openssl prints them, or as `certlib trust sign` does."""
    colons = ":".join(["AB"] * 32)
    _set(monkeypatch, trust_list=tmp_path / "list", trust_signer=f"{colons}, {'0' * 64},")
    found = settings_for(tmp_path / "var", demo=True)
    assert found.trust_signers == {"ab" * 32, "0" * 64}


def test_something_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(ValueError, match="valid dictionary"):
        Settings.model_validate(7)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"pkcs11_token": "seals"}, "CERTLIB_PKCS11_MODULE"),
        ({"seal_keys": "token"}, "CERTLIB_PKCS11_MODULE"),
        ({"pkcs11_module": "/m.so"}, "CERTLIB_PKCS11_TOKEN, CERTLIB_PKCS11_PIN"),
        ({"pkcs11_module": "/m.so", "pkcs11_token": "seals"}, "CERTLIB_PKCS11_PIN too"),
        ({"pkcs11_module": "/m.so", "pkcs11_pin_file": "/absent"}, "CERTLIB_PKCS11_PIN_FILE"),
        ({"pkcs11_sessions": 0}, "CERTLIB_PKCS11_SESSIONS"),
    ],
)
def test_a_token_is_told_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, object], named: str
) -> None:
    _set(monkeypatch, **given)
    assert named in _sentence(tmp_path).en


def test_the_pin_of_a_token_is_read_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pin").write_text("top-secret\n")
    _set(monkeypatch, pkcs11_module="/m.so", pkcs11_token="seals", pkcs11_pin_file=tmp_path / "pin")
    found = settings_for(tmp_path / "var", demo=True)
    assert found.pkcs11_pin == "top-secret"
    assert "top-secret" not in repr(found)
    assert found.secret_paths["CERTLIB_PKCS11_PIN_FILE"] == tmp_path / "pin"
