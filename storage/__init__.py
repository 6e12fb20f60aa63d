"""The local journal, and the delivery of what it holds to InfluxDB."""

from storage.database import StoreError
from storage.delivery import Delivery, Progress
from storage.influx import Influx, InfluxError
from storage.journal import Journal, Stored
from storage.outbox import Outbox
from storage.reader import Reader

__all__ = [
    "Delivery",
    "Influx",
    "InfluxError",
    "Journal",
    "Outbox",
    "Progress",
    "Reader",
    "StoreError",
    "Stored",
]
