"""Provisioning through the API: what is created, kept, updated, removed, and left alone."""

from __future__ import annotations

import copy
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from dashboards.grafana import Action, Grafana, GrafanaError, Step, catalogue, plan
from settings import Settings
from tests.support.grafana_server import REDACTED, TOKEN, GrafanaServer, grafana_server, problem

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["grafana_server"]  # a fixture

INFLUX_TOKEN = "influx-token-that-nobody-may-see"  # noqa: S105 - a test's
SIGNING = "signing-secret-that-nobody-may-see"
WEBHOOK = {
    "webhook": "https://example.org/hooks",
    "webhook_secret": SIGNING,
    "webhook_token": "bearer-token-that-nobody-may-see",
}
EVERYTHING = {
    "folder hubbub",
    "data source hubbub-influxdb",
    "dashboard hubbub-outage",
    "dashboard hubbub-topic",
    "dashboard hubbub-distros",
    "dashboard hubbub-itself",
    "message template hubbub",
    "mute timing hubbub-quiet-hours",
    "contact point hubbub",
    "notification policy for app=hubbub",
    "alert rules hubbub",
}


def configuration(server: GrafanaServer, **changes: Any) -> Settings:
    """Return settings for ``server``, with a webhook; ``changes`` are of ``[grafana]``."""
    influx = {"url": "http://influx.example:8086", "token": INFLUX_TOKEN}
    return Settings.model_validate(
        {"influx": influx, "grafana": server.settings(**{**WEBHOOK, **changes})}
    )


def provision(
    server: GrafanaServer, *, prune: bool = False, again: bool = False, **changes: Any
) -> dict[str, Step]:
    """Bring everything into ``server``; return the steps that that took, by name."""
    found = configuration(server, **changes)
    with closing(Grafana(found.grafana)) as grafana:
        assert grafana.version() == server.major
        steps = plan(grafana, found, prune=prune, again=again)
        for step in steps:
            if step.action is not Action.KEEP:
                step.run()
    return {step.name: step for step in steps if step.action is not Action.KEEP}


def refusal(server: GrafanaServer, **changes: Any) -> GrafanaError:
    """Return what is said when ``server`` does not let hubbub provision it."""
    with pytest.raises(GrafanaError) as raised:
        provision(server, **changes)
    for secret in (TOKEN, INFLUX_TOKEN, SIGNING):
        assert secret not in str(raised.value)
    return raised.value


def actions(steps: dict[str, Step]) -> dict[str, Action]:
    """Return what was done, by name."""
    return {name: step.action for name, step in steps.items()}


def uids(rules: Sequence[dict[str, Any]]) -> list[str]:
    """Return the uids of rules."""
    return [rule["uid"] for rule in rules]


# -- the first time, the second time, and after a change


def test_the_first_run_creates_everything(grafana_server: GrafanaServer) -> None:
    """Folder, data source, dashboards, template, quiet hours, contact point, policy and rules."""
    steps = provision(grafana_server)
    assert actions(steps) == dict.fromkeys(EVERYTHING, Action.CREATE)
    state = grafana_server.state
    assert state.folders["hubbub"]["title"] == "hubbub"
    assert set(state.dashboards) == {each.uid for each in catalogue("http://a")}
    assert {held["meta"]["folderUid"] for held in state.dashboards.values()} == {"hubbub"}
    source = state.datasources["hubbub-influxdb"]
    assert source["secureJsonFields"] == {"password": True}
    assert source["jsonData"]["dbName"] == "hubbub"
    rules = state.groups["hubbub", "hubbub"]["rules"]
    assert uids(rules) == [
        "hubbub-spike", "hubbub-volume", "hubbub-source", "hubbub-delivery", "hubbub-distro",
    ]  # fmt: skip


@pytest.mark.parametrize("version", ["11.0.0", "11.6.3", "12.2.0", "13.0.1"])
@pytest.mark.parametrize("flat_secrets", [False, True])
def test_the_second_run_changes_nothing(
    grafana_server: GrafanaServer, version: str, *, flat_secrets: bool
) -> None:
    """Whatever each version of Grafana adds, drops or rewrites by itself is no difference."""
    grafana_server.version, grafana_server.flat_secrets = version, flat_secrets
    provision(grafana_server, prune=True)
    grafana_server.asked.clear()
    assert provision(grafana_server, prune=True) == {}
    assert grafana_server.written == []


