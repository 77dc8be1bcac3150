"""Telex: the manifest that it reads, and the channel that it reads messages from."""

from adapters.telex.channel import TelexChannel, open_telex

__all__ = ["TelexChannel", "open_telex"]
