"""What the command line and the API say of the demo's certificates and of forgeries."""

import json

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CODES = {
    "VALID": "valid",
    "REVOKED": "revoked",
    "ANNULLED": "annulled",
    "EXPIRED": "expired",
    "NOT_YET_EFFECTIVE": "not-yet-effective",
    "SUSPENDED": "suspended",
    "VOIDED": "voided",
    "WITHDRAWN": "withdrawn",
    "DEREGISTERED": "deregistered",
    "SUPERSEDED": "superseded",
    "TRANSFERRED_OUT": "transferred-out",
}


def _lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_state_has_its_own_sentence(node):
    """Over HTTP and by the command line: same verdicts, different sentences."""
    identifiers = {view: found[0] for view, found in node.demo()["identifiers"].items()}
    assert set(identifiers) == set(CODES)
    parts = identifiers["VALID"].split(".")
    from certlib import ids

    absent = str(ids.build(parts[5], parts[6], "0" * 20, 1))
    done = node.run("verify", *identifiers.values(), absent, "--json", check=False)
    assert done.returncode == 1
    answers = _lines(done)
    assert [item["code"] for item in answers] == [
        *(CODES[view] for view in identifiers),
        "not-found",
    ]
    assert all((item["verdict"] == "valid") == (item["code"] == "valid") for item in answers)
    sentences = {json.dumps(item["sentence"], ensure_ascii=False) for item in answers}
    assert len(sentences) == len(answers)
    for view, identifier in identifiers.items():
        status, _, body = node.get(f"/v1/status/{identifier}")
        assert status == 200
        assert json.loads(body)["code"] == CODES[view]
    assert node.get(f"/v1/status/{absent}")[0] == 404


def test_originals_are_valid_or_say_why_not(node, originals, tmp_path):
    """Every file of the demo at once: byte for byte on record, its verdict that of its state."""
    for number, (_, _, pdf) in enumerate(originals):
        (tmp_path / f"{number:03d}.pdf").write_bytes(pdf)
    done = node.run("verify", str(tmp_path), "--json", check=False)
    answers = _lines(done)
    assert len(answers) == len(originals)
    for answer in answers:
        first = answer["findings"][0]
        assert (first["check"], first["outcome"], first["code"]) == (
            "integrity",
            "pass",
            "on-record",
        )
    assert {item["verdict"] for item in answers} == {"valid", "invalid"}
    assert sum(item["verdict"] == "valid" for item in answers) > 200


@pytest.mark.parametrize(
    ("node", "place"),
    [("embedded", 0), ("embedded", 1), ("embedded", 2), ("servers", 0)],
    indirect=["node"],
)
def test_one_changed_byte_anywhere_is_refused(node, originals, tmp_path, place):
    """120 positions over the whole file of each type: none is valid, each says what happened."""
    chosen = {}
    for identifier, type_code, pdf in originals:
        chosen.setdefault(type_code, (identifier, pdf))
    identifier, pdf = list(chosen.values())[place]
    positions = sorted({step * (len(pdf) - 1) // 119 for step in range(120)})
    for position in positions:
        changed = bytearray(pdf)
        changed[position] ^= 0x01
        (tmp_path / f"{position:07d}.pdf").write_bytes(changed)
    done = node.run("verify", str(tmp_path), "--json", check=False)
    assert done.returncode == 1
    answers = _lines(done)
    assert len(answers) == len(positions)
    codes = {item["code"] for item in answers}
    assert {item["verdict"] for item in answers} == {"invalid"}
    assert codes <= {"altered", "unreadable", "seal-not-on-record"}
    altered = sum(item["code"] == "altered" for item in answers)
    assert altered >= len(answers) * 0.9, codes


def test_tried_as_printed(node):
    """The three curl lines that the demo prints work as printed, in a plain shell."""
    import subprocess

    printed = node.printed
    lines = [
        line.strip() for line in printed.splitlines() if line.strip().startswith(("curl", "TOKEN="))
    ]
    assert len(lines) == 3
    script = "\n".join(lines).replace("http://localhost", "http://127.0.0.1")
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"valid"') >= 2, done.stdout


def test_the_audit_is_green(node):
    done = node.run("audit", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert {"INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "INV-7", "INV-9"} <= set(
        json.dumps(report).replace('"', " ").split()
    )
