"""An operation of AWS, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Parse = Callable[[int, Mapping[str, str], bytes], dict[str, Any]]
"""Reads status, headers and body by the service's model; may raise AwsUnavailable."""


@dataclass(frozen=True, slots=True)
class AwsAnswer:
    """What AWS sent.

    Args:
        status: HTTP status.
        headers: By name, whatever its case.
        body: As it came.
        parse: What botocore reads it with.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    parse: Parse

    def parsed(self) -> dict[str, Any]:
        """Read it by the service's model; when AWS refuses, ``Error`` holds ``Code`` and ``Message``.

        Raises:
            AwsUnavailable: It is not in AWS's form.
        """
        return self.parse(self.status, self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """An operation of AWS.

    Args:
        service: As botocore calls it.
        name: As botocore's client calls it.
        paid: Whether AWS charges for each request.
        secrets: The parameters that hold one. A request with any is written anew for each call, and not kept.
        read: Turns AWS's answer, once it is no refusal, into what the caller wants.
    """

    service: str
    name: str
    paid: bool
    read: Callable[[AwsAnswer], T]
    secrets: tuple[str, ...] = ()
