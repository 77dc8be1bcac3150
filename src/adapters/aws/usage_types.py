"""Cost Explorer's usage types in words, where it is certain what they mean."""

from __future__ import annotations

import re

REGIONS = {
    "AFS1": "af-south-1",
    "APE1": "ap-east-1",
    "APN1": "ap-northeast-1",
    "APN2": "ap-northeast-2",
    "APN3": "ap-northeast-3",
    "APS1": "ap-southeast-1",
    "APS2": "ap-southeast-2",
    "APS3": "ap-south-1",
    "APS4": "ap-southeast-3",
    "CAN1": "ca-central-1",
    "EU": "eu-west-1",
    "EUC1": "eu-central-1",
    "EUC2": "eu-central-2",
    "EUN1": "eu-north-1",
    "EUS1": "eu-south-1",
    "EUW1": "eu-west-1",
    "EUW2": "eu-west-2",
    "EUW3": "eu-west-3",
    "MEC1": "me-central-1",
    "MES1": "me-south-1",
    "SAE1": "sa-east-1",
    "USE1": "us-east-1",
    "USE2": "us-east-2",
    "USW1": "us-west-1",
    "USW2": "us-west-2",
}
"""Source: the billing region codes of AWS's usage types."""

KINDS = {
    "BoxUsage": "{} instances",
    "SpotUsage": "{} spot instances",
    "DedicatedUsage": "{} dedicated instances",
    "UnusedBox": "unused reservations of {}",
    "HeavyUsage": "reserved {}",
    "InstanceUsage": "{} database instances",
    "Multi-AZUsage": "{} database instances in several zones",
    "NodeUsage": "{} cache nodes",
    "Node": "{} nodes",
    "ESInstance": "{} search instances",
    "Host": "{} notebook or training hosts",
}
"""With a size after the colon: ``BoxUsage:m5.large``. ``Host`` is SageMaker's."""

WHOLE = {
    "EBS:VolumeUsage": "EBS volumes, magnetic",
    "EBS:VolumeUsage.gp2": "EBS volumes, gp2",
    "EBS:VolumeUsage.gp3": "EBS volumes, gp3",
    "EBS:VolumeUsage.io1": "EBS volumes, io1",
    "EBS:VolumeUsage.io2": "EBS volumes, io2",
    "EBS:SnapshotUsage": "EBS snapshots",
    "NatGateway-Bytes": "data through NAT gateways",
    "NatGateway-Hours": "NAT gateways, by the hour",
    "LoadBalancerUsage": "load balancers, by the hour",
    "LCUUsage": "load balancer capacity",
    "DataTransfer-Out-Bytes": "data out to the internet",
    "DataTransfer-Regional-Bytes": "data between zones",
    "TimedStorage-ByteHrs": "storage, standard",
    "ElasticIP:IdleAddress": "idle IP addresses",
    "PublicIPv4:InUseAddress": "public IPv4 addresses in use",
    "PublicIPv4:IdleAddress": "idle public IPv4 addresses",
    "Lambda-GB-Second": "function run time",
    "Requests-Tier1": "requests, tier 1",
    "Requests-Tier2": "requests, tier 2",
}

PREFIX = re.compile(rf"({'|'.join(REGIONS)})-(.+)", re.ASCII)


def in_words(usage_type: str) -> tuple[str, str]:
    """What a usage type means, and in which region; as it stands, and empty, where that is not certain.

    ``USW2-BoxUsage:m5.large`` is ``("m5.large instances", "us-west-2")``.
    """
    match = PREFIX.fullmatch(usage_type)
    region, bare = (REGIONS[match[1]], match[2]) if match else ("", usage_type)
    if bare in WHOLE:
        return WHOLE[bare], region
    kind, colon, size = bare.partition(":")
    if colon and kind in KINDS and re.fullmatch(r"[a-z0-9.-]+", size, re.ASCII):
        return KINDS[kind].format(size), region
    return usage_type, region
