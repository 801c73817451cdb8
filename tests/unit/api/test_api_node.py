"""The node as a whole: what it founds, and what it must never found a second time."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from api.bootstrap import open_node
from api.settings import Settings
from certlib.errors import KeyUnusable


def test_a_lost_key_is_not_replaced_by_a_new_one(tmp_path: Path):
    """Beside data that another key sealed, a fresh one hides that the right one is lost."""
    settings = Settings(data_dir=tmp_path / "var", demo=True)
    with closing(open_node(settings)):
        pass
    shutil.rmtree(settings.secrets_folder)
    with pytest.raises(KeyUnusable):
        open_node(settings)
    assert not settings.secrets_folder.exists()
