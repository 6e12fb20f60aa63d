"""The simulator, which asks nobody."""

from __future__ import annotations

from tests.collectors.cases.case import Case

CASE = Case(
    kind="simulator",
    routes=lambda _: {},
    first=frozenset(),
    later=frozenset(),
    keys={"history": "1h"},
    online=False,
)
