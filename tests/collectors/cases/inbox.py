"""An inbox, which is handed posts and asks nobody."""

from __future__ import annotations

from tests.collectors.cases.case import Case

CASE = Case(
    kind="inbox",
    routes=lambda _: {},
    first=frozenset(),
    later=frozenset(),
    keys={"name": "support", "token": "0123456789abcdef"},
    online=False,
)
