"""Provisioning by files: they load, refer to each other rightly, and hold no secret."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]  # it publishes no types

from dashboards.grafana import catalogue, files, write
from settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "secret-that-nobody-may-see"  # noqa: S105 - a test's
GRAFANA = {
    "webhook": "https://example.org/hooks?a=$b",
    "webhook_secret": SECRET,
    "webhook_token": SECRET,
    "folder": "Chatter $5",
}
ALERTING = "provisioning/alerting/hubbub.yaml"
POLICY = "provisioning/alerting/hubbub-policy.yaml"
DATASOURCE = "provisioning/datasources/hubbub.yaml"
PROVIDER = "provisioning/dashboards/hubbub.yaml"


def made(*, policy: bool = True, secrets: str = "", **changes: Any) -> dict[str, str]:
    """Return the files; ``changes`` are of ``[grafana]``."""
    influx = {"url": "http://influxdb:8086", "bucket": "chatter", "token": f"reader:{SECRET}"}
    found = Settings.model_validate({"influx": influx, "grafana": {**GRAFANA, **changes}})
    return files(found, mounted="/etc/grafana/hubbub", secrets=secrets, policy=policy)


def loaded(name: str, **changes: Any) -> dict[str, Any]:
    """Return a YAML file as a document."""
    document: dict[str, Any] = yaml.safe_load(made(**changes)[name])
    return document


def expanded(value: Any) -> Any:
    """Return ``value`` as Grafana understands it: variables replaced, ``$$`` a plain ``$``.

    As ``interpolateValue`` in its ``pkg/services/provisioning/values`` does it.
    """
    if isinstance(value, dict):
        return {key: expanded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [expanded(inner) for inner in value]
    if not isinstance(value, str):
        return value
    parts = value.split("$$")
    return "$".join(os.path.expandvars(part) for part in parts)


def test_the_layout_is_the_one_that_grafana_expects() -> None:
    """A folder for each kind of provisioning, and the dashboards beside them."""
    dashboards = {f"dashboards/{each.uid}.json" for each in catalogue("http://a")}
    assert set(made()) == {ALERTING, POLICY, DATASOURCE, PROVIDER, *dashboards}


def test_files_are_written_and_others_stay(tmp_path: Path) -> None:
    """Folders are made where they are missing."""
    other = tmp_path / "provisioning" / "alerting" / "mine.yaml"
    other.parent.mkdir(parents=True)
    other.write_text("apiVersion: 1\n", encoding="utf-8")
    write(tmp_path, made())
    assert other.read_text(encoding="utf-8") == "apiVersion: 1\n"
    for path in (tmp_path / "dashboards").iterdir():
        assert json.loads(path.read_text(encoding="utf-8"))["uid"] == path.stem
    for path in (tmp_path / "provisioning").rglob("*.yaml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["apiVersion"] == 1


def test_what_refers_to_something_finds_it() -> None:
    """Data sources, dashboards, panels, receivers, quiet hours and templates."""
    alerting, policy = expanded(loaded(ALERTING)), expanded(loaded(POLICY))
    (source,) = expanded(loaded(DATASOURCE))["datasources"]
    (provider,) = expanded(loaded(PROVIDER))["providers"]
    assert provider["options"]["path"] == "/etc/grafana/hubbub/dashboards"
    (group,) = alerting["groups"]
    assert group["folder"] == provider["folder"] == "Chatter $5"
    panels = {
        (each.uid, panel["id"])
        for each in catalogue("http://a")
        for panel in each.document()["panels"]
    }
    for rule in group["rules"]:
        assert (rule["dashboardUid"], rule["panelId"]) in panels
        known = {query["refId"] for query in rule["data"]}
        assert rule["condition"] in known
        for query in rule["data"]:
            assert query["datasourceUid"] in {source["uid"], "__expr__"}
            assert query["model"]["refId"] == query["refId"]
            used = set(re.findall(r"\b[A-Z]1?\b", query["model"].get("expression", "")))
            assert used <= known
    (point,) = alerting["contactPoints"]
    receivers, timings = {point["name"]}, {each["name"] for each in alerting["muteTimes"]}
    (root,) = policy["policies"]
    (branch,) = root["routes"]
    for route in (root, branch, *branch["routes"]):
        assert route["receiver"] in receivers
        assert set(route.get("mute_time_intervals", ())) <= timings
    labels = [rule["labels"] for rule in group["rules"]]
    ((name, _, value),) = branch["object_matchers"]
    assert all(each[name] == value for each in labels)
    (template,) = alerting["templates"]
    details = point["receivers"][0]["settings"]
    defined = set(re.findall(r'define "([\w.]+)"', template["template"]))
    for key in ("title", "message"):
        assert set(re.findall(r'template "([\w.]+)"', details[key])) <= defined


def test_what_grafana_expands_comes_out_as_it_was_meant() -> None:
    """A dollar that means itself is doubled, but not in queries and annotations, taken as is."""
    alerting = loaded(ALERTING)
    details = alerting["contactPoints"][0]["receivers"][0]["settings"]
    assert expanded(details["url"]) == GRAFANA["webhook"]
    (group,) = alerting["groups"]
    assert expanded(group["folder"]) == GRAFANA["folder"]
    spike = group["rules"][0]
    assert "$timeFilter" in spike["data"][0]["model"]["query"]
    assert spike["annotations"]["summary"].count("$") == 1
    for rule in group["rules"]:
        assert "$" not in "".join(rule["labels"].values()) + rule["title"]


@pytest.mark.parametrize(
    ("secrets", "place"),
    [("", "${{HUBBUB_{0}}}"), ("/run/secrets", "$__file{{/run/secrets/{1}}}")],
    ids=["environment", "files"],
)
def test_no_secret_is_written(secrets: str, place: str) -> None:
    """Each file says where Grafana finds it."""
    found = made(secrets=secrets)
    assert SECRET not in "".join(found.values())
    for name, keys in (
        (DATASOURCE, ["influx_token"]),
        (ALERTING, ["webhook_secret", "webhook_token"]),
    ):
        for key in keys:
            assert place.format(key.upper(), key) in found[name]


def test_the_data_source_reads_influxql_of_every_version() -> None:
    """Version 1's user is part of the token; database and password are where Grafana wants them."""
    (source,) = loaded(DATASOURCE, secrets="/s")["datasources"]
    assert source["jsonData"]["version"] == "InfluxQL"
    assert (source["user"], source["jsonData"]["dbName"]) == ("reader", "chatter")
    assert source["secureJsonData"] == {"password": "$__file{/s/influx_token}"}
    assert source["editable"] is False


def test_only_what_is_wanted_is_written() -> None:
    """No contact point without a webhook, no data source beside yours, no policy unasked."""
    plain = made(policy=False, webhook=None, datasource="mine")
    assert not {POLICY, DATASOURCE} & set(plain)
    assert "contactPoints" not in yaml.safe_load(plain[ALERTING])
    assert POLICY not in made(policy=False)
    assert POLICY not in made(policy=True, webhook=None)


def test_rules_have_the_states_that_grafana_knows() -> None:
    """An unknown word would make Grafana refuse the whole file."""
    (group,) = loaded(ALERTING)["groups"]
    for rule in group["rules"]:
        assert rule["noDataState"] in {"NoData", "OK", "Alerting", "KeepLast"}
        assert rule["execErrState"] in {"Error", "OK", "Alerting", "KeepLast"}
        for key in ("for", "keepFiringFor"):
            assert re.fullmatch(r"\d+[smhd]", rule[key])
