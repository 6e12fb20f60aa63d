"""The dashboards: their form, what is asked of them, and that the committed ones are these."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

import settings
from dashboards.grafana import as_json, catalogue, rules
from tests.support.grafana import Statement, panels
from tests.support.grafana_lint import RULES, lint, lint_statement
from tests.support.grafana_schema import Dashboard

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "dashboards" / "grafana" / "json"
PAGE = settings.Grafana().page
DASHBOARDS = {each.uid: each.document() for each in catalogue(PAGE)}


def schema() -> dict[str, set[str]]:
    """Return tags and fields by measurement, as docs/influxdb.md has them."""
    text = (ROOT / "docs" / "influxdb.md").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for name, tags, fields in re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|", text, re.MULTILINE):
        same = found["mention_1m"] if "the same" in tags + fields else set()
        found[name] = same | set(re.findall(r"`(\w+)`", tags + fields))
    return found


FIELDS = schema()


def test_the_schema_is_read() -> None:
    """The table of measurements is where it is looked for."""
    assert {
        "mention_1m",
        "mention_1d",
        "spike",
        "incident",
        "event",
        "distro_rank",
        "collector",
    } <= (FIELDS.keys())
    assert {"topic", "source", "negative", "coverage"} <= FIELDS["mention_1h"]


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_a_dashboard_has_the_form_that_grafana_knows(uid: str) -> None:
    """Every key and value is one of the classic model's; nothing is misspelt."""
    Dashboard.model_validate(DASHBOARDS[uid])


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_a_dashboard_is_as_it_should_be(uid: str) -> None:
    """Titles, descriptions, units, data source, gaps, layout, links, and InfluxQL for all."""
    assert lint(DASHBOARDS[uid], FIELDS) == []


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_the_committed_dashboard_is_what_the_code_makes(uid: str) -> None:
    """After a change of code: python -m dashboards.grafana."""
    committed = (COMMITTED / f"{uid}.json").read_text(encoding="utf-8")
    assert committed == as_json(DASHBOARDS[uid])


def test_no_other_dashboard_is_committed() -> None:
    """What the code makes no longer is gone."""
    assert {path.stem for path in COMMITTED.iterdir()} == DASHBOARDS.keys()


def test_the_revision_tells_dashboards_apart() -> None:
    """It changes with anything else, and with nothing else."""
    again = {each.uid: each.document() for each in catalogue(PAGE)}
    assert again == DASHBOARDS
    others = {each.uid: each.document() for each in catalogue("https://hubbub.example")}
    for uid, dashboard in DASHBOARDS.items():
        assert dashboard["description"] != others[uid]["description"]


def test_a_panel_that_is_missing_is_an_error() -> None:
    """A rule that points to a panel that was renamed fails where it is made."""
    with pytest.raises(LookupError):
        catalogue(PAGE)[0].number("No such panel")


# -- the lint itself, on planted cases


