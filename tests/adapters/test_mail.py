"""E-mail, handed in to a real SMTP server."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from adapters.chats.channel import open_chats
from adapters.chats.mail import MailServer, address_in, parse_sender, parse_server
from adapters.chats.mail import send as hand_in
from application.errors import ChannelRefused, ChannelUnavailable, ReturnUrlForbidden
from application.notice import Notice
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.notices import EXCEEDED, FAILED, WITHIN
from tests.doubles.fakes.overfull import HOSTILE, overfull
from tests.doubles.webhooks import certificate_for

SENDER = "Spend Monitor <spend@example.com>"
ADDRESS = "finance@example.com"


@dataclass
class Postbox:
    """Keeps what is handed in, and answers as it is told."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipient: str = "250 OK"
    data: str = "250 taken"
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(self, _s: Any, _session: Any, envelope: Any, address: str, _o: Any) -> str:  # noqa: N802  # the library's
        """Take the address, or not."""
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient.format(address=address)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # the library's
        """Take the mail, or not."""
        mail = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return self.data

    def __call__(self, _server: Any, _session: Any, _envelope: Any, _how: str, login: Any) -> AuthResult:
        """Anybody may log in."""
        assert isinstance(login, LoginPassword)
        self.logins.append((login.login, login.password))
        return AuthResult(success=True)


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    """A server on a free port of this machine."""
    box = Postbox()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, authenticator=box, auth_require_tls=False), "127.0.0.1", 0
    )
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


async def send(postbox: Postbox, notice: Notice, user: str = "") -> None:
    """Send a notice to finance."""
    server = MailServer("127.0.0.1", postbox.port, tls=False, user=user, password=user, sender=SENDER)
    async with open_chats(FixedClock(), mail_server=server, total_timeout=5) as channel:
        channel.check(f"mailto:{ADDRESS}", own=True)
        with channel.lane(f"mailto:{ADDRESS}"):
            await channel.post(f"mailto:{ADDRESS}", notice)


def body(mail: EmailMessage, kind: str) -> str:
    """The text or the HTML."""
    part = mail.get_body((kind,))
    assert part
    return str(part.get_content())


async def test_a_report_comes_as_text_and_as_html(postbox: Postbox) -> None:
    """To one address, with the verdict in both, by nobody that an answer would reach."""
    await send(postbox, EXCEEDED)
    [mail] = postbox.mails
    assert (mail["To"], mail["From"]) == (ADDRESS, SENDER)
    assert mail["Subject"] == "🔔 123456789012: $142.02 (Sun 22 Nov 2026), exceeded, threshold $100.00"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Mon, 23 Nov 2026 12:00:00 +0000"
    for kind in ("plain", "html"):
        assert "Exceeded Budget" in body(mail, kind)
        assert "console.aws.amazon.com" in body(mail, kind)


async def test_the_chart_comes_along_where_something_has_happened(postbox: Postbox) -> None:
    """Inside the mail: many show no picture that is elsewhere, and none an SVG."""
    await send(postbox, EXCEEDED)
    await send(postbox, WITHIN)
    await send(postbox, FAILED)
    charts = [
        [part.get_content() for part in mail.walk() if part.get_content_type() == "image/png"]
        for mail in postbox.mails
    ]
    assert [len(pictures) for pictures in charts] == [1, 0, 0]
    assert charts[0][0].startswith(b"\x89PNG")
    assert 'src="cid:chart"' in body(postbox.mails[0], "html")
    assert "cid:" not in body(postbox.mails[1], "html")


async def test_the_same_report_has_the_same_id(postbox: Postbox) -> None:
    """So that a mailbox knows a mail that was sent twice."""
    await send(postbox, EXCEEDED)
    await send(postbox, EXCEEDED)
    await send(postbox, FAILED)
    first, again, other = (mail["Message-ID"] for mail in postbox.mails)
    assert first == again != other
    assert first == f"<{EXCEEDED.id}@example.com>"


async def test_names_are_no_markup_and_no_headers(postbox: Postbox) -> None:
    """Whatever AWS calls a service."""
    hostile = replace(overfull(HOSTILE), account=replace(EXCEEDED.account, id="1\r\nBcc: all@example.com"))
    await send(postbox, hostile)
    [mail] = postbox.mails
    assert mail["Bcc"] is None
    assert "<script>" not in body(mail, "html")
    assert "&lt;script&gt;" in body(mail, "html") or "&lt;!channel&gt;" in body(mail, "html")


async def test_a_login_is_used(postbox: Postbox) -> None:
    """When the operator has set one."""
    await send(postbox, EXCEEDED, user="me")
    assert postbox.logins == [(b"me", b"me")]


