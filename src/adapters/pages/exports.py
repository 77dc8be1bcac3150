"""A report for programs: JSON and CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec

from adapters.pages.cells import cell
from adapters.pages.document import Document
from adapters.pages.writing import digits
from domain.costs import CostHistory


def public_json(document: Document) -> dict[str, Any]:
    """What ``/reports/….json`` shows: the document, its costs by name."""
    costs = [
        {
            "start": entry.period.start,
            "end": entry.period.end,
            "services": {name: digits(amount) for name, amount in entry.services.items()},
        }
        for entry in document.costs.history.entries
    ]
    return {**msgspec.structs.asdict(document), "costs": costs}


def costs_csv(history: CostHistory) -> str:
    """A row per day (or month) and service, as AWS answered."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["start", "end", "service", "amount", "currency"])
    for entry in history.entries:
        for name, amount in entry.services.items():
            writer.writerow(
                [entry.period.start, entry.period.end, cell(name), f"{amount:f}", history.currency]
            )
    return table.getvalue()
