"""Tests of Bluesky: its frames, what is heard of them, its stream, its search."""
