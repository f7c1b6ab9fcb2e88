"""Names, places and addresses, found by a small neural network that comes with the package."""

from transom.redact.names.scripts import unread_scripts

__all__ = ["unread_scripts"]
