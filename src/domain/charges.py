"""What a cost is made of: the metric that it is counted by, and the kinds of charges that may be left out."""

from __future__ import annotations

from enum import StrEnum

RECORD_TYPES = (
    "Credit",
    "Refund",
    "Tax",
    "Usage",
    "Support",
    "Fee",
    "Upfront",
    "Recurring",
    "Other",
    "DiscountedUsage",
    "RIFee",
    "SavingsPlanCoveredUsage",
    "SavingsPlanNegation",
    "SavingsPlanRecurringFee",
    "SavingsPlanUpfrontFee",
    "Discount",
    "Bundled Discount",
    "Distributor Discount",
    "Enterprise Discount Program Discount",
    "Private Rate Discount",
    "Solution Provider Program Discount",
)
"""The charge types that people leave out, as Cost Explorer's ``RECORD_TYPE`` spells them."""


class Metric(StrEnum):
    """Cost Explorer's cost metrics, in its own words."""

    AMORTIZED = "AmortizedCost"
    BLENDED = "BlendedCost"
    NET_AMORTIZED = "NetAmortizedCost"
    NET_UNBLENDED = "NetUnblendedCost"
    UNBLENDED = "UnblendedCost"
