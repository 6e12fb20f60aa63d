"""The built-in page: what is said about each topic, drawn and quoted, and the same as JSON."""

from dashboards.app import create_app
from dashboards.reader import Reader

__all__ = ["Reader", "create_app"]
