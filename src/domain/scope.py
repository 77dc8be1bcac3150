"""Which part of the bill is watched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the bill: values of one key are alternatives, different keys must all fit.

    Args:
        accounts: Linked accounts: 12 digits each.
        services: Names as typed, and next to a short one those that Cost Explorer knows it by.
        regions: Codes such as ``eu-west-1``.
        tags: Values by tag key.
        categories: Values by the name of a cost category.

    Everything is sorted and there once, so that equal scopes are equal.
    """

    accounts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    categories: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.accounts or self.services or self.regions or self.tags or self.categories)

    def __str__(self) -> str:
        """The setting that says the same: ``account:111122223333 service:"Amazon EC2"``."""
        terms = [("account", account) for account in self.accounts]
        terms += [("service", service) for service in self.services]
        terms += [("region", region) for region in self.regions]
        terms += [("tag", f"{key}={value}") for key, values in self.tags for value in values]
        terms += [("category", f"{key}={value}") for key, values in self.categories for value in values]
        return " ".join(f"{key}:{_written(value)}" for key, value in terms)


def _written(value: str) -> str:
    return f'"{value}"' if " " in value or "," in value else value


WHOLE_BILL = Scope()
