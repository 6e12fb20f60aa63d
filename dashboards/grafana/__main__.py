"""``python -m dashboards.grafana``: write the committed dashboards anew, after a change of code."""

from __future__ import annotations

from pathlib import Path

import settings
from dashboards.grafana import as_json, catalogue

FOLDER = Path(__file__).parent / "json"


def main() -> None:
    """Write one file for each dashboard."""
    FOLDER.mkdir(exist_ok=True)
    for dashboard in catalogue(settings.Grafana().page):
        path = FOLDER / f"{dashboard.uid}.json"
        path.write_text(as_json(dashboard.document()), encoding="utf-8")


if __name__ == "__main__":
    main()
