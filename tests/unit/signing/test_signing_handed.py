"""Promises about what both readers of messages hand on: digests, timestamps, certificates."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from signing_messages import DIGEST, LEAF, ROOT, answers, token
from signing_pki import NOW

from certlib.ports import TrustMaterial
from signing.evidence.message import (
    MessageProblemError,
    SignedMessage,
    digest_of,
    proven_time,
    tst_info,
)
from signing.evidence.signatures import token_facts

# --- what both hand on ---------------------------------------------------------------------------


def bare(**changes):
    values = {
        "signer_der": LEAF.der,
        "others": (),
        "content_type": "data",
        "encapsulated": None,
        "digest_algorithm": "sha256",
        "mechanism": "sha256_ecdsa",
        "signature": b"",
        "verify": lambda _: (True, True),
    }
    return SignedMessage(**{**values, **changes})


@pytest.mark.parametrize(
    ("others", "problem"),
    [
        (0, ""),
        (5, ""),
        (6, "too-many-certificates"),
        (-1, "equal-subjects"),
    ],
)
def test_certificates_that_a_message_may_bring(others, problem):
    """The signer's and five more, each with a name of its own."""
    found = (
        (LEAF.der,) if others < 0 else tuple(ROOT.leaf(f"局{index}").der for index in range(others))
    )
    assert bare(others=found).certificate_problem == problem


@pytest.mark.parametrize("held", [(True, True), (True, False), (False, True), (False, False)])
def test_intact_is_both(held):
    message = bare(verify=lambda _: held)
    assert answers(message) == held
    assert message.intact is all(held)


def test_what_nobody_can_check_is_not_checked():
    assert answers(bare(unchecked="unsupported x")) == (False, False)


@pytest.mark.parametrize(("stated", "told"), [(None, "sm2"), (DIGEST, "sm2"), (bytes(32), "")])
def test_what_nobody_can_check_may_still_speak_of_something_else(stated, told):
    """Then it is no seal of this file, whoever has signed it, and however."""
    message = bare(unchecked="sm2", stated=stated)
    assert answers(message) == (False, False)
    assert message.unchecked == told


@pytest.mark.parametrize(
    ("before", "after"), [("", "signed-attributes"), ("certificates", "certificates")]
)
def test_what_cannot_be_checked_does_not_hold(before, after):
    def fail(_):
        raise KeyError

    message = bare(verify=fail, form_problem=before)
    assert (answers(message), message.form_problem) == ((False, False), after)


@pytest.mark.parametrize(
    "name",
    ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"],
)
def test_digests(name):
    assert digest_of((b"a", memoryview(b"b")), name) == hashlib.new(name, b"ab").digest()


def test_digest_of_any_length_is_one_of_64_bytes():
    """RFC 8702, 3.1."""
    for name in ("shake256", "shake256_len"):
        assert digest_of((b"a", b"b"), name) == hashlib.shake_256(b"ab").digest(64)


@pytest.mark.parametrize("name", ["sm3", "shake128", "blake2b", "md5-sha1", ""])
def test_digest_that_nobody_here_knows(name):
    with pytest.raises(MessageProblemError, match="digest-algorithm"):
        digest_of((b"x",), name)


# --- timestamps ----------------------------------------------------------------------------------

INFO = token(b"x").content


@pytest.mark.parametrize(
    "changes",
    [
        {"content_type": "data"},
        {"encapsulated": None},
        {"encapsulated": INFO + b"x"},
        {"encapsulated": b""},
        {"encapsulated": b"\x30\x00"},
        {"encapsulated": b"\x02\x01\x01"},
        {"encapsulated": INFO.replace(b"20260601", b"20261301")},
    ],
)
def test_what_is_no_timestamp(changes):
    message = bare(**{"content_type": "tst_info", "encapsulated": INFO, **changes})
    with pytest.raises(MessageProblemError, match="tst-info"):
        tst_info(message)


def moment_of(**changes):
    content = token(b"x", **changes).content
    return proven_time(tst_info(bare(content_type="tst_info", encapsulated=content)))


@pytest.mark.parametrize(
    ("accuracy", "later"),
    [
        (
            {"seconds": 1, "millis": 2, "micros": 3},
            timedelta(seconds=1, milliseconds=2, microseconds=3),
        ),
        ({"millis": 5}, timedelta(milliseconds=5)),
    ],
)
def test_time_that_is_proven(accuracy, later):
    assert moment_of(accuracy=accuracy) == NOW + later


@pytest.mark.parametrize(
    "changes",
    [
        {"accuracy": {"seconds": -1}},
        {"accuracy": {"seconds": 5, "millis": -5}},
        {"accuracy": {"seconds": 5, "micros": -5}},
        {"accuracy": {"seconds": 10**12}},
        {"accuracy": {"seconds": 10**30}},
        {"gen_time": datetime(9999, 12, 31, tzinfo=UTC)},
        {"gen_time": datetime(1, 1, 2, tzinfo=UTC)},
    ],
)
def test_time_that_there_is_not(changes):
    with pytest.raises(MessageProblemError, match="tst-info"):
        moment_of(**changes)


def test_moment_is_told_in_utc():
    here = INFO.replace(b"\x0f20260601080000Z", b"\x1320260601160000+0800")
    here = b"\x30" + bytes((INFO[1] + 4,)) + here[2:]
    found = proven_time(tst_info(bare(content_type="tst_info", encapsulated=here)))
    assert (found, found.tzinfo) == (NOW, UTC)


EXACT = token(b"x", accuracy={"seconds": 1}).content


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b"\x04\x20" + hashlib.sha256(b"x").digest()[:2], b"\x0c\x20"),
        (bytes.fromhex("0609608648016503040201"), bytes.fromhex("1809")),
        (bytes.fromhex("3031300d"), bytes.fromhex("3031180d")),
        (b"\x18\x0f2026", b"\x0c\x0f"),
        (bytes.fromhex("3003020101"), bytes.fromhex("3003670101")),
    ],
    ids=["imprint", "algorithm", "algorithm and parameters", "time", "accuracy"],
)
def test_timestamp_of_which_a_part_cannot_be_read(written, instead):
    """Whoever passes a file on may lay it in: it is no timestamp, and hides nothing else."""
    assert EXACT.count(written) == 1
    content = EXACT.replace(written, instead + written[len(instead) :])
    message = bare(content_type="tst_info", encapsulated=content)
    with pytest.raises(MessageProblemError, match="tst-info"):
        token_facts(message, TrustMaterial(), lambda _: b"")
