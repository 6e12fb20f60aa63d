"""Reads a Compose file as `docker compose config` does, and judges it by our own rules.

See https://github.com/compose-spec/compose-spec/blob/main/spec.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]  # it publishes no types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Document = dict[str, Any]

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+)|)")
_TOP = {"name", "services", "networks", "volumes", "secrets"}
_SERVICE = {
    "build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "logging",
    "network_mode", "networks", "ports", "read_only", "restart", "secrets", "security_opt",
    "stop_grace_period", "tmpfs", "user", "volumes",
}  # fmt: skip
_CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
_SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY")


def load(text: str, environment: Mapping[str, str] | None = None) -> Document:
    """Return the file with its variables replaced.

    Raises:
        ValueError: A variable has neither a value nor a default, or a key stands twice.
    """
    _refuse_doubles(yaml.compose(text, yaml.SafeLoader))
    document: Document = _replaced(yaml.safe_load(text), environment or {})
    return document


def faults(document: Document, folder: Path) -> list[str]:
    """Return what is wrong with a file that lies in ``folder``, one sentence each."""
    return [*_whole(document), *_services(document, folder)]


def _refuse_doubles(node: yaml.Node) -> None:
    """Raise if a key stands twice in one table, of which YAML would take the last."""
    if isinstance(node, yaml.MappingNode):
        names = [name.value for name, _ in node.value]
        if len(set(names)) != len(names):
            raise ValueError(f"a key stands twice near line {node.start_mark.line + 1}")
        for _, value in node.value:
            _refuse_doubles(value)


def _replaced(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, environment) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, environment) for inner in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        name = match["name"] or match["plain"]
        found = environment.get(name or "") or match["default"]
        if found is None:
            raise ValueError(f"{match[0]} has no value and no default")
        return found

    return _VARIABLE.sub(one, value)


def _whole(document: Document) -> Iterator[str]:
    for key in document.keys() - _TOP:
        if not key.startswith("x-"):
            yield f"{key} is no key of a Compose file"
    services = document["services"].values()
    used = {
        "volumes": {volume_source(v) for s in services for v in s.get("volumes", ())},
        "secrets": {secret for s in services for secret in s.get("secrets", ())},
        "networks": {network for s in services for network in s.get("networks", ())},
    }
    for kind, names in used.items():
        for name in document.get(kind, {}).keys() - names:
            yield f"nobody uses {kind} {name}"
        for name in names - document.get(kind, {}).keys():
            if kind != "volumes" or not name.startswith((".", "/")):
                yield f"there is no {kind} {name}"
    for name, secret in document.get("secrets", {}).items():
        if set(secret) != {"file"}:
            yield f"secret {name} comes from no file"


def _services(document: Document, folder: Path) -> Iterator[str]:
    for name, service in document["services"].items():
        for fault in (
            *_keys(service),
            *_image(service, folder),
            *_rights(service),
            *_reach(service),
            *_health(service, name, document),
            *_needs(service, document),
            *_mounts(service, folder),
        ):
            yield f"{name}: {fault}"


def _keys(service: Document) -> Iterator[str]:
    for key in service.keys() - _SERVICE:
        yield f"{key} is no key of a service that we use"


def _image(service: Document, folder: Path) -> Iterator[str]:
    if build := service.get("build"):
        context = folder / build["context"]
        if not (context / build["dockerfile"]).is_file():
            yield f"there is no {build['dockerfile']}"
    elif not re.search(r":\d+\.\d+\.\d+$", service.get("image", "")):
        yield f"the image {service.get('image')} is not pinned to a version"


def _rights(service: Document) -> Iterator[str]:
    if not re.fullmatch(r"[1-9]\d*:\d+", service.get("user", "")):
        yield "it may run as root; give it a user"
    if service.get("cap_drop") != ["ALL"]:
        yield "it keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", ()):
        yield "it may gain privileges"
    for variable in service.get("environment", {}):
        if _SECRET.search(variable) and not variable.endswith("_FILE"):
            yield f"{variable} hands over a secret other than by a file"
    for variable, value in service.get("environment", {}).items():
        if variable.endswith("_FILE") and value.removeprefix("/run/secrets/") not in service.get(
            "secrets", ()
        ):
            yield f"{variable} names a secret that it does not get"


def _reach(service: Document) -> Iterator[str]:
    for port in service.get("ports", ()):
        if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", str(port)):
            yield f"{port} lets others in than this machine"
    if service.get("network_mode") not in {None, "none"}:
        yield "it shares a network that is not its own"
    if not service.get("networks") and "network_mode" not in service:
        yield "it is in the default network"


def _health(service: Document, name: str, document: Document) -> Iterator[str]:
    check = service.get("healthcheck", {})
    ends = any(
        needs.get(name, {}).get("condition") == "service_completed_successfully"
        for other in document["services"].values()
        if (needs := other.get("depends_on", {}))
    )
    if ends and service.get("restart") != "no":
        yield "it ends, and would be started again"
    if not ends and not (check.get("test", [""])[0] == "CMD" and len(check["test"]) > 1):
        yield "it has no health check"


def _needs(service: Document, document: Document) -> Iterator[str]:
    for name, how in service.get("depends_on", {}).items():
        if name not in document["services"]:
            yield f"there is no service {name} to depend on"
        elif how.get("condition") not in _CONDITIONS:
            yield f"{how.get('condition')} is no condition"


def _mounts(service: Document, folder: Path) -> Iterator[str]:
    for volume in service.get("volumes", ()):
        source, target = volume_source(volume), volume_target(volume)
        if source.startswith((".", "/")) and not (folder / source).exists():
            yield f"there is no {source} to mount"
        if not target.startswith("/"):
            yield f"{target} is no place to mount at"


def volume_source(volume: str | Document) -> str:
    """Return what is mounted."""
    return str(volume["source"]) if isinstance(volume, dict) else volume.split(":")[0]


def volume_target(volume: str | Document) -> str:
    """Return where it is mounted."""
    return str(volume["target"]) if isinstance(volume, dict) else volume.split(":")[1]
