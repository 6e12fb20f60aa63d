"""Recorded posts that lie beside the project; tests that need them are skipped without."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "sentiment"


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of the recorded CSV file ``name``, or skip the test that asks."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"needs the recorded posts in {path.name}, which are not part of the project")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def texts(name: str) -> list[str]:
    """Return the posts in the recorded CSV file ``name``, or skip the test that asks."""
    return [row["text"] for row in rows(name)]
