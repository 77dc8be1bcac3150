"""Tries a role out, for whoever sets one up."""

from __future__ import annotations

from adapters.aws.assuming import Way
from adapters.aws.clients import Aws
from adapters.aws.operations import Operation
from application.aws_errors import AwsError, PermissionMissing, RequestRefused
from application.credentials import AccessKey, Role
from application.ports.access import RoleTrials
from application.role_errors import RoleAccessOff, RoleElsewhere, RoleRefused

DECODE = Operation("sts", "decode_authorization_message", paid=False, read=lambda answer: answer.status)
"""Free, harms nothing, and needs a permission: with it, AWS complains of the message, else of the caller."""

NO_MESSAGE = "InvalidAuthorizationMessageException"


class AwsRoleTrials(RoleTrials):
    """With STS.

    Args:
        aws: Where to ask.
        way: How roles are assumed; None: not at all.
    """

    def __init__(self, aws: Aws, way: Way | None) -> None:
        self._aws = aws
        self._way = way

    async def trusted(self) -> str:
        """See the port."""
        return await self._opened().trusted()

    async def assume(self, role: Role) -> AccessKey:
        """See the port."""
        way = self._opened()
        if role.partition != await way.partition():
            raise RoleElsewhere
        key, _ = await way.assume(role.arn, role.external_id)
        return key

    async def lets_in(self, role: Role) -> bool:
        """See the port."""
        try:
            await self._opened().assume(role.arn, role.external_id or None)
        except RoleRefused:
            return False
        return True

    async def can_do_more(self, key: AccessKey) -> bool | None:
        """See the port."""
        try:
            await self._aws.call(DECODE, key, {"EncodedMessage": "none"})
        except PermissionMissing:
            return False
        except RequestRefused as refusal:
            return True if refusal.detail.startswith(NO_MESSAGE) else None
        except AwsError:
            return None
        return True

    def _opened(self) -> Way:
        if self._way is None:
            raise RoleAccessOff
        return self._way
