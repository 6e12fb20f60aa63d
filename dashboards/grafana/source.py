"""The data source: one that works unchanged for InfluxDB 1.8, 2 and 3, in InfluxQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import settings
    from dashboards.grafana.model import Document

UID = "hubbub-influxdb"
"""The data source that is hubbub's own; any other belongs to whoever made it."""

NAME = "hubbub"

_ANYBODY = "hubbub"


def datasource(grafana: settings.Grafana, influx: settings.Influx) -> Document:
    """Return the data source without its password.

    Versions 2 and 3 take any user with a token as password, version 1 its own:
    https://docs.influxdata.com/influxdb3/core/visualize-data/grafana/.
    """
    token = (grafana.datasource_token or influx.token).get_secret_value()
    database, _, _ = influx.bucket.partition("/")  # Grafana asks the default policy
    return {
        "name": NAME,
        "uid": UID,
        "type": "influxdb",
        "access": "proxy",
        "url": grafana.datasource_url or influx.url,
        "user": token.rpartition(":")[0] or _ANYBODY,
        "isDefault": False,
        "jsonData": {
            "version": "InfluxQL",
            "dbName": database,
            "httpMode": "POST",
            "timeInterval": "1m",
        },
    }


def password(grafana: settings.Grafana, influx: settings.Influx) -> str:
    """Return the data source's password; empty if InfluxDB lets everybody in."""
    token = (grafana.datasource_token or influx.token).get_secret_value()
    return token.rpartition(":")[2]
