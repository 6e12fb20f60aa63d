"""Tests of ``commands/``."""
