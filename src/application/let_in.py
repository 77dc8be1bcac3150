"""How a role's owner lets this service in, and nobody else through it."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from application.credentials import Role
from application.errors import SpendMonitorError, TickUnreadable
from application.monitor import Monitor
from application.ports.clock import Clock
from application.ports.vault import Vault
from application.role_errors import RoleRefused

LINK_KEPT = timedelta(days=30)
LINK = "access link"
LONGEST_TOKEN = 4096
TOKEN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class RoleAccess(StrEnum):
    """How roles are assumed."""

    OFF = "off"
    EXTERNAL_ID = "external-id"
    """With the process's own AWS identity."""
    WEB_IDENTITY = "web-identity"
    """With tokens that the service makes itself: it is an OpenID Connect issuer."""

    @property
    def id_name(self) -> str:
        """What AWS calls the id that a trust policy asks for."""
        return "subject" if self is RoleAccess.WEB_IDENTITY else "external ID"


class LinkUnknown(SpendMonitorError):
    """No link of this service's, or one that has expired. Which of them it is, nobody is told."""

    code = "link-unknown"


@dataclass(frozen=True, slots=True)
class WayIn:
    """What a channel is told whose role does not let this service in yet.

    Args:
        role_arn: The role.
        id_name: What AWS calls the id that its trust policy must ask for: "external ID" or "subject".
        id: That id: this channel's, and nobody else's. No secret.
        condition_key: What the trust policy compares with it.
        link: A page where all is filled in; empty where the service has no public address.
    """

    role_arn: str
    id_name: str
    id: str
    condition_key: str
    link: str

    @property
    def condition(self) -> str:
        """The line of the trust policy that lets in this channel and no other."""
        return condition_line(self.condition_key, self.id)

    @property
    def steps(self) -> tuple[str, ...]:
        """What to do, one step after the other, a whole sentence each."""
        return (
            f"Open {self.link} : the role is filled in there, for CloudFormation, CloudShell and Terraform."
            if self.link
            else "Ask the operator for what 'aws-spend-monitor role' prints: the role, and whom it trusts.",
            f"The role's trust policy must hold {self.condition} : that {self.id_name} is this channel's.",
            "That is all: the next look finds it, and the report comes here.",
        )


@dataclass(frozen=True, slots=True)
class LetIn:
    """Makes the id that belongs to one destination, and the link to the page that explains it.

    Args:
        vault: Whose naming key outlives rotation: an id stays as it is while that key is listed.
        clock: When a link expires.
        access: How roles are assumed here.
        public_url: The service's address, without a slash at its end; None: there are no links.
    """

    vault: Vault
    clock: Clock
    access: RoleAccess = RoleAccess.OFF
    public_url: str | None = None

    def external_id(self, destination: str) -> str:
        """The external id, or subject, of a channel (by its return_url): 46 characters."""
        return f"spend-monitor-{self.vault.fingerprint('external id', destination)}"

    def external_id_of_watch(self, name: str) -> str:
        """The external id, or subject, of one of the operator's own watches."""
        return f"spend-monitor-{self.vault.fingerprint('external id of a watch', name)}"

    def named(self, monitor: Monitor, destination: str) -> Monitor:
        """A monitor whose role, if a stranger named one, only this destination can use."""
        role = monitor.credentials
        if not (isinstance(role, Role) and role.is_strangers):
            return monitor
        return replace(monitor, credentials=replace(role, external_id=self.external_id(destination)))

    def named_for_watch(self, monitor: Monitor, name: str) -> Monitor:
        """A watch's role is the operator's: its external id is the file's, or made of its name."""
        role = monitor.credentials
        if not isinstance(role, Role):
            return monitor
        external_id = role.external_id or self.external_id_of_watch(name)
        return replace(monitor, credentials=Role(role.arn, external_id, is_strangers=False))

    def way_in(self, monitor: Monitor, failure: SpendMonitorError) -> WayIn | None:
        """What to tell the role's owner; None when that is not what is missing."""
        role = monitor.credentials
        if not (isinstance(role, Role) and isinstance(failure, RoleRefused) and failure.owners):
            return None
        link = self._link(role) if self.public_url else ""
        return WayIn(role.arn, self.access.id_name, role.external_id, self.condition_key, link)

    def condition(self, role: Role) -> str:
        """The line that the role's trust policy must hold."""
        return condition_line(self.condition_key, role.external_id)

    @property
    def condition_key(self) -> str:
        """What a trust policy compares with the id."""
        if self.access is RoleAccess.WEB_IDENTITY:
            return f"{(self.public_url or '').removeprefix('https://')}:sub"
        return "sts:ExternalId"

    def open(self, token: str) -> Role:
        """The role that a link was made for.

        Raises:
            LinkUnknown: It was not made here, or has expired.
        """
        if len(token) > LONGEST_TOKEN or not TOKEN.fullmatch(token):
            raise LinkUnknown
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            until, arn, external_id = self.vault.open(sealed, context=LINK).decode().split("\n")
        except (binascii.Error, TickUnreadable) as error:
            raise LinkUnknown from error
        if datetime.fromtimestamp(int(until), UTC) <= self.clock.now():
            raise LinkUnknown
        return Role(arn, external_id)

    def _link(self, role: Role) -> str:
        until = int((self.clock.now() + LINK_KEPT).timestamp())
        sealed = self.vault.seal(f"{until}\n{role.arn}\n{role.external_id}".encode(), context=LINK)
        token = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        return f"{self.public_url}/access/{token}"


def condition_line(key: str, value: str) -> str:
    """A condition as it stands in a trust policy."""
    return f'"Condition": {{"StringEquals": {{"{key}": "{value}"}}}}'
