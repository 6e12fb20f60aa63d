"""A server that keeps to what Grafana documents of its HTTP API, and records what it is asked.

It stands in for Grafana where none is at hand. What it checks, answers and adds by itself follows
https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/ (folder,
dashboard, data source, alerting provisioning).
"""

from __future__ import annotations

import copy
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest

import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TOKEN = "glsa_token-that-nobody-may-see"  # noqa: S105 - a test's
REDACTED = "[REDACTED]"

Answer = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came in.

    Attributes:
        method: GET, POST, PUT or DELETE.
        path: Below ``/api``.
        query: Its parameters.
        headers: With names in lower case.
        body: The JSON document, if any.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any

    @property
    def provenance(self) -> str:
        """How what is written is marked: locked, unless the caller says otherwise."""
        return "" if "x-disable-provenance" in self.headers else "api"


def problem(code: int, message: str, status: str = "") -> Answer:
    """Return an error as Grafana words it, some with a status in words."""
    return code, {"message": message} | ({"status": status} if status else {})


@dataclass
class State:
    """What an organisation holds."""

    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    datasources: dict[str, dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    contact_points: dict[str, dict[str, Any]] = field(default_factory=dict)
    mute_timings: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[str, Any] = field(
        default_factory=lambda: {"receiver": "grafana-default-email", "group_by": ["alertname"]}
    )


class GrafanaServer:
    """A Grafana on a free loopback port.

    Attributes:
        version: Its version.
        state: What it holds.
        asked: All requests so far.
        faults: Answers instead of its own, by method and path.
        flat_secrets: Whether it tells of a nested secret at the top, as some versions do.
    """

    def __init__(self) -> None:
        """Prepare a server; it does not listen yet."""
        self.version = "12.2.0"
        self.state = State()
        self.asked: list[Asked] = []
        self.faults: dict[tuple[str, str], Answer] = {}
        self.flat_secrets = False
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """Its address, below a path, as behind a proxy."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/grafana"

    @property
    def written(self) -> list[str]:
        """What was asked that changes something, e.g. ``PUT /folders/x``."""
        return [f"{a.method} {a.path}" for a in self.asked if a.method != "GET"]

    def settings(self, **changes: Any) -> settings.Grafana:
        """Return the settings with which hubbub reaches this server."""
        return settings.Grafana.model_validate({"url": self.url, "token": TOKEN, **changes})

    def start(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, asked: Asked) -> Answer:
        """Return the answer to a request."""
        self.asked.append(asked)
        if fault := self.faults.get((asked.method, asked.path)):
            return fault
        if asked.path == "/frontend/settings":
            return 200, {"buildInfo": {"version": self.version, "edition": "Open Source"}}
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "Invalid API key")
        for method, pattern, handle in _ROUTES:
            match = re.fullmatch(pattern, asked.path)
            if method == asked.method and match:
                return handle(self, asked, *match.groups())
        return problem(404, "Not found")

    @property
    def major(self) -> int:
        """The number of the major version."""
        return int(self.version.partition(".")[0])


# -- folders, data sources, dashboards


def _folders(server: GrafanaServer, _: Asked) -> Answer:
    return 200, list(server.state.folders.values())


def _folder(server: GrafanaServer, _: Asked, uid: str) -> Answer:
    found = server.state.folders.get(uid)
    return (200, found) if found else problem(404, "folder not found", status="not-found")


def _create_folder(server: GrafanaServer, asked: Asked) -> Answer:
    body = asked.body
    if body["uid"] in server.state.folders:
        return problem(409, "a folder with the same uid already exists")
    server.state.folders[body["uid"]] = {**body, "id": 7, "version": 1, "hasAcl": False}
    return 200, server.state.folders[body["uid"]]


def _update_folder(server: GrafanaServer, asked: Asked, uid: str) -> Answer:
    found = server.state.folders[uid]
    if asked.body.get("version") != found["version"] and not asked.body.get("overwrite"):
        return problem(
            412, "the folder has been changed by someone else", status="version-mismatch"
        )
    found |= {"title": asked.body["title"], "version": found["version"] + 1}
    return 200, found


def _datasource(server: GrafanaServer, _: Asked, uid: str) -> Answer:
    found = server.state.datasources.get(uid)
    return (200, found) if found else problem(404, "Data source not found")


def _stored(body: dict[str, Any], version: int) -> dict[str, Any]:
    secret = body.get("secureJsonData", {})
    body = {name: value for name, value in body.items() if name != "secureJsonData"}
    return {
        "id": 3, "orgId": 1, "typeLogoUrl": "", "basicAuth": False, "withCredentials": False,
        "database": "", "readOnly": False, **body, "version": version,
        "secureJsonFields": dict.fromkeys(secret, True),
    }  # fmt: skip


def _create_datasource(server: GrafanaServer, asked: Asked) -> Answer:
    held = server.state.datasources
    if asked.body["uid"] in held or any(d["name"] == asked.body["name"] for d in held.values()):
        return problem(409, "data source with the same name already exists")
    held[asked.body["uid"]] = _stored(asked.body, 1)
    return 200, {"datasource": held[asked.body["uid"]], "message": "Datasource added"}


def _update_datasource(server: GrafanaServer, asked: Asked, uid: str) -> Answer:
    found = server.state.datasources[uid]
    if found["readOnly"]:
        return problem(403, "Cannot update read-only data source")
    if asked.body.get("version", found["version"]) != found["version"]:
        return problem(409, "Datasource has already been updated by someone else")
    server.state.datasources[uid] = _stored(asked.body, found["version"] + 1)
    return 200, {"message": "Datasource updated"}


def _delete_datasource(server: GrafanaServer, _: Asked, uid: str) -> Answer:
    del server.state.datasources[uid]
    return 200, {"message": "Data source deleted"}


def _dashboard(server: GrafanaServer, _: Asked, uid: str) -> Answer:
    found = server.state.dashboards.get(uid)
    if not found:
        return problem(404, "Dashboard not found")
    model = copy.deepcopy(found["dashboard"])
    if server.major >= 13:  # stored as a resource of its own schema, and told in that
        model["schemaVersion"] = 42
        model["preload"] = False
        for panel in model["panels"]:
            panel["pluginVersion"] = server.version
    return 200, {"dashboard": model, "meta": found["meta"]}


def _save_dashboard(server: GrafanaServer, asked: Asked) -> Answer:
    model, folder = asked.body["dashboard"], asked.body["folderUid"]
    if folder not in server.state.folders:
        return problem(400, "folder not found")
    found = server.state.dashboards.get(model["uid"])
    version = found["dashboard"]["version"] if found else 0
    if not asked.body.get("overwrite") and model.get("version", 0) != version:
        sentence = "The dashboard has been changed by someone else"
        return problem(412, sentence, status="version-mismatch")
    stored = {**model, "id": 11, "version": version + 1}
    meta = {"folderUid": folder, "slug": model["uid"], "canEdit": True, "provisioned": False}
    server.state.dashboards[model["uid"]] = {"dashboard": stored, "meta": meta}
    return 200, {"status": "success", "uid": model["uid"], "version": version + 1}


def _delete_dashboard(server: GrafanaServer, _: Asked, uid: str) -> Answer:
    del server.state.dashboards[uid]
    return 200, {"message": f"Dashboard {uid} deleted"}


def _search(server: GrafanaServer, asked: Asked) -> Answer:
    folders, tags = asked.query.get("folderUIDs"), asked.query.get("tag", [])
    return 200, [
        {
            "uid": uid, "type": "dash-db", "title": held["dashboard"]["title"],
            "tags": held["dashboard"].get("tags", []), "folderUid": held["meta"]["folderUid"],
        }
        for uid, held in server.state.dashboards.items()
        if set(tags) <= set(held["dashboard"].get("tags", ()))
        and (not folders or held["meta"]["folderUid"] in folders)
    ]  # fmt: skip


# -- alerting


def _group(server: GrafanaServer, _: Asked, folder: str, name: str) -> Answer:
    found = server.state.groups.get((folder, name))
    return (200, found) if found else problem(404, "rule group not found")


def _put_group(server: GrafanaServer, asked: Asked, folder: str, name: str) -> Answer:
    if folder not in server.state.folders:
        return problem(400, "invalid alert rule: folder does not exist")
    rules = []
    for number, rule in enumerate(asked.body["rules"], 1):
        missing = {"uid", "title", "condition", "data", "noDataState", "execErrState", "for"} - {
            *rule
        }
        if missing:
            return problem(400, f"invalid alert rule: {sorted(missing)}")
        known = {k: v for k, v in rule.items() if server.major > 11 or k != "keep_firing_for"}
        rules.append(
            {
                **known, "id": number, "orgID": 1, "folderUID": folder, "ruleGroup": name,
                "updated": f"2026-11-24T17:00:{len(server.asked) % 60:02}Z",
                "provenance": rule.get("provenance", asked.provenance),
                "data": [{"queryType": "", **query} for query in rule["data"]],
                "notification_settings": None, "record": None,
            }
        )  # fmt: skip
    interval = asked.body["interval"]
    found = {"title": name, "folderUid": folder, "interval": interval, "rules": rules}
    server.state.groups[folder, name] = found
    return 200, found


def _shown_point(server: GrafanaServer, point: dict[str, Any]) -> dict[str, Any]:
    shown = copy.deepcopy(point)
    if shown["settings"].get("authorization_credentials"):
        shown["settings"]["authorization_credentials"] = REDACTED
    if shown["settings"].get("hmacConfig", {}).get("secret"):
        if server.flat_secrets:
            del shown["settings"]["hmacConfig"]["secret"]
            shown["settings"]["hmacConfig.secret"] = REDACTED
        else:
            shown["settings"]["hmacConfig"]["secret"] = REDACTED
    return shown


def _contact_points(server: GrafanaServer, _: Asked) -> Answer:
    return 200, [_shown_point(server, point) for point in server.state.contact_points.values()]


def _create_point(server: GrafanaServer, asked: Asked) -> Answer:
    server.state.contact_points[asked.body["uid"]] = asked.body | {"provenance": asked.provenance}
    return 202, _shown_point(server, asked.body)


def _update_point(server: GrafanaServer, asked: Asked, uid: str) -> Answer:
    if uid not in server.state.contact_points:
        return problem(404, "contact point not found")
    if server.state.contact_points[uid]["provenance"] == "file":
        return problem(409, "cannot change provenance from 'file' to 'api'")
    server.state.contact_points[uid] = asked.body | {"provenance": asked.provenance}
    return 202, {"message": "contactpoint updated"}


def _receivers(route: dict[str, Any]) -> set[str]:
    nested = [_receivers(each) for each in route.get("routes") or ()]
    return {route.get("receiver", "")}.union(*nested)


def _delete_point(server: GrafanaServer, _: Asked, uid: str) -> Answer:
    if server.state.contact_points[uid]["name"] in _receivers(server.state.policies):
        return problem(409, "contact point is currently used by a notification policy")
    del server.state.contact_points[uid]
    return 202, {"message": "contactpoint deleted"}


def _policies(server: GrafanaServer, _: Asked) -> Answer:
    return 200, server.state.policies


def _put_policies(server: GrafanaServer, asked: Asked) -> Answer:
    names = {point["name"] for point in server.state.contact_points.values()}
    if unknown := _receivers(asked.body) - names - {"", "grafana-default-email"}:
        return problem(400, f"invalid object specification: receivers {sorted(unknown)}")
    server.state.policies = asked.body | (
        {"provenance": asked.provenance} if asked.provenance else {}
    )
    return 202, {"message": "policies updated"}


def _mute_timing(server: GrafanaServer, _: Asked, name: str) -> Answer:
    found = server.state.mute_timings.get(name)
    return (200, found) if found else problem(404, "mute timing not found")


def _create_timing(server: GrafanaServer, asked: Asked) -> Answer:
    server.state.mute_timings[asked.body["name"]] = asked.body | {
        "version": "v1", "provenance": asked.provenance,
    }  # fmt: skip
    return 201, asked.body


def _update_timing(server: GrafanaServer, asked: Asked, name: str) -> Answer:
    found = server.state.mute_timings[name]
    if asked.body.get("version", found["version"]) != found["version"]:
        return problem(409, "provided version does not match the current one")
    server.state.mute_timings[name] = asked.body | {"version": f"{found['version']}+"}
    return 202, asked.body


def _template(server: GrafanaServer, _: Asked, name: str) -> Answer:
    found = server.state.templates.get(name)
    return (200, found) if found else problem(404, "template not found")


def _put_template(server: GrafanaServer, asked: Asked, name: str) -> Answer:
    found = server.state.templates.get(name)
    if found and asked.body.get("version", found["version"]) != found["version"]:
        return problem(409, "provided version does not match the current one")
    server.state.templates[name] = {
        "name": name, "template": asked.body["template"].strip(), "provenance": asked.provenance,
        "version": f"{found['version']}+" if found else "v1",
    }  # fmt: skip
    return 202, server.state.templates[name]


_ALERTING = "/v1/provisioning"
_ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", "/folders", _folders),
    ("POST", "/folders", _create_folder),
    ("GET", "/folders/([^/]+)", _folder),
    ("PUT", "/folders/([^/]+)", _update_folder),
    ("POST", "/datasources", _create_datasource),
    ("GET", "/datasources/uid/([^/]+)", _datasource),
    ("PUT", "/datasources/uid/([^/]+)", _update_datasource),
    ("DELETE", "/datasources/uid/([^/]+)", _delete_datasource),
    ("POST", "/dashboards/db", _save_dashboard),
    ("GET", "/dashboards/uid/([^/]+)", _dashboard),
    ("DELETE", "/dashboards/uid/([^/]+)", _delete_dashboard),
    ("GET", "/search", _search),
    ("GET", f"{_ALERTING}/folder/([^/]+)/rule-groups/([^/]+)", _group),
    ("PUT", f"{_ALERTING}/folder/([^/]+)/rule-groups/([^/]+)", _put_group),
    ("GET", f"{_ALERTING}/contact-points", _contact_points),
    ("POST", f"{_ALERTING}/contact-points", _create_point),
    ("PUT", f"{_ALERTING}/contact-points/([^/]+)", _update_point),
    ("DELETE", f"{_ALERTING}/contact-points/([^/]+)", _delete_point),
    ("GET", f"{_ALERTING}/policies", _policies),
    ("PUT", f"{_ALERTING}/policies", _put_policies),
    ("POST", f"{_ALERTING}/mute-timings", _create_timing),
    ("GET", f"{_ALERTING}/mute-timings/([^/]+)", _mute_timing),
    ("PUT", f"{_ALERTING}/mute-timings/([^/]+)", _update_timing),
    ("GET", f"{_ALERTING}/templates/([^/]+)", _template),
    ("PUT", f"{_ALERTING}/templates/([^/]+)", _put_template),
)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, grafana: GrafanaServer) -> None:
        self.grafana = grafana
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = url.path.removeprefix("/grafana/api")
        asked = Asked(self.command, path, parse_qs(url.query), headers, copy.deepcopy(body))
        status, document = self.server.grafana.answer(asked)
        text = document if isinstance(document, str) else json.dumps(document)
        kind = "text/html" if isinstance(document, str) else "application/json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def grafana_server() -> Iterator[GrafanaServer]:
    """Return a Grafana with nothing of hubbub's in it."""
    server = GrafanaServer().start()
    yield server
    server.stop()