def planted(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Return a dashboard with one thing wrong."""
    dashboard = copy.deepcopy(DASHBOARDS["hubbub-outage"])
    change(dashboard)
    return dashboard


def first(dashboard: dict[str, Any]) -> dict[str, Any]:
    """Return its first panel."""
    return next(panels(dashboard))


MISTAKES: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("uneditable", lambda d: d.update(editable=True), "it is editable"),
    ("uneditable", lambda d: d.update(id=7), "it has an id"),
    ("chosen_datasource", lambda d: d["templating"]["list"].pop(0), "no variable chooses"),
    (
        "chosen_datasource",
        lambda d: first(d)["targets"][0].update(datasource={"type": "influxdb", "uid": "x"}),
        "does not follow",
    ),
    ("reloaded", lambda d: d["templating"]["list"][2].update(refresh=1), "not asked anew"),
    ("described", lambda d: first(d).update(description="Posts."), "what to do with it"),
    ("described", lambda d: first(d).update(title="Spike score"), "two panels are called"),
    ("measured", lambda d: first(d)["fieldConfig"]["defaults"].pop("unit"), "no unit"),
    ("measured", lambda d: first(d)["fieldConfig"]["defaults"].pop("noValue"), "there is nothing"),
    (
        "measured",
        lambda d: first(d)["fieldConfig"]["defaults"]["custom"].update(spanNulls=True),
        "a gap is drawn over",
    ),
    ("measured", lambda d: first(d)["options"]["legend"].update(showLegend=False), "no legend"),
    ("asked", lambda d: first(d).update(targets=[]), "no query"),
    ("asked", lambda d: first(d)["targets"][1].update(refId="A"), "called the same"),
    ("numbered", lambda d: first(d).update(id=1), "the same id"),
    ("laid_out", lambda d: first(d)["gridPos"].update(h=50), "overlaps"),
    ("laid_out", lambda d: first(d)["gridPos"].update(x=5), "beyond the edge"),
    (
        "linked",
        lambda d: first(d)["fieldConfig"]["defaults"].update(
            links=[{"title": "x", "url": "https://example.org", "targetBlank": True}]
        ),
        "leads somewhere else",
    ),
]


@pytest.mark.parametrize(("rule", "change", "said"), MISTAKES)
def test_the_lint_finds_a_planted_mistake(
    rule: str, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    """Each rule about a dashboard fails where it should."""
    check = next(each for each in RULES if each.__name__ == rule)
    assert any(said in problem for problem in check(planted(change)))


def test_every_rule_has_a_planted_mistake() -> None:
    """A rule that cannot fail is none."""
    assert {rule for rule, _, _ in MISTAKES} == {rule.__name__ for rule in RULES}


TIME = "$timeFilter"


@pytest.mark.parametrize(
    ("influxql", "said"),
    [
        (f'SELECT holt_winters(sum("negative"), 9, 1) FROM "mention_1m" WHERE {TIME}', "HOLT_"),
        (f'SELECT sample("negative", 3) FROM "mention_1m" WHERE {TIME}', "sample() is not in"),
        (
            f'SELECT relative_strength_index("score", 9) FROM "spike" WHERE {TIME}',
            "relative_strength_index() is not in InfluxDB 3",
        ),
        (f'SELECT sum("total") INTO "x" FROM "mention_1m" WHERE {TIME}', "INTO"),
        (f'SELECT max("score") FROM "spike" WHERE {TIME} GROUP BY "topic" SLIMIT 5', "SLIMIT"),
        ("SHOW SERIES CARDINALITY", "CARDINALITY"),
        (f'SELECT * FROM "spike" WHERE {TIME}', "SELECT *"),
        ('SELECT max("score") FROM "spike"', "no $timeFilter"),
        (f'SELECT max("score") FROM "spikes" WHERE {TIME}', "no measurement spikes"),
        (f'SELECT max("scores") FROM "spike" WHERE {TIME}', "no tag or field scores"),
        (f'SELECT last("negative") FROM "mention_1m" WHERE {TIME}', "use sum"),
        (f'SELECT mean("total") FROM /^mention_1[${{step}}]$/ WHERE {TIME}', "use sum"),
        (f'SELECT max("score") FROM "spike" WHERE {TIME} GROUP BY time(${{step}})', "empty bucket"),
        (f'SELECT max("score") FROM "spike" WHERE {TIME} GROUP BY time(7m) fill(0)', "of 7m"),
        (f'SELECT max("score") FROM "spike" WHERE "topic" = \'${{x}}\' AND {TIME}', "variable x"),
        (f'SELECT max("score") FROM "spike" WHERE "topic" =~ /^$topic$/ AND {TIME}', "escaped"),
    ],
)
def test_the_lint_finds_a_planted_mistake_in_a_query(influxql: str, said: str) -> None:
    """What one version lacks, what is not in the schema, and what gives wrong numbers."""
    statement = Statement("here", influxql, "panel")
    found = list(lint_statement(statement, DASHBOARDS["hubbub-outage"], FIELDS))
    assert any(said in problem for problem in found), found


def test_the_lint_finds_a_second_time_filter_where_grafana_replaces_one() -> None:
    """In a panel it is fine, in an annotation it is not."""
    text = (
        f'SELECT max("s") FROM (SELECT max("score") AS "s" FROM "spike" WHERE {TIME}) WHERE {TIME}'
    )
    outage = DASHBOARDS["hubbub-outage"]
    assert list(lint_statement(Statement("here", text, "panel"), outage, FIELDS)) == []
    assert list(lint_statement(Statement("here", text, "annotation"), outage, FIELDS)) == [
        "Grafana replaces only the first $timeFilter outside of panels"
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(titel="x"),
        lambda d: first(d).update(title=5),
        lambda d: first(d)["options"].update(showThresholds=True),
        lambda d: first(d)["fieldConfig"]["defaults"]["custom"].update(drawStyle="lines"),
        lambda d: d["annotations"]["list"][1].update(tagsColumn="kind"),
        lambda d: d["time"].update({"from": "yesterday"}),
    ],
)
def test_the_form_is_checked(change: Callable[[dict[str, Any]], None]) -> None:
    """A misspelt key, a wrong type, an unknown word, and a key in the wrong place are found."""
    with pytest.raises(ValidationError):
        Dashboard.model_validate(planted(change))


# -- the alert rules


@pytest.mark.parametrize("rule", rules(settings.Grafana()), ids=lambda rule: rule.uid)
def test_a_rules_queries_are_as_they_should_be(rule: Any) -> None:
    """The same InfluxQL for all, and no variable, which Grafana allows in no rule."""
    for ref, influxql in rule.queries.items():
        statement = Statement(f"{rule.uid} {ref}", influxql, "rule")
        assert list(lint_statement(statement, None, FIELDS)) == []


def test_only_the_rule_about_silence_takes_silence_for_something() -> None:
    """A gap neither fires nor resolves, but for the one rule that watches for it."""
    for rule in rules(settings.Grafana()):
        silent = (rule.no_data, rule.on_error)
        expected = ("Alerting", "Error") if rule.uid == "hubbub-delivery" else ("KeepLast",) * 2
        assert silent == expected


def test_the_plain_rule_sleeps_until_it_has_a_limit() -> None:
    """Beside the detector it would tell everything twice."""
    paused = [rule.uid for rule in rules(settings.Grafana()) if rule.paused]
    assert paused == ["hubbub-volume"]
    assert not any(rule.paused for rule in rules(settings.Grafana(volume=1)))


def test_a_rule_looks_back_for_longer_than_it_is_evaluated() -> None:
    """So that one late point is no missing series."""
    for rule in rules(settings.Grafana()):
        assert rule.window.total_seconds() >= 15 * 60


def test_committed_dashboards_are_json() -> None:
    """What Grafana imports by hand can be read by it."""
    for path in COMMITTED.glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["uid"] == path.stem
