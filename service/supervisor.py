"""Telling systemd how the service is.

The protocol is that of ``sd_notify(3)``: one datagram to the socket named in ``NOTIFY_SOCKET``.
Without systemd every call does nothing, and a manager that does not listen harms nothing.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress


class Supervisor:
    """Speaks to the service manager, if there is one."""

    def __init__(self) -> None:
        """Find the manager's socket in the environment."""
        self._address = os.environ.get("NOTIFY_SOCKET", "")

    @property
    def watchdog_seconds(self) -> float | None:
        """How often the manager wants a sign of life, halved for safety; None if it does not."""
        wanted = os.environ.get("WATCHDOG_USEC", "")
        return int(wanted) / 2_000_000 if wanted.isdigit() and self._address else None

    def ready(self, status: str) -> None:
        """Say that the service is up (or has finished reloading)."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """Say that a new configuration is being read."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def alive(self) -> None:
        """Give a sign of life."""
        self._send("WATCHDOG=1")

    def stopping(self, seconds: float) -> None:
        """Say that the service is draining, and how long that may take."""
        self._send(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel,
        ):
            channel.connect(address)
            channel.sendall(message.encode())
