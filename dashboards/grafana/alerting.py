"""What of Grafana's alerting hubbub keeps: how to read, compare and write each kind of thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboards.grafana import notify, rules
from dashboards.grafana.connection import GrafanaError
from dashboards.grafana.resources import FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.grafana.connection import Grafana
    from dashboards.grafana.model import Document

REDACTED = "[REDACTED]"
"""What Grafana shows instead of a secret."""


@dataclass(frozen=True, slots=True)
class MuteTiming:
    """A mute timing."""

    model: Document

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return f"mute timing {self.model['name']}"

    def wanted(self, _: Document | None) -> Document:
        """Return its times."""
        return self.model

    def read(self, grafana: Grafana) -> Document | None:
        """Return it as Grafana has it."""
        ask = grafana.api.alertingprovisioning.get_mute_timing
        found: Document | None = grafana.read(self.name, ask, self.model["name"])
        return found

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Create or change it."""
        api = grafana.api.alertingprovisioning
        with grafana.doing(f"write the {self.name}"):
            if found is None:
                api.create_mute_timing(self.model)
            else:
                version = {"version": found["version"]} if found.get("version") else {}
                api.update_mute_timing(self.model["name"], self.model | version)


@dataclass(frozen=True, slots=True)
class Template:
    """A group of message templates."""

    title: str
    text: str

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return f"message template {self.title}"

    def wanted(self, _: Document | None) -> Document:
        """Return its text."""
        return {"template": self.text}

    def read(self, grafana: Grafana) -> Document | None:
        """Return it as Grafana has it."""
        ask = grafana.api.alertingprovisioning.get_template
        found: Document | None = grafana.read(self.name, ask, self.title)
        return found

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Create or change it."""
        version = {"version": found["version"]} if found and found.get("version") else {}
        with grafana.doing(f"write the {self.name}"):
            grafana.api.alertingprovisioning.create_or_update_template(
                self.title, {"template": self.text} | version
            )


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """The contact point; ``model`` holds its secrets."""

    model: Document

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return f"contact point {notify.RECEIVER}"

    def wanted(self, found: Document | None) -> Document:
        """Return its settings without secrets, as Grafana shows them: some leave one out."""
        details = dict(self.model["settings"])
        if "authorization_credentials" in details:
            details["authorization_credentials"] = REDACTED
        if "hmacConfig" in details:
            theirs = found["settings"].get("hmacConfig") if found else None
            signing = {
                key: value for key, value in details["hmacConfig"].items() if key != "secret"
            }
            left_out = theirs is not None and "secret" not in theirs
            details["hmacConfig"] = signing if left_out else signing | {"secret": REDACTED}
        return self.model | {"name": notify.RECEIVER, "settings": details}

    def read(self, grafana: Grafana) -> Document | None:
        """Return it as Grafana has it."""
        ask = grafana.api.alertingprovisioning.get_contactpoints
        points: list[Document] = grafana.read("the contact points", ask) or []
        mine = next((point for point in points if point["uid"] == self.model["uid"]), None)
        if any(p["name"] == notify.RECEIVER and p["uid"] != self.model["uid"] for p in points):
            raise GrafanaError(
                f"Grafana has a {self.name} that is not hubbub's; give that one another name"
            )
        return mine

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Create or change it."""
        api, body = grafana.api.alertingprovisioning, self.model | {"name": notify.RECEIVER}
        with grafana.doing(f"write the {self.name}"):
            if found is None:
                api.create_contactpoint(body)
            else:
                api.update_contactpoint(self.model["uid"], body)


@dataclass(frozen=True, slots=True)
class Policy:
    """Our branch of the notification policy tree; all others are left alone.

    Attributes:
        branch: None if there should be none.
    """

    branch: Document | None

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return "notification policy for app=hubbub"

    def wanted(self, _: Document | None) -> Document | None:
        """Return the branch."""
        return self.branch

    def read(self, grafana: Grafana) -> Document | None:
        """Return the branch as Grafana has it."""
        return next(filter(notify.is_ours, self._tree(grafana).get("routes") or ()), None)

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Put the branch where it was, or before all others: a wider one would take its alerts."""
        tree = self._tree(grafana)
        branches: list[Document] = list(tree.get("routes") or ())
        provenance = tree.pop("provenance", "")
        if provenance == "file":
            raise GrafanaError(
                f"Grafana's notification policies come from a file, so the {self.name} cannot be "
                "written; add it to that file (hubbub grafana export --policy shows it)"
            )
        at = next((at for at, branch in enumerate(branches) if notify.is_ours(branch)), 0)
        branches[at : at + (found is not None)] = [self.branch] if self.branch else []
        with grafana.doing(f"write the {self.name}"):
            # The tree stays as open to changes by hand as it was.
            grafana.api.alertingprovisioning.set_notification_policy_tree(
                tree | {"routes": branches}, disable_provenance=provenance != "api"
            )

    def _tree(self, grafana: Grafana) -> Document:
        ask = grafana.api.alertingprovisioning.get_notification_policy_tree
        with grafana.doing("read the notification policies"):
            return dict(ask())


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The group of alert rules; rules of others in it are left alone.

    Attributes:
        models: Our rules.
        prune: Whether rules of ours that there are no longer are dropped.
    """

    models: Sequence[Document]
    prune: bool

    @property
    def name(self) -> str:
        """Return what it is and which."""
        return f"alert rules {rules.GROUP}"

    def wanted(self, found: Document | None) -> Document:
        """Return the rules, ours first."""
        mine = {rule["uid"] for rule in self.models}
        theirs = {rule["uid"]: rule for rule in (found or {}).get("rules", ())}
        kept = [
            rule
            for uid, rule in theirs.items()
            if uid not in mine and not (self.prune and uid.startswith(rules.PREFIX))
        ]
        ours = [
            {
                key: value
                for key, value in rule.items()
                # An older Grafana drops what it does not know: no difference.
                if key not in rules.NEWER or rule["uid"] not in theirs or key in theirs[rule["uid"]]
            }
            for rule in self.models
        ]
        return {"interval": int(rules.INTERVAL.total_seconds()), "rules": [*ours, *kept]}

    def read(self, grafana: Grafana) -> Document | None:
        """Return the group as Grafana has it, in our order."""
        ask = grafana.api.alertingprovisioning.get_rule_group
        found: Document | None = grafana.read(self.name, ask, FOLDER, rules.GROUP)
        if not found or not found.get("rules"):
            return None
        order = {rule["uid"]: at for at, rule in enumerate(self.models)}
        ordered = sorted(found["rules"], key=lambda rule: order.get(rule["uid"], len(order)))
        return found | {"rules": ordered}

    def write(self, grafana: Grafana, found: Document | None) -> None:
        """Replace the group."""
        mine = {rule["uid"] for rule in self.models}
        kept = [r for r in self.wanted(found)["rules"] if r["uid"] not in mine]
        body = {
            "title": rules.GROUP,
            "folderUid": FOLDER,
            "interval": int(rules.INTERVAL.total_seconds()),
            "rules": [*self.models, *kept],
        }
        with grafana.doing(f"write the {self.name}"):
            grafana.api.alertingprovisioning.update_rule_group(FOLDER, rules.GROUP, body)
