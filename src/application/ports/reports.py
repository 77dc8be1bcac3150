"""The port to the pages that show a report."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from application.notice import Notice


class Reports(Protocol):
    """Keeps what is told, so that its page can be opened."""

    @abstractmethod
    async def keep(self, notice: Notice) -> Notice:
        """Keep it; when this returns the page can be opened, from any process and after a crash.

        The same notice kept again (a retry) replaces what was kept; the addresses given before stay good.

        Returns:
            The notice with the address of its page; as it was where there is none to make.

        Raises:
            StorageUnavailable: Nothing was kept.
        """