def test_a_changed_dashboard_is_updated(grafana_server: GrafanaServer) -> None:
    """Whether hubbub's own changed (here: the page's address) or somebody edited Grafana's."""
    provision(grafana_server)
    steps = provision(grafana_server, page="https://hubbub.example")
    assert set(steps) == {name for name in EVERYTHING if name.startswith(("dashboard", "alert"))}
    assert set(actions(steps).values()) == {Action.UPDATE}
    assert "+" in steps["dashboard hubbub-topic"].diff
    held = grafana_server.state.dashboards["hubbub-topic"]["dashboard"]
    assert held["version"] == 2
    held["panels"][1]["title"] = "Edited by hand"
    steps = provision(grafana_server, page="https://hubbub.example")
    assert list(steps) == ["dashboard hubbub-topic"]
    assert '"title": "Edited by hand"' in steps["dashboard hubbub-topic"].diff
    restored = grafana_server.state.dashboards["hubbub-topic"]["dashboard"]
    assert restored["panels"][1]["title"] != "Edited by hand"


def test_a_dashboard_that_grafana_brought_to_a_newer_schema_is_updated_by_its_revision(
    grafana_server: GrafanaServer,
) -> None:
    """Grafana 13 tells a dashboard in its own words; a new revision is seen all the same."""
    grafana_server.version = "13.0.1"
    provision(grafana_server)
    steps = provision(grafana_server, page="https://hubbub.example")
    assert "dashboard hubbub-outage" in steps
    assert provision(grafana_server, page="https://hubbub.example") == {}


def test_a_changed_rule_is_updated(grafana_server: GrafanaServer) -> None:
    """The limit of the plain rule is part of it, and wakes it."""
    provision(grafana_server)
    assert actions(provision(grafana_server, volume=50)) == {"alert rules hubbub": Action.UPDATE}
    rule = grafana_server.state.groups["hubbub", "hubbub"]["rules"][1]
    assert rule["data"][-1]["model"]["expression"] == "$A1 >= 50"
    assert rule["isPaused"] is False


def test_a_renamed_folder_keeps_its_uid(grafana_server: GrafanaServer) -> None:
    """Only the title changes."""
    provision(grafana_server)
    assert actions(provision(grafana_server, folder="Chatter")) == {"folder hubbub": Action.UPDATE}
    assert grafana_server.state.folders["hubbub"]["title"] == "Chatter"


# -- secrets


def test_no_secret_is_in_a_step(grafana_server: GrafanaServer) -> None:
    """What can be printed shows secrets as Grafana does."""
    steps = provision(grafana_server)
    shown = "".join(f"{step.name}{step.diff}" for step in steps.values())
    for secret in (TOKEN, INFLUX_TOKEN, SIGNING, WEBHOOK["webhook_token"]):
        assert secret not in shown
    assert REDACTED in shown


def test_secrets_are_sent_again_when_asked(grafana_server: GrafanaServer) -> None:
    """Grafana never shows them, so a new one is no difference that could be seen."""
    provision(grafana_server)
    changes: dict[str, Any] = {"webhook_secret": "another"}
    assert provision(grafana_server, **changes) == {}
    steps = provision(grafana_server, again=True, **changes)
    assert set(steps) == {"data source hubbub-influxdb", "contact point hubbub"}
    point = grafana_server.state.contact_points["hubbub-webhook"]
    assert point["settings"]["hmacConfig"]["secret"] == changes["webhook_secret"]


def test_a_token_of_its_own_is_what_grafana_reads_with(grafana_server: GrafanaServer) -> None:
    """Version 1's is a user and a password; Grafana may reach InfluxDB by another address."""
    changes: dict[str, Any] = {
        "datasource_token": "reader:secret",
        "datasource_url": "http://influxdb:8086",
    }
    provision(grafana_server, **changes)
    source = grafana_server.state.datasources["hubbub-influxdb"]
    assert (source["user"], source["url"]) == ("reader", "http://influxdb:8086")
    sent = next(a.body for a in grafana_server.asked if a.path == "/datasources")
    assert sent["secureJsonData"] == {"password": "secret"}


