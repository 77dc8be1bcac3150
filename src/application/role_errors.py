"""Why a role does not let this service in.

```
AwsRefused
└── RoleRefused             somebody has to mend something before a role can be used
    ├── RoleAccessOff           this deployment takes no roles
    ├── RoleNotLetIn            AWS says no: no such role, or its trust policy asks for somebody else
    ├── RoleOpen                it would let everybody's checks in
    ├── RoleElsewhere           a role of another partition
    ├── IssuerUnknown           the account does not know this service as an identity provider
    ├── IssuerRefused           it knows it, but not this token
    └── OwnIdentityMissing      the service has no AWS identity to come with
AwsUnavailable
└── IssuerUnreachable       AWS could not fetch the issuer's keys: tried again
```
"""

from __future__ import annotations

from typing import ClassVar

from application.aws_errors import AwsRefused, AwsUnavailable


class RoleRefused(AwsRefused):
    """A role cannot be used.

    ``owners`` says whether it is mended in the account that the role belongs to: then the channel is told,
    with its external id, how.
    """

    code = "role-refused"
    owners: ClassVar[bool] = True
    problem = "This role cannot be used."
    remedy = "Run 'aws-spend-monitor doctor --role' with it."
    remedy_of_command = "Compare the role with what 'aws-spend-monitor role' prints."


class RoleAccessOff(RoleRefused):
    """``SPEND_MONITOR_ROLE_ACCESS`` is off."""

    code = "role-access-off"
    owners = False
    problem = "This deployment takes access keys only: its operator has not turned roles on."
    remedy = (
        "Leave the role's ARN empty and fill in the two keys, or ask the operator to set "
        "SPEND_MONITOR_ROLE_ACCESS."
    )
    remedy_of_command = "Set SPEND_MONITOR_ROLE_ACCESS to external-id or web-identity."


class RoleNotLetIn(RoleRefused):
    """``AccessDenied`` of ``AssumeRole``: AWS says so of a missing role, a wrong principal and a wrong id."""

    code = "role-not-let-in"
    problem = (
        "AWS does not let this service in by this role: there is no such role, or its trust policy names "
        "another service or another id than this channel's."
    )
    remedy = "Make the role, or correct its trust policy."


class RoleOpen(RoleRefused):
    """The role could be assumed without the external id, or with a token of another subject."""

    code = "role-open"
    problem = (
        "This role lets in whatever this service does, for whomever: its trust policy asks for no id, so "
        "that any other channel could see these costs. It is not used until it does."
    )
    remedy = "Add the missing condition to the role's trust policy."


class RoleElsewhere(RoleRefused):
    """``arn:aws-cn:…`` given to a service that works in ``aws``, or the other way round."""

    code = "role-elsewhere"
    owners = False
    problem = "This role belongs to another partition of AWS than the one that this service works in."
    remedy = "Use a role whose ARN begins like the others here, or a deployment in that partition."


class IssuerUnknown(RoleRefused):
    """``InvalidIdentityToken`` "No OpenIDConnect provider found in your account"."""

    code = "issuer-unknown"
    problem = "The role's account does not know this service as an identity provider."
    remedy = "Make the identity provider in IAM too, as the template does: once in each account."


class IssuerRefused(RoleRefused):
    """``InvalidIdentityToken`` for another reason, ``IDPRejectedClaim``, ``ExpiredTokenException``."""

    code = "issuer-refused"
    problem = "AWS does not take this service's token."
    remedy = (
        "The identity provider in IAM must have the audience sts.amazonaws.com. If it has, the operator "
        "checks the clock of the machine that runs this."
    )


class OwnIdentityMissing(RoleRefused):
    """Roles are assumed with the process's own AWS identity, and that is missing or refused."""

    code = "own-identity-missing"
    owners = False
    problem = "This service has no AWS identity of its own that it could come with."
    remedy = (
        "The operator gives the machine that runs this one (an instance, task or pod role, or keys in its "
        "environment), or sets SPEND_MONITOR_ROLE_ACCESS=web-identity."
    )


class IssuerUnreachable(AwsUnavailable):
    """``IDPCommunicationError``; ``InvalidIdentityToken`` "Couldn't retrieve verification key"."""

    code = "issuer-unreachable"
    remedy = (
        "It is tried again for a day. The operator makes sure that everybody can read "
        "/.well-known/openid-configuration at SPEND_MONITOR_PUBLIC_URL, over https with a public certificate."
    )
    remedy_of_command = (
        "Make sure that everybody can read /.well-known/openid-configuration at SPEND_MONITOR_PUBLIC_URL, "
        "over https with a public certificate."
    )