@pytest.mark.parametrize(
    ("recipient", "data", "error"),
    [
        ("550 no such user {address}", "250 OK", ChannelRefused),
        ("450 {address} is busy", "250 OK", ChannelUnavailable),
        ("250 OK", "554 spam", ChannelRefused),
        ("250 OK", "451 later", ChannelUnavailable),
    ],
)
async def test_4xx_is_for_now_and_5xx_for_ever(
    postbox: Postbox, recipient: str, data: str, error: type[Exception]
) -> None:
    """And the reason shows no address."""
    postbox.recipient, postbox.data = recipient, data
    with pytest.raises(error) as caught:
        await send(postbox, EXCEEDED)
    assert ADDRESS not in str(caught.value)
    assert str(caught.value).startswith(
        f"The mail server answered {(recipient + data).replace('250 OK', '')[:3]}"
    )


@asynccontextmanager
async def listening(protocol: Callable[[], asyncio.Protocol]) -> AsyncIterator[int]:
    """Let that answer on a free port while the block lasts."""
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_server_of_this_machine_may_have_made_its_own_certificate(tmp_path: Path) -> None:
    """As Debian's Postfix is installed; from elsewhere it is not trusted, and the reason says what to do."""
    box, (context, _) = Postbox(), certificate_for("elsewhere.example", tmp_path)
    async with listening(lambda: SMTP(box, tls_context=context, require_starttls=True)) as port:
        near = MailServer("127.0.0.1", port, tls=False, user="", password="", sender=SENDER)
        await hand_in(near, WITHIN, ADDRESS, 5)
        with pytest.raises(
            ChannelUnavailable, match=r"not trusted \(self-signed certificate\)\. SSL_CERT_FILE"
        ):
            await hand_in(replace(near, host="127.1"), WITHIN, ADDRESS, 5)
    assert len(box.mails) == 1


@pytest.mark.parametrize(("url", "told"), [("smtps", "smtp:// is STARTTLS"), ("smtp", "no mail server")])
async def test_the_wrong_port_is_told_as_that(url: str, told: str) -> None:
    """Rather than as a server that is away."""

    class Web(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            cast("asyncio.Transport", transport).write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listening(Web) as port:
        with pytest.raises(ChannelUnavailable, match=told):
            await hand_in(parse_server(f"{url}://127.0.0.1:{port}", SENDER), WITHIN, ADDRESS, 5)


async def test_a_server_that_is_away_is_tried_again(postbox: Postbox) -> None:
    """Nobody listens."""
    postbox.port = 1
    with pytest.raises(ChannelUnavailable, match="could not be reached"):
        await send(postbox, EXCEEDED)


async def test_mail_is_never_sent_for_a_tick(postbox: Postbox) -> None:
    """A stranger cannot make this service write to anybody."""
    server = MailServer("127.0.0.1", postbox.port, tls=False, user="", password="", sender=SENDER)
    async with open_chats(FixedClock(), mail_server=server) as channel:
        with pytest.raises(ReturnUrlForbidden, match="only the operator"):
            channel.check(f"mailto:{ADDRESS}")


async def test_without_a_server_there_is_no_mail() -> None:
    """The error names what to set."""
    async with open_chats(FixedClock()) as channel:
        with pytest.raises(ReturnUrlForbidden, match="SPEND_MONITOR_SMTP_URL"):
            channel.check(f"mailto:{ADDRESS}", own=True)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b",
        "a@b,c@d",
        "a@b?bcc=c@d",
        "a b@c",
        "a@b\r\nBcc: c@d",
        "a@b.",
        "<a@b>",
        "a@" + "b" * 300,
    ],
)
def test_only_a_plain_address_is_written_to(address: str) -> None:
    """One, without headers."""
    with pytest.raises(ReturnUrlForbidden) as caught:
        address_in(f"mailto:{address}")
    assert len(address) < 3 or address not in str(caught.value)


def test_a_server_as_it_is_set() -> None:
    """With the ports that go without saying, and a password that may hold anything."""
    assert parse_server("smtps://me:p%40ss@mail.example.com") == MailServer(
        "mail.example.com", 465, tls=True, user="me", password="p@ss", sender=""
    )
    assert parse_server("smtp://mail.example.com").port == 587
    assert "p@ss" not in repr(parse_server("smtps://me:p%40ss@mail.example.com"))


@pytest.mark.parametrize(
    "text", ["mail.example.com", "https://a.example", "smtp://", "smtp://a:x@b:port", "smtp://a/b"]
)
def test_a_server_has_a_form(text: str) -> None:
    """An error does not repeat it: it may hold a password."""
    with pytest.raises(ValueError, match="accepted is smtps://") as caught:
        parse_server(text)
    assert "a:x@b" not in str(caught.value)


def test_a_sender_has_a_form() -> None:
    """An address, with a name or without."""
    assert parse_sender("a@example.com") == "a@example.com"
    assert parse_sender(SENDER) == SENDER
    for text in ("nobody", "", "a@b\nBcc: c@d"):
        with pytest.raises(ValueError, match="accepted is spend@example"):
            parse_sender(text)
