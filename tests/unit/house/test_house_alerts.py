"""Alert rules and dashboard speak of metrics that exist, in both languages, with a runbook each."""

import json
import re
from pathlib import Path

import pytest
import yaml

from api.metrics import Metrics
from api.timings import Timings
from tests.unit.api.api_world import PaperAuthority
from tests.unit.usecases.house import build

SEVERITIES = {"critical", "warning", "info"}
FUNCTIONS = {"rate", "increase", "histogram_quantile", "time", "sum", "min", "max"}
RANGED = {"rate", "increase"}
ADDED = {"instance", "job", "le"}  # by Prometheus itself, and by every histogram
TOKEN = re.compile(
    r"\s*(?:(?P<name>[a-zA-Z_:][\w:]*)|(?P<number>\d+(?:\.\d+)?(?:e\d+)?)|(?P<range>\[\d+[smh]\])"
    r"|(?P<matchers>\{[^{}]*\})|(?P<sign>==|>=|<=|[-+*/<>(),]))"
)
MATCHER = re.compile(r'^(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"$')


class Wrong(Exception):
    """An expression that Prometheus would refuse, or that asks for what is not there."""


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """Metric name → its labels, of the very registries behind `/metrics`."""
    house = build(tmp_path_factory.mktemp("metrics"))
    made = Metrics(house.registry, house.clock, Timings(), PaperAuthority())
    labels = {"up": set()}
    for registry in (made.collected, made.record):
        for collector, names in registry._collector_to_names.items():
            for name in names:
                labels.setdefault(name, set()).update(getattr(collector, "_labelnames", ()))
        for family in registry.collect():
            for sample in family.samples:
                labels.setdefault(sample.name, set()).update(sample.labels)
    labels["certlib_status_answers_total"] = {"status", "code"}
    labels["certlib_key_days_left"] = {"purpose"}
    labels["certlib_ocsp_responder_seconds_left"] = set()
    labels["certlib_certificates"] = {"state"}
    named = set(re.findall(r"^# TYPE (\w+) ", made.text().decode(), re.MULTILINE))
    assert {"certlib_requests_total", "certlib_record_up", "certlib_render_seconds"} <= named
    house.registry.close()
    return labels


@pytest.fixture(scope="module")
def rules(root):
    groups = yaml.safe_load((root / "ops" / "alerts.yml").read_text("utf-8"))["groups"]
    assert len({group["name"] for group in groups}) == len(groups)
    found = [rule for group in groups for rule in group["rules"]]
    assert len(found) > 20
    return found


@pytest.fixture(scope="module")
def dashboard(root):
    return json.loads((root / "ops" / "dashboard.json").read_text("utf-8"))


def tokens(expression):
    found, at = [], 0
    while at < len(expression):
        match = TOKEN.match(expression, at)
        if match is None:
            raise Wrong(expression[at:])
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


def check(expression, metrics):
    """Reads the whole expression; answers which metrics it names."""
    words, depth, used, ranged = tokens(expression), [], [], set()
    position = 0
    while position < len(words):
        kind, text = words[position]
        following = words[position + 1][1] if position + 1 < len(words) else ""
        if kind == "name" and text == "by":
            end = next(n for n in range(position, len(words)) if words[n][1] == ")")
            grouped = {word for what, word in words[position:end] if what == "name"} - {"by"}
            ranged |= grouped
            position = end
        elif kind == "name" and (following in {"(", "by"}):
            if text not in FUNCTIONS:
                raise Wrong(f"no function {text}")
            if following == "(":
                depth.append(text)
                position += 1
        elif kind == "name":
            used.append(_metric(text, words, position, metrics, depth))
        elif text == "(":
            depth.append("")
        elif text == ")":
            if not depth:
                raise Wrong(")")
            depth.pop()
        position += 1
    if depth:
        raise Wrong("(")
    known = set().union(*(metrics[name] for name in used)) | ADDED
    if not ranged <= known:
        raise Wrong(f"no label {ranged - known}")
    return used


