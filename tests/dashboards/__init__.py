"""The page, seen by a real browser, and its JSON."""
