"""All dashboards, in the order in which one reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.grafana.distros import distros
from dashboards.grafana.itself import itself
from dashboards.grafana.outage import outage
from dashboards.grafana.topic import topic

if TYPE_CHECKING:
    from dashboards.grafana.model import Dashboard


def catalogue(page: str) -> tuple[Dashboard, ...]:
    """Return the dashboards.

    Args:
        page: The address of hubbub's own page, as the viewers' browsers reach it.
    """
    return tuple(make(page) for make in (outage, topic, distros, itself))
