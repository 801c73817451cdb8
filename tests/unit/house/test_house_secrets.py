"""Secrets come by file: none by command line, none in help, sentences, logs or representations."""

import json
import os
from pathlib import Path

import click
import pytest

from api import logs, server
from api.cli import main
from api.cli.app import program
from api.cli.configuration import settings_for
from api.cli.failures import UsageProblem
from api.secret_files import open_to
from api.settings import SECRETS, Settings, callers_secret

PLANTED = "planted-secret-7319462"
URL = f"postgresql://login:{PLANTED}@db.example.cn/certlib"
FILES = {"client_secret_file", "trust", "logs", "file"}
"""Options that name a file."""
SPEAKING = ("secret", "password", "token", "kek", "private", "credential", "database", "s3")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("CERTLIB_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def _value(name: str) -> str:
    return URL if name.endswith("_url") else PLANTED


def _commands(group: click.Command, path: tuple[str, ...] = ()):
    yield path, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            yield from _commands(group.get_command(context, name), (*path, name))


def test_every_setting_that_is_not_shown_is_a_secret_with_a_file():
    hidden = {name for name, field in Settings.model_fields.items() if not field.repr}
    assert hidden == set(SECRETS)
    assert {f"{name}_file" for name in SECRETS} <= set(Settings.model_fields)


@pytest.mark.parametrize("name", SECRETS)
def test_each_is_read_from_its_file(name, tmp_path, monkeypatch):
    path = tmp_path / "secret"
    path.write_text(f"{_value(name)}\n")
    monkeypatch.setenv(f"CERTLIB_{name.upper()}_FILE", str(path))
    found = settings_for(tmp_path / "var", demo=True)
    assert getattr(found, name) == _value(name)
    assert found.secret_paths[f"CERTLIB_{name.upper()}_FILE"] == path
    assert PLANTED not in repr(found)
    assert PLANTED not in str(found)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe", f"{URL}\n{PLANTED}".encode(), b"x" * 70_000]
)
def test_a_file_that_is_none_is_a_sentence_without_it(name, content, tmp_path, monkeypatch):
    path = tmp_path / "kept-under-a-name"
    if content is not None:
        path.write_bytes(content)
    setting = f"CERTLIB_{name.upper()}_FILE"
    monkeypatch.setenv(setting, str(path))
    with pytest.raises(UsageProblem) as caught:
        settings_for(tmp_path / "var", demo=True)
    for text in (caught.value.zh, caught.value.en):
        assert setting in text
        assert PLANTED not in text
        assert "kept-under-a-name" not in text


@pytest.mark.parametrize("name", SECRETS)
def test_both_ways_at_once_are_refused_without_naming_either(name, tmp_path, monkeypatch):
    path = tmp_path / "secret"
    path.write_text(_value(name))
    monkeypatch.setenv(f"CERTLIB_{name.upper()}_FILE", str(path))
    monkeypatch.setenv(f"CERTLIB_{name.upper()}", _value(name))
    with pytest.raises(UsageProblem) as caught:
        settings_for(tmp_path / "var", demo=True)
    assert PLANTED not in caught.value.zh + caught.value.en


def test_no_command_takes_a_secret_as_an_option_or_argument():
    """A command line is seen by every user of the machine, and kept by the shell."""
    for path, command in _commands(program):
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or not parameter.hidden, path
            if parameter.name in FILES or str(parameter.name).endswith("_file"):
                continue
            assert not any(word in str(parameter.name) for word in SPEAKING), (path, parameter.name)


@pytest.mark.parametrize("option", ["--client-secret", "--database-url", "--s3-secret-key"])
def test_such_an_option_is_wrong_usage_and_is_not_repeated(option, capfd):
    assert main(["show", "x", option, PLANTED, "--lang", "en"]) == 3
    said = capfd.readouterr()
    assert PLANTED not in said.out + said.err


def test_no_help_shows_what_the_environment_holds(monkeypatch, capfd):
    monkeypatch.setenv("CERTLIB_CLIENT_SECRET", PLANTED)
    for name in SECRETS:
        monkeypatch.setenv(f"CERTLIB_{name.upper()}", _value(name))
    for path, _ in _commands(program):
        assert main([*path, "--help"]) == 0, path
    said = capfd.readouterr()
    assert len(said.out) > 10_000
    assert PLANTED not in said.out + said.err


def test_a_callers_secret_comes_by_environment_or_file(monkeypatch):
    assert callers_secret() == ""
    monkeypatch.setenv("CERTLIB_CLIENT_SECRET", PLANTED)
    assert callers_secret() == PLANTED


def test_a_start_tells_of_a_secret_that_others_can_read(tmp_path, monkeypatch, caplog):
    """Each that is given by file, and the key-encryption key; nothing of what is in it."""
    for name in SECRETS:
        (tmp_path / name).write_text(_value(name))
        monkeypatch.setenv(f"CERTLIB_{name.upper()}_FILE", str(tmp_path / name))
    settings = settings_for(tmp_path / "var", demo=True)
    settings.secrets_folder.mkdir()
    (settings.secrets_folder / "kek").write_text(PLANTED)
    monkeypatch.setattr(
        server, "open_to", lambda path: "others" if path.name != "s3_access_key" else ""
    )
    caplog.set_level("WARNING", "certlib")
    server._look_at_secrets(settings)
    formatter = logs.JsonLines()
    lines = [json.loads(formatter.format(record)) for record in caplog.records]
    assert {line["event"] for line in lines} == {"secret open"}
    wanted = {f"CERTLIB_{name.upper()}_FILE" for name in SECRETS} - {"CERTLIB_S3_ACCESS_KEY_FILE"}
    assert {line["setting"] for line in lines} == wanted | {"kek"}
    assert PLANTED not in json.dumps(lines)


def test_who_can_reach_a_file_follows_from_all_folders_above(tmp_path, monkeypatch):
    """What others may read in a folder that they may not enter is out of their reach."""
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0o644)
    tmp_path.chmod(0o700)
    assert open_to(path) == ""
    real = Path.stat

    def entered(self, **more):
        found = real(self, **more)
        if self == path:
            return found
        return os.stat_result((found.st_mode | 0o055, *tuple(found)[1:]))

    monkeypatch.setattr(Path, "stat", entered)
    assert open_to(path) == "others"
    path.chmod(0o640)
    assert open_to(path) == "group"
    path.chmod(0o600)
    assert open_to(path) == ""
