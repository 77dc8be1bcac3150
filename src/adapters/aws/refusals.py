"""What AWS says when it says no, in the application's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from application.aws_errors import (
    AccessKeyUnknown,
    AccountNotActivated,
    AwsError,
    AwsRefused,
    AwsUnavailable,
    ClockOff,
    CostExplorerOff,
    CostsNotAvailable,
    CredentialsExpired,
    DeniedByBoundary,
    DeniedByOrganization,
    DeniedByPolicy,
    EndpointMismatched,
    PermissionMissing,
    RequestRefused,
    SecretKeyWrong,
)
from application.credentials import AccessKey

REFUSALS: Mapping[str, type[AwsRefused]] = {
    "UnrecognizedClientException": AccessKeyUnknown,
    "InvalidClientTokenId": AccessKeyUnknown,
    "InvalidAccessKeyId": AccessKeyUnknown,
    "IncompleteSignature": AccessKeyUnknown,
    "IncompleteSignatureException": AccessKeyUnknown,
    "MissingAuthenticationToken": AccessKeyUnknown,
    "MissingAuthenticationTokenException": AccessKeyUnknown,
    "SignatureDoesNotMatch": SecretKeyWrong,
    "InvalidSignatureException": SecretKeyWrong,
    "RequestExpired": ClockOff,
    "RequestTimeTooSkewed": ClockOff,
    "ExpiredToken": CredentialsExpired,
    "ExpiredTokenException": CredentialsExpired,
    "AccessDenied": PermissionMissing,
    "AccessDeniedException": PermissionMissing,
    "OptInRequired": AccountNotActivated,
    "SubscriptionRequiredException": AccountNotActivated,
    "DataUnavailableException": CostsNotAvailable,
    "BillExpirationException": CostsNotAvailable,
}
"""By error code. Source: docs/facts/cost-explorer.md, AWS's "common errors" of both services."""

THROTTLED = frozenset(
    {
        "LimitExceededException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
    }
)
"""Source: botocore's ``standard`` retry mode."""

PASSING = frozenset(
    {
        "RequestTimeout",
        "RequestTimeoutException",
        "InternalFailure",
        "InternalServerError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "PriorRequestNotComplete",
        "InvalidNextTokenException",
        "RequestChangedException",
    }
)
"""Errors of the moment. The last two: the bill was refreshed between two of its pages."""

NOT_AUTHORIZED = "is not authorized to perform"
COST_EXPLORER_OFF = "not enabled for cost explorer"
SIGNATURES: Mapping[type[AwsRefused], re.Pattern[str]] = {
    ClockOff: re.compile(r"signature (expired|not yet current)", re.IGNORECASE),
    EndpointMismatched: re.compile(r"credential should be scoped to", re.IGNORECASE),
}
"""What AWS says of a signature when it is not the secret's fault."""

DENIALS: Mapping[type[AwsRefused], re.Pattern[str]] = {
    DeniedByOrganization: re.compile(r"(service|resource) control polic", re.IGNORECASE),
    DeniedByBoundary: re.compile(r"permissions boundary", re.IGNORECASE),
    DeniedByPolicy: re.compile(r"explicit deny", re.IGNORECASE),
}
"""What AWS says of a denial, by who can lift it; the first that fits.
Source: IAM User Guide, "Troubleshoot access denied error messages"."""

A_CODE = re.compile(r"[A-Za-z][A-Za-z.]{2,80}")
KEY_LIKE = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{8,}")
SERVER_ERROR = 500


def refusal(status: int, code: str, message: str, secrets: Sequence[str]) -> AwsError:
    """Turn AWS's error into the application's.

    Args:
        status: The HTTP status.
        code: AWS's error code. Anything else (a number, nothing) was not said by AWS, but on the way there.
        message: AWS's words, passed on only where they add something.
        secrets: What must not be in the text.
    """
    if NOT_AUTHORIZED in message and not A_CODE.fullmatch(code):
        code = "AccessDeniedException"  # moto says it in XML, which is not Cost Explorer's protocol
    if code in THROTTLED:
        return AwsUnavailable("AWS asks for fewer requests at a time (throttled).")
    if status >= SERVER_ERROR or code in PASSING or not A_CODE.fullmatch(code):
        return AwsUnavailable(f"AWS has trouble: status {status}{_named(code)}.")
    kind = REFUSALS.get(code, RequestRefused)
    said = without_secrets(message, secrets)
    if kind is PermissionMissing:
        return (
            CostExplorerOff()
            if COST_EXPLORER_OFF in message.lower()
            else _which(DENIALS, message, kind)(said)
        )
    if kind is SecretKeyWrong:
        kind = _which(SIGNATURES, message, kind)
        return kind() if kind is SecretKeyWrong else kind(said)
    if kind is RequestRefused:
        return RequestRefused(f"{code}: {said}")
    return kind()


def _which(
    kinds: Mapping[type[AwsRefused], re.Pattern[str]], message: str, otherwise: type[AwsRefused]
) -> type[AwsRefused]:
    return next((kind for kind, words in kinds.items() if words.search(message)), otherwise)


def check_spelling(credentials: AccessKey) -> None:
    """Refuse what no access key looks like, before it gets into a header.

    Raises:
        AccessKeyUnknown: Holds what would break the header, or a session token not of printable ASCII.
        SecretKeyWrong: Not of printable ASCII.
    """
    token = credentials.session_token
    if not re.fullmatch(r"[\w.+-]{1,128}", credentials.access_key_id, re.ASCII):
        raise AccessKeyUnknown
    if not re.fullmatch(r"[!-~]+", credentials.secret_access_key):
        raise SecretKeyWrong
    if token and not re.fullmatch(r"[!-~]+", token):
        raise AccessKeyUnknown


def without_secrets(text: str, secrets: Sequence[str]) -> str:
    """Take the secrets out of AWS's words, however spelt, and all that looks like a key id."""
    for secret in filter(None, secrets):
        for spelling in (secret, quote(secret, safe="")):
            text = text.replace(spelling, "…")
    return KEY_LIKE.sub("…", text)


def _named(code: str) -> str:
    return f", {code}" if A_CODE.fullmatch(code) else ""
