"""``hubbub run``: the service."""

from __future__ import annotations

import asyncio

import typer

from commands.app import app
from commands.options import Config, StorePath, load


@app.command()
def run(config: Config = None, store: StorePath = None) -> None:
    """Run the service: collectors, detection, delivery, the page.

    Example: `hubbub run --config hubbub.toml`
    """
    # PLC0415: what only the service needs would make every other command start slower.
    from scheduler import Service  # noqa: PLC0415

    service = Service(load(config, store), lambda: load(config, store))
    asyncio.run(service.run(lambda url: typer.echo(f"hubbub: the page is at {url}")))
