"""Tests, one package a room."""
