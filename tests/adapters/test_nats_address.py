"""What may stand in a ``nats://`` address."""

from __future__ import annotations

import pytest

from adapters.state.nats.address import NatsAddress, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("nats://one", NatsAddress(("one:4222",))),
        ("nats://one:1,two.example,[::1]:3", NatsAddress(("one:1", "two.example:4222", "[::1]:3"))),
        ("nats://ann:s%40%2Ccret@one,two", NatsAddress(("one:4222", "two:4222"), "ann", "s@,cret")),
        ("nats://s3cr3t@one", NatsAddress(("one:4222",), token="s3cr3t")),
        (
            "nats://one?ca=/etc/ca.pem&cert=/etc/cert.pem&key=/etc/key.pem&creds=/run/user.creds",
            NatsAddress(
                ("one:4222",),
                ca="/etc/ca.pem",
                cert="/etc/cert.pem",
                key="/etc/key.pem",
                creds="/run/user.creds",
            ),
        ),
    ],
)
def test_is_read(text: str, address: NatsAddress) -> None:
    """Nodes, credentials that hold for all of them, and files."""
    assert address == parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "nats://",
        "nats://ann:s3cr3t@",
        "nats://one,,two",
        "nats://ann:s3cr3t@one:port",
        "nats://ann:s3cr3t@one/path",
        "nats://ann:s3cr3t@one?kreds=x",
        "nats://ann:s3cr3t@one?creds",
        "nats://one?cert=/etc/cert.pem",
        "nats://ann:s3cr3t@[::1",
        "tls://ann:s3cr3t@one",
    ],
)
def test_is_refused_without_being_repeated(text: str) -> None:
    """The error says what is accepted; a password in the address is not shown."""
    with pytest.raises(ValueError, match=r"(?s)accepted is nats://") as refused:
        parse_address(text)
    assert "s3cr3t" not in str(refused.value)


def test_shows_no_credentials() -> None:
    """What may end up in a log names the nodes only."""
    for text in ("nats://ann:s3cr3t@one", "nats://s3cr3t@one"):
        address = parse_address(text)
        assert "s3cr3t" not in f"{address} {address!r}"
