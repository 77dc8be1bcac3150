"""A channel in memory that can be told to fail."""

from __future__ import annotations

from collections import deque

from adapters.chats.telex import Message, message_of
from application.errors import ChannelBusy, ReturnUrlForbidden, SpendMonitorError
from application.notice import Notice
from application.ports.channel import Channel


class FakeChannel(Channel):
    """Keeps what it is told.

    Args:
        forbidden: The return_urls that are never called.
        places: How many lanes may be held at a time, over all return_urls.
    """

    def __init__(self, forbidden: frozenset[str] = frozenset(), places: int = 1000) -> None:
        self.forbidden = forbidden
        self.places = places
        self.own: set[str] = set()
        """What was checked as the operator's own."""
        self.posts: list[tuple[str, Notice]] = []
        """Every delivery, oldest first: the return_url and the notice."""
        self.is_mortal = False
        """Whether it may say that it is gone for good."""
        self.failures: deque[SpendMonitorError] = deque()
        """Each post takes the first of these, if any, and raises it instead of delivering."""

    @property
    def messages(self) -> list[Message]:
        """Every notice delivered, in Telex's words, oldest first."""
        return [message_of(notice) for _, notice in self.posts]

    def check(self, return_url: str, *, own: bool = False) -> None:
        """Refuse the forbidden ones, and from strangers e-mail addresses."""
        self._refuse(return_url, own=own)
        if own:
            self.own.add(return_url)

    def _refuse(self, return_url: str, *, own: bool) -> None:
        if return_url in self.forbidden or (return_url.startswith("mailto:") and not own):
            raise ReturnUrlForbidden("return_url is forbidden here. Accepted is any other.")

    def may_be_gone(self, return_url: str) -> bool:  # noqa: ARG002  # all are alike
        """As the test says."""
        return self.is_mortal

    async def post(self, return_url: str, notice: Notice) -> None:
        """Deliver, or fail as told."""
        self._refuse(return_url, own=True)
        if self.places <= 0:
            raise ChannelBusy("Every place is taken.")
        if self.failures:
            raise self.failures.popleft()
        self.posts.append((return_url, notice))
