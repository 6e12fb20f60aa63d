"""What is asked of a dashboard and of its queries beyond their form; each rule is one function.

The rules of Grafana's own dashboard-linter that are not about Prometheus or Loki, and those that
InfluxQL needs to mean the same on InfluxDB 1.8, 2 and 3.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from tests.support.grafana import Statement, panels, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Dashboard = dict[str, Any]

_AGGREGATES = {"count", "distinct", "integral", "mean", "median", "mode", "spread", "stddev", "sum"}
_SELECTORS = {"bottom", "first", "last", "max", "min", "percentile", "top"}
_MATHEMATICS = {"abs", "ceil", "exp", "floor", "ln", "log", "log2", "log10", "pow", "round", "sqrt"}
_CHANGES = {"cumulative_sum", "derivative", "difference", "elapsed", "moving_average"}
_LIKE_CALLS = {"now", "time", "fill"}
FUNCTIONS = _AGGREGATES | _SELECTORS | _MATHEMATICS | _CHANGES | _LIKE_CALLS
"""What InfluxDB 3 knows, so 1.8 and 2 know it too; see its InfluxQL feature support."""

FORBIDDEN = ("slimit", "soffset", "into", "cardinality", "show series", "show databases", "holt_")
"""What InfluxDB 2 or 3 lacks, apart from functions."""

COUNTED = ("positive", "negative", "neutral", "total", "copies", "unscored", "authors", "score_sum")
"""Fields of ``mention_*`` that corrections change, so that only their sum is true."""

_SPECIAL = {"timeFilter", "__interval"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
_ALLOWED_EMPTY = {"Annotations & Alerts"}


def lint(dashboard: Dashboard, fields: Mapping[str, set[str]]) -> list[str]:
    """Return what is wrong with a dashboard, one sentence each.

    Args:
        dashboard: Its JSON.
        fields: Tags and fields by measurement.
    """
    return [
        *(f"{dashboard['uid']}: {problem}" for rule in RULES for problem in rule(dashboard)),
        *(
            f"{statement.place}: {problem}"
            for statement in statements(dashboard)
            for problem in lint_statement(statement, dashboard, fields)
        ),
    ]


def lint_statement(
    statement: Statement, dashboard: Dashboard | None, fields: Mapping[str, set[str]]
) -> Iterator[str]:
    """Yield what is wrong with one query."""
    text = statement.influxql
    yield from unsupported(text)
    yield from names(text, fields)
    yield from sums(text)
    filters = text.count("$timeFilter")
    if not filters:
        yield "it has no $timeFilter"
    if filters > 1 and statement.kind in {"variable", "annotation"}:
        yield "Grafana replaces only the first $timeFilter outside of panels"
    if "GROUP BY time" in text and "fill(" not in text:
        yield "it does not say what an empty bucket holds"
    for group in re.findall(r"GROUP BY time\((\w+)\)", text):
        if group not in {"1h", "1d"}:
            yield f"buckets of {group} are neither the viewer's choice nor a roll-up's"
    known = {variable["name"]: variable for variable in (dashboard or _NONE)["templating"]["list"]}
    for match in _VARIABLE.finditer(text):
        name, style = match[1] or match[3], match[2]
        if name in _SPECIAL:
            continue
        if name not in known:
            yield f"there is no variable {name}"
        elif known[name]["type"] == "query" and style != "regex":
            yield f"{name} is not escaped; write ${{{name}:regex}}"


_NONE: Dashboard = {"templating": {"list": []}}


def unsupported(influxql: str) -> Iterator[str]:
    """Yield what InfluxDB 3 (or 2) lacks."""
    plain = re.sub(r'"[^"]*"|/(?:[^/\\]|\\.)*/', '""', influxql).lower()
    for word in FORBIDDEN:
        if re.search(rf"\b{word}", plain):
            yield f"{word.upper()} is not in every version"
    for function in re.findall(r"\b([a-z_]\w*)\(", plain):
        if function not in FUNCTIONS:
            yield f"{function}() is not in InfluxDB 3"
    if re.search(r"select\s+\*", plain):
        yield "SELECT * depends on what else is stored"


def names(influxql: str, fields: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield each measurement, tag or field that is not in the schema."""
    sources = re.findall(r'FROM (?:"(\w+)"|/\^(\w+)\[\$\{step\}\]\$/)', influxql)
    used = {plain or f"{prefix[:-1]}1m" for plain, prefix in sources}
    for measurement in used - fields.keys():
        yield f"there is no measurement {measurement}"
    if not used:
        yield "it reads no measurement"
    aliases = set(re.findall(r'AS "([^"]+)"', influxql))
    known = aliases.union(used, *(fields.get(measurement, set()) for measurement in used))
    for name in sorted(set(re.findall(r'"([^"]+)"', influxql)) - known):
        yield f"there is no tag or field {name}"


