"""The settings of the process, from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.chats.mail import SENDER_FORM, SERVER_FORM, MailServer
from application.check_spend import LinkedAccounts
from application.drill_down import AskForCause
from application.let_in import RoleAccess
from entrypoints.environment import ConfigError
from entrypoints.variables import KEY_FORM, PREFIX, READERS, value_of


@dataclass(frozen=True, slots=True)
class Config:
    """What the operator can set; the defaults serve one machine.

    Args:
        state_url: Where ticks, ledger and cache live.
        secret_keys: 32 bytes each; the first seals, all open. Empty: made beside the SQLite file.
        public_url: The https address that the manifest shows; None: taken from the request.
        return_url_hosts: The only hosts that a return_url may name; empty: any public one.
        allow_private_return_urls: Also plain http and private addresses.
        inbox_limit: Ticks waiting before the door answers 503.
        concurrency: Checks in flight.
        settle: How long after its end a period may wait for AWS before "within budget" is said; zero: not
            at all.
        cost_cache_ttl: How long a Cost Explorer answer is reused; zero turns reuse off.
        max_paid_requests_per_day: Per AWS account; 0 is no cap.
        linked_accounts: When a report on an exceeded threshold names the accounts that moved, for a second
            paid request: never, scoped (when the scope names several) or always.
        drill_down: When one further paid request asks for the cause: never, or exceeded (and for a spike).
        rate_limit: Requests a minute per client address; 0 is off.
        trusted_proxies: Addresses or networks whose ``X-Forwarded-*`` count.
        nats_replicas: Copies of every stream and bucket.
        report_days: How long the page of a report can be opened; 0 makes no pages.
        operator: Who runs this, as the landing page says it: a name, a link, an address.
        role_access: How roles are assumed, if at all.
        signing_key: RSA private keys in PEM, the first signs: for web identity. Empty: made beside the
            SQLite file.
        admin_port: Where ``/metrics``, ``/ready`` and ``/schema`` are, off the public port; None: on it.
        webhook_secrets: What generic webhooks are signed with; the newest first.
        smtp_server: Where e-mail is handed in.
        mail_from: What stands in its From.
        watches: The file of the service's own watches, or None.
        log_level: debug, info, warning or error.
        log_format: console or json; None: console on a terminal, else json.
    """

    state_url: str = field(default="sqlite:///spend-monitor.db", repr=False)
    secret_keys: tuple[bytes, ...] = field(default=(), repr=False)
    public_url: str | None = None
    return_url_hosts: tuple[str, ...] = ()
    allow_private_return_urls: bool = False
    inbox_limit: int = 100_000
    concurrency: int = 640
    settle: timedelta = timedelta(hours=24)
    cost_cache_ttl: timedelta = timedelta(hours=6)
    max_paid_requests_per_day: int = 100
    linked_accounts: LinkedAccounts = LinkedAccounts.SCOPED
    drill_down: AskForCause = AskForCause.EXCEEDED
    rate_limit: int = 0
    trusted_proxies: tuple[str, ...] = ()
    nats_replicas: int = 1
    report_days: int = 30
    operator: str | None = None
    role_access: RoleAccess = RoleAccess.OFF
    signing_key: str = field(default="", repr=False)
    admin_port: int | None = None
    webhook_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    smtp_server: MailServer | None = None
    mail_from: str = ""
    watches: Path | None = None
    log_level: str = "info"
    log_format: str | None = None

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None when the state is elsewhere."""
        prefix = "sqlite:///"
        return Path(self.state_url.removeprefix(prefix)) if self.state_url.startswith(prefix) else None

    @property
    def state_name(self) -> str:
        """Where the state is, without anything secret."""
        scheme, _, rest = self.state_url.partition("://")
        if self.sqlite_path:
            return f"SQLite at {self.sqlite_path.absolute()}"
        where = rest.partition("?")[0].rpartition("@")[2]
        return f"{scheme} at {where}" if where else scheme

    @property
    def mail_server(self) -> MailServer | None:
        """Where e-mail is handed in, and from whom; None: nowhere."""
        return self.smtp_server and replace(self.smtp_server, sender=self.mail_from)

    @property
    def key_path(self) -> Path | None:
        """Where the secret key is when it is not given: beside the database."""
        return self._beside(".key")

    @property
    def signing_key_path(self) -> Path | None:
        """Where the issuer's keys are when they are not given: beside the database."""
        return self._beside(".signing.pem")

    def _beside(self, ending: str) -> Path | None:
        path = self.sqlite_path
        return path.with_name(path.name + ending) if path else None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Config:
        """Read every ``SPEND_MONITOR_`` variable, and what hosts set; a blank one is as good as unset.

        Raises:
            ConfigError: A value cannot be used.
        """
        values: dict[str, Any] = {}
        for name, (field_name, reader) in READERS.items():
            variable, text = value_of(name, environment)
            if text:
                try:
                    values[field_name] = reader(text)
                except ValueError as error:
                    raise ConfigError(f"{variable}: {error}") from error
        config = cls(**values)
        if config.sqlite_path and environment.get("DYNO"):
            raise ConfigError(
                f"{PREFIX}STATE_URL: a Heroku dyno loses its disk at every restart, and what waits in SQLite "
                "with it; accepted is postgresql://… there: heroku addons:create heroku-postgresql"
            )
        scheme = config.state_url.partition("://")[0]
        if scheme not in {"sqlite", "memory"} and not config.secret_keys:
            raise ConfigError(
                f"{PREFIX}SECRET_KEY is required with {PREFIX}STATE_URL={scheme}://…: {KEY_FORM}"
            )
        config.check_web_identity()
        if bool(config.smtp_server) != bool(config.mail_from):
            missing = "MAIL_FROM" if config.smtp_server else "SMTP_URL"
            form = SENDER_FORM if config.smtp_server else SERVER_FORM
            raise ConfigError(f"{PREFIX}{missing} is required to send e-mail: {form}")
        return config

    def check_web_identity(self) -> None:
        """AWS must be able to read the issuer's keys, and all processes must sign with the same one.

        Raises:
            ConfigError: Something is missing for it.
        """
        if self.role_access is not RoleAccess.WEB_IDENTITY:
            return
        needs = f"{PREFIX}ROLE_ACCESS: web-identity needs"
        url = self.public_url or ""
        if not url.startswith("https://") and not (url and self.allow_private_return_urls):
            raise ConfigError(f"{needs} {PREFIX}PUBLIC_URL, an https address that AWS can reach")
        if not self.signing_key and not self.sqlite_path and self.state_url != "memory://":
            raise ConfigError(
                f"{needs} {PREFIX}SIGNING_KEY (or …_FILE) where several processes share their state: "
                "accepted is what 'openssl genrsa 2048' prints"
            )