# -- what is not ours


def foreign(server: GrafanaServer) -> None:
    """Give ``server`` things of somebody else's, some of them close to ours."""
    state = server.state
    state.folders["ops"] = {"uid": "ops", "title": "Ops", "version": 1}
    state.dashboards["nodes"] = {
        "dashboard": {"uid": "nodes", "title": "Nodes", "tags": ["hubbub"], "version": 4},
        "meta": {"folderUid": "ops"},
    }
    state.datasources["prometheus"] = {"uid": "prometheus", "type": "prometheus", "name": "P"}
    state.contact_points["x"] = {
        "uid": "x", "name": "pager", "type": "webhook", "settings": {}, "provenance": "",
    }  # fmt: skip
    state.mute_timings["weekends"] = {"name": "weekends", "time_intervals": [], "version": "v9"}
    state.templates["mine"] = {"name": "mine", "template": "x", "version": "v9"}
    state.policies = {
        "receiver": "pager",
        "group_by": ["alertname", "grafana_folder"],
        "repeat_interval": "1d",
        "routes": [
            {"receiver": "pager", "object_matchers": [["team", "=", "db"]], "continue": True},
            {"receiver": "pager", "object_matchers": [["team", "=~", ".*"]]},
        ],
    }


def test_foreign_things_stay_as_they_are(grafana_server: GrafanaServer) -> None:
    """Creating, updating and pruning touch nothing that is not hubbub's."""
    foreign(grafana_server)
    before = copy.deepcopy(grafana_server.state)
    provision(grafana_server)
    provision(grafana_server, prune=True, page="https://hubbub.example")
    provision(grafana_server, prune=True, webhook=None)
    after = grafana_server.state
    for kind in ("folders", "datasources", "dashboards", "contact_points", "mute_timings"):
        held = getattr(after, kind)
        assert {uid: held[uid] for uid in getattr(before, kind)} == getattr(before, kind)
    assert after.templates["mine"] == before.templates["mine"]
    assert after.policies == before.policies


def test_the_rest_of_the_policy_tree_is_left_alone(grafana_server: GrafanaServer) -> None:
    """Our branch stands before wider ones, stays where somebody moved it, and locks nothing."""
    foreign(grafana_server)
    before = copy.deepcopy(grafana_server.state.policies)
    provision(grafana_server)
    policies = grafana_server.state.policies
    assert policies["routes"][0]["receiver"] == "hubbub"
    assert policies["routes"][1:] == before["routes"]
    assert {k: v for k, v in policies.items() if k != "routes"} == {
        k: v for k, v in before.items() if k != "routes"
    }
    assert "provenance" not in policies
    policies["routes"].append(policies["routes"].pop(0))
    policies["routes"][-1]["group_wait"] = "5m"
    assert list(provision(grafana_server)) == ["notification policy for app=hubbub"]
    assert [route["receiver"] for route in grafana_server.state.policies["routes"]] == [
        "pager", "pager", "hubbub",
    ]  # fmt: skip
    assert grafana_server.state.policies["routes"][-1]["group_wait"] == "10s"


def test_a_policy_tree_that_the_api_locked_stays_locked(grafana_server: GrafanaServer) -> None:
    """Another tool's mark on the tree is kept."""
    grafana_server.state.policies["provenance"] = "api"
    provision(grafana_server)
    assert grafana_server.state.policies["provenance"] == "api"


def test_a_policy_tree_from_a_file_is_refused(grafana_server: GrafanaServer) -> None:
    """Grafana would write it, and lose it at its next start."""
    grafana_server.state.policies["provenance"] = "file"
    assert "come from a file" in str(refusal(grafana_server))


def test_rules_of_others_in_our_group_stay(grafana_server: GrafanaServer) -> None:
    """The group is written as a whole, so what is not ours in it is written back."""
    provision(grafana_server)
    group = grafana_server.state.groups["hubbub", "hubbub"]
    theirs = copy.deepcopy(group["rules"][0]) | {"uid": "somebody", "title": "Somebody's"}
    retired = copy.deepcopy(group["rules"][0]) | {"uid": "hubbub-retired", "title": "Retired"}
    group["rules"] = [theirs, *group["rules"], retired]
    assert provision(grafana_server) == {}
    provision(grafana_server, volume=7)
    kept = uids(grafana_server.state.groups["hubbub", "hubbub"]["rules"])
    assert kept[-2:] == ["somebody", "hubbub-retired"]
    provision(grafana_server, volume=7, prune=True)
    assert uids(grafana_server.state.groups["hubbub", "hubbub"]["rules"])[5:] == ["somebody"]


