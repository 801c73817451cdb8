"""`certlib seal-health`: a plain timetable of the whole stock."""

from contextlib import closing

import pytest

from api.bootstrap import open_node
from api.founding import found
from api.settings import Settings
from tests.unit.audit.audit_store import issued
from tests.unit.cli.conftest import Run


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    made = tmp_path_factory.mktemp("health") / "var"
    with closing(open_node(Settings(data_dir=made, demo=True, renderer_children=0))) as opened:
        found(opened)
        yield opened


def at(node, *more):
    return ("seal-health", "--data-dir", str(node.settings.data_dir), *more)


def test_the_timetable_says_what_ends_when_and_why(run: Run, node):
    answer = run(*at(node, "--json"))
    assert answer.code == 0, answer.err
    assert (answer.line["files"], answer.line["green"]) == (0, True)
    assert "全部健康" in run(*at(node, "--lang", "zh")).out
    issued(node, 1)
    told = run(*at(node, "--lang", "en"))
    assert told.code == 0, told.err
    assert "the timestamp's certificate ends" in told.out
    assert "B-T" in told.out
    assert "All is well." in told.out
    zh = run(*at(node, "--lang", "zh"))
    assert "时间戳证书到期" in zh.out
    later = run(*at(node, "--at", "2099-12-31", "--lang", "zh"))
    assert later.code == 1
    assert "已不能独立核验 1" in later.out
    assert "2099-12-31 15:59Z" in later.out  # the end of that day at UTC+8
    with node.registry.begin() as uow:
        uow._link.connection.exec_driver_sql(
            "UPDATE seal_care SET plan = '', ends_at = NULL, basis = '', reason = '', "
            "level = 'B-B', below = 1"
        )
        uow.commit()
    told = run(*at(node, "--lang", "en"))
    assert told.code == 1
    assert "B-B → B-T" in told.out
    assert "not looked at yet" in told.out
    lines = run(*at(node, "--json")).lines
    assert lines[0]["reason"] is None
    assert lines[-1]["below"] == lines[-1]["not_looked_at"] == 1


def test_a_day_that_is_none_is_wrong_usage(run: Run, node):
    assert run(*at(node, "--at", "tomorrow")).code == 3
