"""Tests of dashboards.grafana."""
