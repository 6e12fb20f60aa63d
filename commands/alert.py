"""``hubbub alert test``: does a message arrive?"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

import alerts
from commands.app import app
from commands.options import Config, Json, StorePath, load
from settings import suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts import Channel

group = typer.Typer(help="Channels and messages.", no_args_is_help=True)
app.add_typer(group, name="alert")


@group.callback()
def root() -> None:
    """Channels and messages."""


@group.command()
def test(
    channel: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this channel; may be given several times."),
    ] = None,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Send a test notification to every channel, once, whatever it asks to be told of.

    Example: `hubbub alert test --channel on-call`
    """
    channels = _named(alerts.build(load(config, store)), channel or ())
    results = asyncio.run(_send_all(channels))
    if as_json:
        typer.echo(json.dumps(results, indent=2))
    elif not results:
        typer.echo("no channel is configured; see [[channels]] in the sample of 'hubbub init'")
    else:
        for result in results:
            typer.echo(f"{result['channel']}: {result['error'] or 'sent'}")
    if any(result["error"] for result in results):
        raise typer.Exit(1)


def _named(channels: Sequence[Channel], names: Sequence[str]) -> list[Channel]:
    """Return the channels of these names; without names all of them."""
    known = {channel.name: channel for channel in channels}
    for name in names:
        if name not in known:
            remedy = suggest(name, known, "enabled channels")
            raise typer.BadParameter(f"no enabled channel is called {name!r}; {remedy}")
    return [known[name] for name in dict.fromkeys(names)] or list(channels)


async def _send_all(channels: Sequence[Channel]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return list(await asyncio.gather(*(_send(channel, now) for channel in channels)))


async def _send(channel: Channel, now: datetime) -> dict[str, Any]:
    notification = alerts.notification(channel, *alerts.example(now), "")
    error = ""
    try:
        await channel.send(notification, now)
    except alerts.SendFailed as failure:
        error = str(failure)
    return {
        "channel": channel.name,
        "kind": channel.kind,
        "id": notification.id,
        "error": error,
    }
