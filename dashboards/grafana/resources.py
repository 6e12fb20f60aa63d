"""What hubbub keeps in Grafana: how to read, compare and write each kind of thing.

Here are folder, data source and dashboards; ``alerting`` has the rest.

What is read is cut down to what hubbub says of the thing, so that whatever Grafana adds by itself
(ids, versions, times, defaults of newer versions) is no difference. Grafana shows secrets as
``[REDACTED]``, and so does everything here that can be printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dashboards.grafana.connection import GrafanaError

if TYPE_CHECKING:
    from dashboards.grafana.connection import Grafana
    from dashboards.grafana.model import Document

FOLDER = "hubbub"
"""The uid of the folder of dashboards and rules."""


class Resource(Protocol):
    """One thing that hubbub keeps in Grafana."""

    @property
    def name(self) -> str:
        """Return what it is and which, e.g. ``dashboard hubbub-outage``."""
        ...

    def wanted(self, found: Document | None) -> Document | None:
        """Return it as it should be read; None if it should not be there."""
        ...

    def read(self, grafana: Grafana) -> Document | None:
        """Return it as Grafana has it; None if it is not there.

        Raises:
            GrafanaError: It cannot be read, or is not hubbub's.
        """
        ...

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Create or change it.

        Raises:
            GrafanaError: Grafana refuses.
        """
        ...


def common(found: Any, wanted: Any) -> Any:  # noqa: ANN401 - JSON
    """Return of ``found`` only what ``wanted`` speaks of, at every depth."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {key: common(found[key], wanted[key]) for key in wanted if key in found}
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        return [common(one, other) for one, other in zip(found, wanted, strict=True)]
    return found


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of dashboards and rules."""

    title: str

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return f"folder {FOLDER}"

    def wanted(self, _: Document | None) -> Document:
        """Return its title."""
        return {"title": self.title}

    def read(self, grafana: Grafana) -> Document | None:
        """Return it as Grafana has it."""
        found: Document | None = grafana.read(self.name, grafana.api.folder.get_folder, FOLDER)
        return found

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Create or rename it."""
        with grafana.doing(f"write the {self.name}"):
            if found is None:
                grafana.api.folder.create_folder(self.title, uid=FOLDER)
            else:
                grafana.api.folder.update_folder(FOLDER, self.title, version=found.get("version"))


@dataclass(frozen=True, slots=True)
class DataSource:
    """The data source that is hubbub's own."""

    settings: Document
    password: str

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return f"data source {self.settings['uid']}"

    def wanted(self, _: Document | None) -> Document:
        """Return its settings, and whether it has a password."""
        fields = {"password": True} if self.password else {}
        return self.settings | {"secureJsonFields": fields}

    def read(self, grafana: Grafana) -> Document | None:
        """Return it as Grafana has it."""
        ask = grafana.api.datasource.get_datasource_by_uid
        found: Document | None = grafana.read(self.name, ask, self.settings["uid"])
        if found is not None and found.get("type") != self.settings["type"]:
            raise GrafanaError(
                f"the {self.name} in Grafana is of the type {found.get('type')}, so it is not "
                "hubbub's; give that one another uid"
            )
        return found

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Create or change it."""
        body = dict(self.settings)
        if self.password:
            body["secureJsonData"] = {"password": self.password}
        with grafana.doing(f"write the {self.name}"):
            if found is None:
                grafana.api.datasource.create_datasource(body)
            else:
                if "version" in found:
                    body["version"] = found["version"]
                grafana.api.datasource.update_datasource_by_uid(self.settings["uid"], body)


@dataclass(frozen=True, slots=True)
class ForeignDataSource:
    """A data source of somebody else's: it has to be there, and is left as it is."""

    uid: str

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return f"data source {self.uid}"

    def wanted(self, found: Document | None) -> Document | None:
        """Return it as it is."""
        return found

    def read(self, grafana: Grafana) -> Document:
        """Return it as Grafana has it."""
        ask = grafana.api.datasource.get_datasource_by_uid
        found: Document | None = grafana.read(self.name, ask, self.uid)
        if found is None:
            raise GrafanaError(
                f"Grafana has no {self.name}; correct grafana.datasource, or leave it out to have "
                "one made from [influx]"
            )
        if found.get("type") != "influxdb":
            raise GrafanaError(
                f"the {self.name} is of the type {found.get('type')}, not influxdb; correct "
                "grafana.datasource"
            )
        return {"uid": self.uid}

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Never happens: it is always as it should be."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class DashboardResource:
    """A dashboard."""

    model: Document

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return f"dashboard {self.model['uid']}"

    def wanted(self, found: Document | None) -> Document:
        """Return its model and its folder.

        Where a newer Grafana has brought the stored model to a schema of its own, the revision in
        the description alone decides.
        """
        mine = {"dashboard": self.model, "meta": {"folderUid": FOLDER}}
        theirs = (found or {}).get("dashboard", {})
        migrated = theirs.get("schemaVersion") != self.model["schemaVersion"]
        same = theirs.get("description") == self.model["description"]
        return mine | {"dashboard": theirs} if migrated and same else mine

    def read(self, grafana: Grafana) -> Document | None:
        """Return it as Grafana has it."""
        ask = grafana.api.dashboard.get_dashboard
        found: Document | None = grafana.read(self.name, ask, self.model["uid"])
        if found is not None and "hubbub" not in found["dashboard"].get("tags", ()):
            raise GrafanaError(
                f"the {self.name} in Grafana has no tag hubbub, so it is not hubbub's; give that "
                "one another uid"
            )
        return found

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Create or change it, unless somebody else does so at the same time."""
        version = found["dashboard"].get("version", 0) if found else 0
        body = {
            "dashboard": self.model | {"id": None, "version": version},
            "folderUid": FOLDER,
            "overwrite": False,
            "message": "hubbub grafana provision",
        }
        with grafana.doing(f"write the {self.name}"):
            grafana.api.dashboard.update_dashboard(body)
