"""Waiting for something to become true, with a deadline instead of a sleep for luck."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
PATIENCE = 30.0  # seconds that a busy machine may need; a good one needs a hundredth
_PAUSE = 0.02


def wait_for(condition: Callable[[], T], patience: float = PATIENCE) -> T:
    """Return what ``condition`` returns once that is true; fail after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while not (outcome := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {patience:g} s")
        time.sleep(_PAUSE)
    return outcome


async def until(condition: Callable[[], T], patience: float = PATIENCE) -> T:
    """Do the same without holding up the event loop."""
    deadline = time.monotonic() + patience
    while not (outcome := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {patience:g} s")
        await asyncio.sleep(_PAUSE)
    return outcome