@pytest.mark.parametrize(
    ("kind", "thing", "said"),
    [
        (
            "dashboards",
            {
                "hubbub-topic": {
                    "dashboard": {"uid": "hubbub-topic", "tags": [], "version": 1},
                    "meta": {"folderUid": "ops"},
                }
            },
            "dashboard hubbub-topic in Grafana has no tag hubbub",
        ),
        (
            "datasources",
            {"hubbub-influxdb": {"uid": "hubbub-influxdb", "type": "loki", "name": "x"}},
            "is of the type loki, so it is not hubbub's",
        ),
        (
            "contact_points",
            {"x": {"uid": "x", "name": "hubbub", "settings": {}, "provenance": ""}},
            "has a contact point hubbub that is not hubbub's",
        ),
    ],
)
def test_what_is_in_the_way_is_named_and_stays(
    grafana_server: GrafanaServer, kind: str, thing: dict[str, Any], said: str
) -> None:
    """A foreign thing under one of our names stops the plan before anything is written."""
    setattr(grafana_server.state, kind, copy.deepcopy(thing))
    assert said in str(refusal(grafana_server))
    assert grafana_server.written == []
    assert getattr(grafana_server.state, kind) == thing


def test_a_data_source_of_yours_is_used_and_not_written(grafana_server: GrafanaServer) -> None:
    """Rules ask it by its uid; --prune takes ours away."""
    provision(grafana_server)
    mine = {"uid": "mine", "type": "influxdb", "name": "Mine", "url": "http://x"}
    grafana_server.state.datasources["mine"] = dict(mine)
    steps = provision(grafana_server, datasource="mine", prune=True)
    assert actions(steps) == {
        "alert rules hubbub": Action.UPDATE,
        "data source hubbub-influxdb": Action.DELETE,
    }
    assert grafana_server.state.datasources == {"mine": mine}
    rule = grafana_server.state.groups["hubbub", "hubbub"]["rules"][0]
    assert rule["data"][0]["datasourceUid"] == "mine"


def test_a_data_source_that_is_missing_or_of_another_kind_is_named(
    grafana_server: GrafanaServer,
) -> None:
    """Each with the key to correct."""
    said = str(refusal(grafana_server, datasource="mine"))
    assert said.startswith("Grafana has no data source mine; correct grafana.datasource")
    grafana_server.state.datasources["mine"] = {"uid": "mine", "type": "loki"}
    assert "is of the type loki, not influxdb" in str(refusal(grafana_server, datasource="mine"))


def test_without_influxdb_there_is_no_data_source(grafana_server: GrafanaServer) -> None:
    """The remedy is either of two tables."""
    found = Settings.model_validate({"grafana": grafana_server.settings()})
    with (
        closing(Grafana(found.grafana)) as grafana,
        pytest.raises(GrafanaError, match=r"no \[influx\] to make a data source of"),
    ):
        plan(grafana, found)


# -- pruning


def test_pruning_removes_only_what_was_hubbubs(grafana_server: GrafanaServer) -> None:
    """A dashboard of an older hubbub, a contact point without a webhook; only with --prune."""
    provision(grafana_server)
    state = grafana_server.state
    for uid, folder in (("hubbub-old", "hubbub"), ("hubbub-moved", "ops"), ("mine", "hubbub")):
        state.dashboards[uid] = {
            "dashboard": {"uid": uid, "title": uid, "tags": ["hubbub"], "version": 1},
            "meta": {"folderUid": folder},
        }
    assert provision(grafana_server, webhook=None) == {}
    steps = provision(grafana_server, webhook=None, prune=True)
    assert actions(steps) == dict.fromkeys(
        ("notification policy for app=hubbub", "dashboard hubbub-old", "contact point hubbub"),
        Action.DELETE,
    )
    assert {"hubbub-moved", "mine"} <= set(state.dashboards)
    assert "hubbub-old" not in state.dashboards
    assert state.contact_points == {}
    assert provision(grafana_server, webhook=None, prune=True) == {}


