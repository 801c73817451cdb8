"""Several authorities: the first that works stamps, and nobody waits longer than was promised."""

import threading

import pytest

from certlib.clock_errors import set_back
from certlib.errors import (
    KeyUnusable,
    Overloaded,
    SigningUnavailable,
    StoreUnavailable,
    Unsupported,
)
from certlib.signer_errors import SigningLimited
from keys.breaker import Breaker
from keys.timestamp_chain import NamedSource, TimestampChain

IMPRINT = bytes(32)


class Steady:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Paper:
    """An authority that takes `takes` seconds and gives its name, or fails."""

    def __init__(self, steady, name, takes=0.0):
        self.steady, self.name, self.takes = steady, name, takes
        self.error = None
        self.given = []

    def token_within(self, imprint, algorithm, seconds):
        self.given.append(seconds)
        self.steady.now += min(self.takes, seconds)
        if self.takes > seconds:
            raise SigningUnavailable(what="timeout")
        error = self.error
        if error is not None:
            raise error
        return f"{self.name} {algorithm}".encode()


@pytest.fixture
def steady():
    return Steady()


@pytest.fixture
def papers(steady):
    return [Paper(steady, "first"), Paper(steady, "second"), Paper(steady, "own")]


@pytest.fixture
def chain(steady, papers):
    sources = [NamedSource(one.name, one, 3.0, outside=one.name != "own") for one in papers]
    return TimestampChain(sources, 6.0, steady)


def away(paper, what="unreachable"):
    paper.error = SigningUnavailable(what=what)


def states(chain):
    return {one.name: (one.works, one.fault, one.tokens, one.failures) for one in chain.standing()}


def test_the_first_that_works_stamps(chain, papers):
    assert chain.token(IMPRINT, "sha512") == b"first sha512"
    away(papers[0])
    assert chain.token(IMPRINT) == b"second sha256"
    away(papers[1])
    assert chain.token(IMPRINT) == b"own sha256"
    papers[0].error = None
    assert chain.token(IMPRINT) == b"first sha256"
    assert states(chain) == {
        "first": (True, "", 2, 2),
        "second": (True, "unreachable", 1, 1),
        "own": (True, "", 1, 0),
    }


def test_when_none_stamps_each_says_why(chain, papers):
    for paper, what in zip(papers, ("timeout", "answers 500", "key folder"), strict=True):
        away(paper, what)
    with pytest.raises(SigningUnavailable) as found:
        chain.token(IMPRINT)
    what = found.value.values["what"]
    assert all(text in what for text in ("first: timeout", "second: answers 500", "own: key"))


def test_a_wrong_clock_here_leaves_the_others(chain, papers):
    papers[2].error = set_back(5.0)
    assert chain.token(IMPRINT) == b"first sha256"
    away(papers[0]), away(papers[1])
    with pytest.raises(SigningUnavailable, match="own: set-back"):
        chain.token(IMPRINT)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (SigningLimited(key="timestamp", what="3/minute"), "3/minute"),
        (Overloaded(), "overloaded"),
        (StoreUnavailable(what="register"), "register"),
        (KeyUnusable(what="timestamp"), "timestamp"),
    ],
)
def test_every_reason_for_which_one_stamps_nothing_leaves_the_next(chain, papers, error, fault):
    papers[0].error = error
    assert chain.token(IMPRINT) == b"second sha256"
    assert states(chain)["first"] == (True, fault, 0, 1)


def test_what_nobody_stamps_is_no_fault_of_anybody(chain, papers):
    papers[0].error = Unsupported(what="sha1")
    with pytest.raises(Unsupported):
        chain.token(bytes(20), "sha1")
    assert states(chain)["first"] == (True, "", 0, 0)


@pytest.mark.parametrize("takes", [2.9, 3.1, 100.0])
def test_no_token_takes_longer_than_was_promised(steady, papers, takes):
    """However slow each of them is, and however many there are."""
    many = [Paper(steady, f"s{n}", takes) for n in range(8)]
    for paper in many:
        away(paper)
    chain = TimestampChain([NamedSource(one.name, one, 3.0) for one in many], 6.0, steady)
    begun = steady()
    with pytest.raises(SigningUnavailable):
        chain.token(IMPRINT)
    assert steady() - begun <= 6.0 + 1e-9


def test_the_last_is_given_what_is_left(steady, papers, chain):
    papers[0].takes, papers[1].takes = 100.0, 2.5
    away(papers[1])
    assert chain.token(IMPRINT) == b"own sha256"
    assert papers[0].given == [3.0]
    assert papers[1].given == [3.0]
    assert papers[2].given == [pytest.approx(0.5)]


def test_after_three_failures_nobody_waits_for_it(chain, papers, steady):
    papers[0].takes = 100.0
    for _ in range(20):
        chain.token(IMPRINT)
    assert len(papers[0].given) == 3
    assert states(chain)["first"][0] is False
    begun = steady()
    chain.token(IMPRINT)
    assert steady() == begun


def test_a_success_between_failures_counts(chain, papers):
    for _ in range(10):
        away(papers[0])
        chain.token(IMPRINT), chain.token(IMPRINT)
        papers[0].error = None
        chain.token(IMPRINT)
    assert len(papers[0].given) == 30
    assert states(chain)["first"][0] is True


def test_it_is_tried_again_after_ever_longer_pauses(chain, papers, steady):
    away(papers[0])
    for _ in range(3):
        chain.token(IMPRINT)
    for pause in (30, 60, 120, 240, 480, 600, 600):
        before = len(papers[0].given)
        steady.now += pause - 1
        chain.token(IMPRINT)
        assert len(papers[0].given) == before
        steady.now += 1
        chain.token(IMPRINT)
        assert len(papers[0].given) == before + 1
    papers[0].error = None
    steady.now += 600
    assert chain.token(IMPRINT) == b"first sha256"
    assert states(chain)["first"][0] is True


def test_the_worker_finds_out_who_is_back(chain, papers, steady):
    """So no request waits for one that is still away."""
    away(papers[0]), away(papers[2])
    for _ in range(3):
        chain.token(IMPRINT)
    chain.probe(IMPRINT)  # too early
    assert len(papers[0].given) == 3
    steady.now += 30
    chain.probe(IMPRINT)
    assert len(papers[0].given) == 4
    chain.token(IMPRINT)
    assert len(papers[0].given) == 4
    papers[0].error = None
    steady.now += 60
    chain.probe(IMPRINT)
    assert states(chain)["first"][0] is True
    assert not papers[2].given  # the own one is never asked by the way


def test_one_at_a_time_tries_an_open_one(steady):
    breaker = Breaker(steady)
    for _ in range(3):
        assert breaker.lets()
        breaker.failed()
    steady.now += 30
    assert [breaker.lets() for _ in range(5)] == [True] + [False] * 4
    steady.now += 30  # whoever tried was killed, and never told
    assert breaker.lets()


def test_threads_share_a_chain(chain, papers):
    def run():
        for number in range(200):
            papers[0].error = SigningUnavailable(what="x") if number % 3 else None
            assert chain.token(IMPRINT)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    standing = chain.standing()
    assert sum(one.tokens for one in standing) == 800
