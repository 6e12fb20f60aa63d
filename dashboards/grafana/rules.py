"""The alert rules, once, and as Grafana's API and its provisioning files want them.

A rule reads for longer than it is evaluated for, so that a short gap keeps the latest value: it
neither fires nor resolves. What InfluxDB does not answer keeps the rule as it was (``KeepLast``).
See https://grafana.com/docs/grafana/latest/alerting/fundamentals/alert-rules/.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dashboards.grafana import distros, itself, outage
from dashboards.grafana.influxql import TIME, select

if TYPE_CHECKING:
    import settings
    from dashboards.grafana.model import Dashboard, Document

GROUP = "hubbub"
"""The name of the group that holds all rules."""

PREFIX = "hubbub-"
"""How the uid of everything begins that is hubbub's."""

OWNER = {"app": "hubbub"}
"""The label by which hubbub's alerts are known, and routed."""

INTERVAL = timedelta(minutes=1)
"""How often rules are evaluated."""

NEWER = frozenset({"keep_firing_for"})
"""Keys of a rule that Grafana 11 does not know, and does not keep."""

_EXPRESSION = "__expr__"
_WINDOW = timedelta(minutes=15)  # of the plain rule on volume
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert rule.

    Attributes:
        uid: Its identity.
        title: Its name.
        queries: InfluxQL by reference id, over the last ``window``. No variables: Grafana allows
            none in rules.
        condition: A Grafana expression over ``$A1``, ``$B1``, ...: each query's latest value.
        window: How far back the queries look.
        patience: How long the condition must hold.
        lasting: How long it fires on once the condition does not hold any more (Grafana 12).
        severity: ``critical``, ``warning`` or ``info``.
        summary: One line for the message, a template.
        advice: What to do.
        panel: The dashboard and the title of the panel that shows what the rule watches.
        no_data: Grafana's state where no query answers anything.
        on_error: Grafana's state where InfluxDB fails.
        paused: Whether it is not evaluated.
    """

    uid: str
    title: str
    queries: dict[str, str]
    condition: str
    window: timedelta
    patience: timedelta
    lasting: timedelta
    severity: str
    summary: str
    advice: str
    panel: tuple[str, str]
    no_data: str = "KeepLast"
    on_error: str = "KeepLast"
    paused: bool = False


def rules(grafana: settings.Grafana) -> tuple[Rule, ...]:
    """Return all rules."""
    return (
        Rule(
            uid=f"{PREFIX}spike",
            title="Complaints spike",
            queries={
                ref: select(f'last("{field}")', '"spike"', (TIME,), ('"topic"',))
                for ref, field in (("A", "state"), ("B", "observed"), ("C", "expected"))
            },
            condition="$A1 >= 2",
            window=_HOUR,
            patience=timedelta(0),
            lasting=5 * _MINUTE,
            severity="critical",
            summary="People complain about {{ $labels.topic }} far more than usual",
            advice="Last minute: {{ $values.B1.Value }} complaints, {{ $values.C1.Value }} "
            "expected. Read the posts on hubbub's page, and look for a deploy shortly before.",
            panel=(outage.UID, "Spike score"),
        ),
        Rule(
            uid=f"{PREFIX}volume",
            title="Many complaints",
            queries={"A": select('sum("negative")', '"mention_1m"', (TIME,), ('"topic"',))},
            condition=f"$A1 >= {grafana.volume or 20}",
            window=_WINDOW,
            patience=timedelta(0),
            lasting=_WINDOW,
            severity="critical",
            summary="{{ $values.A1.Value }} complaints about {{ $labels.topic }} in 15 minutes",
            advice="A plain limit, for those who do not run the detector: set grafana.volume to "
            "what is too many for you, or to 0 to pause this rule.",
            panel=(outage.UID, "Complaints by topic"),
            paused=not grafana.volume,
        ),
        Rule(
            uid=f"{PREFIX}source",
            title="Source unwell",
            queries={"A": select('sum("ok")', '"collector"', (TIME,), ('"source"',))},
            condition="$A1 < 1",
            window=_HOUR,
            patience=10 * _MINUTE,
            lasting=5 * _MINUTE,
            severity="warning",
            summary="{{ $labels.source }} was not heard for an hour",
            advice="What people say there is unknown meanwhile. hubbub status says why.",
            panel=(itself.UID, "Sources"),
        ),
        Rule(
            uid=f"{PREFIX}delivery",
            title="Nothing is delivered",
            queries={"A": select('count("ok")', '"collector"', (TIME,))},
            condition="$A1 < 1",
            window=15 * _MINUTE,
            patience=5 * _MINUTE,
            lasting=timedelta(0),
            severity="warning",
            summary="hubbub has delivered nothing to InfluxDB for 15 minutes",
            advice="No other rule can fire meanwhile. hubbub status says whether it runs, and why "
            "delivery is paused.",
            panel=(itself.UID, "Attempts delivered"),
            # Here, and only here, that there is nothing is the very thing to tell.
            no_data="Alerting",
            on_error="Error",
        ),
        Rule(
            uid=f"{PREFIX}distro",
            title="Distro in or out of the top ten",
            queries={
                ref: select(
                    f'{which}("rank")',
                    '"distro_rank"',
                    ("\"source\" = 'distrowatch'", "\"span\" = '6m'", TIME),
                    ('"distro"',),
                )
                for ref, which in (("A", "first"), ("B", "last"))
            },
            condition="($A1 <= 10) != ($B1 <= 10)",
            window=7 * _DAY,
            patience=timedelta(0),
            lasting=timedelta(0),
            severity="info",
            summary="{{ $labels.distro }} went from place {{ $values.A1.Value }} to "
            "{{ $values.B1.Value }} within a week",
            advice="Interest in its page on DistroWatch, averaged over six months. See the history "
            "for whether it is a trend or a release.",
            panel=(distros.UID, "Rank history"),
        ),
    )


def as_api(rule: Rule, grafana: settings.Grafana, shown: Dashboard, folder: str) -> Document:
    """Return ``rule`` as the alerting provisioning API has it.

    Args:
        rule: The rule.
        grafana: Names the data source.
        shown: The dashboard that the rule points to.
        folder: The uid of the folder.
    """
    return {
        "uid": rule.uid,
        "title": rule.title,
        "folderUID": folder,
        "ruleGroup": GROUP,
        **_common(rule, grafana, shown),
        "for": duration(rule.patience),
        "keep_firing_for": duration(rule.lasting),
    }


def as_file(rule: Rule, grafana: settings.Grafana, shown: Dashboard) -> Document:
    """Return ``rule`` as a provisioning file has it."""
    common = _common(rule, grafana, shown)
    annotations = common["annotations"]
    return {
        "uid": rule.uid,
        "title": rule.title,
        **common,
        "dashboardUid": annotations.pop("__dashboardUid__"),
        "panelId": int(annotations.pop("__panelId__")),
        "for": duration(rule.patience),
        "keepFiringFor": duration(rule.lasting),
    }


def duration(value: timedelta) -> str:
    """Return ``value`` as Grafana writes it, e.g. ``1h``; it has to be whole minutes."""
    minutes = int(value.total_seconds()) // 60
    if not minutes:
        return "0s"
    for unit, length in (("d", 1_440), ("h", 60), ("m", 1)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    raise AssertionError(minutes)


def _common(rule: Rule, grafana: settings.Grafana, shown: Dashboard) -> Document:
    uid, title = rule.panel
    return {
        "condition": "Z",
        "data": [
            *(_query(ref, text, rule.window, grafana) for ref, text in rule.queries.items()),
            *(_latest(ref) for ref in rule.queries),
            _expression("Z", {"type": "math", "expression": rule.condition}),
        ],
        "noDataState": rule.no_data,
        "execErrState": rule.on_error,
        "labels": {**OWNER, "severity": rule.severity},
        "annotations": {
            "summary": rule.summary,
            "description": rule.advice,
            "page": grafana.page,
            "__dashboardUid__": uid,
            "__panelId__": str(shown.number(title)),
        },
        "isPaused": rule.paused,
    }


def _query(ref: str, influxql: str, window: timedelta, grafana: settings.Grafana) -> Document:
    return {
        "refId": ref,
        "datasourceUid": grafana.datasource,
        "relativeTimeRange": {"from": int(window.total_seconds()), "to": 0},
        "model": {
            "refId": ref,
            "datasource": {"type": "influxdb", "uid": grafana.datasource},
            "rawQuery": True,
            "query": influxql,
            "resultFormat": "time_series",
            "intervalMs": 60_000,
            "maxDataPoints": 43_200,
        },
    }


def _latest(ref: str) -> Document:
    """Reduce each series of query ``ref`` to its latest number, as ``ref`` and a 1."""
    reduce = {
        "type": "reduce",
        "expression": ref,
        "reducer": "last",
        "settings": {"mode": "dropNN"},
    }
    return _expression(f"{ref}1", reduce)


def _expression(ref: str, model: dict[str, Any]) -> Document:
    return {
        "refId": ref,
        "datasourceUid": _EXPRESSION,
        "relativeTimeRange": {"from": 0, "to": 0},
        "model": {
            "refId": ref,
            "datasource": {"type": _EXPRESSION, "uid": _EXPRESSION},
            **model,
            "intervalMs": 1_000,
            "maxDataPoints": 43_200,
        },
    }
