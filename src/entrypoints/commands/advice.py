"""What went wrong at AWS, in the words of who runs a command: profiles, variables, the next command to type.

A channel's words are another matter: they speak of the form's fields, and of looks to come.
"""

from __future__ import annotations

import os
from shlex import quote

from adapters.settings.text import did_you_mean
from application.aws_errors import (
    AccessKeyUnknown,
    AwsBusy,
    AwsError,
    AwsUnavailable,
    ClockOff,
    CostExplorerAbsent,
    CredentialsExpired,
    CredentialsMissing,
    EndpointMismatched,
    PaidRequestsCapped,
    PermissionMissing,
    ProfileUnknown,
    RequestRefused,
    SecretKeyWrong,
    SignInEnded,
)

MOST_NAMED = 12
NO_REGION = "must specify a region"
"""What botocore says when it needs a region to get credentials, and nothing names one."""

REMEDIES: dict[type[AwsError], str] = {
    AwsUnavailable: "Run the command again in a minute. If this goes on, look at the network and HTTPS_PROXY "
    "here, and at health.aws.amazon.com.",
    AwsBusy: "Run the command again in a minute.",
    ClockOff: "Set this machine's clock, best by NTP. Nothing is wrong with the credentials.",
    CostExplorerAbsent: "Give a profile of the standard account that the GovCloud account is billed to.",
    EndpointMismatched: "Correct --region, AWS_REGION or AWS_ENDPOINT_URL: the credentials may be right.",
    PaidRequestsCapped: "Run it again tomorrow (UTC), or raise SPEND_MONITOR_MAX_PAID_REQUESTS_PER_DAY.",
}
"""Where a channel is told of looks to come, or of what the operator does."""


def advice(failure: AwsError, profile: str | None = None, trouble: str = "") -> tuple[str, str]:
    """What is wrong, and what to do.

    Args:
        failure: What AWS, or the SDK, said.
        profile: The one that was asked for; None: AWS_PROFILE's, if any.
        trouble: Why AWS could not be asked at all; empty if it could.
    """
    name = profile or os.environ.get("AWS_PROFILE") or ""
    problem, remedy = str(failure), _remedy(failure, name)
    match failure:
        case AwsUnavailable() if trouble:
            problem, remedy = f"{trouble.rstrip('.')}.", "Correct that, and run the command again."
        case ProfileUnknown():
            problem, remedy = f'The AWS configuration has no profile "{name}".', _other_profiles(name)
        case SignInEnded():
            of = f' of profile "{name}"' if name else ""
            problem, remedy = f"The sign-in{of} has ended.", f"Run: {failure.command}{_with(name)}"
        case CredentialsMissing():
            problem, remedy = _missing(failure, name)
    return problem, remedy


def _remedy(failure: AwsError, name: str) -> str:
    match failure:
        case AccessKeyUnknown():
            remedy = f"Correct the access key {_where(name)}.{_another_region(name)}"
        case SecretKeyWrong():
            where = _where(name, "AWS_SECRET_ACCESS_KEY")
            remedy = f"Correct the secret key {where}: 40 characters, which IAM showed once."
        case CredentialsExpired():
            remedy = f"Get new ones {_where(name)}: 'aws sso login{_with(name)}' if they came from there."
        case PermissionMissing() if type(failure) is PermissionMissing:
            remedy = f"{failure.remedy} 'aws-spend-monitor policy' prints the whole policy."
        case RequestRefused():
            remedy = f"Run: aws-spend-monitor doctor{_with(name)}"
        case _:
            known = (remedy for kind, remedy in REMEDIES.items() if isinstance(failure, kind))
            remedy = next(known, failure.remedy_at_hand)
    return remedy


def _missing(failure: CredentialsMissing, name: str) -> tuple[str, str]:
    if NO_REGION in failure.detail:
        whose = f'Profile "{name}" names' if name else "The AWS configuration names"
        return f"{whose} no region, and its credentials need one.", "Give --region, or set AWS_REGION."
    whose = f'Profile "{name}" has' if name else "This machine has"
    said = f" The SDK says: {failure.detail}" if failure.detail else ""
    problem = f"{whose} no AWS credentials that can be used.{said}"
    if name:
        others = [profile for profile in _profiles() if profile != name]
        choose = f" Or choose another: {_listed(others)}." if others else ""
        return problem, f"Give it some with 'aws configure{_with(name)}'.{choose}"
    profiles = _profiles()
    choose = f"Choose a profile with -p: {_listed(profiles)}. Or set" if profiles else "Set"
    return problem, f"{choose} AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run 'aws configure'."


def _other_profiles(name: str) -> str:
    profiles = [profile for profile in _profiles() if profile != name]
    if not profiles:
        return f"It has no other either: make one with 'aws configure{_with(name)}'."
    hint = did_you_mean(name, {profile: profile for profile in profiles}).strip()
    return f"{hint} There are: {_listed(profiles)}.".strip()


def _listed(profiles: list[str]) -> str:
    more = f" and {len(profiles) - MOST_NAMED} more" if len(profiles) > MOST_NAMED else ""
    return f"{', '.join(profiles[:MOST_NAMED])}{more}"


def _with(name: str) -> str:
    return f" --profile {quote(name)}" if name else ""


def _where(name: str, variable: str = "AWS_ACCESS_KEY_ID") -> str:
    if name:
        return f'of profile "{name}"'
    return f"in {variable}" if os.environ.get(variable) else "that this machine has"


def _another_region(name: str) -> str:
    """China's keys are unknown everywhere else, and that is where a region is needed."""
    from adapters.aws.chain import names_region  # noqa: PLC0415  # loads botocore

    if names_region(name or None):
        return ""
    whose = f'profile "{name}"' if name else "the AWS configuration"
    return f" If it is an account in China, set AWS_REGION or give -r cn-north-1: {whose} names no region."


def _profiles() -> list[str]:
    from adapters.aws.chain import profiles  # noqa: PLC0415  # loads botocore

    return profiles()
