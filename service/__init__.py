"""What the running service does besides its schedule: its jobs, and how it says how it is."""

from service.announcing import Announcer
from service.collecting import Collecting
from service.delivering import Delivering
from service.health import Health
from service.logs import configure_logs
from service.looking import Looking
from service.page import PageServer
from service.supervisor import Supervisor
from service.writing import Writing

__all__ = [
    "Announcer",
    "Collecting",
    "Delivering",
    "Health",
    "Looking",
    "PageServer",
    "Supervisor",
    "Writing",
    "configure_logs",
]
