"""What several tests stand on: real servers and their fixtures."""
