"""``hubbub alert test``: does a message arrive?"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

import alerts
from commands.app import app
from commands.options import Config, Json, StorePath, load

if TYPE_CHECKING:
    from settings import Settings

group = typer.Typer(help="Channels and messages.", no_args_is_help=True)
app.add_typer(group, name="alert")


@group.callback()
def root() -> None:
    """Channels and messages."""


@group.command()
def test(config: Config = None, store: StorePath = None, *, as_json: Json = False) -> None:
    """Send a test notification to every channel, once.

    Example: `hubbub alert test --config hubbub.toml`
    """
    settings = load(config, store)
    results = asyncio.run(_send(settings))
    if as_json:
        typer.echo(json.dumps(results, indent=2))
    elif not results:
        typer.echo("no channel is configured; see [[channels]] in the sample of 'hubbub init'")
    else:
        for result in results:
            typer.echo(f"{result['channel']}: {result['error'] or 'sent'}")
    if any(result["error"] for result in results):
        raise typer.Exit(1)


async def _send(settings: Settings) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    change, evidence = alerts.example(now)
    results = []
    for channel in alerts.build(settings):
        notification = alerts.notification(channel, change, evidence, "")
        error = ""
        try:
            await channel.send(notification, now)
        except alerts.SendFailed as failure:
            error = str(failure)
        results.append({"channel": channel.name, "id": notification.id, "error": error})
    return results
