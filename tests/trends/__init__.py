"""Tests of what rankings say over time."""
