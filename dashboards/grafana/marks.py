"""What is marked on charts: deploys, releases, official incidents, and hubbub's own."""

from __future__ import annotations

from dashboards.grafana.influxql import TIME, TOPIC, events, select
from dashboards.grafana.model import Annotation

_FOR_TOPIC = f"""({TOPIC} OR "topic" = '')"""
"""Of the chosen topics, or of all of them: then an event has no topic."""

RELEASES = Annotation("Releases", events("\"kind\" = 'release'", _FOR_TOPIC), "purple", "kind")

MARKS = (
    Annotation("Deploys", events("\"kind\" = 'deploy'", _FOR_TOPIC), "blue", "kind"),
    RELEASES,
    Annotation("Official status", events("\"kind\" = 'status'", _FOR_TOPIC), "orange", "kind"),
    Annotation(
        "Other marks",
        events('"kind" !~ /^(deploy|release|status)$/', _FOR_TOPIC),
        "#808080",
        "kind",
    ),
    Annotation(
        "Incidents",
        select('"title", "text", "topic", "end_ms"', '"incident"', (TOPIC, TIME)),
        "red",
        "topic",
    ),
)
"""On every dashboard about topics."""
