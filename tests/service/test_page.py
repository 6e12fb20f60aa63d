"""Serving the page beside everything else."""

from __future__ import annotations

import asyncio
import base64
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from service import Health, PageServer
from settings import SettingsError
from storage import Journal, Reader
from tests.support.serving import page

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "a-token"  # noqa: S105 - of a test


def asked(path: Path, address: str = "/", **keys: object) -> list[int]:
    """Return the status for each of several requests, under a page with such settings."""
    Journal(path).close()
    basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()

    async def run() -> list[int]:
        async with (
            PageServer(page(**keys), Reader(path), Health().routes()) as server,
            httpx.AsyncClient(base_url=server.url, trust_env=False) as client,
        ):
            tries: tuple[dict[str, str], ...] = (
                {},
                {"authorization": f"Bearer {TOKEN}"},
                {"authorization": f"Basic {basic}"},
                {"authorization": "Basic !"},
                {"authorization": "Bearer another"},
                {"host": "rebound.example"},
            )
            return [(await client.get(address, headers=each)).status_code for each in tries]

    return asyncio.run(run())


def test_a_page_on_loopback_is_open_to_this_machine_only(path: Path) -> None:
    """Whoever points a foreign name at it is turned away."""
    assert asked(path) == [200, 200, 200, 200, 200, 400]


def test_a_page_with_a_token_lets_in_who_knows_it(path: Path) -> None:
    """As a bearer or as a password; a supervisor needs none to ask after its health."""
    assert asked(path, token=TOKEN) == [401, 200, 200, 401, 401, 401]
    assert asked(path, "/metrics", token=TOKEN)[:2] == [401, 200]
    assert set(asked(path, "/healthz", token=TOKEN)) == {200}


def test_it_speaks_ipv6(path: Path) -> None:
    """The address in brackets is one that a browser takes."""
    assert asked(path, host="::1")[0] == 200


def test_a_port_that_is_taken_is_an_error_with_a_remedy(path: Path) -> None:
    """The message names the keys and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingsError) as caught:
            PageServer(page(port=port), Reader(path), Health().routes())
    assert str(caught.value) == (
        f"page.host, page.port: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "stop what uses it, or choose another port (0 takes any free one)"
    )


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 70 + ".example"])
def test_a_host_that_does_not_exist_is_an_error(path: Path, host: str) -> None:
    """A name that cannot be looked up, or is none."""
    with pytest.raises(SettingsError, match=r"page\.host, page\.port: cannot listen on"):
        PageServer(page(host=host, token=TOKEN), Reader(path), Health().routes())
