"""What the running service does besides its schedule: its jobs, and how it says how it is."""

from service.announcing import Announcer
from service.collecting import Collecting
from service.delivering import Delivering
from service.health import Health
from service.intake import Intake
from service.logs import configure_logs
from service.looking import Looking
from service.pace import alarmed, overdue, pace
from service.page import PageServer
from service.supervisor import Supervisor
from service.upkeep import Upkeep
from service.writing import Writing

__all__ = [
    "Announcer",
    "Collecting",
    "Delivering",
    "Health",
    "Intake",
    "Looking",
    "PageServer",
    "Supervisor",
    "Upkeep",
    "Writing",
    "alarmed",
    "configure_logs",
    "overdue",
    "pace",
]
