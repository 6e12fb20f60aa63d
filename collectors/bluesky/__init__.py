"""Bluesky: the public posts of the whole network, as Jetstream streams them."""

from collectors.bluesky.collector import Bluesky, BlueskySource

__all__ = ["Bluesky", "BlueskySource"]
