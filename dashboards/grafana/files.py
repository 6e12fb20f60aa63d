"""Grafana's provisioning as files, laid out as Grafana expects them.

``DIR/provisioning`` is what ``[paths] provisioning`` points to, ``DIR/dashboards`` what the
dashboards' provider reads. In these files ``$NAME`` is a variable of Grafana's environment, so a
``$`` that means itself is doubled, but in queries and annotations, which Grafana takes as they are:
https://grafana.com/docs/grafana/latest/administration/provisioning/.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]  # it publishes no types

from dashboards.grafana import notify, rules, source
from dashboards.grafana.catalogue import catalogue
from dashboards.grafana.resources import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    import settings
    from dashboards.grafana.model import Document

INFLUX_TOKEN, WEBHOOK_SECRET, WEBHOOK_TOKEN = "influx_token", "webhook_secret", "webhook_token"

_HEADER = "# Made by hubbub grafana export; changes are lost when it is run again.\n"


def files(
    configuration: settings.Settings,
    *,
    mounted: str,
    secrets: str = "",
    policy: bool = False,
) -> dict[str, str]:
    """Return what to write into a folder, by relative path.

    Args:
        configuration: What is wanted.
        mounted: Where Grafana finds the folder.
        secrets: The folder of secrets as Grafana finds it, one secret a file; empty if they are in
            its environment, as ``HUBBUB_INFLUX_TOKEN`` and so on.
        policy: Whether to write the notification policy, which replaces Grafana's whole tree.
    """
    grafana = configuration.grafana
    found = {
        f"dashboards/{dashboard.uid}.json": as_json(dashboard.document())
        for dashboard in catalogue(grafana.page)
    }
    found["provisioning/dashboards/hubbub.yaml"] = _yaml(_provider(grafana, mounted))
    if grafana.datasource == source.UID and configuration.influx is not None:
        found["provisioning/datasources/hubbub.yaml"] = _yaml(
            _datasource(grafana, configuration.influx, secrets)
        )
    found["provisioning/alerting/hubbub.yaml"] = _yaml(_alerting(grafana, secrets))
    if policy and grafana.webhook is not None:
        found["provisioning/alerting/hubbub-policy.yaml"] = _yaml(_policy(grafana))
    return found


def write(folder: Path, found: dict[str, str]) -> None:
    """Write ``found`` below ``folder``; what else is there stays.

    Raises:
        OSError: It cannot be written.
    """
    for name, text in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def as_json(dashboard: Document) -> str:
    """Return a dashboard as its file holds it."""
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


def _provider(grafana: settings.Grafana, mounted: str) -> Document:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "hubbub",
                "orgId": grafana.org or 1,
                "folder": _plain(grafana.folder),
                "folderUid": FOLDER,
                "type": "file",
                "disableDeletion": False,
                "allowUiUpdates": False,
                "updateIntervalSeconds": 30,
                "options": {"path": _plain(f"{mounted}/dashboards")},
            }
        ],
    }


def _datasource(grafana: settings.Grafana, influx: settings.Influx, secrets: str) -> Document:
    entry = _doubled(source.datasource(grafana, influx)) | {
        "orgId": grafana.org or 1,
        "editable": False,
    }
    if source.password(grafana, influx):
        entry["secureJsonData"] = {"password": _secret(INFLUX_TOKEN, secrets)}
    return {"apiVersion": 1, "datasources": [entry]}


def _alerting(grafana: settings.Grafana, secrets: str) -> Document:
    org = grafana.org or 1
    shown = {dashboard.uid: dashboard for dashboard in catalogue(grafana.page)}
    document: Document = {
        "apiVersion": 1,
        "groups": [
            {
                "orgId": org,
                "name": rules.GROUP,
                "folder": _plain(grafana.folder),
                "interval": rules.duration(rules.INTERVAL),
                "rules": [
                    rules.as_file(rule, grafana, shown[rule.panel[0]])
                    for rule in rules.rules(grafana)
                ],
            }
        ],
        "templates": [{"orgId": org, "name": notify.TEMPLATE, "template": notify.TEMPLATE_TEXT}],
        "muteTimes": [{"orgId": org, **notify.quiet_hours()}],
    }
    point = notify.contact_point(
        grafana,
        secret=_secret(WEBHOOK_SECRET, secrets) if grafana.webhook_secret else "",
        token=_secret(WEBHOOK_TOKEN, secrets) if grafana.webhook_token else "",
    )
    if point is not None:
        details = point["settings"] | {"url": _plain(point["settings"]["url"])}
        document["contactPoints"] = [
            {
                "orgId": org,
                "name": notify.RECEIVER,
                "receivers": [point | {"settings": details}],
            }
        ]
    return document


def _policy(grafana: settings.Grafana) -> Document:
    return {
        "apiVersion": 1,
        "policies": [
            {
                "orgId": grafana.org or 1,
                "receiver": notify.RECEIVER,
                "group_by": ["grafana_folder", "alertname"],
                "routes": [notify.route()],
            }
        ],
    }


def _secret(name: str, folder: str) -> str:
    """Return how a provisioning file names a secret without holding it."""
    return f"$__file{{{folder}/{name}}}" if folder else f"${{HUBBUB_{name.upper()}}}"


def _plain(text: str) -> str:
    return text.replace("$", "$$")


def _doubled(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return ``value`` with every ``$`` in it meaning itself."""
    if isinstance(value, dict):
        return {key: _doubled(inner) for key, inner in value.items()}
    return _plain(value) if isinstance(value, str) else value


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # it publishes no types
    """Writes several lines as such, and nothing as a reference to something else."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def _yaml(document: Document) -> str:
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000
    )
    return _HEADER + text
