"""Which part of the bill is watched."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from domain.choices import did_you_mean

EXAMPLE = 'Write for example account:111122223333 service:"Amazon EC2" region:eu-west-1 tag:team=web.'
LONGEST = 1000
"""Characters in the setting; what Cost Explorer takes in a filter is limited, too."""

KEYS = {"account": "account:", "service": "service:", "region": "region:", "tag": "tag:"}
ACCOUNT = re.compile(r"\d{12}", re.ASCII)
REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d{1,2}|global|NoRegion", re.ASCII)
KNOWN_REGIONS = (
    "af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 "
    "ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ca-central-1 ca-west-1 cn-north-1 "
    "cn-northwest-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 "
    "il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2"
)
"""What a mistyped region is compared with; any that looks like one is accepted."""

SPELLINGS = {
    "ec2": ("Amazon Elastic Compute Cloud - Compute", "EC2 - Other"),
    "s3": ("Amazon Simple Storage Service",),
    "rds": ("Amazon Relational Database Service",),
    "vpc": ("Amazon Virtual Private Cloud",),
    "ecs": ("Amazon Elastic Container Service",),
    "eks": ("Amazon Elastic Container Service for Kubernetes",),
    "sqs": ("Amazon Simple Queue Service",),
    "sns": ("Amazon Simple Notification Service",),
    "ses": ("Amazon Simple Email Service",),
    "efs": ("Amazon Elastic File System",),
    "emr": ("Amazon Elastic MapReduce",),
    "kms": ("AWS Key Management Service",),
    "cloudwatch": ("AmazonCloudWatch",),
}
"""What Cost Explorer calls services that people know by a shorter name: it finds exact names only."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the bill: values of one key are alternatives, different keys must all fit.

    Args:
        accounts: Linked accounts: 12 digits each.
        services: Names as typed, and next to a short one those that Cost Explorer knows it by.
        regions: Codes such as ``eu-west-1``.
        tags: Values by tag key.

    Everything is sorted and there once, so that equal scopes are equal.
    """

    accounts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.accounts or self.services or self.regions or self.tags)

    def __str__(self) -> str:
        """The setting that says the same: ``account:111122223333 service:"Amazon EC2"``."""
        terms = [("account", account) for account in self.accounts]
        terms += [("service", service) for service in self.services]
        terms += [("region", region) for region in self.regions]
        terms += [("tag", f"{key}={value}") for key, values in self.tags for value in values]
        return " ".join(f'{key}:"{value}"' if " " in value else f"{key}:{value}" for key, value in terms)

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read the setting ``scope``; blank is the whole bill.

        Raises:
            ValueError: It cannot be read; the text says what it was near to.
        """
        values: dict[str, set[str]] = {key: set() for key in KEYS}
        for term in _terms(text):
            key, colon, value = term.partition(":")
            key, value = key.strip().lower(), value.strip()
            if key not in KEYS or not colon:
                hint = did_you_mean(key.partition("=")[0], KEYS)
                raise ValueError(f"scope takes account:, service:, region: and tag: only.{hint} {EXAMPLE}")
            if not value:
                raise ValueError(f"scope has {key}: without a value right after it. {EXAMPLE}")
            values[key] |= _READERS[key](value)
        accounts, services, regions = (tuple(sorted(values[key])) for key in ("account", "service", "region"))
        tags: dict[str, list[str]] = {}
        for tag in sorted(values["tag"]):
            key, _, value = tag.partition("=")
            tags.setdefault(key, []).append(value)
        return cls(accounts, services, regions, tuple((key, tuple(tags[key])) for key in sorted(tags)))


WHOLE_BILL = Scope()


def _terms(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise ValueError(f"scope is longer than {LONGEST} characters. {EXAMPLE}")
    straight = " ".join(text.translate(str.maketrans("“”„", '"""')).split())
    lexer = shlex.shlex(straight, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.quotes, lexer.escape = True, "", '"', ""
    try:
        return list(lexer)
    except ValueError:
        raise ValueError(f"scope opens a quotation mark and does not close it. {EXAMPLE}") from None


def _read_account(value: str) -> set[str]:
    digits = value.replace("-", "")
    if not ACCOUNT.fullmatch(digits):
        raise ValueError(f"scope has an account that is not 12 digits. {EXAMPLE}")
    return {digits}


def _read_service(value: str) -> set[str]:
    short_name = value.lower().removeprefix("amazon ").removeprefix("aws ")
    return {value, *SPELLINGS.get(short_name, ())}


def _read_region(value: str) -> set[str]:
    code = value if value == "NoRegion" else value.lower()
    if not REGION.fullmatch(code):
        hint = did_you_mean(code, {region: region for region in KNOWN_REGIONS.split()})
        raise ValueError(f"scope has a region that looks like none.{hint} {EXAMPLE}")
    return {code}


def _read_tag(value: str) -> set[str]:
    key, _, content = (part.strip() for part in value.partition("="))
    if not (key and content):
        raise ValueError(f"scope has a tag that is not key=value, as in tag:team=web. {EXAMPLE}")
    return {f"{key}={content}"}


_READERS = {"account": _read_account, "service": _read_service, "region": _read_region, "tag": _read_tag}
