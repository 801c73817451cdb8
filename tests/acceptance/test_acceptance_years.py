"""Six years of a node in processes of its own: the job cares, or nothing can be judged by itself."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.hall import files_of, issue, seal_of, token_of, wait, write_files
from tests.acceptance.moved_clock import CLOCK, away, back, moved, neglected
from tests.acceptance.node_process import NodeProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STEP, STEPS = timedelta(days=169), 13
SIX_YEARS = STEP * STEPS
LEAD = 2900
"""Days before the end of a file's proof: of eleven years, so that files are renewed in the fourth."""
KEPT = 3


def _health(node, *more):
    """Exit code and the sum of `certlib seal-health`."""
    done = node.run("seal-health", "--json", *more, check=False)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


def _told(node, paths, *more):
    done = node.run("verify", "--json", *more, *map(str, paths), check=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(paths), done.stdout + done.stderr
    return told


def _verdicts(node, paths):
    return [(item["verdict"], item["code"]) for item in _told(node, paths)]


def _seals(node, paths):
    """What is said of each file's seal, from the file alone."""
    return [
        finding["outcome"]
        for item in _told(node, paths, "--policy", "foreign")
        for finding in item["findings"]
        if finding["check"] == "seal"
    ]


def _stranger(node, folder):
    """Somebody who has the node's trust list with its revocation lists of today, and no record."""
    draft, listed, trust = (folder / name for name in ("draft.json", "list.json", "trust"))
    node.run("trust", "add", "--own", "--operator", "揭阳", "--draft", str(draft))
    done = node.run("trust", "sign", str(draft), "--out", str(listed), "--json")
    signer = json.loads(done.stdout)["signer_key_sha256"]
    node.run("trust", "export", str(trust), "--list", str(listed))
    made = NodeProcess(folder / "nothing")
    clock = {name: node.environment[name] for name in CLOCK}
    made.environment |= clock | {"CERTLIB_TRUST": str(trust), "CERTLIB_TRUST_SIGNER": signer}
    return made


def _figure(node, name):
    found = re.search(rf"^{name} (\S+)$", node.get("/metrics")[2].decode(), re.MULTILINE)
    return -1.0 if found is None else float(found[1])


def _served(node):
    """The service runs until every job had its turn and nothing waits for care."""
    node.start()
    name = "certlib_worker_round_timestamp_seconds"
    wait(lambda: _figure(node, name) > 0)
    first = _figure(node, name)
    wait(lambda: _figure(node, name) > first)  # a second round has begun: the first is through
    for waiting in ("certlib_seals_below_target", "certlib_seals_due"):
        wait(lambda name=waiting: _figure(node, name) == 0)
    node.stop()


def _issued(node, name, level, how_many=KEPT, **changes):
    token = token_of(node)
    answers = [issue(node, token, f"{name}-{number}", **changes) for number in range(how_many)]
    assert {(status, body.get("level")) for status, body in answers} == {(201, level)}
    return [body["identifier"] for _, body in answers]


def _term():
    """Three years from the first day of this month, as the moved clock has it."""
    day = (datetime.now(UTC) + SIX_YEARS).date().replace(day=1)
    last = day.replace(year=day.year + 3) - timedelta(days=1)
    begun = day.isoformat()
    return {"issue_date": begun, "valid_from": begun, "valid_to": last.isoformat()}


@pytest.mark.parametrize("stores", ["embedded"], indirect=True)
def test_six_years_on_every_file_can_be_judged_because_somebody_cared(hall, tmp_path):
    node = hall
    node.environment["CERTLIB_SEAL_CARE_DAYS"] = str(LEAD)
    plain = _issued(node, "plain", "B-T")
    node.stop()
    away(node)
    node.start()
    lowered = _issued(node, "lowered", "B-B")
    node.stop()
    back(node)
    alone = neglected(node, tmp_path / "alone")
    code, begun = _health(node)
    assert (code, begun["green"], begun["files"], begun["below"]) == (1, False, 2 * KEPT, KEPT)
    first = write_files(node, [*plain, *lowered], tmp_path / "first")

    for number in range(STEPS + 1):
        moved(node, STEP * number)
        _served(node)
        if number == 0:
            # Lifted at once, and looked at: the timetable says when which proof ends.
            code, sum_ = _health(node)
            assert (code, sum_["green"], sum_["not_looked_at"]) == (0, True, 0)
            shown = node.run("seal-health", "--lang", "en").stdout
            assert str(datetime.now(UTC).year + 11) in shown
            assert "timestamp's certificate ends" in shown

    # The seals of the first day ended a year ago; nobody but the worker made the next ones.
    node.start()
    (late,) = write_files(node, _issued(node, "late", "B-T", 1, **_term()), tmp_path / "late")
    node.stop()
    assert seal_of(late.read_bytes()) != seal_of(first[0].read_bytes())
    assert _verdicts(node, [late]) == [("valid", "valid")]

    code, ended = _health(node)
    assert (code, ended["green"], ended["files"]) == (0, True, 2 * KEPT + 1), ended
    audit = node.run("audit", "--json", check=False)
    assert audit.returncode == 0, audit.stdout[-1500:]
    newest = write_files(node, [*plain, *lowered], tmp_path / "newest")
    # Their term has ended meanwhile, which the record says; of no file anything is undecided.
    assert set(_verdicts(node, [*first, *newest])) == {("invalid", "expired")}
    # Who has no record can judge the files that were cared for, and not what went without.
    stranger = _stranger(node, tmp_path)
    assert _seals(stranger, newest) == ["pass"] * 2 * KEPT
    assert _seals(stranger, first) == ["pass"] * KEPT + ["unknown"] * KEPT
    for earlier, later in zip(first, newest, strict=True):
        assert later.read_bytes().startswith(earlier.read_bytes())
    levels = [[file.level for file in files] for files in files_of(node, [*plain, *lowered])]
    assert all(found[0] == "B-T" and set(found[1:]) == {"B-LTA"} for found in levels[:KEPT])
    assert all(found[0] == "B-B" and set(found[1:]) == {"B-LTA"} for found in levels[KEPT:])
    assert all(len(found) > 1 for found in levels)

    # The same node without the job: what it began with does not hold.
    alone.environment |= {"CERTLIB_SEAL_CARE_DAYS": str(LEAD)}
    moved(alone, SIX_YEARS)
    code, left = _health(alone)
    assert (code, left["green"], left["files"], left["ended"]) == (1, False, 2 * KEPT, KEPT)
