"""Amounts of money, exact until they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency.

    Args:
        amount: Unrounded; negative for a credit.
        currency: The code that AWS gives as ``Unit``: USD, or CNY in China.

    Raises:
        ValueError: The amount is NaN or infinite, or the currency is empty.
    """

    amount: Decimal
    currency: str = "USD"

    def __post_init__(self) -> None:
        if not self.amount.is_finite():
            raise ValueError(f"an amount of money is a finite number, not {self.amount}")
        if not self.currency:
            raise ValueError("an amount of money needs a currency")

    def __add__(self, other: Money) -> Money:
        self._check_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._check_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __str__(self) -> str:
        """Two decimals and thousands separators: ``$1,234.50``, ``-$3.00``, ``1,234.50 CNY``.

        An amount that two decimals would turn into nothing says so: ``under $0.01``, or for a credit
        ``under $0.01 in credit``.
        """
        rounded = self.in_cents()
        if rounded == 0 and self.amount != 0:
            return f"under {self._with_currency('0.01')}{' in credit' if self.amount < 0 else ''}"
        sign = "-" if rounded < 0 else ""
        return sign + self._with_currency(f"{abs(rounded):,.2f}")

    def in_cents(self) -> Decimal:
        """The amount as it is shown: rounded half up to two decimals."""
        return self.amount.quantize(CENT, ROUND_HALF_UP) if self._fits_cents() else self.amount

    def _with_currency(self, digits: str) -> str:
        return f"${digits}" if self.currency == "USD" else f"{digits} {self.currency}"

    def _fits_cents(self) -> bool:
        # quantize() refuses a result of more digits than the context holds (28).
        return self.amount.adjusted() < 24  # noqa: PLR2004

    def _check_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")


def round_together(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Round each amount to cents so that together they are the rounded sum; each moves by under a cent.

    What rounding leaves over goes to those that were cut the most (the largest remainder method).
    """
    rounded = [amount.quantize(CENT, ROUND_FLOOR) for amount in amounts]
    total = Money(sum(amounts, Decimal())).in_cents()
    cents_left = int((total - sum(rounded, Decimal())) / CENT)
    most_cut_first = sorted(range(len(amounts)), key=lambda n: rounded[n] - amounts[n])
    for n in most_cut_first[:cents_left]:
        rounded[n] += CENT
    return rounded
