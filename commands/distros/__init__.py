"""``hubbub distros``: a ranking, who moved in it, and two of them side by side."""

from commands.distros.command import distros

__all__ = ["distros"]
