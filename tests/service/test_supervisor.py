"""The datagrams that systemd gets."""

from __future__ import annotations

import secrets
import socket
import time
from typing import TYPE_CHECKING

import pytest

from service import Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["a path", "an abstract name"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """Return the socket on which a service manager listens."""
    abstract = request.param == "an abstract name"
    name = f"@hubbub-{secrets.token_hex(8)}" if abstract else str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0", 1))
        manager.settimeout(10)
        yield manager


def heard(manager: socket.socket) -> dict[str, str]:
    """Return the assignments of one datagram."""
    lines = manager.recv(4_096).decode().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_it_tells_how_the_service_is(manager: socket.socket) -> None:
    """The words are those of sd_notify(3)."""
    supervisor = Supervisor()
    supervisor.ready("page at http://127.0.0.1:8460")
    assert heard(manager) == {"READY": "1", "STATUS": "page at http://127.0.0.1:8460"}
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
    supervisor.reloading()
    reloading = heard(manager)
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
    assert reloading["RELOADING"] == "1"
    assert before <= int(reloading["MONOTONIC_USEC"]) <= after
    supervisor.alive()
    assert heard(manager) == {"WATCHDOG": "1"}
    supervisor.stopping(8.0)
    assert heard(manager) == {"STOPPING": "1", "EXTEND_TIMEOUT_USEC": "8000000"}


@pytest.mark.usefixtures("manager")
def test_a_sign_of_life_is_given_twice_as_often_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """sd_watchdog_enabled(3) recommends half the time."""
    assert Supervisor().watchdog_seconds is None
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    assert Supervisor().watchdog_seconds == 30.0


@pytest.mark.parametrize("address", [None, "/nowhere/at/all", "vsock:2:1"])
def test_without_a_manager_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    """Nor where the manager's socket is gone, or is of a kind that we do not speak."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    supervisor = Supervisor()
    supervisor.ready("")
    supervisor.stopping(1)
    assert (supervisor.watchdog_seconds is None) == (address is None)
