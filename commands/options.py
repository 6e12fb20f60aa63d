"""What the commands share: their common options, and how the settings are found."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import platformdirs
import typer

import alerts
import collectors
import settings

if TYPE_CHECKING:
    from settings import Settings

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="HUBBUB_CONFIG",
        metavar="F",
        help="The configuration file. Default: config.toml in your configuration folder, "
        "else the sample that 'hubbub init' writes.",
    ),
]
StorePath = Annotated[
    Path | None,
    typer.Option(
        "--store",
        envvar="HUBBUB_STORE",
        metavar="PATH",
        help="The journal, instead of [store] path.",
    ),
]
INSTANTS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]
"""How an option may write an instant."""
DAYS_OR_INSTANTS = [*INSTANTS, "%Y-%m-%d"]
"""How an option may write from when on; a day begins in UTC."""
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def sample() -> str:
    """Return the commented sample configuration, which is also the default one."""
    return resources.files("commands").joinpath("sample.toml").read_text(encoding="utf-8")


def in_utc(time: datetime) -> datetime:
    """Return ``time`` in UTC, where times without a zone are."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def find_config(config: Path | None) -> Path | None:
    """Return the configuration file to use; None for the built-in sample."""
    if config is not None:
        return config
    usual = platformdirs.user_config_path("hubbub") / "config.toml"
    return usual if usual.exists() else None


def load(config: Path | None, store: Path | None) -> Settings:
    """Return the settings, validated to the last key of the last source and channel.

    Raises:
        SettingsError: They cannot be used; the message names each key and its remedy.
    """
    path = find_config(config)
    origin = str(path) if path else "the built-in sample"
    found = settings.read(path) if path else settings.load(sample(), origin=origin)
    client = collectors.Client(found.service.contact)  # asks nothing here
    collectors.build(found, client, [topic.build() for topic in found.topics], origin=origin)
    alerts.build(found, origin=origin)
    if store is None:
        return found
    return found.model_copy(update={"store": found.store.model_copy(update={"path": store})})
