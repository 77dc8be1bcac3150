"""The variables: what each accepts, and where its text comes from."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from adapters.chats.mail import parse_sender, parse_server
from adapters.chats.webhook import parse_secrets
from adapters.state.aws_address import parse_address as parse_aws_address
from adapters.state.nats.address import parse_address
from adapters.vault import parse_keys
from application.check_spend import LinkedAccounts
from application.drill_down import AskForCause
from application.let_in import RoleAccess
from entrypoints.environment import ConfigError, check_line, cleaned

PREFIX = "SPEND_MONITOR_"
MOST_SETTLE_HOURS = 720
MOST_REPLICAS = 5
"""What NATS makes of a stream."""

MOST_REPORT_DAYS = 3650
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("console", "json")
LAST_PORT = 65535

KEY_FORM = (
    "accepted is 32 bytes, in base64 as printed by 'openssl rand -base64 32' or as 64 hex digits; "
    "several: comma-separated"
)

SECRETS = ("STATE_URL", "SECRET_KEY", "SIGNING_KEY", "WEBHOOK_SECRET", "SMTP_URL")
"""What may also be given as ``…_FILE``: the path of a file that holds it (Docker and Kubernetes secrets)."""

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""Where an address without encryption is good enough."""

LONGEST_LINE = 200
LONGEST_SECRET_FILE = 64 * 1024

PUBLIC_URLS_OF_HOSTS = {
    "RENDER_EXTERNAL_URL": "{}",
    "RAILWAY_PUBLIC_DOMAIN": "https://{}",
    "FLY_APP_NAME": "https://{}.fly.dev",
    "HEROKU_APP_DEFAULT_DOMAIN_NAME": "https://{}",
}
"""What hosts tell a program about its public address, by variable. Source: the hosts' documentation."""


