"""The port to the channel that is told."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from application.notice import Notice


class Channel(Protocol):
    """Posts notices to return_urls."""

    @abstractmethod
    def check(self, return_url: str, *, own: bool = False) -> None:
        """Refuse, without a network, what is never called.

        Args:
            return_url: Where a notice would go.
            own: Whether the operator names it, and no stranger's tick: then it may be an e-mail address, and
                its host waits for no stranger's from now on.

        Raises:
            ReturnUrlForbidden: The URL's own spelling rules it out.
        """

    @abstractmethod
    def may_be_gone(self, return_url: str) -> bool:
        """Whether the kind of channel that the URL leads to ever says that a URL is dead for good.

        Raises:
            ReturnUrlForbidden: As ``check`` does.
        """

    @abstractmethod
    async def post(self, return_url: str, notice: Notice) -> None:
        """Put the notice into the channel's own words and deliver it; when this returns the channel has it.

        Raises:
            ReturnUrlForbidden: As ``check`` does, or the host resolves to addresses that are never called.
            ChannelRefused: The channel will not take it; a retry changes nothing.
            ChannelGone: Nor will it take anything else, ever.
            ChannelUnavailable: Not reached, 429 or 5xx; worth trying later.
            ChannelBusy: Not tried: as many deliveries as its host has earned are in flight. Come back soon.
        """
