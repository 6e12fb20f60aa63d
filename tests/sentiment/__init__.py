"""Tests of the sentiment room."""
