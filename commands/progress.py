"""The bar that long work shows."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Iterator


class Advance(Protocol):
    """Moves a bar on."""

    def __call__(self, steps: int = 1) -> None:
        """Note that so many steps more are done."""
        ...


@contextmanager
def progress(doing: str, total: int, *, quiet: bool) -> Iterator[Advance]:
    """Show a bar of ``total`` steps on standard error, if that is a terminal; yield its mover."""
    bar = Progress(
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(doing, total=total)

        def advance(steps: int = 1) -> None:
            bar.advance(task, steps)

        yield advance
