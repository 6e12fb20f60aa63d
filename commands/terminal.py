"""Printing for people. What comes from the network stays text: no markup, no escape sequences."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text


def plain(text: str, style: str = "") -> Text:
    """Return ``text`` with a space for each character that a terminal would not just show."""
    return Text("".join(c if c.isprintable() else " " for c in text), style)


def say(*parts: str | Text) -> None:
    """Print one line, however long it is."""
    Console().print(*(plain(p) if isinstance(p, str) else p for p in parts), soft_wrap=True)


def show(table: Table) -> None:
    """Print ``table``; ``row`` fills it."""
    Console().print(table)


def row(table: Table, *cells: str | Text) -> None:
    """Add a row of plain text to ``table``."""
    table.add_row(*(plain(cell) if isinstance(cell, str) else cell for cell in cells))