def _metric(name, words, position, metrics, depth):
    if name not in metrics:
        raise Wrong(f"no metric {name}")
    follows = words[position + 1 : position + 3]
    for kind, text in follows[:1]:
        if kind == "matchers":
            for part in text[1:-1].split(","):
                match = MATCHER.match(part.strip())
                if match is None or match[1] not in metrics[name] | ADDED:
                    raise Wrong(text)
                re.compile(match[3])
    has_range = any(kind == "range" for kind, _ in follows)
    inside = next((word for word in reversed(depth) if word), "")
    if has_range != (inside in RANGED):
        raise Wrong(f"range of {name}")
    if name.endswith("_total") and not has_range:
        raise Wrong(f"{name} only grows: ask for its rate")
    return name


# --- the check itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        "certlib_no_such == 0",
        "rate(certlib_requests_total) > 1",
        "certlib_requests_total > 1",
        "sum by (instance (certlib_ready) == 0",
        "sum by (nobody) (certlib_ready) == 0",
        'certlib_ready{nobody="x"} == 0',
        "certlib_ready{part=x} == 0",
        "certlib_ready[5m] == 0",
        "avg_of(certlib_ready) == 0",
        "certlib_ready) == 0",
        "certlib_ready == 0 §",
    ],
)
def test_the_check_sees_what_is_wrong(metrics, wrong):
    with pytest.raises((Wrong, StopIteration)):
        check(wrong, metrics)


# --- rules --------------------------------------------------------------------------------------


def test_every_rule_asks_for_what_exists_and_compares_it(rules, metrics):
    for rule in rules:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert check(rule["expr"], metrics), rule
        assert re.search(r"(==|<|>) [\d.e]+$", rule["expr"]), rule
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert rule["labels"]["severity"] in SEVERITIES
    names = [rule["alert"] for rule in rules]
    assert len(set(names)) == len(names)


def test_every_rule_says_what_is_wrong_and_what_to_do_in_both_languages(rules):
    for rule in rules:
        for name in ("summary", "description", "action"):
            zh, _, en = rule["annotations"][name].partition(" / ")
            assert re.search(r"[\u4e00-\u9fff]", zh), (rule["alert"], name)
            assert re.search(r"[A-Za-z]{2}", en), (rule["alert"], name)
            assert not re.search(r"[\u4e00-\u9fff]", en), (rule["alert"], name)
        used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", rule["expr"]))))
        assert used <= grouped | {"instance"}, rule["alert"]


def test_every_rule_has_its_runbook(root: Path, rules):
    """And every runbook its rule: an anchor as GitHub makes it of a heading."""
    text = (root / "docs" / "operations.md").read_text("utf-8")
    headings = re.findall(r"^### (Certlib\w+)\n\n(.*)\n", text, re.MULTILINE)
    for _, said in headings:
        for word in ("*Means*:", "*Look at*:", "*Do*:"):
            assert word in said
    anchors = {f"docs/operations.md#{name.lower()}" for name, _ in headings}
    assert {rule["annotations"]["runbook"] for rule in rules} == anchors
    named = re.findall(r"\]\(#([\w-]+)\)", text)
    made = {
        re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-")
        for name in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert set(named) <= made


def test_runbooks_speak_of_what_exists(root: Path, metrics):
    text = (root / "docs" / "operations.md").read_text("utf-8")
    named = set(re.findall(r"`(certlib_[a-z_]+?)(?:\{[^}]*\})?`", text))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in metrics}
    roles = {"certlib_owner", "certlib_application", "certlib_auditor", "certlib_status"}
    assert named - roles <= set(metrics) | families


# --- dashboard ----------------------------------------------------------------------------------


def test_every_panel_shows_what_exists(dashboard, metrics):
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len(panels) > 20
    for panel in panels:
        assert panel["targets"]
        for target in panel["targets"]:
            assert check(target["expr"], metrics)
            labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            used = check(target["expr"], metrics)
            assert labels <= set().union(*(metrics[name] for name in used)) | ADDED


def test_panels_stand_in_rows_and_never_over_one_another(dashboard):
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert re.search(r"[\u4e00-\u9fff].* [A-Z]", panel["title"])
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def test_every_figure_of_ours_is_shown_or_watched(dashboard, rules, metrics):
    """Whoever adds a metric says what it is for."""
    texts = json.dumps(dashboard) + json.dumps(rules)
    ours = {name for name in metrics if name.startswith("certlib_")}
    ours = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in ours}
    unseen = {name for name in ours if name not in texts}
    assert unseen <= {"certlib_history_batches", "certlib_key_days_left", "certlib_issued"}, unseen
