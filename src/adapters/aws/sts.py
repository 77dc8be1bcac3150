"""STS: whose credentials these are."""

from __future__ import annotations

import re

from adapters.aws.clients import Aws
from adapters.aws.operations import AwsAnswer, Operation
from application.aws_errors import AwsUnavailable
from application.credentials import AccessKey
from application.ports.identity import Identity


class StsIdentity(Identity):
    """``GetCallerIdentity``.

    Args:
        aws: Where to ask.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def account_id(self, credentials: AccessKey) -> str:
        """See the port."""
        reply = await self._aws.call(GET_CALLER_IDENTITY, credentials, {})
        return reply.content


ACCOUNT = re.compile(rb"<Account>(\d{12})</Account>")
"""The one element that counts. botocore's parser finds it too, in twenty times the time."""


def _account_id(answer: AwsAnswer) -> str:
    match = ACCOUNT.search(answer.body)
    if not match:
        raise AwsUnavailable("AWS named no account for these credentials.")
    return match[1].decode()


GET_CALLER_IDENTITY = Operation("sts", "get_caller_identity", paid=False, read=_account_id)
