"""Pages from children: the same bytes, the same refusals, and no child that outlives its use."""

import os
import signal
import threading
import time

import pytest
from pages_orders import LICENCE, order

from certlib.errors import Invalid, NotFound, SigningUnavailable
from certlib.page_errors import FaceOverflow
from signing.pages.child import ChildRenderer, RenderingOptions


@pytest.fixture
def children():
    made = ChildRenderer()
    yield made
    made.close()


def _pid(renderer):
    return renderer._idle.waiting[0]._process.pid


def test_a_child_makes_the_same_bytes(renderer, children):
    wanted = order(LICENCE)
    assert children.render(wanted) == renderer.render(wanted)


def test_refusals_come_across(children):
    """What the renderer raises is raised here, with its values."""
    from dataclasses import replace

    nowhere = order(LICENCE)
    nowhere = replace(nowhere, type_version=replace(nowhere.type_version, design="nowhere"))
    with pytest.raises(NotFound):
        children.render(nowhere)
    with pytest.raises(FaceOverflow):
        children.render(order(LICENCE, issuer_name="局" * 400))
    undated = order(LICENCE, fields={"KZ_CCHZRQ": "2018-02-30"})
    with pytest.raises(Invalid) as caught:
        children.render(undated)
    assert [problem.field for problem in caught.value.problems] == ["/fields/KZ_CCHZRQ"]


def test_a_child_that_died_while_idle_is_replaced(children):
    first = children.render(order(LICENCE))
    os.kill(_pid(children), signal.SIGKILL)
    assert children.render(order(LICENCE)) == first


def test_a_child_that_takes_too_long_is_killed():
    hurried = ChildRenderer(RenderingOptions(seconds=0.0))
    with pytest.raises(SigningUnavailable):
        hurried.render(order(LICENCE))
    assert not hurried._idle.waiting
    hurried.close()


def test_no_more_children_than_allowed_and_none_after_closing(children):
    """Four pages at once on two children; closed, none is left and none is started."""
    pages = []
    threads = [
        threading.Thread(target=lambda: pages.append(children.render(order(LICENCE))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(pages)) == 1
    assert 1 <= len(children._idle.waiting) <= 2
    pids = [child._process.pid for child in children._idle.waiting]
    children.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(SigningUnavailable):
        children.render(order(LICENCE))


def test_idle_children_end_by_themselves():
    brief = ChildRenderer(RenderingOptions(idle_seconds=0.2))
    brief.render(order(LICENCE))
    pid = _pid(brief)
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    assert not brief._idle.waiting
    brief.close()


def test_fonts_and_digests_need_no_child(renderer, children):
    assert children.unprintable("甲𰻝") == renderer.unprintable("甲𰻝")
    assert children.digests("licence-landscape") == renderer.digests("licence-landscape")
    assert not children._idle.waiting


def test_a_machine_that_starts_no_process_is_unavailable(children, monkeypatch):
    def refused(*_, **__):
        raise OSError

    monkeypatch.setattr("subprocess.Popen", refused)
    with pytest.raises(SigningUnavailable):
        children.render(order(LICENCE))
