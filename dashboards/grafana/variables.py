"""What a viewer of a dashboard chooses: data source, topic, source, width of the buckets, ..."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.grafana.model import DATASOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.grafana.model import Document

_ON_TIME_RANGE = 2  # when Grafana asks anew: whenever another stretch of time is shown
_VISIBLE, _HIDDEN = 0, 2

_STEPS = 96
"""Buckets that "auto" aims at. Then minutes serve up to three days, hours up to 96 days, and days
beyond: three days of minutes is what InfluxDB 3 Core reads at a time."""


def datasource() -> Document:
    """Let the viewer choose between several InfluxDBs."""
    return {
        **_variable("datasource", "datasource", "Data source"),
        "query": "influxdb",
        "refresh": 1,
        "multi": False,
        "includeAll": False,
        "current": {"text": "hubbub", "value": "hubbub-influxdb"},
    }


def values(
    name: str, label: str, influxql: str, *, several: bool, chosen: Sequence[str] = ()
) -> Document:
    """Let the viewer choose among what a query yields.

    Args:
        name: How queries call the variable.
        label: How the viewer sees it.
        influxql: ``SHOW TAG VALUES ...``; it may hold ``$timeFilter`` once only, since Grafana
            replaces only the first one outside of panels.
        several: Whether more than one, or all of them, may be chosen.
        chosen: What is chosen at first; all of them (or the first one) if empty.
    """
    everything: Document = {"text": ["All"], "value": ["$__all"]} if several else {}
    if chosen:
        first = list(chosen) if several else chosen[0]
        everything = {"text": first, "value": first}
    return {
        **_variable(name, "query", label),
        "datasource": DATASOURCE,
        "definition": influxql,
        "query": influxql,
        "regex": "",
        "refresh": _ON_TIME_RANGE,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "current": everything,
        "options": [],
    }


def choice(name: str, label: str, options: Sequence[tuple[str, str]]) -> Document:
    """Let the viewer choose among fixed ``(text, value)`` pairs, the first of them at first."""
    text, value = options[0]
    return {
        **_variable(name, "custom", label),
        "query": ", ".join(f"{text} : {value}" for text, value in options),
        "multi": False,
        "includeAll": False,
        "current": {"text": text, "value": value},
        "options": [
            {"text": text, "value": value, "selected": at == 0}
            for at, (text, value) in enumerate(options)
        ],
    }


def constant(name: str, value: str) -> Document:
    """Name a value that only whoever makes the dashboard may change."""
    return {
        **_variable(name, "constant", name, _HIDDEN),
        "query": value,
        "current": {"text": value, "value": value},
        "options": [{"text": value, "value": value, "selected": True}],
        "skipUrlSync": True,
    }


def step(least: str = "1m") -> Document:
    """Let the viewer choose how wide buckets are; by default the range of time decides.

    The unit also decides which roll-up is read; see ``influxql.VOLUME``.

    Args:
        least: The narrowest bucket.
    """
    known = ["1m", "5m", "15m", "1h", "6h", "1d", "7d"]
    offered = known[known.index(least) :]
    return {
        **_variable("step", "interval", "Bucket"),
        "query": ",".join(offered),
        "refresh": _ON_TIME_RANGE,
        "auto": True,
        "auto_count": _STEPS,
        "auto_min": least,
        "current": {"text": "auto", "value": "$__auto_interval_step"},
        "options": [
            {"text": "auto", "value": "$__auto_interval_step", "selected": True},
            *({"text": each, "value": each, "selected": False} for each in offered),
        ],
    }


def _variable(name: str, kind: str, label: str, hide: int = _VISIBLE) -> Document:
    return {"name": name, "type": kind, "label": label, "hide": hide, "skipUrlSync": False}
