"""The port that reads a channel's settings."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from application.monitor import Monitor


class SettingsReader(Protocol):
    """Turns the settings of a tick into a monitor."""

    @abstractmethod
    def read(self, settings: bytes) -> Monitor:
        """Read the raw JSON of a tick's ``settings``.

        Raises:
            SettingsRejected: With one sentence for each setting that cannot be used.
        """
