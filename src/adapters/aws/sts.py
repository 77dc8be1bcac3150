"""STS: whose credentials these are."""

from __future__ import annotations

import re

from adapters.aws.clients import Aws
from adapters.aws.operations import Answer, Operation
from application.credentials import Credentials
from application.errors import AwsUnavailable
from application.ports.identity import Identity


class StsIdentity(Identity):
    """``GetCallerIdentity``.

    Args:
        aws: Where to ask.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def account_id(self, credentials: Credentials) -> str:
        """See the port."""
        reply = await self._aws.call(GET_CALLER_IDENTITY, credentials, {})
        return reply.content


def _account_id(answer: Answer) -> str:
    account_id = answer.parsed().get("Account")
    if not isinstance(account_id, str) or not re.fullmatch(r"\d{12}", account_id, re.ASCII):
        raise AwsUnavailable("AWS named no account for these credentials.")
    return account_id


GET_CALLER_IDENTITY = Operation("sts", "get_caller_identity", paid=False, read=_account_id)
