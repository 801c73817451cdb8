"""What the release before said of makers, sealers and files, in the words of this one."""

from pathlib import Path

import pytest

from certlib.document import ORIGINAL
from storage import EngineOptions, SqlRegistry
from storage.migrations import upgrade
from tests.fakes.world import FixedClock
from tests.migration.release import Release

ARCHIVE = Path(__file__).with_name("release_0003.tar.xz")


@pytest.fixture
def registry(tmp_path: Path):
    release = Release.read(ARCHIVE)
    url = f"sqlite:///{tmp_path}/certlib.sqlite"
    release.fill(url)
    upgrade(url)
    made = SqlRegistry(EngineOptions(url), release.cipher(), FixedClock())
    yield made, release
    made.close()


def test_old_intents_mean_what_they_meant(registry) -> None:
    """Whoever asked also sealed, each meant one file, and a successor ends the one before."""
    made, release = registry
    with made.read() as session:
        for row in release.tables["intents"]:
            intent = session.intent(row["identifier"])
            assert intent.actor == intent.sealed_by == row["requested_by"]
            assert intent.forms == (ORIGINAL,)
            assert intent.files[0].object_name == f"{row['storage_key']}.0"
            assert intent.base_version == 0
            reason = intent.succession.reason_code if intent.supersedes else ""
            assert reason == row["supersede_reason"] * bool(intent.supersedes)


def test_old_files_have_the_digest_of_their_content(registry) -> None:
    made, release = registry
    with made.read() as session:
        for expected in release.expected:
            certificate = session.certificate(expected["identifier"])
            for file in certificate.files:
                assert file.file_form == ORIGINAL
                assert file.content_digest == certificate.content.digest()
