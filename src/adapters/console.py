"""A channel that is a text stream, such as a terminal."""

from __future__ import annotations

from typing import TextIO

from adapters.chats.telex import plain_message_of
from application.errors import ChannelUnavailable
from application.notice import Notice
from application.ports.channel import Channel


class ConsoleChannel(Channel):
    """Prints messages. Whatever the return_url, it is neither called nor shown.

    Args:
        stream: Where to; characters that its encoding lacks become question marks.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def check(self, return_url: str, *, own: bool = False) -> None:
        """Accept: nothing is called."""

    def may_be_gone(self, return_url: str) -> bool:  # noqa: ARG002  # the port's signature
        """Never: a stream that is closed is closed for this process only."""
        return False

    async def post(self, return_url: str, notice: Notice) -> None:  # noqa: ARG002  # likewise
        """Print the words of a Telex message and an empty line after it."""
        encoding = self._stream.encoding or "utf-8"
        text = plain_message_of(notice).text.encode(encoding, "replace").decode(encoding)
        try:
            self._stream.write(f"{text}\n\n")
            self._stream.flush()
        except OSError as error:
            raise ChannelUnavailable("The output is closed.") from error
