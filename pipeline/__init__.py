"""The two ways through hubbub: that of a mention, and that of a spike."""

from pipeline.judging import Judges
from pipeline.mentions import Pipeline, dated
from pipeline.spikes import SpikeWatch

__all__ = ["Judges", "Pipeline", "SpikeWatch", "dated"]