# -- what can go wrong


def test_a_wrong_token_is_named(grafana_server: GrafanaServer) -> None:
    """The key to correct is in the message, the token is not."""
    wrong = refusal(grafana_server, token=TOKEN.upper())
    assert wrong.status == 401
    assert str(wrong) == (
        f"Grafana at {grafana_server.url} does not know the token (401: Invalid API key); "
        "correct grafana.token"
    )


ERRORS = [
    ("GET /folders/hubbub", 403, "forbids the token to read folder hubbub", "the role Admin"),
    ("POST /folders", 403, "forbids the token to write the folder hubbub", "the role Admin"),
    ("POST /datasources", 409, "will not write the data source", "see what holds it"),
    ("POST /dashboards/db", 412, "changed it at the same time", "run the command again"),
    ("POST /v1/provisioning/contact-points", 400, "will not write the contact", "its own log"),
    ("PUT /v1/provisioning/policies", 500, "failed to write the notification", "its own log"),
    ("GET /v1/provisioning/policies", 404, "has no such thing", "Grafana 11 or later"),
]


@pytest.mark.parametrize(("request_line", "status", "said", "remedy"), ERRORS)
def test_each_class_of_error_has_its_sentence(
    grafana_server: GrafanaServer, request_line: str, status: int, said: str, remedy: str
) -> None:
    """What was tried, Grafana's own words, what to do; and no token, even if Grafana echoes it."""
    method, _, path = request_line.partition(" ")
    grafana_server.faults[method, path] = problem(status, f"no: Bearer {TOKEN}")
    error = refusal(grafana_server)
    assert error.status == status
    for part in (said, f"({status}: no: Bearer ***)", remedy):
        assert part in str(error)


def test_somebody_who_is_quicker_is_not_overwritten(grafana_server: GrafanaServer) -> None:
    """Between plan and write somebody saves the dashboard, the folder and the data source."""
    provision(grafana_server)
    found = configuration(grafana_server, page="https://hubbub.example", folder="Chatter",
                          datasource_url="http://other")  # fmt: skip
    with closing(Grafana(found.grafana)) as grafana:
        steps = {step.name: step for step in plan(grafana, found)}
        grafana_server.state.folders["hubbub"]["version"] += 1
        grafana_server.state.datasources["hubbub-influxdb"]["version"] += 1
        grafana_server.state.dashboards["hubbub-topic"]["dashboard"]["version"] += 1
        for name, status in (
            ("folder hubbub", 412),
            ("data source hubbub-influxdb", 409),
            ("dashboard hubbub-topic", 412),
        ):
            with pytest.raises(GrafanaError) as raised:
                steps[name].run()
            assert raised.value.status == status
    provision(grafana_server, page="https://hubbub.example")


def test_a_server_that_is_not_there_is_named(grafana_server: GrafanaServer) -> None:
    """A refused connection, and a name that does not resolve, say so without a password."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        absent = refusal(grafana_server, url=f"http://ada:{SIGNING}@{address}/x")
    assert str(absent).startswith(f"Grafana at http://{address}/x does not answer (")
    assert str(absent).endswith("; start it, or correct grafana.url")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/frontend/settings", (200, "<html>Welcome</html>")),
        ("/frontend/settings", (200, {"page": "another program"})),
        ("/frontend/settings", (200, {"buildInfo": {"version": "unknown"}})),
        ("/folders/hubbub", (200, "<html>Log in</html>")),
    ],
)
def test_what_is_no_grafana_is_said_to_be_none(
    grafana_server: GrafanaServer, path: str, answer: tuple[int, Any]
) -> None:
    """A login page of a proxy, or another program at that address."""
    grafana_server.faults["GET", path] = answer
    assert "is not Grafana; correct grafana.url" in str(refusal(grafana_server))


def test_what_grafana_says_is_bounded(grafana_server: GrafanaServer) -> None:
    """A proxy's page of an error does not fill the terminal."""
    grafana_server.faults["GET", "/folders/hubbub"] = (502, f"<html>{'x' * 100_000}</html>")
    assert len(str(refusal(grafana_server))) < 600
