"""A role's ARN as people fill it in."""

from __future__ import annotations

import re

from adapters.settings.text import cleaned, unquoted
from application.credentials import Role

ROLE = "aws_role_arn"  # the field's name

ROLE_ARN = re.compile(r"arn:(?:aws|aws-cn|aws-us-gov):iam::\d{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
"""A path of up to 512 characters and a name of up to 64. Source: IAM, ``CreateRole``."""

ACCEPTED = "Accepted is what IAM shows on the role's page, such as arn:aws:iam::111122223333:role/spend."


def read_role(text: str) -> Role | None:
    """The role with that ARN; None for a blank text.

    Raises:
        ValueError: Anything else, with what is accepted.
    """
    arn = unquoted(cleaned(text))
    if not arn:
        return None
    if ROLE_ARN.fullmatch(arn):
        return Role(arn)
    if ":assumed-role/" in arn:
        raise ValueError(f"is the ARN of a session, not of the role itself. {ACCEPTED}")
    if ":user/" in arn:
        raise ValueError(f"is the ARN of a user, not of a role. {ACCEPTED}")
    raise ValueError(f"is not a role's ARN. {ACCEPTED}")
