"""The node as a whole: what it founds, and what it must never found a second time."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

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


def test_another_timestamp_authority_for_the_history_must_be_pinned(tmp_path: Path):
    """Its certificate is the operator's word: without it no answer could be believed."""
    settings = Settings(data_dir=tmp_path / "var", demo=True)
    with closing(open_node(settings)) as node:
        der = node.authority.timestamp_key().chain[0]
        assert node.seal_history.run(everything=True) >= 0
    path = tmp_path / "tsa.pem"
    path.write_bytes(load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    outside = {"history_tsa_url": "http://[::1]:1/"}
    with pytest.raises(KeyUnusable):
        open_node(settings.model_copy(update=outside))
    pinned = settings.model_copy(update={**outside, "history_tsa_certificate": path})
    with closing(open_node(pinned)):
        pass
