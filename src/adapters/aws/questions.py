"""What botocore does for a call: it writes the request, signs it, and reads the answer.

To import this takes a fifth of a second, so that it happens behind the door.
"""

from __future__ import annotations

import logging
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, create_request_object
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ParamValidationError
from botocore.httpsession import ProxyConfiguration, get_cert_path
from botocore.model import OperationModel
from botocore.parsers import ResponseParser, ResponseParserError, create_parser
from botocore.session import Session
from botocore.utils import get_environ_proxies
from yarl import URL

from adapters.lean import find_models_by_name
from application.aws_errors import AwsUnavailable, RequestRefused
from application.credentials import AccessKey

SERVICES = ("sts", "ce")
DEFAULT_REGION = "us-east-1"
"""Cost Explorer has one endpoint per partition; botocore finds it from any region of the partition."""

STS_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""By partition, one that is on in every account."""

QUESTIONS_KEPT = 256
UNREADABLE = (ResponseParserError, LookupError, TypeError, ValueError, AttributeError)
"""What botocore's parsers raise on answers that are not AWS's."""


class Question:
    """A request that is whole but for the signature, and so the same for every tenant.

    Args:
        request: Method, URL, headers and body.
        signing_name: The service's name in the signature.
        region: The region in the signature.
        shape: What the operation gives when all is well.
        parser: Of the service's protocol.
    """

    def __init__(
        self, request: Any, signing_name: str, region: str, shape: Any, parser: ResponseParser
    ) -> None:
        self.url = URL(request.url, encoded=True)
        self.proxy = proxy_for(request.url)
        self.body: bytes = request.data
        self._shape = shape
        self._parser = parser
        self._request = request
        self._scope = (signing_name, region)
        self._draft = _Draft(request, *self._scope)

    def signed(self, key: AccessKey | None) -> dict[str, str]:
        """Return the headers with a tenant's signature, good for five minutes; without a key with none."""
        if key is None:
            return dict(self._request.headers.items())
        keys = ReadOnlyCredentials(key.access_key_id, key.secret_access_key, key.session_token)
        signer = SigV4Auth(keys, *self._scope)
        if key.session_token:  # is signed as well
            request = _copied(self._request)
            signer.add_auth(request)
            return dict(request.headers.items())
        if self._draft.second != int(time.time()):
            self._draft = _Draft(self._request, *self._scope)
        return self._draft.signed(signer)

    def parse(self, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Read AWS's answer.

        Raises:
            AwsUnavailable: It is not in AWS's form.
        """
        answer = {"status_code": status, "headers": headers, "body": body}
        try:
            parsed: dict[str, Any] = self._parser.parse(answer, self._shape)
        except UNREADABLE as exc:
            raise AwsUnavailable(f"AWS's answer cannot be read (status {status}).") from exc
        return parsed


class _Draft(SigV4Auth):
    """A request up to the signature itself. Within one second it is the same for every tenant.

    botocore takes 100 µs to draw up what is signed, and 15 to sign it.
    """

    def __init__(self, request: AWSRequest, signing_name: str, region: str) -> None:
        super().__init__(ReadOnlyCredentials("", "", None), signing_name, region)
        self.second = int(time.time())
        self._request = _copied(request)
        self.add_auth(self._request)
        del self._request.headers["Authorization"]
        self._headers = dict(self._request.headers.items())
        self._names = self.signed_headers(self.headers_to_sign(self._request))

    def string_to_sign(self, request: Any, canonical_request: str) -> str:
        """Keep what botocore signs."""
        self._text: str = super().string_to_sign(request, canonical_request)
        return self._text

    def signed(self, signer: SigV4Auth) -> dict[str, str]:
        """Return the headers with the signer's signature."""
        scope, signature = signer.scope(self._request), signer.signature(self._text, self._request)
        authorization = (
            f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={self._names}, Signature={signature}"
        )
        return {**self._headers, "Authorization": authorization}


def _copied(request: AWSRequest) -> AWSRequest:
    return AWSRequest(request.method, request.url, headers=dict(request.headers), data=request.data)


class _Stopped:
    """What the client takes for an answer."""

    status_code = 200


class Questions:
    """Lets botocore's client of a service write requests, stops it before it sends them, and keeps them.

    The client resolves the endpoint, checks the parameters and serialises them: a quarter of a millisecond
    that a thousand tenants with one question need only once.

    Args:
        client: botocore's.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._kept: dict[tuple[str, bytes], Question] = {}
        client.meta.events.register("before-call", _stop)

    def question(self, name: str, parameters: Mapping[str, Any], *, keep: bool = True) -> Question:
        """Return the request of an operation.

        Args:
            name: As botocore's client calls it.
            parameters: The operation's own.
            keep: Whether somebody else will ask the same. Not with a secret in it.

        Raises:
            RequestRefused: The parameters are not those of the operation.
        """
        if not keep:
            return self._write(name, parameters)
        key = (name, msgspec.json.encode(parameters))
        if key not in self._kept:
            if len(self._kept) >= QUESTIONS_KEPT:
                self._kept.clear()
            self._kept[key] = self._write(name, parameters)
        return self._kept[key]

    def _write(self, name: str, parameters: Mapping[str, Any]) -> Question:
        try:
            stopped = getattr(self._client, name)(**parameters)
        except ParamValidationError as exc:
            raise RequestRefused("The question is not one that AWS takes.") from exc
        written, model = stopped["request"], stopped["model"]
        request = create_request_object(written)
        request.data = request.prepare().body
        signing = written["context"].get("signing", {})
        return Question(
            request,
            signing.get("signing_name", model.service_model.signing_name),
            signing.get("region", self._client.meta.region_name),
            model.output_shape,
            create_parser(model.service_model.resolved_protocol),
        )


def proxy_for(url: str) -> str | None:
    """The proxy that the SDK would use: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``. None is none."""
    proxy: str | None = ProxyConfiguration(get_environ_proxies(url)).proxy_url_for(url)
    return proxy


def read_sdk(profile: str | None = None) -> tuple[Mapping[str, Questions], ssl.SSLContext, str]:
    """Let botocore read this machine's settings: endpoints, region and certificates are the SDK's.

    Args:
        profile: Of the AWS configuration files; None: what the environment says.

    Returns:
        The questions by service, what checks AWS's certificate, and which of AWS's separate worlds this
        machine's region belongs to.

    Raises:
        AwsUnavailable: The SDK's settings cannot be used.
    """
    _silence_request_logs()
    with _settings_of_this_machine():
        session = Session(profile=profile)
        find_models_by_name(session)
        with ThreadPoolExecutor(1) as beside:  # OpenSSL needs as long as botocore, and not Python's lock
            tls = beside.submit(_certificates, session.get_config_variable("ca_bundle"))
            questions = {service: Questions(_client(session, service)) for service in SERVICES}
        return questions, tls.result(), session.get_partition_for_region(_region(session))


def _certificates(bundle: str | None) -> ssl.SSLContext:
    """The authorities that the SDK trusts: ``AWS_CA_BUNDLE``, the profile's, or its own."""
    try:
        return ssl.create_default_context(cafile=bundle or get_cert_path(verify=True))
    except OSError as exc:
        raise AwsUnavailable(
            f"AWS_CA_BUNDLE or the profile's ca_bundle: {bundle} cannot be read "
            f"({exc.strerror or exc}); accepted is a file of certificates in PEM form"
        ) from exc


@contextmanager
def _settings_of_this_machine() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, OSError, ValueError) as exc:
        raise AwsUnavailable(f"The AWS settings of this machine cannot be used: {exc}") from exc


def _client(session: Any, service: str) -> Any:
    return session.create_client(
        service,
        region_name=_region(session) if service != "sts" else _sts_region(session),
        # "auto" would ask the machine's metadata service for its region.
        config=Config(defaults_mode="legacy"),  # type: ignore[arg-type]  # not a bool, as the stubs say
        # Never used; without them botocore would look for the machine's own.
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106  # likewise
    )


def _region(session: Any) -> str:
    return os.environ.get("AWS_REGION") or session.get_config_variable("region") or DEFAULT_REGION


def _sts_region(session: Any) -> str:
    """Where every tenant's key works: regions that an account has to opt into do not know most of them.

    An endpoint of the operator's own (a VPC's) belongs to the machine's region.
    """
    region = _region(session)
    if any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS")):
        return region
    return STS_REGIONS.get(session.get_partition_for_region(region), region)


def _silence_request_logs() -> None:
    """At debug level these write down headers and what is signed: key ids, session tokens."""
    for name in ("botocore", "aiobotocore"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


def _stop(params: Any, model: OperationModel, **_: Any) -> tuple[type[_Stopped], dict[str, Any]]:
    """Answer botocore's ``before-call`` event: with an answer at hand, it sends nothing."""
    return _Stopped, {"request": params, "model": model}
