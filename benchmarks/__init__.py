"""What the README claims about speed and quality, measured: ``python -m benchmarks.NAME``."""
