"""AWS on loopback: moto, with its own IAM deciding who may ask, and every Cost Explorer request on record."""

from __future__ import annotations

import functools
import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import date
from functools import cached_property
from typing import Any

import boto3
from moto import settings as moto_settings
from moto.ce.models import ce_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from domain.periods import DAY, Period
from tests.doubles.cost_explorer import result

ACCOUNT = "123456789012"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ce:GetCostAndUsage", "Resource": "*"}],
}

Key = tuple[str, str]
"""Access key id and secret."""


class _Handler(MotoRequestHandler):
    """Keeps connections open, as AWS does, and prints no line a request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, *_: object) -> None:
        """Nothing."""


class MotoAws:
    """A moto server.

    Args:
        url: For ``AWS_ENDPOINT_URL``.
        questions: The bodies of every Cost Explorer request, as they came.
        refusals: Codes of errors that the next requests are answered with, by the service in their target.
    """

    def __init__(self) -> None:
        self.questions: list[dict[str, Any]] = []
        self.refusals: dict[str, deque[str]] = defaultdict(deque)
        self._one_at_a_time = threading.Lock()  # DynamoDB changes an item whole or not at all; moto does not
        self._moto = DomainDispatcherApplication(create_backend_app)
        # Moto looks through its own folders on disk for each request.
        cached = functools.cache(self._moto.get_backend_for_host)
        self._moto.get_backend_for_host = cached  # type: ignore[method-assign]
        self._server = make_server("127.0.0.1", 0, self._application, threaded=True, request_handler=_Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET", "").endswith("GetCostAndUsage"):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.questions.append(json.loads(body))
            environ["wsgi.input"] = _Replay(body)
        if refusals := self.refusals[environ.get("HTTP_X_AMZ_TARGET", "").partition("_")[0]]:
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
            return [json.dumps({"__type": refusals.popleft(), "message": "No."}).encode()]
        is_dynamodb = environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB")
        with self._one_at_a_time if is_dynamodb else nullcontext():
            answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer

    def bill(self, results: list[dict[str, Any]], *further: list[dict[str, Any]]) -> None:
        """Let every question be answered with these ``ResultsByTime``.

        Args:
            results: The first answer, and all later ones.
            further: The second answer, the third, …
        """
        backend = ce_backends[ACCOUNT]["aws"]
        backend.cost_usage_results.clear()
        backend.cost_usage_results_queue[:] = [
            {"ResultsByTime": answer, "DimensionValueAttributes": []}
            for answer in (results, *further, *[results] * 100)
        ]

    def user(self, name: str, policy: Mapping[str, Any] | None = POLICY) -> Key:
        """Make an IAM user with this policy and return its access key."""
        with _no_access_control():
            self._iam.create_user(UserName=name)
            if policy:
                document = json.dumps(policy)
                self._iam.put_user_policy(UserName=name, PolicyName="monitor", PolicyDocument=document)
            key = self._iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    @cached_property
    def _iam(self) -> Any:
        return boto3.client(
            "iam",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="setup",
            aws_secret_access_key="setup",
        )

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Replay:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """Hand out the body once more."""
        taken, self._body = (self._body, b"") if size < 0 else (self._body[:size], self._body[size:])
        return taken


@contextmanager
def _no_access_control() -> Iterator[None]:
    before = moto_settings.INITIAL_NO_AUTH_ACTION_COUNT
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
    try:
        yield
    finally:
        moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = before


@contextmanager
def moto_aws() -> Iterator[MotoAws]:
    """Serve with access control on: unknown keys, wrong secrets and missing permissions are refused."""
    before = moto_settings.INITIAL_NO_AUTH_ACTION_COUNT
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    server = MotoAws()
    try:
        yield server
    finally:
        server.stop()
        moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = before


def days(until: date, *days_services: Mapping[str, str], currency: str = "USD") -> list[dict[str, Any]]:
    """``ResultsByTime`` for the days before ``until``, the last mapping being the newest day."""
    first = until - len(days_services) * DAY
    return [
        result(Period(first + n * DAY, first + (n + 1) * DAY), services, currency=currency)
        for n, services in enumerate(days_services)
    ]
