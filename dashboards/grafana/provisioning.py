"""Bringing Grafana to what hubbub wants: first a plan, which can be shown, then its steps."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dashboards.grafana import notify, rules, source
from dashboards.grafana.alerting import ContactPoint, MuteTiming, Policy, RuleGroup, Template
from dashboards.grafana.catalogue import catalogue
from dashboards.grafana.connection import GrafanaError
from dashboards.grafana.resources import (
    FOLDER,
    DashboardResource,
    DataSource,
    Folder,
    ForeignDataSource,
    common,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import settings
    from dashboards.grafana.connection import Grafana
    from dashboards.grafana.model import Document
    from dashboards.grafana.resources import Resource


class Action(StrEnum):
    """What a step does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is to be done to one thing in Grafana.

    Attributes:
        action: What.
        name: To which thing, e.g. ``dashboard hubbub-outage``.
        diff: How it changes, as a unified diff without secrets; empty if it does not.
        run: Does it.
    """

    action: Action
    name: str
    diff: str
    run: Callable[[], None]


def plan(
    grafana: Grafana, configuration: settings.Settings, *, prune: bool = False, again: bool = False
) -> list[Step]:
    """Return the steps from what Grafana has to what hubbub wants, in the order to do them in.

    Args:
        grafana: The connection; it is only read.
        configuration: What hubbub wants.
        prune: Whether things of hubbub's that it does not want any more are removed.
        again: Whether what holds a secret is written even if it looks unchanged: Grafana never
            shows a secret, so a new one is no difference.

    Raises:
        GrafanaError: Grafana cannot be read, or something foreign is in the way.
        LookupError: There is nothing to make a data source of.
    """
    steps = [
        _step(grafana, resource, again=again) for resource in wanted(configuration, prune=prune)
    ]
    if prune:
        steps.extend(_leftovers(grafana, configuration))
    return steps


def wanted(configuration: settings.Settings, *, prune: bool = False) -> Iterator[Resource]:
    """Yield what hubbub wants, each thing after those that it needs.

    Raises:
        GrafanaError: There is neither an InfluxDB nor a data source of somebody else's.
    """
    grafana, influx = configuration.grafana, configuration.influx
    yield Folder(grafana.folder)
    if grafana.datasource != source.UID:
        yield ForeignDataSource(grafana.datasource)
    elif influx is None:
        raise GrafanaError(
            "there is no [influx] to make a data source of; add it, or name a data source of yours "
            "in grafana.datasource"
        )
    else:
        yield DataSource(source.datasource(grafana, influx), source.password(grafana, influx))
    shown = {dashboard.uid: dashboard for dashboard in catalogue(grafana.page)}
    for dashboard in shown.values():
        yield DashboardResource(dashboard.document())
    yield Template(notify.TEMPLATE, notify.TEMPLATE_TEXT)
    yield MuteTiming(notify.quiet_hours())
    point = notify.contact_point(
        grafana,
        secret=grafana.webhook_secret.get_secret_value() if grafana.webhook_secret else "",
        token=grafana.webhook_token.get_secret_value() if grafana.webhook_token else "",
    )
    if point is not None:
        yield ContactPoint(point)
        yield Policy(notify.route())
    elif prune:
        yield Policy(None)
    models = [
        rules.as_api(rule, grafana, shown[rule.panel[0]], FOLDER) for rule in rules.rules(grafana)
    ]
    yield RuleGroup(models, prune)


def _step(grafana: Grafana, resource: Resource, *, again: bool) -> Step:
    found = resource.read(grafana)
    goal = resource.wanted(found)
    before = common(found, goal) if goal is not None else found
    secret = isinstance(resource, (DataSource, ContactPoint))
    if before == goal and not (again and secret and found is not None):
        action = Action.KEEP
    elif found is None:
        action = Action.CREATE
    else:
        action = Action.UPDATE if goal is not None else Action.DELETE
    return Step(action, resource.name, _diff(before, goal), lambda: resource.write(grafana, found))


def _leftovers(grafana: Grafana, configuration: settings.Settings) -> Iterator[Step]:
    """Yield a step for each thing that hubbub made once and does not want any more."""
    api = grafana.api
    kept = {dashboard.uid for dashboard in catalogue(configuration.grafana.page)}
    with grafana.doing("list the dashboards"):
        dashboards = api.search.search_dashboards(tag="hubbub", type_="dash-db", folder_uids=FOLDER)
    for found in dashboards:
        uid = found["uid"]
        if uid.startswith(rules.PREFIX) and uid not in kept and found.get("folderUid") == FOLDER:
            yield _removal(grafana, f"dashboard {uid}", api.dashboard.delete_dashboard, uid)
    if configuration.grafana.webhook is None:
        with grafana.doing("list the contact points"):
            points = api.alertingprovisioning.get_contactpoints()
        if any(point["uid"] == notify.RECEIVER_UID for point in points):
            delete = api.alertingprovisioning.delete_contactpoint
            name = f"contact point {notify.RECEIVER}"
            yield _removal(grafana, name, delete, notify.RECEIVER_UID)
    if configuration.grafana.datasource != source.UID:
        ask = api.datasource.get_datasource_by_uid
        if grafana.read("the data sources", ask, source.UID) is not None:
            delete = api.datasource.delete_datasource_by_uid
            yield _removal(grafana, f"data source {source.UID}", delete, source.UID)


def _removal(grafana: Grafana, name: str, delete: Callable[[str], Any], uid: str) -> Step:
    def run() -> None:
        with grafana.doing(f"delete the {name}"):
            delete(uid)

    return Step(Action.DELETE, name, "", run)


def _diff(before: Document | None, after: Document | None) -> str:
    old, new = (
        json.dumps(each, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
        if each is not None
        else []
        for each in (before, after)
    )
    return "\n".join(difflib.unified_diff(old, new, "in Grafana", "wanted", n=2, lineterm=""))
