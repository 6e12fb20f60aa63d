"""What a source is called, where there can be several of its kind."""

from __future__ import annotations

from urllib.parse import urlsplit


def source_name(kind: str, base_url: str) -> str:
    """Return the kind and the place, e.g. ``mastodon:fosstodon.org``; never what an address hides.

    Args:
        kind: The kind of the source.
        base_url: Its address; a login in it is left out.
    """
    parts = urlsplit(base_url)
    port = f":{parts.port}" if parts.port else ""
    return f"{kind}:{parts.hostname}{port}{parts.path.rstrip('/')}"
