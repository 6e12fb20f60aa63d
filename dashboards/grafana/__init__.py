"""Grafana's dashboards and alert rules as code, and their way into Grafana: by API or as files."""

from dashboards.grafana.catalogue import catalogue
from dashboards.grafana.connection import Grafana, GrafanaError
from dashboards.grafana.files import as_json, files, write
from dashboards.grafana.provisioning import Action, Step, plan
from dashboards.grafana.rules import rules

__all__ = [
    "Action",
    "Grafana",
    "GrafanaError",
    "Step",
    "as_json",
    "catalogue",
    "files",
    "plan",
    "rules",
    "write",
]
