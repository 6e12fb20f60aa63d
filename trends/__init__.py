"""What rankings of distros say over time: who moved, how far, and whether chance explains it.

Pure domain logic on ``signals.Reading``: no I/O but a small data file of its own. The model is that
of ``docs/trends.md``.
"""

from trends.lineage import Relation, Succession, distro_of, predecessors, successions, successors
from trends.milestones import (
    TOPS,
    Kind,
    Milestone,
    arrivals,
    crossings,
    milestones,
    overtakings,
)
from trends.moves import Move, movers, moves
from trends.noise import SURE, scatter
from trends.notes import BREAK, MEANING, notes
from trends.ranking import Ranking, days

__all__ = [
    "BREAK",
    "MEANING",
    "SURE",
    "TOPS",
    "Kind",
    "Milestone",
    "Move",
    "Ranking",
    "Relation",
    "Succession",
    "arrivals",
    "crossings",
    "days",
    "distro_of",
    "milestones",
    "movers",
    "moves",
    "notes",
    "overtakings",
    "predecessors",
    "scatter",
    "successions",
    "successors",
]
