"""The two ways through hubbub: that of a mention, and that of a spike."""

from pipeline import backtest, deploys
from pipeline.evidence import Explainer
from pipeline.judging import Judges
from pipeline.lives import Lives
from pipeline.mentions import Pipeline, dated
from pipeline.messenger import Messenger
from pipeline.spikes import SpikeWatch
from pipeline.upkeep import UpkeepWatch

__all__ = [
    "Explainer",
    "Judges",
    "Lives",
    "Messenger",
    "Pipeline",
    "SpikeWatch",
    "UpkeepWatch",
    "backtest",
    "dated",
    "deploys",
]
