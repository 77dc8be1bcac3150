"""Tables and queues on moto's server, for the state on DynamoDB and SQS."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
from pathlib import Path
from typing import Any

import boto3
import yaml  # type: ignore[import-untyped]  # it has no types

from adapters.state.aws_address import AwsAddress
from tests.doubles.aws import MotoAws

TEMPLATE = Path(__file__).parents[2] / "deploy" / "lambda" / "template.yaml"

_numbers = itertools.count()


@functools.cache
def shared_server() -> MotoAws:
    """One for all the tests of this process; each makes a table and a queue of its own."""
    server = MotoAws()
    atexit.register(server.stop)
    return server


def client() -> dict[str, Any]:
    """How a client of the SDK's reaches it."""
    return {
        "endpoint_url": shared_server().url,
        "region_name": "eu-west-1",
        "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key": "secret",
    }


def new_address() -> AwsAddress:
    """Make a table and a queue as the template does."""
    name = f"spend-{os.getpid()}-{next(_numbers)}"
    sdk("dynamodb").create_table(TableName=name, **table())
    sdk("sqs").create_queue(QueueName=name)
    return AwsAddress(name, name)


@functools.cache
def sdk(service: str) -> Any:
    """Kept, since a client costs more than a table; the tests' own are bound to their event loops."""
    return boto3.client(service, **client())


def function_variables(address: AwsAddress, outside: str) -> dict[str, str]:
    """The variables that the template gives the function; Cost Explorer and STS are at ``outside``."""
    secret = sdk("secretsmanager").create_secret(Name=address.table, SecretString=bytes(range(32)).hex())
    return {
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": shared_server().url,
        "AWS_ENDPOINT_URL_COST_EXPLORER": outside,
        "AWS_ENDPOINT_URL_STS": outside,
        "SPEND_MONITOR_STATE_URL": f"dynamodb://{address.table}?queue={address.queue}",
        "SPEND_MONITOR_SECRET_KEY_ARN": secret["ARN"],
    }


def received(address: AwsAddress) -> list[str]:
    """The messages of the queue, taken out."""
    sqs = sdk("sqs")
    url = sqs.get_queue_url(QueueName=address.queue)["QueueUrl"]
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def table() -> Any:
    """The table of the template, as ``CreateTable`` takes it."""
    properties = template()["Resources"]["Table"]["Properties"]
    kept = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {name: properties[name] for name in kept}


@functools.cache
def template() -> dict[str, Any]:
    """The CloudFormation template; its short functions (``!Ref``) as their long form."""
    read: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=_Loader)  # noqa: S506  # a safe loader
    return read


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """Knows CloudFormation's tags."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _function)
