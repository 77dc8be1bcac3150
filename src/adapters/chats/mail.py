"""E-mail, through the operator's own server: from watches and ``check --notify``, never from a tick."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from html import escape
from ipaddress import ip_address
from ssl import SSLCertVerificationError, SSLError
from urllib.parse import unquote, urlsplit

from adapters.chats.fitting import cut
from adapters.chats.wording import words_of
from adapters.chats.words import TITLE, Detail, Words
from application.errors import ChannelRefused, ChannelUnavailable, ReturnUrlForbidden
from application.notice import Notice, SpendNotice, Tone
from application.text import one_line

PREFIX = "mailto:"
LONGEST_SUBJECT = 150
LONGEST_ADDRESS = 254
"""Characters. Source: RFC 5321, 4.5.3.1.3."""

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(rf"(?P<mailbox>{ATOM}(?:\.{ATOM})*)@(?P<domain>{LABEL}(?:\.{LABEL})*)")
"""A plain address. Source: RFC 5321, 4.1.2, without quoted strings and address literals."""

CHART = "chart"

COLORS = {Tone.GOOD: "#188038", Tone.CARE: "#b06000", Tone.BAD: "#c5221f"}

SENDER_FORM = "accepted is spend@example.com, or Spend Monitor <spend@example.com>"
SERVER_FORM = "accepted is smtps://user:password@host[:465], or smtp://user:password@host[:587] with STARTTLS"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in.

    Args:
        host: Its name.
        port: 465 or 587, as a rule.
        tls: TLS from the start; else by STARTTLS, which only a server on this very machine may lack.
        user: Empty: without a login.
        password: The login's.
        sender: What stands in From.
    """

    host: str
    port: int
    tls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)
    sender: str

    @property
    def is_near(self) -> bool:
        """Whether it is this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_server(text: str, sender: str = "") -> MailServer:
    """Read ``smtps://user:password@host:465``.

    Raises:
        ValueError: It has another form; the text does not repeat it.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"not the address of a mail server; {SERVER_FORM}") from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"not the address of a mail server; {SERVER_FORM}")
    tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, port or (465 if tls else 587), tls, user, password, sender)


def parse_sender(text: str) -> str:
    """Read ``spend@example.com`` or ``Spend Monitor <spend@example.com>``.

    Raises:
        ValueError: It has another form.
    """
    name, address = parseaddr(text)
    if not ADDRESS.fullmatch(address) or not text.isprintable():
        raise ValueError(f"not an address; {SENDER_FORM}")
    return formataddr((name, address))


def address_in(return_url: str) -> str:
    """The address of ``mailto:a@example.com``.

    Raises:
        ReturnUrlForbidden: It is none.
    """
    address = return_url.removeprefix(PREFIX)
    if len(address) > LONGEST_ADDRESS or not ADDRESS.fullmatch(address):
        raise ReturnUrlForbidden(
            "the address after mailto: is not accepted. Accepted is one plain address, as in "
            "mailto:a@example.com."
        )
    return address


def message_of(notice: Notice, sender: str, address: str, chart: bytes = b"") -> EmailMessage:
    """Text and HTML, with the chart in it if there is one; one id for a notice, however often it is sent."""
    words = words_of(notice)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = address
    message["Subject"] = cut(
        one_line(f"{words.symbol} {words.headline}", 4 * LONGEST_SUBJECT), LONGEST_SUBJECT
    )
    message["Date"] = format_datetime(notice.made_at)
    message["Message-ID"] = f"<{notice.id}@{_domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_text(words)))
    message.add_alternative(_html(words, has_chart=bool(chart)), subtype="html")
    html = message.get_body(("html",))
    if chart and html:
        html.add_related(chart, "image", "png", cid=f"<{CHART}>", disposition="inline")
    return message


async def chart_of(notice: Notice) -> bytes:
    """The chart as a PNG: mail clients show no other. None of a good day, or where it cannot be drawn."""
    if not isinstance(notice, SpendNotice) or words_of(notice).is_quiet:
        return b""
    from adapters.pages.picture import PictureFailed, picture_of  # noqa: PLC0415
    from adapters.pages.writing import document_of  # noqa: PLC0415  # few send mail

    try:
        return await picture_of(document_of(notice))
    except PictureFailed:
        return b""


