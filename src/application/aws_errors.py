"""Why AWS gives no answer; what roles add is in ``role_errors.py``.

```
AwsError
├── AwsRefused          AWS says no, and trying again changes nothing: told to the channel
│   ├── AccessKeyUnknown
│   ├── SecretKeyWrong
│   ├── CredentialsExpired
│   ├── CredentialsMissing  the machine has none
│   │   ├── ProfileUnknown      its AWS configuration has no such profile
│   │   └── SignInEnded         nobody is signed in any more, in the browser
│   ├── ClockOff            of the machine that runs this
│   ├── EndpointMismatched  signed for another region or service than AWS's endpoint serves
│   ├── PermissionMissing
│   │   ├── DeniedByPolicy      an explicit deny beats every permission
│   │   ├── DeniedByOrganization
│   │   └── DeniedByBoundary
│   ├── CostExplorerOff
│   ├── CostExplorerAbsent  AWS GovCloud has none
│   ├── AccountNotActivated
│   ├── CostsNotAvailable
│   ├── PaidRequestsCapped  our own cap, not AWS's
│   ├── AnswerTooLong   more pages than are worth their price: asked in less detail, if that helps
│   └── RequestRefused      any other refusal
├── AwsUnavailable      throttled, timed out or broken: tried again
└── AwsBusy             we ask already, or have asked enough for now: comes back soon
```
"""

from __future__ import annotations

from copy import copy
from typing import ClassVar, Self

from application.errors import SpendMonitorError
from application.text import one_line


class AwsError(SpendMonitorError):
    """No answer from AWS. ``remedy`` is the one thing to do about it.

    ``remedy_of_command`` is that for whoever runs a command, where it is another: nothing is tried again
    there, and nobody needs to be sent to the command that says this.

    ``paid_requests``: how many Cost Explorer requests were made in vain just now, at $0.01 each.
    ``account_id``: whose costs were asked for, if that was known by then; else empty.
    """

    remedy: ClassVar[str]
    remedy_of_command: ClassVar[str] = ""
    paid_requests: int = 0
    account_id: str = ""

    @property
    def remedy_at_hand(self) -> str:
        """What to do about it for whoever has run a command."""
        return self.remedy_of_command or self.remedy

    def again(self) -> Self:
        """The same for somebody else who asked the same: it has cost nothing more."""
        twin = copy(self)
        twin.paid_requests = 0
        return twin


class AwsRefused(AwsError):
    """AWS says no. The text says what is wrong; ``remedy`` is the one thing to do about it.

    Args:
        detail: What AWS said, if it adds anything: text from outside, on one line.

    Source: the error table of Cost Explorer and STS, ``docs/facts/cost-explorer.md``.
    """

    code = "aws-refused"
    problem: ClassVar[str]

    def __init__(self, detail: str = "") -> None:
        self.detail = one_line(detail, limit=300)
        super().__init__(self.detail)

    def __str__(self) -> str:
        return f"{self.problem} AWS says: {self.detail}" if self.detail else self.problem


class AccessKeyUnknown(AwsRefused):
    """``InvalidClientTokenId`` (STS), ``UnrecognizedClientException`` (Cost Explorer)."""

    code = "access-key-unknown"
    problem = "AWS does not know this access key: it was mistyped, deleted or made inactive."
    remedy = "Type the access key ID again, or make a new access key in IAM."


class SecretKeyWrong(AwsRefused):
    """``SignatureDoesNotMatch``, ``InvalidSignatureException``."""

    code = "secret-key-wrong"
    problem = "AWS knows this access key, but the secret key does not belong to it."
    remedy = "Type the secret access key again: 40 characters, shown by IAM only when the key is made."


class CredentialsExpired(AwsRefused):
    """``ExpiredToken`` (STS), ``ExpiredTokenException`` (Cost Explorer)."""

    code = "credentials-expired"
    problem = "These are temporary credentials, and they have run out."
    remedy = "Use the access key of an IAM user, or a role."


class CredentialsMissing(AwsRefused):
    """The standard AWS chain of this machine (environment, profile, SSO, instance role …) has none."""

    code = "credentials-missing"
    problem = "This machine has no AWS credentials that can be used."
    remedy = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run 'aws configure'."


class ProfileUnknown(CredentialsMissing):
    """The AWS configuration files of this machine have no profile of that name."""

    code = "profile-unknown"
    problem = "The AWS configuration of this machine has no profile of that name."
    remedy = "Name one that is in ~/.aws/config, or add it with 'aws configure --profile NAME'."


class SignInEnded(CredentialsMissing):
    """The cached token of a sign-in in a browser (AWS SSO, ``aws login``) is missing or has run out.

    Args:
        command: What signs in again.
    """

    code = "sign-in-ended"
    problem = "The sign-in to AWS has ended."
    remedy = "Whoever runs this signs in again: 'aws sso login', with --profile if it has a name."

    def __init__(self, command: str = "aws sso login") -> None:
        super().__init__()
        self.command = command


class ClockOff(AwsRefused):
    """``RequestExpired``, ``RequestTimeTooSkewed``; ``SignatureDoesNotMatch`` "Signature expired"."""

    code = "clock-off"
    problem = "AWS refuses what is signed at this hour: the clock of the machine that runs this is wrong."
    remedy = "The operator sets the machine's clock, best by NTP. Nothing is wrong with the credentials."


