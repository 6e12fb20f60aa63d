"""Tests of the collector of DistroWatch."""