async def send(server: MailServer, notice: Notice, address: str, timeout: float) -> None:  # noqa: ASYNC109  # the library's own
    """Hand the mail in, once.

    A server on this very machine may have made its certificate itself, as it does when it is installed.

    Raises:
        ChannelRefused: The server answered 5xx, or has no STARTTLS.
        ChannelUnavailable: It answered 4xx, or did not, or TLS failed.
    """
    import aiosmtplib  # noqa: PLC0415  # few send mail

    try:
        await aiosmtplib.send(
            message_of(notice, server.sender, address, await chart_of(notice)),
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.tls,
            start_tls=None if server.is_near else not server.tls,
            validate_certs=not server.is_near,
            timeout=timeout,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _judged(error.recipients[0].code, error.recipients[0].message, address) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _judged(error.code, error.message, address) from None
    except aiosmtplib.SMTPNotSupported:
        raise ChannelRefused("The mail server has no STARTTLS, or no login that is known here.") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise ChannelUnavailable(_trouble(error)) from None


def _trouble(error: Exception) -> str:
    """Why nothing was answered; what is wrong with TLS does not mend itself, so that says what to do."""
    match error if isinstance(error, SSLError) else error.__cause__:
        case SSLCertVerificationError() as cause:
            reason = f"The mail server's certificate is not trusted ({cause.verify_message})."
            return f"{reason} SSL_CERT_FILE can name the authority that made it."
        case SSLError():
            return "The mail server speaks no TLS on this port: smtps:// is TLS at once, smtp:// is STARTTLS."
    return "The mail server could not be reached, or broke off."


def _judged(code: int, said: str, address: str) -> ChannelRefused | ChannelUnavailable:
    """4xx is for now, 5xx for ever. Source: RFC 5321, 4.2.1."""
    if code < 0:  # aiosmtplib's own
        return ChannelUnavailable("What answered is no mail server; see the host and the port.")
    reason = one_line(said.replace(address, "…")).rstrip(".")
    text = f"The mail server answered {code}{f': {reason}' if reason else ''}."
    return ChannelRefused(text) if code >= 500 else ChannelUnavailable(text)  # noqa: PLR2004


def _domain(sender: str) -> str:
    match = ADDRESS.search(sender)
    return match["domain"] if match else "localhost"


def _text(words: Words) -> Iterator[str]:
    yield f"{words.symbol} {TITLE}"
    yield words.happened
    yield from map(str, words.facts)
    for detail in words.details:
        yield ""
        yield (
            f"{detail.label}: {detail.text}".strip(": ") if detail.label else f"{detail.symbol} {detail.text}"
        )
        yield from (f"  {item}" for item in detail.listed)
    for label, link in words.links[:1]:
        yield ""
        yield f"{label}: {link}"


def _html(words: Words, *, has_chart: bool) -> str:
    rows = "".join(
        f'<tr><td style="padding:2px 16px 2px 0;color:#5f6368">{escape(fact.label)}</td>'
        f"<td>{fact.symbol} {escape(fact.value)}</td></tr>"
        for fact in words.facts
    )
    happened = f"<p><strong>{escape(words.happened)}</strong></p>" if words.happened else ""
    details = "".join(map(_html_detail, words.details))
    if has_chart:
        details = f'<p><img src="cid:{CHART}" alt="{escape(words.picture_shows)}" width="100%"></p>{details}'
    links = "".join(
        f'<p><a href="{escape(link)}">Open {escape(label)}</a></p>' for label, link in words.links[:1]
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><body style="font:16px/1.5 sans-serif">'
        f'<h1 style="font-size:20px;color:{COLORS[words.tone]}">{words.symbol} {TITLE}</h1>'
        f"{happened}<table>{rows}</table>{details}{links}</body></html>"
    )


def _html_detail(detail: Detail) -> str:
    label = f"<strong>{escape(detail.label)}</strong>: " if detail.label else f"{detail.symbol} "
    items = "".join(f"<li>{escape(item)}</li>" for item in detail.items)
    kind = "ol" if detail.ordered else "ul"
    return f"<p>{label}{escape(detail.text)}</p>{f'<{kind}>{items}</{kind}>' if items else ''}"
