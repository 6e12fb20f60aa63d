"""``hubbub run``: the service."""

from __future__ import annotations

import asyncio

import typer

from commands.app import app
from commands.options import Config, StorePath, load
from scheduler import Service
from service import configure_logs


@app.command()
def run(config: Config = None, store: StorePath = None) -> None:
    """Run the service: collectors, detection, delivery, the page.

    Example: `hubbub run --config hubbub.toml`
    """
    settings = load(config, store)
    configure_logs(settings.service)
    service = Service(settings, lambda: load(config, store))
    asyncio.run(service.run(lambda url: typer.echo(f"hubbub: the page is at {url}")))
