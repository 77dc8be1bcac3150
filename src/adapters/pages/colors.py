"""Which color a service has: the same one everywhere, told apart by the color-blind too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zlib import crc32

LIGHT = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#332288")
"""By slot, on white paper; those on dark paper are in ``style.css``.

Source: Okabe and Ito's palette, with Tol's indigo for its yellow.
"""

LIGHT_OTHERS = "#b9bfc7"
"""All that have no color of their own, together."""

OTHERS = len(LIGHT)
"""Their slot."""

WELL_KNOWN = (
    ("Amazon Elastic Compute Cloud - Compute", "Amazon DynamoDB", "Amazon Redshift"),
    ("Amazon Relational Database Service", "AWS Key Management Service", "Amazon Athena"),
    (
        "Amazon Simple Storage Service",
        "Amazon ElastiCache",
        "Amazon Elastic Container Service for Kubernetes",
    ),
    ("AWS Lambda", "Amazon Elastic Container Service", "Tax"),
    ("EC2 - Other", "Amazon CloudFront", "Amazon OpenSearch Service"),
    ("Amazon SageMaker", "Amazon Bedrock", "Amazon Elastic Load Balancing"),
    ("Amazon CloudWatch", "AmazonCloudWatch", "Amazon Virtual Private Cloud", "AWS Glue"),
)
"""By slot, the services that most bills have, so that the largest of a bill seldom meet in one color."""

_SLOTS = {name: slot for slot, names in enumerate(WELL_KNOWN) for name in names}


def slots_of(names: Iterable[str]) -> Mapping[str, int]:
    """Give each name a slot of its own, as long as there are any.

    Every name has one that it always asks for. Where two ask for one, the first by alphabet has it and the
    other gets the next that is free, so that the colors do not depend on what happens to cost more today.
    """
    slots: dict[str, int] = {}
    free = set(range(OTHERS))
    for name in sorted(names, key=lambda name: (name not in _SLOTS, name)):
        wanted = _SLOTS.get(name, crc32(name.encode("utf-8", "surrogatepass")) % OTHERS)
        slot = next((n % OTHERS for n in range(wanted, wanted + OTHERS) if n % OTHERS in free), OTHERS)
        free.discard(slot)
        slots[name] = slot
    return slots