class EndpointMismatched(AwsRefused):
    """``SignatureDoesNotMatch`` "Credential should be scoped to a valid region"."""

    code = "endpoint-mismatched"
    problem = "The request was signed for another region than AWS's endpoint serves."
    remedy = (
        "The operator corrects AWS_REGION or AWS_ENDPOINT_URL of the machine that runs this. "
        "Nothing is wrong with the credentials."
    )


class PermissionMissing(AwsRefused):
    """``AccessDeniedException`` that names an action which no policy allows."""

    code = "permission-missing"
    problem = "AWS lets these credentials in, but their IAM policy does not allow ce:GetCostAndUsage."
    remedy = (
        "In IAM (https://console.aws.amazon.com/iam/) attach a policy with this statement to the key's user, "
        'or to the role: {"Effect": "Allow", "Action": "ce:GetCostAndUsage", "Resource": "*"}.'
    )


class DeniedByPolicy(PermissionMissing):
    """``AccessDeniedException`` "with an explicit deny in an identity-based policy"."""

    code = "denied-by-policy"
    problem = "An IAM policy denies ce:GetCostAndUsage outright, and a deny beats every permission."
    remedy = (
        "Whoever administers IAM in this account takes the Deny statement away, or makes an exception of "
        "this user or role. To allow it once more changes nothing."
    )


class DeniedByOrganization(PermissionMissing):
    """``AccessDeniedException`` that names a service or resource control policy."""

    code = "denied-by-organization"
    problem = "A control policy of the AWS organization does not allow ce:GetCostAndUsage in this account."
    remedy = (
        "Only an administrator of the organization's management account can lift a service control policy. "
        "Or give credentials of the management account: policies of the organization do not bind it."
    )


class DeniedByBoundary(PermissionMissing):
    """``AccessDeniedException`` that names a permissions boundary."""

    code = "denied-by-boundary"
    problem = "The permissions boundary of this user or role does not allow ce:GetCostAndUsage."
    remedy = (
        "Whoever has set the boundary (an administrator of this account) adds ce:GetCostAndUsage to it, or "
        "makes a user or role without one."
    )


class CostExplorerOff(AwsRefused):
    """``AccessDeniedException`` "User not enabled for cost explorer access"."""

    code = "cost-explorer-off"
    problem = "Cost Explorer is not enabled in this AWS account, or IAM users have no access to billing."
    remedy = (
        "Open Billing and Cost Management, enable Cost Explorer, and let the root user activate "
        "IAM access to billing. Data appears after about 24 hours."
    )


class CostExplorerAbsent(AwsRefused):
    """Source: AWS GovCloud (US) User Guide, "Billing and payment"."""

    code = "cost-explorer-absent"
    problem = "AWS GovCloud (US) has no Cost Explorer."
    remedy = (
        "The costs of a GovCloud account are billed to the standard AWS account that it belongs to: give "
        "credentials of that one. The operator leaves AWS_REGION at a region outside of GovCloud."
    )


class AccountNotActivated(AwsRefused):
    """``OptInRequired``, ``SubscriptionRequiredException``."""

    code = "account-not-activated"
    problem = "This AWS account is not signed up for this service yet."
    remedy = (
        "Finish the account's sign-up in the AWS console: a payment method and a verified phone number. "
        "Then open Cost Explorer there once; AWS needs up to 24 hours."
    )


class CostsNotAvailable(AwsRefused):
    """``DataUnavailableException``, ``BillExpirationException``."""

    code = "costs-not-available"
    problem = "AWS has no cost data for this period: not yet, or not any more."
    remedy = "Wait: a new account has data after about 24 hours. AWS keeps 13 months."


class PaidRequestsCapped(AwsRefused):
    """The account's paid requests of the day have reached ``SPEND_MONITOR_MAX_PAID_REQUESTS_PER_DAY``."""

    code = "paid-requests-capped"
    problem = "This AWS account has had its Cost Explorer requests for today; AWS charges $0.01 for each."
    remedy = (
        "Nothing to do: checks go on tomorrow (UTC). To need fewer, set a rarer interval; "
        "the operator can raise SPEND_MONITOR_MAX_PAID_REQUESTS_PER_DAY."
    )


class AnswerTooLong(AwsRefused):
    """The answer has more pages than are worth their price, a cent each."""

    code = "answer-too-long"
    problem = "AWS's answer has more pages than are worth their price, $0.01 each."
    remedy = "Narrow the scope, or divide the bill by something that has fewer parts."


class RequestRefused(AwsRefused):
    """Any other refusal."""

    code = "request-refused"
    problem = "AWS refused the request."
    remedy = "Run 'aws-spend-monitor doctor' with the same keys, or show this to the operator."
    remedy_of_command = "Look AWS's words up in the documentation of the call that it refused."


class AwsUnavailable(AwsError):
    """AWS is throttling, away or broken.

    Args:
        reason: One short sentence without secrets.
    """

    code = "aws-unavailable"
    remedy = "Nothing to do: it is tried again for a day. See health.aws.amazon.com if this goes on."
    remedy_of_command = "Run this again in some minutes. See health.aws.amazon.com if it goes on."


class AwsBusy(AwsError):
    """AWS is not asked just now: the same question is under way elsewhere, or enough have been asked.

    Args:
        reason: One short sentence without secrets.
        retry_after: Seconds after which it is worth asking again.
    """

    code = "aws-busy"
    remedy = "Nothing to do: the check goes on in a moment."

    def __init__(self, reason: str, retry_after: float = 1) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
