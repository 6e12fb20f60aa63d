"""Counts work without a clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

TraceFunction = Callable[[FrameType, str, object], "TraceFunction"]


def steps(work: Callable[[], object]) -> int:
    """Return how many lines of Python run in ``work``."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> TraceFunction:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
