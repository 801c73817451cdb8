"""The file of timestamp authorities: what it may say, and what is told of them."""

import pytest
from pydantic import ValidationError

from api.settings import Settings
from api.timestamp_sources import SourcesUnreadable, read_sources
from api.worker import Worker
from keys.timestamp_chain import SourceStanding

GOOD = """
seconds = 4.5
networks = ["10.20.0.0/16"]

[[source]]
name = "province"
url = "http://tsa.example.gov.cn:8080/tsa"
policy = "1.2.3"
certificates = "province.pem"
seconds = 2.0
tolerance = 5.0

[[source]]
name = "own"
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "sources.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_good_file_is_read(written):
    found = read_sources(written(GOOD))
    assert found.seconds == 4.5
    assert [str(one) for one in found.reachable] == ["10.20.0.0/16"]
    first, own = found.source
    assert (first.name, first.policy, first.certificates) == ("province", "1.2.3", "province.pem")
    assert (own.name, own.url) == ("own", "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "source"),
        ("source = []", "source"),
        ("[[source]]\nname = 'own'\nunknown = 1", "source.0.unknown"),
        ("[[source]]\nname = 'Own'", "source.0.name"),
        ("[[source]]\nname = 'a'", "a: the own authority"),
        ("[[source]]\nname = 'own'\nurl = 'http://x'", "own: the own authority"),
        ("[[source]]\nname = 'own'\n[[source]]\nname = 'own'", "twice"),
        ("[[source]]\nname = 'a'\nurl = 'ftp://x'", "source.0.url"),
        ("[[source]]\nname = 'a'\nurl = 'http://u@x'", "source.0.url"),
        ("[[source]]\nname = 'a'\nurl = 'http://x:99999'", "source.0.url"),
        ("[[source]]\nname = 'a'\nurl = 'http://x'\npolicy = '1..2'", "source.0.policy"),
        ("[[source]]\nname = 'a'\nurl = 'http://x'\nseconds = 0", "source.0.seconds"),
        ("[[source]]\nname = 'a'\nurl = 'http://x'\nseconds = '3'", "source.0.seconds"),
        ("seconds = 26\n[[source]]\nname = 'own'", "seconds"),
        ("networks = ['x']\n[[source]]\nname = 'own'", "networks"),
        ("[[source]\n", "no TOML"),
    ],
)
def test_what_is_wrong_is_named(written, text, place):
    with pytest.raises(SourcesUnreadable) as found:
        read_sources(written(text))
    assert place in found.value.en
    assert found.value.zh
    with pytest.raises(ValidationError, match="CERTLIB_TIMESTAMP_SOURCES"):
        Settings(demo=True, timestamp_sources=written(text))


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path):
    with pytest.raises(SourcesUnreadable, match="No such file"):
        read_sources(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SourcesUnreadable, match="no TOML"):
        read_sources(tmp_path / "bad.toml")


class Sources:
    def __init__(self):
        self.now = (SourceStanding("province", True, "", 5, 1),)
        self.probed = 0

    def standing(self):
        return self.now

    def probe(self, imprint):
        assert len(imprint) == 32
        self.probed += 1


def test_what_was_asked_of_each_is_counted(world, caplog):
    caplog.set_level("INFO")
    sources = world.parts.timestamp_sources = Sources()
    worker = Worker(world.parts, world.site.metrics)
    worker._look_at_sources()
    text = world.browser.get("/metrics").text
    assert 'certlib_timestamp_source_up{source="province"} 1.0' in text
    assert 'certlib_timestamp_source_tokens_total{outcome="stamped",source="province"} 5.0' in text
    sources.now = (SourceStanding("province", False, "timeout", 5, 4),)
    for _ in range(3):
        worker._look_at_sources()
    text = world.browser.get("/metrics").text
    assert 'certlib_timestamp_source_up{source="province"} 0.0' in text
    assert 'certlib_timestamp_source_tokens_total{outcome="failed",source="province"} 4.0' in text
    sources.now = (SourceStanding("province", True, "", 6, 4),)
    worker._look_at_sources()
    said = [one.getMessage() for one in caplog.records if "timestamp source" in one.getMessage()]
    assert said == ["timestamp source away", "timestamp source back"]
    assert sources.probed == 5


def test_without_others_there_is_nothing_to_look_at(world):
    Worker(world.parts, world.site.metrics)._look_at_sources()
    assert "certlib_timestamp_source_up{" not in world.browser.get("/metrics").text
