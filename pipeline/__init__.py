"""The two ways through hubbub: that of a mention, and that of a spike."""

from pipeline.mentions import Pipeline
from pipeline.spikes import SpikeWatch

__all__ = ["Pipeline", "SpikeWatch"]
