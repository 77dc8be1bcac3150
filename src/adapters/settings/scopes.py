"""Which part of the bill: the setting ``scope``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from adapters.settings.text import cleaned, did_you_mean, letters, quoted
from domain.scope import Scope

EXAMPLE = 'Write for example account:111122223333 service:"Amazon EC2" region:eu-west-1 tag:team=web.'
LONGEST = 1000
"""Characters in the setting; what Cost Explorer takes in a filter is limited, too."""

KEYS = {key: f"{key}:" for key in ("account", "service", "region", "tag", "category")}
ACCOUNT = re.compile(r"\d{12}", re.ASCII)
REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d{1,2}|global|NoRegion", re.ASCII)
REGIONS = {
    "af-south-1": "Cape Town",
    "ap-east-1": "Hong Kong",
    "ap-northeast-1": "Tokyo",
    "ap-northeast-2": "Seoul",
    "ap-northeast-3": "Osaka",
    "ap-south-1": "Mumbai",
    "ap-south-2": "Hyderabad",
    "ap-southeast-1": "Singapore",
    "ap-southeast-2": "Sydney",
    "ap-southeast-3": "Jakarta",
    "ap-southeast-4": "Melbourne",
    "ap-southeast-5": "Malaysia",
    "ap-southeast-7": "Thailand",
    "ca-central-1": "Canada Central",
    "ca-west-1": "Calgary",
    "cn-north-1": "Beijing",
    "cn-northwest-1": "Ningxia",
    "eu-central-1": "Frankfurt",
    "eu-central-2": "Zurich",
    "eu-north-1": "Stockholm",
    "eu-south-1": "Milan",
    "eu-south-2": "Spain",
    "eu-west-1": "Ireland",
    "eu-west-2": "London",
    "eu-west-3": "Paris",
    "il-central-1": "Tel Aviv",
    "me-central-1": "UAE",
    "me-south-1": "Bahrain",
    "mx-central-1": "Mexico",
    "sa-east-1": "Sao Paulo",
    "us-east-1": "Virginia",
    "us-east-2": "Ohio",
    "us-west-1": "California",
    "us-west-2": "Oregon",
}
"""What a mistyped region is compared with, and where it is; any code that looks like one is accepted."""

_REGION_HINTS = {region: region for region in REGIONS} | {
    letters(name): code for code, name in REGIONS.items()
}

SERVICES = {
    "apigateway": ("Amazon API Gateway",),
    "athena": ("Amazon Athena",),
    "bedrock": ("Amazon Bedrock",),
    "cloudfront": ("Amazon CloudFront",),
    "cloudtrail": ("AWS CloudTrail",),
    "cloudwatch": ("AmazonCloudWatch",),
    "cognito": ("Amazon Cognito",),
    "config": ("AWS Config",),
    "documentdb": ("Amazon DocumentDB (with MongoDB compatibility)",),
    "dynamodb": ("Amazon DynamoDB",),
    "ec2": ("Amazon Elastic Compute Cloud - Compute", "EC2 - Other"),
    "ecr": ("Amazon EC2 Container Registry (ECR)",),
    "ecs": ("Amazon Elastic Container Service",),
    "efs": ("Amazon Elastic File System",),
    "eks": ("Amazon Elastic Container Service for Kubernetes",),
    "elasticache": ("Amazon ElastiCache",),
    "elb": ("Amazon Elastic Load Balancing",),
    "emr": ("Amazon Elastic MapReduce",),
    "fsx": ("Amazon FSx",),
    "glue": ("AWS Glue",),
    "guardduty": ("Amazon GuardDuty",),
    "kinesis": ("Amazon Kinesis",),
    "kms": ("AWS Key Management Service",),
    "lambda": ("AWS Lambda",),
    "lightsail": ("Amazon Lightsail",),
    "msk": ("Amazon Managed Streaming for Apache Kafka",),
    "opensearch": ("Amazon OpenSearch Service",),
    "rds": ("Amazon Relational Database Service",),
    "redshift": ("Amazon Redshift",),
    "route53": ("Amazon Route 53",),
    "s3": ("Amazon Simple Storage Service",),
    "sagemaker": ("Amazon SageMaker",),
    "secretsmanager": ("AWS Secrets Manager",),
    "ses": ("Amazon Simple Email Service",),
    "sns": ("Amazon Simple Notification Service",),
    "sqs": ("Amazon Simple Queue Service",),
    "stepfunctions": ("AWS Step Functions",),
    "vpc": ("Amazon Virtual Private Cloud",),
    "waf": ("AWS WAF",),
}
"""By the letters of the name that people use: what Cost Explorer calls it. It finds exact names only."""


def read_scope(text: str) -> Scope:
    """``account:111122223333 service:EC2,S3 region:eu-west-1 tag:team=web category:team=web``; blank is all.

    Raises:
        ValueError: It cannot be read; the text says what it was near to.
    """
    values: dict[str, set[str]] = {key: set() for key in KEYS}
    for key, value in _terms(cleaned(text)):
        values[key] |= _READERS[key](value)
    accounts, services, regions = (tuple(sorted(values[key])) for key in ("account", "service", "region"))
    return Scope(accounts, services, regions, _by_key(values["tag"]), _by_key(values["category"]))


def service_names(name: str) -> tuple[str, ...]:
    """The name as typed and, if it is a short one, what Cost Explorer calls the service."""
    short_name = letters(name.lower().removeprefix("amazon ").removeprefix("aws "))
    return (name, *SERVICES.get(short_name, ()))


def split_unquoted(text: str, separators: str) -> Iterator[tuple[str, str]]:
    """The pieces between separators that stand in no quotation marks, each with the separator before it.

    Straight and curly quotation marks go; empty pieces are left out.

    Raises:
        ValueError: A quotation mark is opened and not closed.
    """
    piece: list[str] = []
    before, in_quotes = "", False
    for char in text:
        if char in '"“”„':
            in_quotes = not in_quotes
        elif char in separators and not in_quotes:
            if name := "".join(piece).strip():
                yield before, name
                before = char
            elif before.isspace() or not before:
                before = char
            piece = []
        else:
            piece.append(char)
    if in_quotes:
        raise ValueError(f"opens a quotation mark and does not close it. {EXAMPLE}")
    if name := "".join(piece).strip():
        yield before, name


def _terms(text: str) -> Iterator[tuple[str, str]]:
    """Each key with one of its values; after a comma the key of the value before goes on."""
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters. {EXAMPLE}")
    key = prefix = ""
    for before, term in split_unquoted(text, ", \t\n\r\v\f"):
        name, colon, value = (part.strip() for part in term.partition(":"))
        if colon and name.lower() in KEYS:
            key = name.lower()
            prefix = f"{value.partition('=')[0]}=" if "=" in value else ""
        elif before == "," and key:
            value = term if "=" in term else prefix + term
        else:
            hint = did_you_mean(name.lower().partition("=")[0], KEYS)
            raise ValueError(
                f"has {quoted(term)}, but takes {', '.join(KEYS.values())} only.{hint} {EXAMPLE}"
            )
        if not value:
            raise ValueError(f"has {key}: without a value right after it. {EXAMPLE}")
        yield key, value


def _by_key(pairs: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    values: dict[str, list[str]] = {}
    for pair in sorted(pairs):
        key, _, value = pair.partition("=")
        values.setdefault(key, []).append(value)
    return tuple((key, tuple(values[key])) for key in sorted(values))


def _read_account(value: str) -> set[str]:
    digits = value.replace("-", "")
    if not ACCOUNT.fullmatch(digits):
        raise ValueError(f"has the account {quoted(value)}, which is not 12 digits. {EXAMPLE}")
    return {digits}


def _read_service(value: str) -> set[str]:
    return set(service_names(value))


def read_region(text: str) -> str:
    """``eu-west-1``; any code that looks like a region's.

    Raises:
        ValueError: It looks like none; the text says what it was near to.
    """
    value = cleaned(text)
    if not REGION.fullmatch(value.lower()):
        raise ValueError(f"is {quoted(value)}, which looks like no region.{_near_region(value)}")
    return value.lower()


def _read_region(value: str) -> set[str]:
    code = value if value == "NoRegion" else value.lower()
    if not REGION.fullmatch(code):
        hint = _near_region(value)
        raise ValueError(f"has the region {quoted(value)}, which looks like none.{hint} {EXAMPLE}")
    return {code}


def _near_region(value: str) -> str:
    code = value.lower()
    return did_you_mean(code, _REGION_HINTS) or did_you_mean(letters(code), _REGION_HINTS)


def _read_pair(value: str) -> set[str]:
    key, _, content = (part.strip() for part in value.partition("="))
    if not (key and content):
        raise ValueError(f"has {quoted(value)}, which is not key=value, as in tag:team=web. {EXAMPLE}")
    return {f"{key}={content}"}


_READERS = {
    "account": _read_account,
    "service": _read_service,
    "region": _read_region,
    "tag": _read_pair,
    "category": _read_pair,
}