def sums(influxql: str) -> Iterator[str]:
    """Yield each count that is not added up, though corrections are points of their own."""
    if "mention_1" not in influxql:
        return
    for function, field in re.findall(r'(\w+)\("(\w+)"\)', influxql):
        if field in COUNTED and function != "sum":
            yield f"{function} of {field} leaves corrections out; use sum"


# -- rules about a dashboard


def uneditable(dashboard: Dashboard) -> Iterator[str]:
    """Changes by hand would be lost."""
    if dashboard.get("editable", True):
        yield "it is editable"
    if "id" in dashboard:
        yield "it has an id, which belongs to one Grafana"


def chosen_datasource(dashboard: Dashboard) -> Iterator[str]:
    """Whoever looks chooses the InfluxDB, everywhere."""
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    if variables.get("datasource", {}).get("query") != "influxdb":
        yield "no variable chooses the data source"
    holders = [
        *panels(dashboard),
        *(target for panel in panels(dashboard) for target in panel["targets"]),
        *(v for v in variables.values() if v["type"] == "query"),
        *(a for a in dashboard["annotations"]["list"] if a["name"] not in _ALLOWED_EMPTY),
    ]
    if any(holder["datasource"]["uid"] != "${datasource}" for holder in holders):
        yield "something does not follow the chosen data source"


def reloaded(dashboard: Dashboard) -> Iterator[str]:
    """What can be chosen depends on the time that is shown."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query" and variable["refresh"] != 2:
            yield f"the variable {variable['name']} is not asked anew when the time changes"


def described(dashboard: Dashboard) -> Iterator[str]:
    """A panel says what it shows, and what to do with it."""
    titles = [panel["title"] for panel in panels(dashboard)]
    for panel in panels(dashboard):
        title = panel["title"]
        if not title or titles.count(title) > 1:
            yield f"two panels are called {title!r}"
        if len(panel.get("description", "")) < 60:
            yield f"{title}: the description does not say what to do with it"


def measured(dashboard: Dashboard) -> Iterator[str]:
    """A panel has a unit, and says what it means that there is nothing."""
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        if not defaults.get("unit"):
            yield f"{panel['title']}: no unit"
        if not defaults.get("noValue"):
            yield f"{panel['title']}: nothing is said where there is nothing"
        if panel["type"] in {"timeseries", "state-timeline"}:
            if defaults["custom"].get("spanNulls") is not False:
                yield f"{panel['title']}: a gap is drawn over"
            if not panel["options"]["legend"]["showLegend"]:
                yield f"{panel['title']}: no legend"


def asked(dashboard: Dashboard) -> Iterator[str]:
    """A panel has queries, each with a letter of its own."""
    for panel in panels(dashboard):
        letters = [target["refId"] for target in panel.get("targets", ())]
        if not letters:
            yield f"{panel['title']}: no query"
        if len(letters) != len(set(letters)):
            yield f"{panel['title']}: two queries are called the same"


def numbered(dashboard: Dashboard) -> Iterator[str]:
    """Panels are told apart by number."""
    numbers = [panel["id"] for panel in dashboard["panels"]]
    if len(numbers) != len(set(numbers)):
        yield "two panels have the same id"


def laid_out(dashboard: Dashboard) -> Iterator[str]:
    """No panel lies over another or beyond the edge."""
    boxes = [(panel["title"], panel["gridPos"]) for panel in dashboard["panels"]]
    for title, box in boxes:
        if box["x"] + box["w"] > 24:
            yield f"{title} is beyond the edge"
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        if (
            a["x"] < b["x"] + b["w"]
            and b["x"] < a["x"] + a["w"]
            and a["y"] < b["y"] + b["h"]
            and b["y"] < a["y"] + a["h"]
        ):
            yield f"{one} overlaps {other}"


def linked(dashboard: Dashboard) -> Iterator[str]:
    """Links lead to a dashboard of hubbub's or to its page, with what is chosen."""
    for panel in panels(dashboard):
        for link in panel["fieldConfig"]["defaults"].get("links", ()):
            url = link["url"]
            if not re.match(r"(/d/hubbub-(outage|topic|distros|itself)\?|\$\{page\}/)", url):
                yield f"{panel['title']}: {url} leads somewhere else"
            if not re.search(r"__url_time_range|__from", url):
                yield f"{panel['title']}: {url} forgets the time"


RULES: tuple[Callable[[Dashboard], Iterator[str]], ...] = (
    uneditable, chosen_datasource, reloaded, described, measured, asked, numbered, laid_out, linked,
)  # fmt: skip
