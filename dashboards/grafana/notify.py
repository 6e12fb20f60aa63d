"""Whom Grafana tells: contact point, notification policy, quiet hours, and the message's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.grafana.rules import OWNER, PREFIX

if TYPE_CHECKING:
    import settings
    from dashboards.grafana.model import Document

RECEIVER = "hubbub"
"""The contact point's name."""

RECEIVER_UID = f"{PREFIX}webhook"

QUIET_HOURS = f"{PREFIX}quiet-hours"
"""The mute timing's name; nothing urgent is held back by it."""

TEMPLATE = "hubbub"
"""The message template's name."""

TEMPLATE_TEXT = """\
{{ define "hubbub.title" -}}
[{{ .Status | toUpper }}] {{ .CommonLabels.alertname }}
{{- range .Alerts }}{{ if .Labels.topic }} - {{ .Labels.topic }}{{ end }}{{ end }}
{{- end }}

{{ define "hubbub.message" -}}
{{ range .Alerts -}}
{{ .Status }}: {{ .Annotations.summary }}
{{ .Annotations.description }}
since {{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC
{{ if .PanelURL }}{{ .PanelURL }}{{ else }}{{ .Annotations.page }}{{ end }}

{{ end }}
{{- end }}"""
"""Go templates; see https://grafana.com/docs/grafana/latest/alerting/configure-notifications/."""

_MATCHERS = [[name, "=", value] for name, value in OWNER.items()]


def contact_point(grafana: settings.Grafana, *, secret: str, token: str) -> Document | None:
    """Return the webhook, without name; None if there is none to tell.

    Grafana 12 and later sign with HMAC-SHA256 in ``X-Grafana-Alerting-Signature``, over the time in
    ``X-Grafana-Alerting-Timestamp``, a colon and the body; Grafana 11 only knows the bearer token.

    Args:
        grafana: Has the address.
        secret: What to sign with, or what stands for it; empty for no signature.
        token: The bearer token, or what stands for it; empty for none.
    """
    if grafana.webhook is None:
        return None
    details: Document = {
        "url": grafana.webhook,
        "httpMethod": "POST",
        "maxAlerts": "50",
        "title": '{{ template "hubbub.title" . }}',
        "message": '{{ template "hubbub.message" . }}',
    }
    if token:
        details |= {"authorization_scheme": "Bearer", "authorization_credentials": token}
    if secret:
        details["hmacConfig"] = {
            "secret": secret,
            "header": "X-Grafana-Alerting-Signature",
            "timestampHeader": "X-Grafana-Alerting-Timestamp",
        }
    return {
        "uid": RECEIVER_UID,
        "type": "webhook",
        "disableResolveMessage": False,
        "settings": details,
    }


def route() -> Document:
    """Return the branch of the notification policy tree for hubbub's alerts."""
    return {
        "receiver": RECEIVER,
        "object_matchers": _MATCHERS,
        "group_by": ["alertname", "topic", "source"],
        "group_wait": "10s",
        "group_interval": "5m",
        "repeat_interval": "4h",
        "routes": [
            {
                "receiver": RECEIVER,
                "object_matchers": [["severity", "=", "info"]],
                "group_by": ["alertname"],
                "mute_time_intervals": [QUIET_HOURS],
                "repeat_interval": "5d",
            }
        ],
    }


def is_ours(branch: Document) -> bool:
    """Tell whether a branch of somebody's policy tree is the one for hubbub's alerts."""
    return bool(branch.get("object_matchers") == _MATCHERS)


def quiet_hours() -> Document:
    """Return the mute timing: nights and weekends, in UTC, for what is merely of interest."""
    return {
        "name": QUIET_HOURS,
        "time_intervals": [
            {
                "times": [
                    {"start_time": "00:00", "end_time": "07:00"},
                    {"start_time": "20:00", "end_time": "24:00"},
                ],
                "location": "UTC",
            },
            {"weekdays": ["saturday", "sunday"], "location": "UTC"},
        ],
    }
