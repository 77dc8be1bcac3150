"""A socket that listens, made before whoever serves it."""

from __future__ import annotations

import socket


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        OSError: It cannot.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address[:2], family=family, backlog=2048)
