"""What a cost is made of: the metric that it is counted by, and the kinds of charges that may be left out."""

from __future__ import annotations

import re
from enum import StrEnum

from domain.choices import choose, did_you_mean, letters

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

_BY_LETTERS = {letters(record_type): record_type for record_type in RECORD_TYPES}
_BY_LETTERS |= {f"{spelling}s": record_type for spelling, record_type in _BY_LETTERS.items()}
_BY_LETTERS |= {"taxes": "Tax"}


class Metric(StrEnum):
    """Cost Explorer's cost metrics, in its own words."""

    AMORTIZED = "AmortizedCost"
    BLENDED = "BlendedCost"
    NET_AMORTIZED = "NetAmortizedCost"
    NET_UNBLENDED = "NetUnblendedCost"
    UNBLENDED = "UnblendedCost"

    @classmethod
    def parse(cls, text: str) -> Metric:
        """Read the setting ``metric``; blank is AmortizedCost.

        Raises:
            ValueError: It is none of the five; the text says what it was near to.
        """
        return choose("metric", text, cls) if text.strip() else cls.AMORTIZED


def parse_record_types(text: str) -> tuple[str, ...]:
    """Read the setting ``exclude_charges``: ``Credit, Refund, Tax``; blank is nothing.

    Returns:
        Cost Explorer's spellings, each once, in alphabetical order.

    Raises:
        ValueError: One is no record type (it would silently leave nothing out); the text says what it was
            near to.
    """
    typed = [letters(entry) for entry in re.split(r"[,;\n]", text) if entry.strip()]
    unknown = [entry for entry in typed if entry not in _BY_LETTERS]
    if unknown:
        raise ValueError(
            f"exclude_charges names a charge type that there is not.{did_you_mean(unknown[0], _BY_LETTERS)} "
            f'Write for example "Credit, Refund, Tax". Accepted are {", ".join(RECORD_TYPES)}.'
        )
    return tuple(sorted({_BY_LETTERS[entry] for entry in typed}))
