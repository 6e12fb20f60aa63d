"""The local journal, and the delivery of what it holds to InfluxDB."""

from storage.attempts import Attempts
from storage.database import StoreError
from storage.delivery import Delivery, Progress
from storage.evidence import Counts, EvidenceReader
from storage.incidents import Record, Recorded
from storage.influx import Influx, InfluxError
from storage.journal import Journal, Stored
from storage.maintenance import MaintenanceWindow
from storage.outbox import Outbox
from storage.preparing import Prepared, prepare
from storage.reader import Reader, combine
from storage.readings import Readings
from storage.repairing import Repair
from storage.report import Report
from storage.servers import FOREVER, kept_since
from storage.verifying import Verification

__all__ = [
    "FOREVER",
    "Attempts",
    "Counts",
    "Delivery",
    "EvidenceReader",
    "Influx",
    "InfluxError",
    "Journal",
    "MaintenanceWindow",
    "Outbox",
    "Prepared",
    "Progress",
    "Reader",
    "Readings",
    "Record",
    "Recorded",
    "Repair",
    "Report",
    "StoreError",
    "Stored",
    "Verification",
    "combine",
    "kept_since",
    "prepare",
]
