"""X, once called Twitter: the posts that its recent search finds for the terms of the topics."""

from __future__ import annotations

from collectors.x.collector import X
from collectors.x.table import XSource

__all__ = ["X", "XSource"]
