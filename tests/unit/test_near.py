"""What may have been meant by a name that nothing has."""

from __future__ import annotations

import pytest

from domain.near import near

NAMES = (
    "AWS Lambda",
    "Amazon Elastic Compute Cloud - Compute",
    "EC2 - Other",
    "Amazon S3 Glacier",
    "AmazonCloudWatch",
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("Lambda", ["AWS Lambda"]),
        ("lamda", ["AWS Lambda"]),
        ("EC2", ["EC2 - Other"]),
        ("Elastic Compute", ["Amazon Elastic Compute Cloud - Compute"]),
        ("Amazon Cloud Watch", ["AmazonCloudWatch"]),
        ("Amazon", []),
        ("", []),
        ("Bedrock", []),
    ],
)
def test_names_that_are_like_the_wanted_one(wanted: str, expected: list[str]) -> None:
    """They hold it, stand in it, or are spelled like it; what every name has is no likeness."""
    assert list(near([wanted], NAMES)) == expected


def test_few_are_named() -> None:
    """Each once, whatever it is near to."""
    assert len(near(["aws a", "aws b"], [f"aws {n}" for n in range(9)])) <= 3
    assert near(["Lambda", "lamda"], NAMES) == ("AWS Lambda",)
