"""One DynamoDB table: items by partition key and sort key.

Every item has ``pk`` and ``sk``. What expires has ``x``, microseconds since 1970, which counts when it is
read, and ``ttl``, seconds since 1970, by which DynamoDB deletes it up to days later.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiobotocore.client import AioBaseClient
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from application.errors import StorageUnavailable

Item = dict[str, Any]
"""Names to ``str``, ``int`` or ``bytes``."""

DUE = "by-due"
"""The index of unfinished ticks: by ``line``, in the order of ``due``."""

BY_ID = "by-id"
"""The index of all ticks: by ``pk``, in the order of ``id``, which is that of their acceptance."""

NAME = re.compile(r"#(\w+)")

CONDITION_FAILED = "ConditionalCheckFailedException"


class ConditionFailedError(Exception):
    """A condition does not hold, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class Write:
    """A put (with ``item``), an update (with ``change``) or a deletion of one item.

    Args:
        pk: The item's partition key.
        sk: The item's sort key.
        item: What is put there, without the keys.
        change: An update expression.
        condition: What must hold; empty: nothing.
        values: What ``:value`` means in these two. ``#name`` is an attribute's name; without the mark
            DynamoDB would take some five hundred of them for words of its own.
    """

    pk: str
    sk: str
    item: Mapping[str, Any] | None = None
    change: str = ""
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


class Table:
    """Reads and writes items, and turns DynamoDB's errors into StorageUnavailable.

    Args:
        client: aiobotocore's, for DynamoDB.
        name: The table's.
    """

    def __init__(self, client: AioBaseClient, name: str) -> None:
        self._client: Any = client
        self._name = name

    async def get(self, pk: str, sk: str) -> Item | None:
        """The item as it is now, or None."""
        answer = await self._call("get_item", TableName=self._name, Key=_keys(pk, sk), ConsistentRead=True)
        return _decoded(answer["Item"]) if "Item" in answer else None

    async def write(self, write: Write, *, returns: bool = False) -> Item:
        """Do one write; return the item as it is then, if asked to.

        Raises:
            ConditionFailedError: Its condition does not hold.
        """
        operation, arguments = self._operation(write)
        if returns:
            arguments["ReturnValues"] = "ALL_NEW"
        answer = await self._call(operation, **arguments)
        return _decoded(answer.get("Attributes", {}))

    async def partition(self, pk: str) -> AsyncIterator[Item]:
        """All items of a partition as they are now."""
        async for item in self._query("#pk = :pk", {":pk": pk}, ConsistentRead=True):
            yield item

    async def by_id(self, pk: str, *, tick_id: str = "", limit: int | None = None) -> AsyncIterator[Item]:
        """The ticks of a partition, oldest first; or the one with this id."""
        condition, values = "#pk = :pk", {":pk": pk}
        if tick_id:
            condition, values = "#pk = :pk AND #id = :id", {**values, ":id": tick_id}
        async for item in self._query(condition, values, limit, IndexName=BY_ID):
            yield item

    async def due(self, line: str, *, until: str = "~", limit: int | None = None) -> AsyncIterator[Item]:
        """The unfinished ticks of a line, in the order of ``due``, up to ``until``."""
        values = {":line": line, ":until": until}
        async for item in self._query("#line = :line AND #due <= :until", values, limit, IndexName=DUE):
            yield item

    async def under(self, prefix: str) -> AsyncIterator[Item]:
        """All items whose partition keys begin so, as they are now. This reads the whole table."""
        arguments = _expression("FilterExpression", "begins_with(#pk, :prefix)", {":prefix": prefix})
        async for item in self._pages("scan", None, **arguments, ConsistentRead=True):
            yield item

    def _query(
        self, condition: str, values: Mapping[str, Any], limit: int | None = None, **arguments: Any
    ) -> AsyncIterator[Item]:
        arguments |= _expression("KeyConditionExpression", condition, values)
        return self._pages("query", limit, **arguments)

    async def _pages(self, operation: str, limit: int | None, **arguments: Any) -> AsyncIterator[Item]:
        left = limit
        while left is None or left > 0:
            if left is not None:
                arguments["Limit"] = left
            answer = await self._call(operation, TableName=self._name, **arguments)
            for item in answer["Items"]:
                yield _decoded(item)
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            left = None if left is None else left - len(answer["Items"])

    def _operation(self, write: Write) -> tuple[str, dict[str, Any]]:
        arguments: dict[str, Any] = {"TableName": self._name}
        if write.condition:
            arguments["ConditionExpression"] = write.condition
        if names := NAME.findall(write.change + write.condition):
            arguments["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
        if write.values:
            arguments["ExpressionAttributeValues"] = _encoded(write.values)
        if write.item is not None:
            return "put_item", {**arguments, "Item": _keys(write.pk, write.sk) | _encoded(write.item)}
        arguments["Key"] = _keys(write.pk, write.sk)
        if write.change:
            return "update_item", {**arguments, "UpdateExpression": write.change}
        return "delete_item", arguments

    async def _call(self, operation: str, **arguments: Any) -> Any:
        with translated("DynamoDB"):
            return await getattr(self._client, operation)(**arguments)


class translated:  # noqa: N801  # used like a function
    """Turn what the SDK raises into StorageUnavailable, or ConditionFailedError.

    Args:
        service: For the text, which holds no value.
    """

    def __init__(self, service: str) -> None:
        self._service = service

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Raise StorageUnavailable where the service failed."""
        if isinstance(error, ClientError):
            code = error.response["Error"]["Code"]
            if code == CONDITION_FAILED:
                raise ConditionFailedError from None
            raise StorageUnavailable(f"{self._service} refuses ({code})") from None
        if isinstance(error, BotoCoreError | HTTPClientError | OSError | TimeoutError):
            raise StorageUnavailable(f"{self._service} cannot be used ({type(error).__name__})") from None


def _expression(kind: str, text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that an expression consists of."""
    return {
        kind: text,
        "ExpressionAttributeNames": {f"#{name}": name for name in NAME.findall(text)},
        "ExpressionAttributeValues": _encoded(values),
    }


def _keys(pk: str, sk: str) -> dict[str, Any]:
    return _encoded({"pk": pk, "sk": sk})


def _encoded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed(value) for name, value in values.items()}


def _typed(value: str | int | bytes) -> dict[str, Any]:
    match value:
        case bytes():
            return {"B": value}
        case int():
            return {"N": str(value)}
        case _:
            return {"S": value}


def _decoded(item: Mapping[str, Any]) -> Item:
    return {name: _value(typed) for name, typed in item.items()}


def _value(typed: Mapping[str, Any]) -> str | int | bytes:
    (kind, value), *_ = typed.items()
    return int(value) if kind == "N" else value