def value_of(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """The variable that gives a setting, and its text; the text is empty when nothing gives it."""
    variable = PREFIX + name
    text = _text_of(variable, environment)
    if not text and name in SECRETS and (path := _text_of(f"{variable}_FILE", environment)):
        return f"{variable}_FILE", _content(f"{variable}_FILE", Path(path))
    if not text and name == "STATE_URL" and (given := _text_of("DATABASE_URL", environment)):
        return "DATABASE_URL", given
    if not text and name == "PUBLIC_URL":
        for host_variable, form in PUBLIC_URLS_OF_HOSTS.items():
            if given := _text_of(host_variable, environment):
                return host_variable, form.format(given)
    return variable, text


def _text_of(variable: str, environment: Mapping[str, str]) -> str:
    text = cleaned(environment.get(variable, ""))
    check_line(variable, text)
    return text


def _content(variable: str, path: Path) -> str:
    accepted = "accepted is the path of a readable text file that holds the value"
    try:
        with path.open(encoding="utf-8") as file:
            text = cleaned(file.read(LONGEST_SECRET_FILE))
    except OSError as error:
        raise ConfigError(f"{variable}: {path} cannot be read ({error.strerror}); {accepted}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{variable}: {path} is not text; {accepted}") from None
    if not text:
        raise ConfigError(f"{variable}: {path} is empty; {accepted}")
    return text


def read_state_url(text: str) -> str:
    """Check the address of a state store, and spell it as we do.

    Raises:
        ValueError: It is none; says what is accepted, and repeats nothing, since it may hold a password.
    """
    accepted = (
        "accepted is sqlite:///relative, sqlite:////absolute, postgresql://user:password@host:5432/database, "
        "nats://host:4222[,host…], dynamodb://TABLE?queue=QUEUE or memory://"
    )
    if text.startswith("nats://"):
        parse_address(text)
    elif text.startswith("dynamodb://"):
        parse_aws_address(text)
    elif text.startswith(("postgresql://", "postgres://")):
        return text.replace("postgres://", "postgresql://", 1)  # as Heroku and others spell it
    elif not re.fullmatch(r"sqlite:///(?!:memory:)[^?#]+|memory://", text):
        raise ValueError(f"not an address of a state store; {accepted}")
    return text


def _keys(text: str) -> tuple[bytes, ...]:
    try:
        return tuple(parse_keys(text))
    except ValueError as error:
        raise ValueError(f"{error}; {KEY_FORM}") from error


def _signing_key(text: str) -> str:
    from adapters.issuer import parse_signing_keys  # noqa: PLC0415  # its library is for few

    parse_signing_keys(text)
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    is_local = parts.hostname in LOCAL_HOSTS
    if "@" in parts.netloc:
        raise ValueError(
            "it holds a user name, which the manifest would show; accepted is https://host[:port][/path]"
        )
    if parts.query or parts.fragment:
        raise ValueError(f"{text!r} has a part after ? or #; accepted is https://host[:port][/path]")
    if not parts.hostname or (parts.scheme != "https" and not is_local):
        raise ValueError(f"{text!r} is not an https address; accepted is https://host[:port][/path]")
    return text.rstrip("/")


def _line(text: str) -> str:
    if not text.isprintable() or len(text) > LONGEST_LINE:
        raise ValueError(
            f"{len(text)} characters, not one line; accepted is up to {LONGEST_LINE} printable ones, "
            "such as Platform team, platform@example.com"
        )
    return text


def _hosts(text: str) -> tuple[str, ...]:
    hosts = _items(text)
    for host in hosts:
        if not re.fullmatch(r"(\*?\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host, re.IGNORECASE):
            raise ValueError(f"{host!r} is not a host name; accepted is host names, comma-separated")
    return tuple(host.lower() for host in hosts)


def _networks(text: str) -> tuple[str, ...]:
    for item in _items(text):
        try:
            ipaddress.ip_network(item, strict=False)
        except ValueError:
            accepted = "accepted is addresses or networks such as 10.0.0.0/8, comma-separated"
            raise ValueError(f"{item!r} is not an address; {accepted}") from None
    return _items(text)


def _flag(text: str) -> bool:
    if text.lower() not in TRUE + FALSE:
        raise ValueError(f"{text!r} is neither yes nor no; accepted is true or false")
    return text.lower() in TRUE


def _whole(least: int, most: int = 10**9) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text, re.ASCII) or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is not accepted; accepted is a whole number from {least} to {most}")
        return int(text)

    return read


def read_port(text: str) -> int:
    """The number of a port.

    Raises:
        ValueError: It is none; says what is accepted.
    """
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= LAST_PORT:
        raise ValueError(f"{text!r} is not accepted; accepted is a port's number from 1 to {LAST_PORT}")
    return int(text)


def _choice(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"{text!r} is not accepted; accepted is {', '.join(choices)}")
        return text.lower()

    return read


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise ValueError(f"{text!r} is no file that is there; accepted is the path of a TOML file")
    return Path(text)


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


READERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "STATE_URL": ("state_url", read_state_url),
    "SECRET_KEY": ("secret_keys", _keys),
    "PUBLIC_URL": ("public_url", _public_url),
    "RETURN_URL_HOSTS": ("return_url_hosts", _hosts),
    "ALLOW_PRIVATE_RETURN_URLS": ("allow_private_return_urls", _flag),
    "INBOX_LIMIT": ("inbox_limit", _whole(1)),
    "CONCURRENCY": ("concurrency", _whole(1)),
    "SETTLE_HOURS": ("settle", lambda text: timedelta(hours=_whole(0, MOST_SETTLE_HOURS)(text))),
    "COST_CACHE_TTL": ("cost_cache_ttl", lambda text: timedelta(seconds=_whole(0)(text))),
    "MAX_PAID_REQUESTS_PER_DAY": ("max_paid_requests_per_day", _whole(0)),
    "LINKED_ACCOUNTS": ("linked_accounts", lambda text: LinkedAccounts(_choice(*LinkedAccounts)(text))),
    "DRILL_DOWN": ("drill_down", lambda text: AskForCause(_choice(*AskForCause)(text))),
    "RATE_LIMIT": ("rate_limit", _whole(0)),
    "TRUSTED_PROXIES": ("trusted_proxies", _networks),
    "NATS_REPLICAS": ("nats_replicas", _whole(1, MOST_REPLICAS)),
    "REPORT_DAYS": ("report_days", _whole(0, MOST_REPORT_DAYS)),
    "OPERATOR": ("operator", _line),
    "ROLE_ACCESS": ("role_access", lambda text: RoleAccess(_choice(*RoleAccess)(text))),
    "SIGNING_KEY": ("signing_key", _signing_key),
    "ADMIN_PORT": ("admin_port", read_port),
    "WEBHOOK_SECRET": ("webhook_secrets", parse_secrets),
    "SMTP_URL": ("smtp_server", parse_server),
    "MAIL_FROM": ("mail_from", parse_sender),
    "WATCHES": ("watches", _file),
    "LOG_LEVEL": ("log_level", _choice(*LOG_LEVELS)),
    "LOG_FORMAT": ("log_format", _choice(*LOG_FORMATS)),
}
"""By variable: the field of Config, and a reader that raises ValueError with what is wrong and accepted."""


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that this service does not know: most likely misspelt."""
    known = {*READERS, *(f"{name}_FILE" for name in SECRETS)}
    return sorted(
        name for name in environment if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in known
    )
