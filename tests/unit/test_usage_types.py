"""Usage types in words, where it is certain what they mean."""

from __future__ import annotations

import pytest

from adapters.aws.usage_types import in_words


@pytest.mark.parametrize(
    ("usage_type", "words", "region"),
    [
        ("BoxUsage:p4d.24xlarge", "p4d.24xlarge instances", ""),
        ("USW2-BoxUsage:m5.large", "m5.large instances", "us-west-2"),
        ("EU-SpotUsage:g5.xlarge", "g5.xlarge spot instances", "eu-west-1"),
        ("EUC1-EBS:VolumeUsage.gp3", "EBS volumes, gp3", "eu-central-1"),
        ("NatGateway-Bytes", "data through NAT gateways", ""),
        ("USE2-Some-New-Thing", "USE2-Some-New-Thing", "us-east-2"),
        ("XX9-BoxUsage:m5.large", "XX9-BoxUsage:m5.large", ""),
        ("BoxUsage:<b>@all</b>", "BoxUsage:<b>@all</b>", ""),
        ("claude-opus", "claude-opus", ""),
        ("", "", ""),
    ],
)
def test_what_is_certain_is_put_into_words(usage_type: str, words: str, region: str) -> None:
    """And what is not stands as it is."""
    assert in_words(usage_type) == (words, region)
